//! Rows that come from outside the engine (the Python parsers), by column.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::columns::StreamBuilder;
use crate::spec::StreamSpec;

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<f64>),
}

/// Builders for rows made elsewhere.
#[derive(Debug)]
pub struct Rows {
    names: Vec<String>,
    builders: Vec<StreamBuilder>,
}

impl Rows {
    pub fn new(streams: &[StreamSpec]) -> Self {
        Self {
            names: streams.iter().map(|s| s.name.clone()).collect(),
            builders: streams.iter().map(StreamBuilder::new).collect(),
        }
    }

    /// Adds a row; missing columns are null. False if there is no such stream or too many values.
    pub fn push(&mut self, stream: &str, cells: impl IntoIterator<Item = Cell>) -> bool {
        let Some(i) = self.names.iter().position(|n| n == stream) else {
            return false;
        };
        let builder = &mut self.builders[i];
        let mut row = builder.row();
        for (column, cell) in cells.into_iter().enumerate().take(row.width()) {
            match cell {
                Cell::Null => {}
                Cell::Int(v) => row.number(column, v),
                Cell::Float(v) => row.float(column, v),
                Cell::Text(v) => row.text(column, &v),
                Cell::List(v) => row.list(column, |list| list.extend(v)),
            }
        }
        builder.end_row();
        true
    }

    /// All rows since the last time, as batches.
    ///
    /// # Errors
    /// A row did not fit its stream.
    pub fn take(&mut self) -> Result<Vec<(String, RecordBatch)>, ArrowError> {
        let mut batches = Vec::new();
        for (name, builder) in self.names.iter().zip(&mut self.builders) {
            if builder.rows > 0 {
                batches.push((name.clone(), builder.finish()?));
            }
        }
        Ok(batches)
    }
}
