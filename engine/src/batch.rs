//! Record batches for Python, without copying: the Arrow PyCapsule interface.

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowSchema, to_ffi};
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use linewarden_rows::as_engines;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::frames::batches;

/// A batch of rows; `polars.DataFrame(batch)`, `pyarrow.record_batch(batch)` and others read it in place.
#[pyclass(module = "linewarden._engine", frozen)]
pub struct Batch {
    rows: RecordBatch,
}

impl Batch {
    pub fn new(rows: RecordBatch) -> Self {
        Self { rows }
    }

    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }
}

#[pymethods]
impl Batch {
    /// The rows of anything that gives an Arrow stream, in the types of the engine. ValueError if it cannot be read.
    #[staticmethod]
    fn of(py: Python<'_>, frame: &Bound<'_, PyAny>) -> PyResult<Vec<Self>> {
        let batches = batches(frame)?;
        let plain: Result<Vec<RecordBatch>, _> = py.detach(|| batches.iter().map(as_engines).collect());
        let plain = plain.map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(plain.into_iter().map(Self::new).collect())
    }

    /// Rows of the batch.
    fn __len__(&self) -> usize {
        self.rows.num_rows()
    }

    /// The batch with these columns only, those of them that it has; nothing is copied.
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn select(&self, names: Vec<String>) -> PyResult<Self> {
        let schema = self.rows.schema();
        let places: Vec<usize> = names.iter().filter_map(|n| schema.index_of(n).ok()).collect();
        let rows = self.rows.project(&places);
        rows.map(Self::new)
            .map_err(|e| PyValueError::new_err(e.to_string()))
    }

    /// The texts of these columns in the last row.
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn last(&self, names: Vec<String>) -> Vec<Option<String>> {
        let last = self.rows.num_rows().checked_sub(1);
        let text = |name: &String| Some(text_at(self.rows.column_by_name(name)?, last?)?.to_owned());
        names.iter().map(text).collect()
    }

    /// The capsules of schema and array (Arrow PyCapsule interface). A requested schema need not be followed.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        drop(requested_schema);
        let wrong = |e: arrow_schema::ArrowError| PyValueError::new_err(e.to_string());
        let schema = FFI_ArrowSchema::try_from(self.rows.schema().as_ref()).map_err(wrong)?;
        let (array, _) = to_ffi(&StructArray::from(self.rows.clone()).to_data()).map_err(wrong)?;
        Ok((
            PyCapsule::new_with_value(py, schema, c"arrow_schema")?,
            PyCapsule::new_with_value(py, array, c"arrow_array")?,
        ))
    }
}

/// The text of a column in a row; none if it is null, or the column holds no texts.
fn text_at(column: &ArrayRef, row: usize) -> Option<&str> {
    if column.is_null(row) {
        return None;
    }
    if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() {
        let texts = dictionary.values().as_string_opt::<i32>()?;
        return Some(texts.value(dictionary.key(row)?));
    }
    Some(column.as_string_opt::<i32>()?.value(row))
}
