//! Readings as they come, of which only those are kept that are looked at: a [`Sample`], and the first ones of each
//! minute, from which is learned what is usual. Of these the same is found as of all readings.

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use arrow_array::{Array, BooleanArray, ListArray, RecordBatch};
use arrow_schema::{ArrowError, Field, FieldRef, Schema};
use arrow_select::concat::concat_batches;
use arrow_select::filter::FilterBuilder;
use arrow_select::interleave::interleave_record_batch;
use hashbrown::HashMap;
use linewarden_rows::{Row, in_order};

use crate::hash::mixed;
use crate::points::{Found, Points, Reading};
use crate::sample::{Columns, KEY, Same, Sample, hash_of};
use crate::{SECOND, WrongColumn};

/// Things that are remembered; when there are more all are forgotten, and some more readings are kept.
const MOST: usize = 1 << 16;
/// Values that take about as much memory as all else of a row.
const AS_ROW: usize = 16;
const ENVELOPE: [&str; 5] = ["ts", "uid", "sensor", "capture", "frame"];

/// Rows that are kept, with what is asked of each.
#[derive(Debug, Default)]
pub struct Kept {
    rows: Vec<RecordBatch>,
    /// `numbers` are of no use here.
    pub sample: Sample,
    firsts: Vec<RecordBatch>,
    /// Rows of both kinds, as [`Readings::add`] counts them.
    height: usize,
}

impl Kept {
    /// Envelope and point of the sample's rows. None without any.
    ///
    /// # Errors
    /// The batches were of several streams.
    pub fn sampled(&self) -> Result<Option<RecordBatch>, ArrowError> {
        joined(&self.rows)
    }

    /// The first rows of each minute, with their values. None without any.
    ///
    /// # Errors
    /// The batches were of several streams.
    pub fn firsts(&self) -> Result<Option<RecordBatch>, ArrowError> {
        joined(&self.firsts)
    }

    /// What is found in the sample's rows, taken in the order of time (then of captures and packets): the rows that
    /// decide it, with their first values, and what each is.
    ///
    /// # Errors
    /// A column of the envelope is missing, or of another type.
    pub fn found(&self, points: &mut Points) -> Result<Option<(RecordBatch, Vec<Found>)>, ArrowError> {
        let order = in_order(&self.rows)?;
        let found = points.look(&self.readings(&order));
        if found.is_empty() {
            return Ok(None);
        }
        let deciding = || found.iter().map(|f| &order[f.reading()]);
        let numbers: Vec<usize> = deciding().map(|row| row.number).collect();
        let places: Vec<(usize, usize)> = deciding().map(|row| row.place).collect();
        let rows = interleave_record_batch(&self.rows.iter().collect::<Vec<_>>(), &places)?;
        Ok(Some((
            with_values(&rows, self.sample.values_of(&numbers))?,
            found,
        )))
    }

    fn readings(&self, order: &[Row]) -> Vec<Reading> {
        let sample = &self.sample;
        let reading = |row: &Row| Reading {
            point: sample.points[row.number],
            ts: row.ts,
            hash: sample.hashes[row.number],
            sum: sample.sums[row.number],
            frame: row.frame,
            by_turn: sample.by_turn[row.number],
            by_hash: sample.by_hash[row.number],
        };
        order.iter().map(reading).collect()
    }
}

fn with_values(rows: &RecordBatch, values: ListArray) -> Result<RecordBatch, ArrowError> {
    let mut fields: Vec<FieldRef> = rows.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new("values", values.data_type().clone(), false)));
    let mut columns = rows.columns().to_vec();
    columns.push(Arc::new(values));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn joined(batches: &[RecordBatch]) -> Result<Option<RecordBatch>, ArrowError> {
    let Some(first) = batches.first() else {
        return Ok(None);
    };
    concat_batches(&first.schema(), batches).map(Some)
}

/// Keeps of each point the earliest reading of a second and one in so many different values; of each point and number
/// of values the earliest of a minute. It is several, where times go back.
#[derive(Debug)]
pub struct Readings {
    one_in: u64,
    seconds: Earliest,
    minutes: Earliest,
    kept: Kept,
}

/// Of each thing the last span of time that it was met in, and the earliest time in that.
#[derive(Debug)]
struct Earliest {
    /// ns.
    span: i64,
    last: HashMap<u64, (i64, i64), BuildHasherDefault<Same>>,
}

impl Earliest {
    fn of(span: i64) -> Self {
        Self {
            span,
            last: HashMap::default(),
        }
    }

    /// Whether it is met for the first time in this span of time, as far as that is remembered.
    fn is_first(&mut self, thing: u64, ts: i64) -> bool {
        if self.last.len() >= MOST {
            self.last.clear();
        }
        let span = ts.div_euclid(self.span);
        let last = self.last.entry(thing).or_insert((span, ts));
        let first = last.0 != span || ts <= last.1;
        if first {
            *last = (span, ts);
        }
        first
    }
}

impl Readings {
    /// `one_in`: as for [`sample`](crate::sample()).
    pub fn new(one_in: u64) -> Self {
        Self {
            one_in: one_in.max(1),
            seconds: Earliest::of(SECOND),
            minutes: Earliest::of(60 * SECOND),
            kept: Kept::default(),
        }
    }

    /// One more batch; how many rows are kept by now. [`AS_ROW`] values of a first row count as a row, too.
    ///
    /// # Errors
    /// A column is missing.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<usize, WrongColumn> {
        let columns = Columns::of(batch)?;
        let mut looked = vec![false; batch.num_rows()];
        let mut first = vec![false; batch.num_rows()];
        for row in 0..batch.num_rows() {
            let own = columns.values.of(row);
            let Some((hash, sum)) = hash_of(own) else {
                continue;
            };
            let (ts, point) = (columns.times[row], columns.points[row]);
            let by_turn = self.seconds.is_first(point, ts);
            let by_hash = hash.is_multiple_of(self.one_in);
            if by_turn || by_hash {
                looked[row] = true;
                self.kept.sample.push(point, own, (hash, sum), by_turn, by_hash);
            }
            first[row] = self.minutes.is_first(mixed(point, own.len() as u64), ts);
            self.kept.height += if first[row] { own.len() / AS_ROW } else { 0 };
        }
        let (rows, firsts) = (&mut self.kept.rows, &mut self.kept.firsts);
        self.kept.height += keep(batch, looked, &[], rows)? + keep(batch, first, &["values"], firsts)?;
        Ok(self.kept.height)
    }

    /// What was kept since the last time.
    pub fn take(&mut self) -> Kept {
        std::mem::take(&mut self.kept)
    }

    /// Of what was kept the first rows of each minute, with their values, which are gone then. None without any.
    ///
    /// # Errors
    /// The batches were of several streams.
    pub fn firsts(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        joined(&std::mem::take(&mut self.kept.firsts))
    }
}

/// Adds some rows, with the columns that say when, where and of which point, and with `more`; how many they are.
fn keep(
    batch: &RecordBatch,
    some: Vec<bool>,
    more: &[&str],
    kept: &mut Vec<RecordBatch>,
) -> Result<usize, WrongColumn> {
    let wanted = ENVELOPE.iter().chain(&KEY).chain(more);
    let places: Result<Vec<usize>, WrongColumn> = wanted
        .map(|name| {
            batch
                .schema()
                .index_of(name)
                .map_err(|_| WrongColumn((*name).to_owned()))
        })
        .collect();
    let some = BooleanArray::from(some);
    let count = some.true_count();
    if count > 0 {
        let filter = FilterBuilder::new(&some).optimize().build();
        let chosen = batch
            .project(&places?)
            .and_then(|rows| filter.filter_record_batch(&rows));
        kept.push(chosen.map_err(|e| WrongColumn(e.to_string()))?);
    }
    Ok(count)
}
