//! The fold as a Python class: batches in, distinct rows out.

use linewarden_fold::{Fold as Inner, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::batch::Batch;

/// Boils batches down to distinct rows; see `linewarden.plant.batches`.
#[pyclass(module = "linewarden._engine")]
pub struct Fold {
    fold: Inner,
}

#[pymethods]
impl Fold {
    /// `plan`: streams, tables and their fields as JSON.
    #[new]
    fn new(plan: &str) -> PyResult<Self> {
        let fold = Inner::new(plan).map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(Self { fold })
    }

    /// Takes a batch of a stream; the fold has no use for some.
    fn add(&mut self, py: Python<'_>, stream: &str, batch: &Batch) {
        py.detach(|| self.fold.add(stream, batch.rows()));
    }

    /// The rows of tables of one kind together, sorted by key, as tuples in the order of the plan's fields.
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn rows(&mut self, py: Python<'_>, tables: Vec<String>) -> PyResult<Py<PyList>> {
        let rows = py.detach(|| self.fold.rows(&tables));
        // A text that many rows hold is one object.
        let texts: Vec<Bound<'_, PyString>> = rows.texts().iter().map(|t| PyString::new(py, t)).collect();
        let list = PyList::empty(py);
        for row in rows.rows() {
            let values = row.map(|value| match value {
                Value::None => Ok(py.None().into_bound(py)),
                Value::Number(n) => Ok(n.into_pyobject(py)?.into_any()),
                Value::Text(t) => Ok(texts[t].clone().into_any()),
            });
            list.append(PyTuple::new(py, values.collect::<PyResult<Vec<_>>>()?)?)?;
        }
        Ok(list.unbind())
    }

    /// Records that a table's bound left out, and (ts, capture, frame) of the first of them.
    fn left(&self, table: &str) -> (i64, (i64, String, i64)) {
        self.fold
            .left(table)
            .map_or_else(Default::default, |left| (left.records, left.first.clone()))
    }
}
