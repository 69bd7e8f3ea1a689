//! Capture files in, decoded packets out.
//!
//! [`Reader`] turns a pcap or pcapng file (plain, gzip or zstd) into [`Frame`]s; [`decode`] finds what is inside
//! a frame (MAC addresses, VLANs, LLC, tunnels, IP), and [`parse_transport`] reads the TCP, UDP or ICMP header.
//! Nothing here allocates for a packet, and nothing panics, whatever the bytes are.
//!
//! ```no_run
//! use linewarden_capture::{Decoded, Reader, Transport, decode, parse_transport};
//!
//! let mut reader = Reader::open("plant.pcapng".as_ref())?;
//! while let Some(frame) = reader.next()? {
//!     let mut packet = Decoded::default();
//!     decode(frame.linktype, frame.data, frame.origlen, &mut packet);
//!     if let Some(ip) = &packet.ip {
//!         if let Transport::Tcp { dst_port, .. } = parse_transport(ip.proto, ip.payload, ip.payload_len) {
//!             println!("{} > {} port {dst_port}", ip.src, ip.dst);
//!         }
//!     }
//! }
//! # Ok::<(), linewarden_capture::CaptureError>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod addr;
mod bytes;
mod checksum;
mod cut;
mod error;
mod known;
mod link;
mod reader;
mod transport;
mod turn;
mod writer;

pub use addr::Addr;
pub use checksum::transport_checksum_ok;
pub use cut::{Around, Cut, CutError, Job, Mark, cut};
pub use error::CaptureError;
pub use known::{Headers, Segment};
pub use link::{Decoded, Fragment, Ip, Llc, Tunnel, TunnelKind, decode};
pub use reader::{Comment, Frame, Interface, LinkType, Reader, unpacked};
pub use transport::{Transport, parse_transport, tcp_flags};
pub use turn::{Meta, Turn};
pub use writer::PcapNgWriter;
