//! Live interfaces for Python: opened first, while the rights are there, and read later.

use linewarden_ring::{Instruction, Options, Port, PortError};
use pyo3::exceptions::{PyOSError, PyPermissionError};
use pyo3::prelude::*;

/// Interfaces that are listened to. `Sensor.watch` takes them over.
#[pyclass(module = "linewarden._engine", unsendable)]
pub struct Ports {
    ports: Vec<Port>,
}

impl Ports {
    pub fn take(&mut self) -> Vec<Port> {
        std::mem::take(&mut self.ports)
    }
}

#[pymethods]
impl Ports {
    /// Opens the interfaces; `filter` is a classic BPF program as `tcpdump -ddd` prints it.
    #[new]
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn new(
        names: Vec<String>,
        filters: Vec<Vec<Instruction>>,
        ring_bytes: usize,
        promiscuous: bool,
    ) -> PyResult<Self> {
        let open = |(i, name): (usize, &String)| {
            let options = Options {
                ring_bytes,
                promiscuous,
                filter: filters.get(i).cloned().unwrap_or_default(),
                ..Options::default()
            };
            Port::open(name, &options)
        };
        let ports = names.iter().enumerate().map(open).collect::<Result<_, _>>();
        ports.map(|ports| Self { ports }).map_err(|error| match error {
            PortError::Right { .. } => PyPermissionError::new_err(error.to_string()),
            _ => PyOSError::new_err(error.to_string()),
        })
    }
}

/// Gives up all capabilities of this thread and of those that it will start.
#[pyfunction]
pub fn give_up_rights() -> PyResult<()> {
    linewarden_ring::give_up_rights().map_err(|e| PyOSError::new_err(e.to_string()))
}
