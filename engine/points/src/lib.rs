//! Values of points over time: which of them to look at ([`sample`]), and whether they stand still or come again
//! ([`Points`]).
//!
//! Points and values are numbers here that are equal for equal ones, whatever the batch or the process ([`hash`]).
#![forbid(unsafe_code)]

mod hash;
mod point;
mod points;
mod readings;
mod replay;
mod sample;

pub use crate::points::{Found, Params, Points, Reading};
pub use crate::readings::{Kept, Readings};
pub use crate::sample::{Sample, sample};

/// A column that is missing, or of another type than it should be: a mistake of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongColumn(pub String);

impl std::fmt::Display for WrongColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the column {} is missing, or of another type", self.0)
    }
}

impl std::error::Error for WrongColumn {}

/// ns of a second.
const SECOND: i64 = 1_000_000_000;
