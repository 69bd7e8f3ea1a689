//! What a new baseline needs, as a Python class: see `linewarden.sensor.usual`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array, UInt64Array};
use arrow_schema::ArrowError;
use arrow_select::take::take_record_batch;
use linewarden_rows::Row;
use linewarden_sieve::Seen;
use linewarden_usual::{Decided, Names, Needed, Params, Talk, Usual as Inner};
use pyo3::exceptions::{PyLookupError, PyValueError};
use pyo3::prelude::*;

use crate::batch::Batch;
use crate::points::beside;
use crate::sieve::Held;

/// Takes what there is of each stream, then says what is needed of it.
#[pyclass(module = "linewarden._engine")]
pub struct Usual {
    usual: Inner,
    readings: Option<RecordBatch>,
    decided: Decided,
}

#[pymethods]
impl Usual {
    /// Of the baseline's settings: times in ns.
    #[new]
    #[pyo3(signature = (*, after_ns, slice_ns, exchanges, minutes, confidence, factor, margin, floor, most_below))]
    #[allow(clippy::too_many_arguments)] // by name
    fn new(
        after_ns: i64,
        slice_ns: i64,
        exchanges: u64,
        minutes: u64,
        confidence: f64,
        factor: f64,
        margin: f64,
        floor: f64,
        most_below: usize,
    ) -> Self {
        let params = Params {
            after_ns,
            slice_ns,
            exchanges,
            minutes,
            confidence,
            factor,
            margin,
            floor,
            most_below,
        };
        Self {
            usual: Inner::new(params),
            readings: None,
            decided: Decided::All,
        }
    }

    /// Takes the connections that a look asks for. ValueError if a column is missing.
    fn conns(&mut self, py: Python<'_>, held: &Bound<'_, Held>, look: usize) -> PyResult<()> {
        self.talk(py, held, look, Talk::conns)
    }

    /// Takes the commands. ValueError as above.
    fn commands(&mut self, py: Python<'_>, held: &Bound<'_, Held>, look: usize) -> PyResult<()> {
        self.talk(py, held, look, Talk::commands)
    }

    /// Takes the times of something else.
    fn heard(&mut self, py: Python<'_>, held: &Bound<'_, Held>, look: usize) -> PyResult<()> {
        let held = held.borrow();
        let seen = there(&held)?;
        py.detach(|| {
            let times: Vec<i64> = seen.of(look).map(|row| row.ts).collect();
            self.usual.heard(&times);
        });
        Ok(())
    }

    /// Takes the first readings of each minute. ValueError as above.
    fn readings(&mut self, py: Python<'_>, batch: &Bound<'_, Batch>) -> PyResult<()> {
        let rows = batch.get().rows();
        py.detach(|| self.usual.readings(rows)).map_err(wrong)?;
        self.readings = Some(rows.clone());
        Ok(())
    }

    /// The addresses that were met, in no order.
    fn addresses(&self) -> Vec<String> {
        self.usual.addresses().into_iter().cloned().collect()
    }

    /// The targets that were met, in no order.
    fn targets(&self) -> Vec<String> {
        self.usual.targets().into_iter().cloned().collect()
    }

    /// Sees what is needed: `some`, `nothing` or `all`.
    ///
    /// `peers`: by address the peer that it is, empty if it is nobody's own; `areas`: by target; `internet`: the peer
    /// that many are; `masters`: verbs that write; `login`: that of a login.
    fn decide(
        &mut self,
        py: Python<'_>,
        peers: HashMap<String, String>,
        areas: HashMap<String, String>,
        internet: String,
        masters: Vec<String>,
        login: String,
    ) -> &'static str {
        let names = Names {
            peers,
            areas,
            internet,
            masters,
            login,
        };
        self.decided = py.detach(|| self.usual.decide(&names));
        match self.decided {
            Decided::Nothing => "nothing",
            Decided::All => "all",
            Decided::Some(..) => "some",
        }
    }

    /// The rows of a talk (by number) that are needed; None without any.
    fn needed(
        &self,
        py: Python<'_>,
        talk: usize,
        held: &Bound<'_, Held>,
        look: usize,
    ) -> PyResult<Option<Batch>> {
        let held = held.borrow();
        let (seen, needed) = (there(&held)?, self.of(talk));
        let rows = py.detach(|| needed.map_or(Ok(None), |n| seen.at(look, &n.rows)));
        Ok(rows.map_err(wrong)?.map(Batch::new))
    }

    /// Of the others one a second, with when the last of it `ended` (ns), and how often something was `heard` in it;
    /// None without any.
    fn quiet(
        &self,
        py: Python<'_>,
        talk: usize,
        held: &Bound<'_, Held>,
        look: usize,
    ) -> PyResult<Option<Batch>> {
        let held = held.borrow();
        let (seen, needed) = (there(&held)?, self.of(talk));
        let quiet = needed.map_or(&[][..], |n| n.quiet.as_slice());
        let places: Vec<u32> = quiet.iter().map(|q| q.row).collect();
        let Some(rows) = py.detach(|| seen.at(look, &places)).map_err(wrong)? else {
            return Ok(None);
        };
        let ended: ArrayRef = Arc::new(Int64Array::from_iter_values(quiet.iter().map(|q| q.until)));
        let heard: ArrayRef = Arc::new(UInt64Array::from_iter_values(quiet.iter().map(|q| q.count)));
        let rows = beside(&rows, [("ended", ended), ("heard", heard)])?;
        Ok(Some(Batch::new(rows)))
    }

    /// The readings that are needed; None without any.
    fn shown(&self, py: Python<'_>) -> PyResult<Option<Batch>> {
        let (Some(rows), Decided::Some(_, numbers)) = (&self.readings, &self.decided) else {
            return Ok(None);
        };
        if numbers.is_empty() {
            return Ok(None);
        }
        let numbers = UInt32Array::from(numbers.clone());
        let rows = py.detach(|| take_record_batch(rows, &numbers)).map_err(wrong)?;
        Ok(Some(Batch::new(rows)))
    }
}

impl Usual {
    fn talk(
        &mut self,
        py: Python<'_>,
        held: &Bound<'_, Held>,
        look: usize,
        make: fn(&[RecordBatch], &[&Row]) -> Result<Talk, ArrowError>,
    ) -> PyResult<()> {
        let held = held.borrow();
        let seen = there(&held)?;
        let rows: Vec<&Row> = seen.of(look).collect();
        let talk = py.detach(|| make(seen.batches(), &rows)).map_err(wrong)?;
        py.detach(|| self.usual.talk(talk));
        Ok(())
    }

    fn of(&self, talk: usize) -> Option<&Needed> {
        match &self.decided {
            Decided::Some(talks, _) => talks.get(talk),
            _ => None,
        }
    }
}

fn there(held: &Held) -> PyResult<&Seen> {
    held.seen()
        .ok_or_else(|| PyLookupError::new_err("more rows may come"))
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn wrong(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
