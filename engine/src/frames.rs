//! Frames of polars and others, without copying: the Arrow PyCapsule interface, from the other side.
#![allow(unsafe_code)]

use arrow_array::RecordBatch;
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// The batches of anything that gives an Arrow stream. ValueError if it gives none that can be read.
pub fn batches(frame: &Bound<'_, PyAny>) -> PyResult<Vec<RecordBatch>> {
    let wrong = |e: arrow_schema::ArrowError| PyValueError::new_err(e.to_string());
    let capsule = frame
        .call_method0("__arrow_c_stream__")?
        .cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: a capsule of this name holds an `ArrowArrayStream` (Arrow PyCapsule interface), nobody else has this
    // capsule, and `from_raw` leaves a released stream in it, which its destructor leaves alone.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast()) };
    let reader = ArrowArrayStreamReader::try_new(stream).map_err(wrong)?;
    reader.collect::<Result<_, _>>().map_err(wrong)
}
