//! Arrow builders for one stream, reused batch after batch.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use hashbrown::HashMap;

use crate::names::{NameId, Names};
use crate::spec::StreamSpec;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Ts,
    Str,
    Text,
    Bool,
    U8,
    U16,
    U32,
    U64,
    I64,
    F64,
    ListF64,
}

impl ColumnType {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "ts" => Self::Ts,
            "str" => Self::Str,
            "text" => Self::Text,
            "bool" => Self::Bool,
            "u8" => Self::U8,
            "u16" => Self::U16,
            "u32" => Self::U32,
            "u64" => Self::U64,
            "i64" => Self::I64,
            "f64" => Self::F64,
            "list[f64]" => Self::ListF64,
            _ => return None,
        })
    }

    fn arrow(self) -> DataType {
        match self {
            Self::Ts => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Self::Str => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Text => DataType::Utf8,
            Self::Bool => DataType::Boolean,
            Self::U8 => DataType::UInt8,
            Self::U16 => DataType::UInt16,
            Self::U32 => DataType::UInt32,
            Self::U64 => DataType::UInt64,
            Self::I64 => DataType::Int64,
            Self::F64 => DataType::Float64,
            Self::ListF64 => DataType::List(Arc::new(item_field())),
        }
    }
}

fn item_field() -> Field {
    Field::new("item", DataType::Float64, false)
}

/// Dictionary of one text column within one batch.
#[derive(Debug, Default)]
struct Dictionary {
    keys: HashMap<Box<str>, i32>,
    values: Vec<Box<str>>,
    by_name: Vec<i32>,
}

impl Dictionary {
    fn key(&mut self, text: &str) -> i32 {
        if let Some(&key) = self.keys.get(text) {
            return key;
        }
        let key = self.values.len() as i32;
        self.keys.insert(text.into(), key);
        self.values.push(text.into());
        key
    }

    #[inline]
    fn key_of_name(&mut self, id: NameId, names: &Names) -> i32 {
        let i = id as usize;
        if let Some(&key) = self.by_name.get(i)
            && key >= 0
        {
            return key;
        }
        let key = self.key(names.get(id));
        if self.by_name.len() <= i {
            self.by_name.resize(i + 1, -1);
        }
        self.by_name[i] = key;
        key
    }

    fn take(&mut self) -> StringArray {
        let array = StringArray::from_iter_values(self.values.iter());
        self.keys.clear();
        self.values.clear();
        self.by_name.clear();
        array
    }
}

#[derive(Debug)]
enum Data {
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F64(Vec<f64>),
    Bool(Vec<bool>),
    Str(Vec<i32>, Dictionary),
    Text(Vec<i32>, Vec<u8>),
    List(Vec<i32>, Vec<f64>),
}

/// One column. Every row must push exactly once into every column; [`StreamBuilder::end_row`] fills what is missing.
#[derive(Debug)]
pub struct Column {
    kind: ColumnType,
    data: Data,
    /// Rows that are null; empty as long as none is.
    valid: Vec<bool>,
    len: usize,
}

impl Column {
    fn new(kind: ColumnType) -> Self {
        let data = match kind {
            ColumnType::Ts | ColumnType::I64 => Data::I64(Vec::new()),
            ColumnType::U8 => Data::U8(Vec::new()),
            ColumnType::U16 => Data::U16(Vec::new()),
            ColumnType::U32 => Data::U32(Vec::new()),
            ColumnType::U64 => Data::U64(Vec::new()),
            ColumnType::F64 => Data::F64(Vec::new()),
            ColumnType::Bool => Data::Bool(Vec::new()),
            ColumnType::Str => Data::Str(Vec::new(), Dictionary::default()),
            ColumnType::Text => Data::Text(vec![0], Vec::new()),
            ColumnType::ListF64 => Data::List(vec![0], Vec::new()),
        };
        Self {
            kind,
            data,
            valid: Vec::new(),
            len: 0,
        }
    }

    #[inline]
    fn mark(&mut self, valid: bool) {
        if !valid && self.valid.is_empty() {
            self.valid.resize(self.len, true);
            self.valid.push(false);
        } else if !self.valid.is_empty() {
            self.valid.push(valid);
        }
        self.len += 1;
    }

    pub fn is_text(&self) -> bool {
        matches!(self.kind, ColumnType::Str | ColumnType::Text)
    }

    #[inline]
    pub fn null(&mut self) {
        match &mut self.data {
            Data::I64(v) => v.push(0),
            Data::U8(v) => v.push(0),
            Data::U16(v) => v.push(0),
            Data::U32(v) => v.push(0),
            Data::U64(v) => v.push(0),
            Data::F64(v) => v.push(0.0),
            Data::Bool(v) => v.push(false),
            Data::Str(v, _) => v.push(0),
            Data::Text(offsets, bytes) => offsets.push(bytes.len() as i32),
            Data::List(offsets, values) => offsets.push(values.len() as i32),
        }
        self.mark(false);
    }

    /// A whole number, into whichever numeric type the column has (wrapping to its width).
    #[inline]
    pub fn number(&mut self, value: i64) {
        match &mut self.data {
            Data::I64(v) => v.push(value),
            Data::U8(v) => v.push(value as u8),
            Data::U16(v) => v.push(value as u16),
            Data::U32(v) => v.push(value as u32),
            Data::U64(v) => v.push(value as u64),
            Data::F64(v) => v.push(value as f64),
            Data::Bool(v) => v.push(value != 0),
            Data::Str(v, d) => v.push(d.key(&value.to_string())),
            Data::Text(offsets, bytes) => {
                bytes.extend_from_slice(value.to_string().as_bytes());
                offsets.push(bytes.len() as i32);
            }
            Data::List(offsets, values) => {
                values.push(value as f64);
                offsets.push(values.len() as i32);
            }
        }
        self.mark(true);
    }

    pub fn float(&mut self, value: f64) {
        match &mut self.data {
            Data::F64(v) => {
                v.push(value);
                self.mark(true);
            }
            _ => self.number(value as i64),
        }
    }

    pub fn text(&mut self, value: &str) {
        match &mut self.data {
            Data::Str(v, d) => v.push(d.key(value)),
            Data::Text(offsets, bytes) => {
                bytes.extend_from_slice(value.as_bytes());
                offsets.push(bytes.len() as i32);
            }
            _ => return self.null(),
        }
        self.mark(true);
    }

    #[inline]
    pub fn name(&mut self, id: NameId, names: &Names) {
        match &mut self.data {
            Data::Str(v, d) => {
                v.push(d.key_of_name(id, names));
                self.mark(true);
            }
            _ => self.text(names.get(id)),
        }
    }

    /// A dictionary key got earlier in this batch from [`Column::key`].
    #[inline]
    pub fn keyed(&mut self, key: i32) {
        if let Data::Str(v, _) = &mut self.data {
            v.push(key);
        }
        self.mark(true);
    }

    pub fn key(&mut self, text: &str) -> i32 {
        match &mut self.data {
            Data::Str(_, d) => d.key(text),
            _ => 0,
        }
    }

    pub fn list(&mut self, fill: impl FnOnce(&mut Vec<f64>)) {
        if let Data::List(offsets, values) = &mut self.data {
            fill(values);
            offsets.push(values.len() as i32);
        }
        self.mark(true);
    }

    /// Values in a list column so far.
    pub fn elements(&self) -> usize {
        match &self.data {
            Data::List(_, values) => values.len(),
            Data::Text(_, bytes) => bytes.len() / 8,
            _ => 0,
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls =
            (!self.valid.is_empty()).then(|| NullBuffer::new(BooleanBuffer::from(self.valid.as_slice())));
        let n = self.len;
        self.len = 0;
        self.valid.clear();
        // What a batch took is what the next will take: allocate it at once.
        fn taken<T>(v: &mut Vec<T>, n: usize) -> ScalarBuffer<T>
        where
            T: arrow_buffer::ArrowNativeType,
        {
            std::mem::replace(v, Vec::with_capacity(n)).into()
        }
        Ok(match &mut self.data {
            Data::I64(v) if self.kind == ColumnType::Ts => {
                Arc::new(TimestampNanosecondArray::try_new(taken(v, n), nulls)?.with_timezone("UTC"))
            }
            Data::I64(v) => Arc::new(Int64Array::try_new(taken(v, n), nulls)?),
            Data::U8(v) => Arc::new(UInt8Array::try_new(taken(v, n), nulls)?),
            Data::U16(v) => Arc::new(UInt16Array::try_new(taken(v, n), nulls)?),
            Data::U32(v) => Arc::new(UInt32Array::try_new(taken(v, n), nulls)?),
            Data::U64(v) => Arc::new(UInt64Array::try_new(taken(v, n), nulls)?),
            Data::F64(v) => Arc::new(Float64Array::try_new(taken(v, n), nulls)?),
            Data::Bool(v) => {
                let array = BooleanArray::new(BooleanBuffer::from(v.as_slice()), nulls);
                v.clear();
                Arc::new(array)
            }
            Data::Str(v, d) => {
                let keys = arrow_array::PrimitiveArray::<Int32Type>::try_new(taken(v, n), nulls)?;
                let values = if d.values.is_empty() {
                    StringArray::from_iter_values([""])
                } else {
                    d.take()
                };
                Arc::new(DictionaryArray::try_new(keys, Arc::new(values))?)
            }
            Data::Text(offsets, bytes) => {
                let o = std::mem::replace(offsets, vec![0]);
                let b = std::mem::take(bytes);
                Arc::new(StringArray::try_new(
                    OffsetBuffer::new(o.into()),
                    b.into(),
                    nulls,
                )?)
            }
            Data::List(offsets, values) => {
                let size = values.len();
                let o = std::mem::replace(offsets, vec![0]);
                let items = Float64Array::new(taken(values, size), None);
                Arc::new(ListArray::try_new(
                    Arc::new(item_field()),
                    OffsetBuffer::new(o.into()),
                    Arc::new(items),
                    nulls,
                )?)
            }
        })
    }
}

/// The rows of one stream that are not yet a batch.
#[derive(Debug)]
pub struct StreamBuilder {
    pub columns: Vec<Column>,
    schema: SchemaRef,
    pub rows: usize,
    /// Dictionary keys of a flow's uid and addresses, valid for this batch.
    pub flow_keys: HashMap<u32, [i32; 3]>,
}

impl StreamBuilder {
    pub fn new(spec: &StreamSpec) -> Self {
        let fields: Vec<Field> = spec
            .columns
            .iter()
            .map(|c| Field::new(&c.name, c.kind.arrow(), c.nullable))
            .collect();
        Self {
            columns: spec.columns.iter().map(|c| Column::new(c.kind)).collect(),
            schema: Arc::new(Schema::new(fields)),
            rows: 0,
            flow_keys: HashMap::new(),
        }
    }

    /// Ends a row into which every column got a value.
    #[inline]
    pub fn end_whole_row(&mut self) {
        self.rows += 1;
        debug_assert!(self.columns.iter().all(|c| c.len == self.rows));
    }

    /// Ends a row: columns that got nothing are null.
    pub fn end_row(&mut self) {
        self.rows += 1;
        for column in &mut self.columns {
            if column.len < self.rows {
                column.null();
            }
        }
    }

    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let arrays = self
            .columns
            .iter_mut()
            .map(Column::finish)
            .collect::<Result<Vec<_>, _>>()?;
        self.rows = 0;
        self.flow_keys.clear();
        RecordBatch::try_new(self.schema.clone(), arrays)
    }
}
