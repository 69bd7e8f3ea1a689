//! What can go wrong with a capture file, in one plain line each.

use std::io;
use thiserror::Error;

/// Why a capture file, or the rest of it, cannot be read.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The operating system did not let us read the file.
    #[error("{name} cannot be read: {source}")]
    Unreadable {
        /// The file, as the user named it.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("{name} is empty; capture again, or check the copy")]
    Empty {
        /// The file, as the user named it.
        name: String,
    },
    /// The content is something else.
    #[error("{name} is not a pcap or pcapng capture: it looks like {looks_like}")]
    NotACapture {
        /// The file, as the user named it.
        name: String,
        /// What the first bytes look like.
        looks_like: &'static str,
    },
    /// The file is damaged here. What came before is good, and reading can go on: the next call of
    /// [`Reader::next`](crate::Reader::next) gives the first packet after the damage, or `None` when there is none.
    #[error("the capture is damaged at byte {at_byte}, after packet {packet}: {what}")]
    Damaged {
        /// Where in the (decompressed) file.
        at_byte: u64,
        /// The number of the last good packet before it; 0 when there is none.
        packet: u64,
        /// What is wrong, and what was done about it.
        what: &'static str,
    },
}
