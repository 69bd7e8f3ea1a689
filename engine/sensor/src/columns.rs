//! Arrow builders for one stream, reused batch after batch.

mod builder;

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int64Array, ListArray, PrimitiveArray,
    StringArray, TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{ArrowNativeType, BooleanBufferBuilder, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::names::{NameId, Names};

pub use builder::{Head, Named, ReadingHead, Row, StreamBuilder};

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

    pub fn is_text(self) -> bool {
        matches!(self, Self::Str | Self::Text)
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

/// Dictionary of one text column within one batch: all its texts in one string.
#[derive(Debug, Default)]
struct Dictionary {
    hasher: DefaultHashBuilder,
    table: HashTable<i32>,
    texts: String,
    ends: Vec<i32>,
    by_name: Vec<i32>,
}

impl Dictionary {
    fn key(&mut self, text: &str) -> i32 {
        let Self {
            hasher,
            table,
            texts,
            ends,
            ..
        } = self;
        let hash = hasher.hash_one(text);
        if let Some(&key) = table.find(hash, |&key| text_of(texts, ends, key) == text) {
            return key;
        }
        let key = ends.len() as i32;
        texts.push_str(text);
        ends.push(texts.len() as i32);
        table.insert_unique(hash, key, |&key| hasher.hash_one(text_of(texts, ends, key)));
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

    fn take(&mut self) -> Result<StringArray, ArrowError> {
        let offsets: Vec<i32> = std::iter::once(0).chain(self.ends.drain(..)).collect();
        let texts = std::mem::take(&mut self.texts).into_bytes();
        self.table.clear();
        self.by_name.clear();
        StringArray::try_new(OffsetBuffer::new(offsets.into()), texts.into(), None)
    }
}

fn text_of<'a>(texts: &'a str, ends: &[i32], key: i32) -> &'a str {
    let end = |i: usize| ends.get(i).map_or(0, |&e| e as usize);
    let start = (key as usize).checked_sub(1).map_or(0, end);
    texts.get(start..end(key as usize)).unwrap_or("")
}

#[derive(Debug)]
enum Data {
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F64(Vec<f64>),
    Bool(BooleanBufferBuilder),
    Str(Vec<i32>, Dictionary),
    Text(Vec<i32>, Vec<u8>),
    List(Vec<i32>, Vec<f64>),
}

/// One column. A row that writes nothing into it is null there, and costs nothing: nulls are filled in when the next
/// value comes, or at the end of the batch. A column that repeats keeps its last value instead.
#[derive(Debug)]
pub struct Column {
    kind: ColumnType,
    data: Data,
    /// Which rows hold a value; empty as long as all do.
    valid: BooleanBufferBuilder,
    len: usize,
    /// Rows that write nothing keep the value of the row before.
    repeats: bool,
    /// What a batch without any value in this column becomes: made once.
    blank: Option<ArrayRef>,
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
            ColumnType::Bool => Data::Bool(BooleanBufferBuilder::new(0)),
            ColumnType::Str => Data::Str(Vec::new(), Dictionary::default()),
            ColumnType::Text => Data::Text(vec![0], Vec::new()),
            ColumnType::ListF64 => Data::List(vec![0], Vec::new()),
        };
        Self {
            kind,
            data,
            valid: BooleanBufferBuilder::new(0),
            len: 0,
            repeats: false,
            blank: None,
        }
    }

    /// Makes `row` the next row of this column: rows between have no value.
    #[inline]
    fn come_to(&mut self, row: usize) {
        if self.len < row {
            self.pad(row);
        }
        self.len += 1;
        if !self.valid.is_empty() {
            self.valid.append(true);
        }
    }

    fn pad(&mut self, row: usize) {
        if self.valid.is_empty() {
            self.valid.append_n(self.len, true);
        }
        self.valid.append_n(row - self.len, false);
        self.resize(row);
    }

    /// Rows up to `row` that hold zero, or nothing.
    fn resize(&mut self, row: usize) {
        match &mut self.data {
            Data::I64(v) => v.resize(row, 0),
            Data::U8(v) => v.resize(row, 0),
            Data::U16(v) => v.resize(row, 0),
            Data::U32(v) => v.resize(row, 0),
            Data::U64(v) => v.resize(row, 0),
            Data::F64(v) => v.resize(row, 0.0),
            Data::Bool(v) => v.append_n(row - self.len, false),
            Data::Str(v, _) => v.resize(row, 0),
            Data::Text(offsets, bytes) => offsets.resize(row + 1, bytes.len() as i32),
            Data::List(offsets, values) => offsets.resize(row + 1, values.len() as i32),
        }
        self.len = row;
    }

    pub fn is_text(&self) -> bool {
        self.kind.is_text()
    }

    /// A whole number, into whichever numeric type the column has (wrapping to its width).
    #[inline]
    pub fn number(&mut self, row: usize, value: i64) {
        self.come_to(row);
        match &mut self.data {
            Data::I64(v) => v.push(value),
            Data::U8(v) => v.push(value as u8),
            Data::U16(v) => v.push(value as u16),
            Data::U32(v) => v.push(value as u32),
            Data::U64(v) => v.push(value as u64),
            Data::F64(v) => v.push(value as f64),
            Data::Bool(v) => v.append(value != 0),
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
    }

    pub fn float(&mut self, row: usize, value: f64) {
        if !matches!(self.data, Data::F64(_)) {
            return self.number(row, value as i64);
        }
        self.come_to(row);
        if let Data::F64(v) = &mut self.data {
            v.push(value);
        }
    }

    /// Text; nothing where the column holds no text.
    pub fn text(&mut self, row: usize, value: &str) {
        if !self.is_text() {
            return;
        }
        self.come_to(row);
        match &mut self.data {
            Data::Str(v, d) => v.push(d.key(value)),
            Data::Text(offsets, bytes) => {
                bytes.extend_from_slice(value.as_bytes());
                offsets.push(bytes.len() as i32);
            }
            _ => {}
        }
    }

    #[inline]
    pub fn name(&mut self, row: usize, id: NameId, names: &Names) {
        if !matches!(self.data, Data::Str(..)) {
            return self.text(row, names.get(id));
        }
        self.come_to(row);
        if let Data::Str(v, d) = &mut self.data {
            v.push(d.key_of_name(id, names));
        }
    }

    /// The same name in this and the following rows of the batch, up to another. Such a column has no nulls.
    #[inline]
    pub fn repeated(&mut self, row: usize, id: NameId, names: &Names) {
        if let Data::Str(v, d) = &mut self.data {
            let key = d.key_of_name(id, names);
            let last = v.last().copied().unwrap_or(key);
            if v.is_empty() || key != last {
                v.resize(row, last);
                v.push(key);
                self.len = row + 1;
                self.repeats = true;
            }
        }
    }

    /// A dictionary key got earlier in this batch from [`Column::key`].
    #[inline]
    pub fn keyed(&mut self, row: usize, key: i32) {
        self.come_to(row);
        if let Data::Str(v, _) = &mut self.data {
            v.push(key);
        }
    }

    pub fn key(&mut self, text: &str) -> i32 {
        match &mut self.data {
            Data::Str(_, d) => d.key(text),
            _ => 0,
        }
    }

    /// The dictionary key of a name.
    #[inline]
    fn key_of_name(&mut self, id: NameId, names: &Names) -> i32 {
        match &mut self.data {
            Data::Str(_, d) => d.key_of_name(id, names),
            _ => 0,
        }
    }

    pub fn list(&mut self, row: usize, fill: impl FnOnce(&mut Vec<f64>)) {
        self.come_to(row);
        if let Data::List(offsets, values) = &mut self.data {
            fill(values);
            offsets.push(values.len() as i32);
        }
    }

    /// Values (whole numbers, or dictionary keys) of `n` rows from `row` on; those that are not `there` are null.
    fn extend(&mut self, row: usize, n: usize, there: impl Fn(usize) -> bool, value: impl Fn(usize) -> i64) {
        if self.len < row {
            self.pad(row);
        }
        self.mark(n, there);
        self.len += n;
        match &mut self.data {
            Data::I64(v) => v.extend((0..n).map(value)),
            Data::U8(v) => v.extend((0..n).map(|i| value(i) as u8)),
            Data::U16(v) => v.extend((0..n).map(|i| value(i) as u16)),
            Data::U32(v) => v.extend((0..n).map(|i| value(i) as u32)),
            Data::U64(v) => v.extend((0..n).map(|i| value(i) as u64)),
            Data::F64(v) => v.extend((0..n).map(|i| value(i) as f64)),
            Data::Bool(v) => (0..n).for_each(|i| v.append(value(i) != 0)),
            Data::Str(v, _) => v.extend((0..n).map(|i| value(i) as i32)),
            Data::Text(..) | Data::List(..) => self.resize(self.len),
        }
    }

    fn mark(&mut self, n: usize, there: impl Fn(usize) -> bool) {
        for start in (0..n).step_by(64) {
            let rows = (n - start).min(64);
            let word = (0..rows).fold(0u64, |word, i| word | u64::from(there(start + i)) << i);
            if self.valid.is_empty() && word.count_ones() as usize == rows {
                continue;
            }
            if self.valid.is_empty() {
                self.valid.append_n(self.len + start, true);
            }
            self.valid.append_word(word, rows);
        }
    }

    /// Values in a list column so far.
    pub fn elements(&self) -> usize {
        match &self.data {
            Data::List(_, values) => values.len(),
            Data::Text(_, bytes) => bytes.len() / 8,
            _ => 0,
        }
    }

    fn finish(&mut self, rows: usize) -> Result<ArrayRef, ArrowError> {
        let blank = self.len == 0;
        if let (true, Some(array)) = (blank, self.blank.as_ref().filter(|b| b.len() >= rows)) {
            return Ok(array.slice(0, rows));
        }
        if self.repeats
            && let Data::Str(keys, _) = &mut self.data
        {
            keys.resize(rows, keys.last().copied().unwrap_or(0));
        } else if self.len < rows {
            self.pad(rows);
        }
        let nulls = (!self.valid.is_empty()).then(|| NullBuffer::new(self.valid.finish()));
        self.len = 0;
        let array = self.data.finish(self.kind, rows, nulls)?;
        if blank {
            self.blank = Some(array.clone());
        }
        Ok(array)
    }
}

impl Data {
    /// The values as an array; the next batch begins with room for as many.
    fn finish(
        &mut self,
        kind: ColumnType,
        rows: usize,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, ArrowError> {
        fn taken<T: ArrowNativeType>(v: &mut Vec<T>, n: usize) -> ScalarBuffer<T> {
            std::mem::replace(v, Vec::with_capacity(n)).into()
        }
        Ok(match self {
            Data::I64(v) if kind == ColumnType::Ts => {
                Arc::new(TimestampNanosecondArray::try_new(taken(v, rows), nulls)?.with_timezone("UTC"))
            }
            Data::I64(v) => Arc::new(Int64Array::try_new(taken(v, rows), nulls)?),
            Data::U8(v) => Arc::new(UInt8Array::try_new(taken(v, rows), nulls)?),
            Data::U16(v) => Arc::new(UInt16Array::try_new(taken(v, rows), nulls)?),
            Data::U32(v) => Arc::new(UInt32Array::try_new(taken(v, rows), nulls)?),
            Data::U64(v) => Arc::new(UInt64Array::try_new(taken(v, rows), nulls)?),
            Data::F64(v) => Arc::new(Float64Array::try_new(taken(v, rows), nulls)?),
            Data::Bool(v) => Arc::new(BooleanArray::new(v.finish(), nulls)),
            Data::Str(v, d) => {
                let keys = PrimitiveArray::<Int32Type>::try_new(taken(v, rows), nulls)?;
                let values = if d.ends.is_empty() {
                    StringArray::from_iter_values([""])
                } else {
                    d.take()?
                };
                Arc::new(DictionaryArray::try_new(keys, Arc::new(values))?)
            }
            Data::Text(offsets, bytes) => {
                let offsets = OffsetBuffer::new(std::mem::replace(offsets, vec![0]).into());
                Arc::new(StringArray::try_new(
                    offsets,
                    std::mem::take(bytes).into(),
                    nulls,
                )?)
            }
            Data::List(offsets, values) => {
                let offsets = OffsetBuffer::new(std::mem::replace(offsets, vec![0]).into());
                let size = values.len();
                let items = Arc::new(Float64Array::new(taken(values, size), None));
                Arc::new(ListArray::try_new(Arc::new(item_field()), offsets, items, nulls)?)
            }
        })
    }
}
