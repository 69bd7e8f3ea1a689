//! Byte streams out of packets: TCP reassembly and IP defragmentation as a passive tap sees them.
//!
//! Both modules are pure: no clock, no I/O, no panic on any input, and every buffer is bounded.

#![forbid(unsafe_code)]

pub mod defrag;
pub mod tcp;
