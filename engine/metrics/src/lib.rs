//! Plain numbers of messages as columns, without an object for each: payloads in Protocol Buffers, as Sparkplug has them.
//!
//! Three steps, so that messages can be put in order between the first and the second: a payload is read ([`Payload`])
//! by the field numbers that Python's table tells ([`Form`]); its metrics are looked up by name or alias in what the
//! birth certificate said ([`Metrics`]) and go into columns ([`Columns`]); the columns become a batch.
//!
//! Whatever is not plain (a text, a template, a quality, a metric nobody knows) is left to the reader in Python, for the
//! whole message: this one gives nothing or all of it.
#![forbid(unsafe_code)]

mod columns;
mod form;
mod lookup;
mod payload;
mod wire;

pub use crate::columns::Columns;
pub use crate::form::{Form, Kind};
pub use crate::lookup::{Entry, Metrics};
pub use crate::payload::{Metric, Payload};
