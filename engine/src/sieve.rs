//! Rows that may be wanted as Python classes: see `linewarden.sensor.sieve`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use linewarden_sieve::{Held as InnerHeld, Seen, Sieve as Inner};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::batch::Batch;
use crate::points::beside;

/// Leaves rows out of the batches of a stream that nobody wants.
#[pyclass(module = "linewarden._engine", frozen)]
pub struct Sieve {
    inner: Inner,
}

#[pymethods]
impl Sieve {
    /// `test`: in JSON. ValueError if that is not what it is.
    #[new]
    fn new(test: &str) -> PyResult<Self> {
        let inner = Inner::parse(test).map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(Self { inner })
    }

    /// The rows of a batch that may be wanted: the batch itself, if these are all.
    fn wanted<'py>(&self, py: Python<'py>, batch: Bound<'py, Batch>) -> PyResult<Bound<'py, Batch>> {
        let rows = batch.get().rows();
        let found = py.detach(|| self.inner.wanted(rows));
        match found.map_err(|e| PyValueError::new_err(e.to_string()))? {
            Some(rows) => Bound::new(py, Batch::new(rows)),
            None => Ok(batch),
        }
    }
}

/// Holds the batches of a stream until no more come; then only those rows leave that somebody looks at.
#[pyclass(module = "linewarden._engine")]
pub struct Held {
    held: InnerHeld,
    seen: Option<Seen>,
}

#[pymethods]
impl Held {
    /// `looks`: a list of tests, each with what is kept of its rows, in JSON. ValueError if that is not what it is.
    #[new]
    fn new(looks: &str) -> PyResult<Self> {
        let held = InnerHeld::parse(looks).map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(Self { held, seen: None })
    }

    /// One more batch; how many bytes all take by now.
    fn add(&mut self, py: Python<'_>, batch: &Bound<'_, Batch>) -> usize {
        let rows = batch.get().rows();
        py.detach(|| self.held.add(rows))
    }

    /// Lets go of all batches.
    fn give(&mut self) -> Vec<Batch> {
        self.held.give().into_iter().map(Batch::new).collect()
    }

    /// No more come: now it can be asked what to look at.
    fn end(&mut self, py: Python<'_>) -> PyResult<()> {
        self.seen = Some(py.detach(|| self.held.end()).map_err(wrong)?);
        Ok(())
    }

    /// How many rows a look asks for.
    fn count(&self, look: usize) -> usize {
        self.seen.as_ref().map_or(0, |seen| seen.of(look).count())
    }

    /// Whether less than all is kept of what this look asks for.
    fn thinned(&self, look: usize) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.is_thinned(look))
    }

    /// Whether it is certain which rows a look asks for; else what it gives is to be asked again.
    fn certain(&self, look: usize) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.is_certain(look))
    }

    /// The rows that are kept of any of these looks, in the order of time; None without any.
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn rows(&self, py: Python<'_>, looks: Vec<usize>) -> PyResult<Option<Batch>> {
        self.some(py, |seen| Ok(seen.rows(&looks)?.map(|(rows, _)| rows)))
    }

    /// The same, with a column for each look (`marks` names it) that says which of them it keeps.
    fn marked(&self, py: Python<'_>, marks: BTreeMap<usize, String>) -> PyResult<Option<Batch>> {
        let looks: Vec<usize> = marks.keys().copied().collect();
        let Some(seen) = &self.seen else {
            return Ok(None);
        };
        let Some((rows, found)) = py.detach(|| seen.rows(&looks)).map_err(wrong)? else {
            return Ok(None);
        };
        let columns = found.into_iter().map(|mark| Arc::new(mark) as ArrayRef);
        let rows = beside(&rows, marks.into_values().zip(columns))?;
        Ok(Some(Batch::new(rows)))
    }

    /// Of a look whose first rows were kept all rows that are alike some of these, by number.
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn alike(&self, py: Python<'_>, look: usize, firsts: Vec<u32>) -> PyResult<Option<Batch>> {
        self.some(py, |seen| seen.alike(look, &firsts))
    }
}

impl Held {
    /// What was held, once no more come.
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    fn some(
        &self,
        py: Python<'_>,
        ask: impl Fn(&Seen) -> Result<Option<RecordBatch>, ArrowError> + Sync,
    ) -> PyResult<Option<Batch>> {
        let Some(seen) = &self.seen else {
            return Ok(None);
        };
        let found = py.detach(|| ask(seen)).map_err(wrong)?;
        Ok(found.map(Batch::new))
    }
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn wrong(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
