//! `linewarden._engine`: the Rust engine as Python sees it.
#![deny(unsafe_code)]

mod batch;
mod run;
mod sensor;
mod shard;

use pyo3::prelude::*;

/// The Rust engine of Linewarden.
#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<sensor::Sensor>()?;
    module.add_class::<sensor::Chunk>()?;
    module.add_class::<batch::Batch>()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
