//! Packets of a live interface, from a memory ring that the kernel fills (`AF_PACKET`, `TPACKET_V3`).
//!
//! Nothing is ever sent: this crate has no function that sends. The socket hears nothing before its filter and ring
//! stand. It survives that its interface goes down, comes back, or is made anew under the same name, and needs no right
//! for that after it was opened.
#![cfg(target_os = "linux")]
#![warn(missing_docs)]

mod error;
mod port;
mod rights;
mod sys;
mod walk;

pub use error::PortError;
pub use port::{Change, Instruction, Options, Port, wait};
pub use rights::give_up_rights;
pub use walk::Packet;
