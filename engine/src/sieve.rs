//! Rows that may be wanted as Python classes: see `linewarden.sensor.sieve`.

use linewarden_sieve::Sieve as Inner;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::batch::Batch;

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
