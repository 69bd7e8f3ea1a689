//! What is done between two ends: the columns of `conn` or `command`, of the rows that tell something.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt64Type};
use arrow_schema::ArrowError;
use linewarden_rows::{Column, Columns, Row};

/// Rows of one of the two streams, in the order of time.
#[derive(Debug)]
pub struct Talk {
    pub times: Vec<i64>,
    /// ns; where it is not known, the row's own time.
    pub until: Vec<i64>,
    /// Who began, and who was meant.
    pub ends: [Texts; 2],
    pub deeds: Deeds,
}

/// What was done.
#[derive(Debug)]
pub enum Deeds {
    Conns {
        proto: Texts,
        service: Texts,
        port: Texts,
        /// The fewer of both sides.
        packets: Vec<u64>,
    },
    Commands(Box<Commands>),
}

#[derive(Debug)]
pub struct Commands {
    pub protocol: Texts,
    pub verb: Texts,
    pub function: Texts,
    pub unit: Texts,
    pub target: Texts,
    pub value: Texts,
    pub count: Vec<u64>,
}

/// A number a row, from 1 on, for these texts; 0 for none.
#[derive(Debug)]
pub struct Texts {
    pub cells: Vec<u32>,
    pub names: Arc<[String]>,
}

impl Texts {
    /// By number what is said of each text; for none `nothing`.
    pub fn map<T>(&self, nothing: T, of: impl FnMut(&String) -> T) -> Vec<T> {
        std::iter::once(nothing)
            .chain(self.names.iter().map(of))
            .collect()
    }
}

impl Talk {
    /// # Errors
    /// A column is missing, or of another type than the engine's.
    pub fn conns(batches: &[RecordBatch], rows: &[&Row]) -> Result<Self, ArrowError> {
        let mut from = From::of(batches, rows);
        let sides = [from.counts("orig_pkts")?, from.counts("resp_pkts")?];
        let packets = sides[0].iter().zip(&sides[1]).map(|(&a, &b)| a.min(b));
        let deeds = Deeds::Conns {
            proto: from.texts("proto")?,
            service: from.texts("service")?,
            port: from.texts("id.resp_p")?,
            packets: packets.collect(),
        };
        from.talk(deeds)
    }

    /// # Errors
    /// As above.
    pub fn commands(batches: &[RecordBatch], rows: &[&Row]) -> Result<Self, ArrowError> {
        let mut from = From::of(batches, rows);
        let commands = Commands {
            protocol: from.texts("protocol")?,
            verb: from.texts("verb")?,
            function: from.texts("function")?,
            unit: from.texts("unit")?,
            target: from.texts("target")?,
            value: from.texts("value")?,
            count: from.counts("count")?,
        };
        from.talk(Deeds::Commands(Box::new(commands)))
    }

    /// How often the row's deed was done.
    pub fn count(&self, row: usize) -> u64 {
        match &self.deeds {
            Deeds::Conns { packets, .. } => packets[row],
            Deeds::Commands(commands) => commands.count[row],
        }
    }
}

/// Columns of some rows.
pub struct From<'a> {
    batches: &'a [RecordBatch],
    rows: &'a [&'a Row],
    columns: Columns<'a>,
}

impl<'a> From<'a> {
    pub fn of(batches: &'a [RecordBatch], rows: &'a [&'a Row]) -> Self {
        Self {
            batches,
            rows,
            columns: Columns::of(batches),
        }
    }

    pub fn texts(&mut self, name: &str) -> Result<Texts, ArrowError> {
        let Column { cells, names } = self.columns.get(name).ok_or_else(|| wrong(name))?;
        Ok(Texts {
            cells: self.rows.iter().map(|row| cells[row.number]).collect(),
            names,
        })
    }

    fn counts(&self, name: &str) -> Result<Vec<u64>, ArrowError> {
        let column = |batch: &'a RecordBatch| batch.column_by_name(name)?.as_primitive_opt::<UInt64Type>();
        let columns: Option<Vec<_>> = self.batches.iter().map(column).collect();
        let columns = columns.ok_or_else(|| wrong(name))?;
        let place = |row: &&Row| columns[row.place.0].value(row.place.1);
        Ok(self.rows.iter().map(place).collect())
    }

    fn until(&self) -> Result<Vec<i64>, ArrowError> {
        let column = |batch: &'a RecordBatch| {
            let column = batch.column_by_name("until")?;
            column.as_primitive_opt::<TimestampNanosecondType>()
        };
        let columns: Option<Vec<_>> = self.batches.iter().map(column).collect();
        let columns = columns.ok_or_else(|| wrong("until"))?;
        let until = |row: &&Row| {
            let (column, place) = (columns[row.place.0], row.place.1);
            if column.is_null(place) {
                row.ts
            } else {
                column.value(place)
            }
        };
        Ok(self.rows.iter().map(until).collect())
    }

    fn talk(mut self, deeds: Deeds) -> Result<Talk, ArrowError> {
        Ok(Talk {
            times: self.rows.iter().map(|row| row.ts).collect(),
            until: self.until()?,
            ends: [self.texts("id.orig_h")?, self.texts("id.resp_h")?],
            deeds,
        })
    }
}

pub fn wrong(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("the column {name} is missing, or of another type"))
}
