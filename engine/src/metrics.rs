//! Plain numbers of payloads as Python classes: see `linewarden.wire.metrics`.

use linewarden_metrics::{Columns, Entry, Form, Metrics as Lookup, Payload as Inner};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::batch::Batch;

/// Reads payloads by the numbers of their fields.
#[pyclass(module = "linewarden._engine", frozen)]
pub struct Payloads {
    form: Form,
}

#[pymethods]
impl Payloads {
    /// `time`, `metrics`, `seq`: fields of a payload; `fields`: those of a metric, and what each is.
    #[new]
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn new(time: u64, metrics: u64, seq: u64, fields: Vec<(usize, String)>) -> PyResult<Self> {
        let mut form = Form::new(time, metrics, seq);
        for (field, word) in &fields {
            if !form.say(*field, word) {
                return Err(PyValueError::new_err(format!("field {field} cannot be {word}")));
            }
        }
        Ok(Self { form })
    }

    /// The payload in these bytes; None where something in it is no plain number, or where it is none.
    fn read(&self, data: &[u8]) -> Option<Payload> {
        Inner::read(&self.form, data).map(|payload| Payload { payload })
    }
}

/// A payload of plain numbers.
#[pyclass(module = "linewarden._engine", frozen)]
pub struct Payload {
    payload: Inner,
}

#[pymethods]
impl Payload {
    /// ms UTC; 0 where it does not say.
    #[getter]
    fn time(&self) -> u64 {
        self.payload.time
    }

    /// The sequence number.
    #[getter]
    fn seq(&self) -> Option<u64> {
        self.payload.seq
    }

    fn __len__(&self) -> usize {
        self.payload.metrics.len()
    }
}

/// The metrics of a birth certificate, by name and by alias.
#[pyclass(module = "linewarden._engine")]
pub struct Metrics {
    metrics: Lookup,
}

#[pymethods]
impl Metrics {
    /// Each with the number of its tag (None: no value of it is kept) and its data type.
    #[new]
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn new(names: Vec<(Vec<u8>, Option<u32>, u32)>, aliases: Vec<(u64, Option<u32>, u32)>) -> Self {
        let mut metrics = Lookup::default();
        for (name, tag, datatype) in &names {
            let (tag, datatype) = (*tag, *datatype);
            metrics.name(name, Entry { tag, datatype });
        }
        for (alias, tag, datatype) in aliases {
            metrics.alias(alias, Entry { tag, datatype });
        }
        Self { metrics }
    }
}

/// Numbers side by side.
#[pyclass(module = "linewarden._engine")]
#[derive(Default)]
pub struct Numbers {
    columns: Columns,
}

#[pymethods]
impl Numbers {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Adds a payload's numbers. False where one is not known or not plain: then none is added.
    fn add(&mut self, payload: &Payload, metrics: &Metrics) -> bool {
        self.columns.add(&payload.payload, &metrics.metrics)
    }

    /// What is in them, by column: tag, value, source_ts, server_ts. They are empty then.
    fn take(&mut self) -> Batch {
        Batch::new(self.columns.take())
    }

    fn __len__(&self) -> usize {
        self.columns.len()
    }
}
