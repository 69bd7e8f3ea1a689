//! The columns of a batch that rows are made of, as cells.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int32Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};

use crate::plan::{Column, Kind};
use crate::texts::Texts;
use crate::{Cell, NULL};

/// Columns by name, all of one length.
#[derive(Debug)]
pub struct Frame {
    columns: Vec<(String, Vec<Cell>)>,
    len: usize,
}

impl Frame {
    pub fn read(columns: &[Column], batch: &RecordBatch, texts: &mut Texts) -> Self {
        let len = batch.num_rows();
        let columns = columns
            .iter()
            .map(|c| {
                let mut cells = match batch.column_by_name(&c.source) {
                    Some(array) if c.kind == Kind::Number => numbers(array),
                    Some(array) => words(array, c.kind == Kind::Lower, texts),
                    None => vec![NULL; len],
                };
                if c.filled {
                    let fill = if c.kind == Kind::Number { 0 } else { texts.id("") };
                    cells.iter_mut().filter(|v| **v == NULL).for_each(|v| *v = fill);
                }
                (c.name.clone(), cells)
            })
            .collect();
        Self { columns, len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn get(&self, name: &str) -> Option<&[Cell]> {
        self.columns
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, c)| c.as_slice())
    }

    /// The value of a column in a row; none if there is no such column.
    pub fn at(&self, name: &str, row: usize) -> Cell {
        self.get(name).and_then(|c| c.get(row)).copied().unwrap_or(NULL)
    }

    /// Adds a column, or replaces it.
    pub fn put(&mut self, name: &str, cells: Vec<Cell>) {
        self.columns.retain(|(n, _)| n != name);
        self.columns.push((name.to_owned(), cells));
    }

    /// `until` is at least `ts`.
    pub fn widen_until(&mut self) {
        let until = (0..self.len)
            .map(|row| self.at("until", row).max(self.at("ts", row)))
            .collect();
        self.put("until", until);
    }
}

/// Whole numbers and times (ns) as they are; what is none has no value.
fn numbers(array: &ArrayRef) -> Vec<Cell> {
    macro_rules! cells {
        ($kind:ty) => {
            array
                .as_primitive::<$kind>()
                .iter()
                .map(|v| v.and_then(|v| Cell::try_from(v).ok()).unwrap_or(NULL))
                .collect()
        };
    }
    match array.data_type() {
        DataType::Int64 => cells!(Int64Type),
        DataType::UInt8 => cells!(UInt8Type),
        DataType::UInt16 => cells!(UInt16Type),
        DataType::UInt32 => cells!(UInt32Type),
        DataType::UInt64 => cells!(UInt64Type),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => cells!(TimestampNanosecondType),
        DataType::Boolean => array
            .as_boolean()
            .iter()
            .map(|v| v.map_or(NULL, Cell::from))
            .collect(),
        _ => vec![NULL; array.len()],
    }
}

/// The numbers of texts; numbers become texts.
fn words(array: &ArrayRef, lower: bool, texts: &mut Texts) -> Vec<Cell> {
    let mut id = |text: &str| {
        if lower && text.chars().any(|c| !c.is_ascii() || c.is_ascii_uppercase()) {
            texts.id(&text.to_lowercase())
        } else {
            texts.id(text)
        }
    };
    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
        // A text that repeats is looked up once; one that no row has, not at all.
        let values = dictionary.values().as_string::<i32>();
        let mut ids = vec![NULL; values.len()];
        return dictionary
            .keys()
            .iter()
            .map(|key| {
                let Some(key) = key.and_then(|k| usize::try_from(k).ok()) else {
                    return NULL;
                };
                if ids[key] == NULL {
                    ids[key] = id(values.value(key));
                }
                ids[key]
            })
            .collect();
    }
    if let Some(strings) = array.as_string_opt::<i32>() {
        return strings.iter().map(|v| v.map_or(NULL, &mut id)).collect();
    }
    numbers(array)
        .into_iter()
        .map(|v| if v == NULL { NULL } else { id(&v.to_string()) })
        .collect()
}
