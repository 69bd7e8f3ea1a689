//! Who talks with whom, whichever way the packet goes.

use crate::addr::Addr;
use crate::link::{Decoded, decode};
use crate::reader::Frame;
use crate::transport::{Transport, parse_transport};

/// Two ends and what they speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Conversation {
    /// Protocol, and address and port of both ends, the lower one first. Ports are 0 where there are none, and in
    /// later fragments, which have no header of TCP or UDP.
    Ip(u8, (Addr, u16), (Addr, u16)),
    /// EtherType and MAC addresses, the lower one first.
    Link(u16, [u8; 6], [u8; 6]),
}

impl Conversation {
    /// Itself, and what its later fragments look like.
    pub(super) fn with_fragments(self) -> impl Iterator<Item = Self> {
        let fragments = match self {
            Self::Ip(proto, a, b) if a.1 != 0 || b.1 != 0 => Some(ordered(proto, (a.0, 0), (b.0, 0))),
            _ => None,
        };
        std::iter::once(self).chain(fragments)
    }
}

fn ordered(proto: u8, a: (Addr, u16), b: (Addr, u16)) -> Conversation {
    Conversation::Ip(proto, a.min(b), a.max(b))
}

/// The conversation of a frame; none if it cannot be told.
pub(super) fn conversation(frame: &Frame<'_>) -> Option<Conversation> {
    let mut packet = Decoded::default();
    decode(frame.linktype, frame.data, frame.origlen, &mut packet);
    let Some(ip) = &packet.ip else {
        let (from, to) = packet.macs?;
        return Some(Conversation::Link(packet.ethertype, from.min(to), from.max(to)));
    };
    let (from, to) = if ip.fragment.is_some_and(|f| f.offset > 0) {
        (0, 0)
    } else {
        match parse_transport(ip.proto, ip.payload, ip.payload_len) {
            Transport::Tcp {
                src_port, dst_port, ..
            }
            | Transport::Udp {
                src_port, dst_port, ..
            } => (src_port, dst_port),
            _ => (0, 0),
        }
    };
    Some(ordered(ip.proto, (ip.src, from), (ip.dst, to)))
}
