//! `linewarden._engine`: the Rust engine as Python sees it.
#![deny(unsafe_code)]

mod batch;
mod cutting;
mod fields;
mod fold;
mod frames;
mod keeper;
mod live;
mod live_lake;
mod metrics;
mod points;
mod ports;
mod run;
mod sensor;
mod shard;
mod sieve;
mod texts;
mod unpacking;
mod usual;

use pyo3::prelude::*;

/// The Rust engine of Linewarden.
#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<sensor::Sensor>()?;
    module.add_class::<sensor::Chunk>()?;
    module.add_class::<batch::Batch>()?;
    module.add_class::<fields::Fields>()?;
    module.add_class::<fold::Fold>()?;
    module.add_class::<points::Points>()?;
    module.add_class::<points::Readings>()?;
    module.add_class::<metrics::Payloads>()?;
    module.add_class::<metrics::Payload>()?;
    module.add_class::<metrics::Metrics>()?;
    module.add_class::<metrics::Numbers>()?;
    module.add_class::<ports::Ports>()?;
    module.add_class::<sieve::Held>()?;
    module.add_class::<sieve::Sieve>()?;
    module.add_class::<unpacking::Unpacked>()?;
    module.add_class::<usual::Usual>()?;
    module.add_function(wrap_pyfunction!(ports::give_up_rights, module)?)?;
    module.add_function(wrap_pyfunction!(cutting::cut, module)?)?;
    module.add_function(wrap_pyfunction!(points::sampled, module)?)?;
    module.add_function(wrap_pyfunction!(texts::matching, module)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
