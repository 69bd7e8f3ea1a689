//! Rows that somebody may want, before anybody looks at them: the rest of a batch is left where it was made.
//!
//! What is wanted is asked in Kleene's three values (`answer.rs`), and what a test cannot tell is a perhaps. So a row that is
//! left out is one of which it is certain; whoever wants the others asks them again, exactly.
#![forbid(unsafe_code)]

mod answer;
mod asking;
mod held;
mod sieve;
mod test;
mod thin;

pub use crate::held::{Held, Look, Seen};
pub use crate::sieve::Sieve;
