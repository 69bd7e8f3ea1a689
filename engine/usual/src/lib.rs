//! Of all rows from which a new baseline would learn those that can become news, or bear on what does.
//!
//! Nothing is news before what it hangs on has been known for [`Params::after_ns`], and most of a recording only says again
//! what its first minutes said. So of a whole recording it can be seen beforehand, by the column:
//!
//! - which end does something for the first time when it was there for long already: all of that end is learned;
//! - which beat, or which written value, leaves the range of its first minutes: that is learned;
//! - which block of shown values is news: it depends on nothing else, so that is seen exactly.
//!
//! Of the rest nothing is news, and nothing that is hangs on it; only that the network was active then. Property tests hold
//! that the news are the same. Where there is so much that a baseline would not remember all, nothing is left out.
#![forbid(unsafe_code)]

mod known;
mod numbers;
mod ranges;
mod shown;
mod talk;
mod usual;

pub use crate::talk::Talk;
pub use crate::usual::{Decided, Names, Needed, Params, Quiet, Usual};

const SECOND: i64 = 1_000_000_000;
