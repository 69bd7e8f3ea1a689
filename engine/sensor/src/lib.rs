//! The ear: packets in, records out.
//!
//! [`Spec`] is what the protocol files of `linewarden.protocols` compile to. A [`Sensor`] is given decoded packets in
//! the order of the capture; it keeps flows, reassembles streams, recognises protocols by content, runs their tables
//! and fills one Arrow builder per stream. Nothing here knows a protocol by name.
#![forbid(unsafe_code)]

mod beyond;
mod bits;
mod columns;
mod conn;
mod core;
mod crowd;
mod ctx;
mod detect;
mod emit;
mod familiar;
mod flow;
mod fragments;
mod framing;
mod lifetimes;
mod live;
mod messages;
mod names;
mod natives;
mod ops;
mod options;
mod poll;
mod probe;
mod rich;
mod rows;
mod sensor;
mod session;
mod spec;
mod tables;
mod tape;
mod tcp;
mod text;
mod trace;
mod vm;
mod ways;
mod weirds;

pub use options::{Options, Stats};
pub use rich::RichMessage;
pub use rows::{Cell, Rows};
pub use sensor::Sensor;
pub use spec::{Spec, SpecError, StreamSpec};
pub use tables::{FlowInfo, Host, Stamp};
pub use trace::{Field, Piece, Shown, Told};

/// A flow's uid as text, in Zeek's form.
pub fn uid_text(uid: u64) -> String {
    let mut out = String::new();
    text::uid(uid, &mut out);
    out
}

/// An end of a flow as text.
pub fn host_text(host: Host) -> String {
    let mut out = String::new();
    host.write(&mut out);
    out
}
