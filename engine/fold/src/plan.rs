//! What is folded, as Python tells it.

use serde::Deserialize;

/// A plan that does not fit together: a mistake in `plant/rows.py`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub(crate) String);

#[derive(Debug, Clone, Deserialize)]
pub struct Plan {
    pub streams: Vec<Stream>,
    pub tables: Vec<TablePlan>,
}

/// A stream, and the columns that are read of its batches.
#[derive(Debug, Clone, Deserialize)]
pub struct Stream {
    pub name: String,
    pub feed: Feed,
    /// Where its rows go; conversations go to several.
    pub table: String,
    pub columns: Vec<Column>,
    /// Columns of which each value is a row of its own.
    #[serde(default)]
    pub values: Vec<String>,
}

/// What becomes of a batch.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feed {
    Rows,
    Conns,
    Facts,
}

/// A column of a batch under the name that rows have for it.
#[derive(Debug, Clone, Deserialize)]
pub struct Column {
    pub source: String,
    pub name: String,
    pub kind: Kind,
    /// Zero, or the empty text, where there is no value.
    pub filled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Number,
    Text,
    /// A text in small letters.
    Lower,
}

/// A table of distinct rows.
#[derive(Debug, Clone, Deserialize)]
pub struct TablePlan {
    pub name: String,
    pub fields: Vec<Field>,
    /// Fields by which a row comes before another one with the same key, most important first.
    pub order: Vec<String>,
    /// So many rows at most; the first ones by time stay.
    pub keep: usize,
    /// Of rows alike in these fields only so many first ones stay.
    pub most: Vec<(Vec<String>, usize)>,
    /// Where rows go that do not stay.
    pub beyond: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Field {
    pub name: String,
    pub role: Role,
    pub text: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Key,
    Sum,
    /// Of the first row by `order`.
    First,
    Max,
    /// The table does not tell it.
    Absent,
}

impl Plan {
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        serde_json::from_str(text).map_err(|e| PlanError(e.to_string()))
    }
}
