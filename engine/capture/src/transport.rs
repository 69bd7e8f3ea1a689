//! TCP (RFC 9293), UDP (RFC 768) and ICMP (RFC 792, RFC 4443) headers.

use crate::bytes::{be16, be32};

/// The bits of [`Transport::Tcp`]'s `flags`.
pub mod tcp_flags {
    /// No more data from the sender.
    pub const FIN: u8 = 1;
    /// Open: the sequence number is the first one.
    pub const SYN: u8 = 2;
    /// Drop the connection.
    pub const RST: u8 = 4;
    /// Hand the data to the application now.
    pub const PSH: u8 = 8;
    /// The acknowledgement number counts.
    pub const ACK: u8 = 16;
    /// The urgent pointer counts.
    pub const URG: u8 = 32;
    /// Congestion was seen (RFC 3168).
    pub const ECE: u8 = 64;
    /// The window was made smaller (RFC 3168).
    pub const CWR: u8 = 128;
}

/// What follows the IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport<'a> {
    /// A TCP segment.
    Tcp {
        /// Source port.
        src_port: u16,
        /// Destination port.
        dst_port: u16,
        /// Sequence number of the first payload byte (or of the SYN).
        seq: u32,
        /// Acknowledgement number.
        ack: u32,
        /// CWR ECE URG ACK PSH RST SYN FIN, FIN being bit 0; see [`tcp_flags`].
        flags: u8,
        /// Receive window as sent, not scaled.
        window: u16,
        /// What the capture holds after the header and its options.
        payload: &'a [u8],
    },
    /// A UDP datagram.
    Udp {
        /// Source port.
        src_port: u16,
        /// Destination port.
        dst_port: u16,
        /// What the capture holds of the datagram, bounded by its own length field.
        payload: &'a [u8],
    },
    /// An ICMP or ICMPv6 message.
    Icmp {
        /// Whether it is ICMPv6.
        v6: bool,
        /// Message type.
        kind: u8,
        /// Message code.
        code: u8,
        /// What follows the 8 bytes of header.
        payload: &'a [u8],
    },
    /// Some other protocol.
    Other,
    /// The header cannot be right; the name is a Zeek weird name.
    Malformed(&'static str),
}

/// Reads the transport header.
///
/// `proto` is the IP protocol number, `payload` what the capture holds of the IP payload, and `ip_payload_len` how long
/// the IP header says it is ([`Ip::payload_len`](crate::Ip)); the two differ when the capture was cut (snaplen).
/// Do not call it for later fragments: they carry no header.
#[inline]
#[must_use]
pub fn parse_transport<'a>(proto: u8, payload: &'a [u8], ip_payload_len: usize) -> Transport<'a> {
    match proto {
        6 => tcp(payload, ip_payload_len),
        17 => udp(payload),
        1 | 58 => icmp(proto == 58, payload),
        _ => Transport::Other,
    }
}

#[inline]
fn tcp(payload: &[u8], declared: usize) -> Transport<'_> {
    let Some((h, _)) = payload.split_first_chunk::<20>() else {
        return Transport::Malformed("truncated_header");
    };
    let header_len = usize::from(h[12] >> 4) * 4;
    if header_len < 20 || header_len > declared.max(payload.len()) {
        return Transport::Malformed("bad_TCP_header_len");
    }
    Transport::Tcp {
        src_port: u16::from_be_bytes([h[0], h[1]]),
        dst_port: u16::from_be_bytes([h[2], h[3]]),
        seq: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
        ack: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
        flags: h[13],
        window: u16::from_be_bytes([h[14], h[15]]),
        payload: payload.get(header_len..).unwrap_or_default(),
    }
}

#[inline]
fn udp(payload: &[u8]) -> Transport<'_> {
    let (Some(ports), Some(length)) = (be32(payload, 0), be16(payload, 4)) else {
        return Transport::Malformed("truncated_header");
    };
    let length = usize::from(length);
    if payload.len() < 8 {
        return Transport::Malformed("truncated_header");
    }
    // Length 0 is what offloading (and IPv6 jumbograms) leave behind: take all there is.
    let end = match length {
        0 => payload.len(),
        1..8 => return Transport::Malformed("UDP_datagram_length_mismatch"),
        _ => length.min(payload.len()),
    };
    Transport::Udp {
        src_port: (ports >> 16) as u16,
        dst_port: ports as u16,
        payload: payload.get(8..end).unwrap_or_default(),
    }
}

fn icmp(v6: bool, payload: &[u8]) -> Transport<'_> {
    match *payload {
        [kind, code, _, _, ..] => Transport::Icmp {
            v6,
            kind,
            code,
            payload: payload.get(8..).unwrap_or_default(),
        },
        _ => Transport::Malformed("truncated_header"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp_header(offset_words: u8) -> Vec<u8> {
        let mut h = vec![
            0x01,
            0xf6,
            0xc0,
            0x00,
            0,
            0,
            0,
            7,
            0,
            0,
            0,
            9,
            offset_words << 4,
            0x18,
            0x10,
            0x00,
        ];
        h.extend([0; 4]);
        h
    }

    #[test]
    fn tcp_fields_and_payload() {
        let mut segment = tcp_header(6);
        segment.extend([1, 1, 1, 0]);
        segment.extend(b"data");
        let want = Transport::Tcp {
            src_port: 502,
            dst_port: 49152,
            seq: 7,
            ack: 9,
            flags: tcp_flags::PSH | tcp_flags::ACK,
            window: 4096,
            payload: b"data",
        };
        assert_eq!(parse_transport(6, &segment, segment.len()), want);
    }

    #[test]
    fn tcp_options_cut_by_the_capture_are_no_fault_of_the_sender() {
        let segment = tcp_header(8);
        assert!(matches!(
            parse_transport(6, &segment, 32),
            Transport::Tcp { payload: [], .. }
        ));
        assert_eq!(
            parse_transport(6, &segment, 20),
            Transport::Malformed("bad_TCP_header_len")
        );
        assert_eq!(
            parse_transport(6, &tcp_header(4), 20),
            Transport::Malformed("bad_TCP_header_len")
        );
        assert_eq!(
            parse_transport(6, &segment[..19], 32),
            Transport::Malformed("truncated_header")
        );
    }

    #[test]
    fn udp_is_bounded_by_its_length() {
        let datagram = [0, 53, 1, 0, 0, 10, 0, 0, b'h', b'i', 0, 0];
        let want = Transport::Udp {
            src_port: 53,
            dst_port: 256,
            payload: b"hi",
        };
        assert_eq!(parse_transport(17, &datagram, 12), want);
        let mut short = datagram;
        short[5] = 7;
        assert_eq!(
            parse_transport(17, &short, 12),
            Transport::Malformed("UDP_datagram_length_mismatch")
        );
        short[5] = 0;
        assert!(matches!(
            parse_transport(17, &short, 12),
            Transport::Udp {
                payload: [b'h', b'i', 0, 0],
                ..
            }
        ));
    }

    #[test]
    fn icmp_and_the_rest() {
        let echo = [8, 0, 0, 0, 0, 1, 0, 2, b'x'];
        assert_eq!(
            parse_transport(1, &echo, 9),
            Transport::Icmp {
                v6: false,
                kind: 8,
                code: 0,
                payload: b"x"
            }
        );
        assert!(matches!(
            parse_transport(58, &echo, 9),
            Transport::Icmp { v6: true, .. }
        ));
        assert_eq!(parse_transport(89, &echo, 9), Transport::Other);
    }
}
