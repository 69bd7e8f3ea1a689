//! Which readings are looked at: of each point the first of a second, and a fixed part of the values.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef, Float64Array, GenericListArray, ListArray, OffsetSizeTrait, RecordBatch};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use hashbrown::HashMap;

use crate::hash::{mix_in, mixed};
use crate::{SECOND, WrongColumn};

/// What of a record makes its point.
pub const KEY: [&str; 6] = ["source", "protocol", "unit", "area", "start", "name"];

/// Values of a reading that are kept, to be told.
pub const SHOWN: usize = 6;

/// Rows that are looked at, by number, with what is asked of them.
#[derive(Debug, Default)]
pub struct Sample {
    pub numbers: Vec<u32>,
    /// Equal for equal points.
    pub points: Vec<u64>,
    /// The first [`SHOWN`] values of each, one after the other, and how many these are.
    pub values: Vec<f64>,
    pub sizes: Vec<usize>,
    pub sums: Vec<f64>,
    /// Equal for equal values: their sum, the first and the last of them.
    pub hashes: Vec<u64>,
    /// The earliest of its second; several may be.
    pub by_turn: Vec<bool>,
    /// One of the values that are chosen whenever they come.
    pub by_hash: Vec<bool>,
}

/// The readings that are looked at; of the values one in so many is chosen.
///
/// # Errors
/// A column is missing.
pub fn sample(batches: &[RecordBatch], one_in: u64) -> Result<Sample, WrongColumn> {
    let mut found = Sample::default();
    let mut before = 0;
    for batch in batches {
        found.take(batch, before, one_in)?;
        before += batch.num_rows();
    }
    Ok(found)
}

impl Sample {
    fn take(&mut self, batch: &RecordBatch, before: usize, one_in: u64) -> Result<(), WrongColumn> {
        let columns = Columns::of(batch)?;
        let (turns, earliest) = turns(&columns);
        for (row, (&ts, &point)) in columns.times.iter().zip(&columns.points).enumerate() {
            let own = columns.values.of(row);
            let Some((hash, sum)) = hash_of(own) else {
                continue;
            };
            let by_turn = earliest[turns[row] as usize] == ts;
            let by_hash = hash.is_multiple_of(one_in);
            if by_turn || by_hash {
                self.numbers.push((before + row) as u32);
                self.push(point, own, (hash, sum), by_turn, by_hash);
            }
        }
        Ok(())
    }

    /// The first values of some readings.
    pub fn values_of(&self, numbers: &[usize]) -> ListArray {
        let ends: Vec<usize> = self
            .sizes
            .iter()
            .scan(0, |end, size| {
                *end += size;
                Some(*end)
            })
            .collect();
        let sizes = numbers.iter().map(|&n| self.sizes[n]);
        let values = numbers
            .iter()
            .flat_map(|&n| &self.values[ends[n] - self.sizes[n]..ends[n]]);
        let values = Float64Array::from_iter_values(values.copied());
        let item = Arc::new(Field::new_list_field(DataType::Float64, true));
        ListArray::new(item, OffsetBuffer::from_lengths(sizes), Arc::new(values), None)
    }

    /// One more reading, without its number; `hash` and sum as of [`hash_of`].
    pub fn push(&mut self, point: u64, own: &[f64], (hash, sum): (u64, f64), by_turn: bool, by_hash: bool) {
        self.points.push(point);
        self.values.extend_from_slice(&own[..own.len().min(SHOWN)]);
        self.sizes.push(own.len().min(SHOWN));
        self.sums.push(sum);
        self.hashes.push(hash);
        self.by_turn.push(by_turn);
        self.by_hash.push(by_hash);
    }
}

/// Of each row that has values the number of its point's second, and by this number the earliest time in it.
fn turns(columns: &Columns) -> (Vec<u32>, Vec<i64>) {
    let mut numbers: HashMap<u64, u32, BuildHasherDefault<Same>> = HashMap::default();
    let mut earliest: Vec<i64> = Vec::new();
    let rows = columns.times.iter().zip(&columns.points).enumerate();
    let turns = rows.map(|(row, (&ts, &point))| {
        if columns.values.of(row).is_empty() {
            return 0;
        }
        let turn = mixed(point, ts.div_euclid(SECOND).cast_unsigned());
        let number = *numbers.entry(turn).or_insert_with(|| {
            earliest.push(ts);
            earliest.len() as u32 - 1
        });
        let first = &mut earliest[number as usize];
        *first = ts.min(*first);
        number
    });
    (turns.collect(), earliest)
}

/// A number that is equal for equal values (their sum, the first and the last of them), and their sum; none without any.
pub fn hash_of(values: &[f64]) -> Option<(u64, f64)> {
    let (first, last) = (values.first()?, values.last()?);
    let sum = values.iter().sum();
    let hash = [sum, *first, *last]
        .into_iter()
        .fold(0, |hash, v| mixed(hash, bits(v)));
    Some((hash, sum))
}

/// What of readings is asked for, a place a row.
pub struct Columns<'a> {
    /// ns UTC.
    pub times: Vec<i64>,
    /// Equal for equal points.
    pub points: Vec<u64>,
    pub values: Values<'a>,
}

impl<'a> Columns<'a> {
    /// # Errors
    /// A column is missing.
    pub fn of(batch: &'a RecordBatch) -> Result<Self, WrongColumn> {
        Ok(Self {
            times: times(batch)?,
            points: points(batch)?,
            values: values(batch)?,
        })
    }
}

/// A hash that is one already.
#[derive(Debug, Default)]
pub struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Equal for equal numbers: there are two zeros, and many that are none.
fn bits(value: f64) -> u64 {
    if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        (value + 0.0).to_bits()
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, WrongColumn> {
    batch
        .column_by_name(name)
        .ok_or_else(|| WrongColumn(name.to_owned()))
}

pub fn times(batch: &RecordBatch) -> Result<Vec<i64>, WrongColumn> {
    fn all<T: ArrowPrimitiveType<Native = i64>>(column: &ArrayRef) -> Option<Vec<i64>> {
        Some(column.as_primitive_opt::<T>()?.values().to_vec())
    }
    let column = column(batch, "ts")?;
    all::<TimestampNanosecondType>(column)
        .or_else(|| all::<Int64Type>(column))
        .ok_or_else(|| WrongColumn("ts".to_owned()))
}

fn points(batch: &RecordBatch) -> Result<Vec<u64>, WrongColumn> {
    let mut hashes = vec![0; batch.num_rows()];
    for name in KEY {
        if !mix_in(&mut hashes, column(batch, name)?) {
            return Err(WrongColumn(name.to_owned()));
        }
    }
    Ok(hashes)
}

/// Lists of numbers: where each begins, how many it has, and all numbers.
pub struct Values<'a> {
    places: Vec<(usize, usize)>,
    numbers: &'a [f64],
}

fn values(batch: &RecordBatch) -> Result<Values<'_>, WrongColumn> {
    let column = column(batch, "values")?;
    let small = column.as_list_opt::<i32>().and_then(lists);
    let found = small.or_else(|| column.as_list_opt::<i64>().and_then(lists));
    found.ok_or_else(|| WrongColumn("values".to_owned()))
}

fn lists<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Option<Values<'_>> {
    let numbers = lists.values().as_primitive_opt::<Float64Type>()?.values();
    let place = |row: usize| {
        let size = if lists.is_null(row) {
            O::zero()
        } else {
            lists.value_length(row)
        };
        (lists.value_offsets()[row].as_usize(), size.as_usize())
    };
    let places = (0..lists.len()).map(place).collect();
    Some(Values { places, numbers })
}

impl Values<'_> {
    pub fn of(&self, row: usize) -> &[f64] {
        let (begin, size) = self.places[row];
        &self.numbers[begin..begin + size]
    }
}
