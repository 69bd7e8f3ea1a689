//! Rows of several batches of a stream as one: their order ([`in_order`]), and their values as numbers ([`Columns`]).
#![forbid(unsafe_code)]

mod cells;
mod order;
mod plain;

pub use crate::cells::{Column, Columns, NOTHING, Numbers};
pub use crate::order::{Row, in_order};
pub use crate::plain::as_engines;
