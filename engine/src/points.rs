//! Values of points as Python classes: see `linewarden.sensor.points`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, ListArray, RecordBatch, UInt32Array, UInt64Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field};
use linewarden_points::{
    Found, Params, Points as Inner, Reading, Readings as Kept, Sample, WrongColumn, sample,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::batch::Batch;
use crate::frames::batches;

/// The readings of a frame that are looked at: `number`, and what is asked of them. `one_in` so many values are chosen.
#[pyfunction]
pub fn sampled(py: Python<'_>, frame: &Bound<'_, PyAny>, one_in: u64) -> PyResult<Batch> {
    let batches = batches(frame)?;
    let sample = py.detach(|| sample(&batches, one_in.max(1))).map_err(wrong)?;
    Ok(Batch::new(rows_of(sample)?))
}

fn rows_of(sample: Sample) -> PyResult<RecordBatch> {
    let number: ArrayRef = Arc::new(UInt32Array::from(sample.numbers.clone()));
    let columns = std::iter::once(("number", number)).chain(looked_at(sample));
    RecordBatch::try_from_iter(columns).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// What is asked of each reading, a column a question.
fn looked_at(sample: Sample) -> [(&'static str, ArrayRef); 6] {
    let numbers = Arc::new(Float64Array::from(sample.values));
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    let values = ListArray::new(item, OffsetBuffer::from_lengths(sample.sizes), numbers, None);
    [
        ("point", Arc::new(UInt64Array::from(sample.points))),
        ("values", Arc::new(values)),
        ("sum", Arc::new(Float64Array::from(sample.sums))),
        ("hash", Arc::new(UInt64Array::from(sample.hashes))),
        ("by turn", Arc::new(BooleanArray::from(sample.by_turn))),
        ("by hash", Arc::new(BooleanArray::from(sample.by_hash))),
    ]
}

/// Rows, and of each the packets of a replay, or none if its point stands still.
type Told = (Option<Batch>, Vec<Option<Vec<i64>>>);

/// Keeps of the engine's readings those that are looked at.
#[pyclass(module = "linewarden._engine")]
pub struct Readings {
    readings: Kept,
}

#[pymethods]
impl Readings {
    /// `one_in` so many values are chosen.
    #[new]
    fn new(one_in: u64) -> Self {
        Self {
            readings: Kept::new(one_in),
        }
    }

    /// One more batch; how many rows are kept by now. ValueError if a column is missing.
    fn add(&mut self, py: Python<'_>, batch: &Bound<'_, Batch>) -> PyResult<usize> {
        let rows = batch.get().rows();
        py.detach(|| self.readings.add(rows)).map_err(wrong)
    }

    /// The rows that are the first ones of a minute, of all that were kept; these are gone then.
    fn firsts(&mut self, py: Python<'_>) -> PyResult<Option<Batch>> {
        let firsts = py.detach(|| self.readings.firsts()).map_err(of_several)?;
        Ok(firsts.map(Batch::new))
    }

    /// What `points` find in all that was kept since the last time, which is gone then: the rows that decide it.
    fn found(&mut self, py: Python<'_>, points: &mut Points) -> PyResult<Told> {
        let kept = self.readings.take();
        let found = py.detach(|| kept.found(&mut points.points)).map_err(of_several)?;
        let (rows, found) = found.unzip();
        let frames = |found| match found {
            Found::Still(_) => None,
            Found::Replayed(_, frames) => Some(frames),
        };
        let frames = found.into_iter().flatten().map(frames).collect();
        Ok((rows.map(Batch::new), frames))
    }

    /// What was kept since the last time: the rows that are looked at, with what is asked of them, and those that are
    /// the first ones of a minute.
    fn take(&mut self, py: Python<'_>) -> PyResult<(Option<Batch>, Option<Batch>)> {
        let kept = self.readings.take();
        let (rows, firsts) = py
            .detach(|| Ok((kept.sampled()?, kept.firsts()?)))
            .map_err(of_several)?;
        let sampled = rows
            .map(|rows| beside(&rows, looked_at(kept.sample)))
            .transpose()?;
        Ok((sampled.map(Batch::new), firsts.map(Batch::new)))
    }
}

/// The rows with more columns.
pub fn beside(
    rows: &RecordBatch,
    more: impl IntoIterator<Item = (impl Into<String>, ArrayRef)>,
) -> PyResult<RecordBatch> {
    let schema = rows.schema();
    let names = schema.fields().iter().map(|f| f.name().clone());
    let there = names.zip(rows.columns().iter().cloned());
    let more = more.into_iter().map(|(name, column)| (name.into(), column));
    let found = RecordBatch::try_from_iter(there.chain(more));
    found.map_err(|e| PyValueError::new_err(e.to_string()))
}

/// Remembers the last readings of each point.
#[pyclass(module = "linewarden._engine")]
pub struct Points {
    points: Inner,
}

#[pymethods]
impl Points {
    /// `most`: points that are remembered.
    #[new]
    #[pyo3(signature = (most, *, replayed, distinct, still, still_s, lively, known))]
    fn new(
        most: usize,
        replayed: usize,
        distinct: usize,
        still: u64,
        still_s: f64,
        lively: f64,
        known: u64,
    ) -> Self {
        let params = Params {
            replayed,
            distinct,
            still,
            still_s,
            lively,
            known,
        };
        Self {
            points: Inner::new(params, most),
        }
    }

    /// Takes readings as `sampled` found them, with `ts` and `frame`, in the order of time: the row of each finding, and
    /// the packets of a replay, or none if it stands still.
    fn look(&mut self, py: Python<'_>, frame: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, Option<Vec<i64>>)>> {
        let batches = batches(frame)?;
        let found = py.detach(|| {
            let mut readings = Vec::new();
            for batch in &batches {
                add_readings(batch, &mut readings)?;
            }
            Ok(self.points.look(&readings))
        });
        let plain = |found| match found {
            Found::Still(row) => (row, None),
            Found::Replayed(row, frames) => (row, Some(frames)),
        };
        Ok(found.map_err(wrong)?.into_iter().map(plain).collect())
    }
}

fn add_readings(batch: &RecordBatch, readings: &mut Vec<Reading>) -> Result<(), WrongColumn> {
    fn there<T>(name: &str, found: Option<T>) -> Result<T, WrongColumn> {
        found.ok_or_else(|| WrongColumn(name.to_owned()))
    }
    let column = |name: &str| there(name, batch.column_by_name(name));
    let unsigned = |name: &str| there(name, column(name)?.as_primitive_opt::<UInt64Type>());
    let (points, hashes, frames) = (unsigned("point")?, unsigned("hash")?, unsigned("frame")?);
    let times = there("ts", column("ts")?.as_primitive_opt::<Int64Type>())?;
    let sums = there("sum", column("sum")?.as_primitive_opt::<Float64Type>())?;
    let by_turn = there("by turn", column("by turn")?.as_boolean_opt())?;
    let by_hash = there("by hash", column("by hash")?.as_boolean_opt())?;
    readings.extend((0..batch.num_rows()).map(|row| Reading {
        point: points.value(row),
        ts: times.value(row),
        hash: hashes.value(row),
        sum: sums.value(row),
        frame: frames.value(row) as i64,
        by_turn: by_turn.value(row),
        by_hash: by_hash.value(row),
    }));
    Ok(())
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn of_several(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn wrong(error: WrongColumn) -> PyErr {
    PyValueError::new_err(error.to_string())
}
