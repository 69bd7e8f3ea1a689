//! Which of many texts a pattern is found in.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use regex::Regex;

/// For each text whether the pattern is found in it, written in small letters. ValueError for a pattern that is none.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // what Python hands over
pub fn matching(py: Python<'_>, texts: Vec<String>, pattern: &str) -> PyResult<Vec<bool>> {
    let pattern = Regex::new(pattern).map_err(|e| PyValueError::new_err(e.to_string()))?;
    let found = |text: &String| pattern.is_match(&text.to_lowercase());
    Ok(py.detach(|| texts.iter().map(found).collect()))
}
