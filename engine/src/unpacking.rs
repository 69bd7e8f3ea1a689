//! Packed files of any kind, for Python.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use linewarden_capture::unpacked;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The bytes of a file, unpacked if it is gzip or zstd.
#[pyclass(module = "linewarden._engine", unsendable)]
pub struct Unpacked {
    input: Box<dyn Read + Send>,
}

#[pymethods]
impl Unpacked {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        let input = File::open(path).and_then(|file| unpacked(Box::new(file)))?;
        Ok(Self { input })
    }

    /// The next bytes, at most so many; none at the end.
    fn read<'py>(&mut self, py: Python<'py>, most: usize) -> PyResult<Bound<'py, PyBytes>> {
        let mut room = vec![0; most];
        let read = py.detach(|| self.input.read(&mut room));
        let n = read.map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(PyBytes::new(py, room.get(..n).unwrap_or(&[])))
    }
}
