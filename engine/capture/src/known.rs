//! Headers that were seen before.
//!
//! Who talks in a TCP connection puts the same headers before each segment, but for lengths, numbers and checksums. Once
//! they were decoded, a comparison tells the next segment, and what is left to read of it are the fields that differ
//! (the header prediction of 4.3BSD-Reno's TCP, which V. Jacobson describes, here for somebody who listens).

use crate::checksum::{fold, header_ok, message_ok, pseudo};
use crate::link::Decoded;
use crate::reader::{Frame, LinkType};
use crate::transport::tcp_flags;

/// An Ethernet header, and one with a VLAN tag (or an MPLS label).
const ETHERNET: usize = 14;
const TAGGED: usize = 18;
/// An IPv4 header without options, and with the TCP header behind it.
const IP: usize = 20;
const BOTH: usize = 40;
/// Version and header length; where a fragment belongs, time to live, protocol, addresses: these are the same in each segment.
const FIRST: u64 = 0xffff_0000_0000_00ff;
const SECOND: u64 = 0xffff_ffff_0000_ffff;
/// The length of the TCP header, in words, is in the high half of a byte.
const OFFSET: u8 = 0xf0;

/// The headers of one direction of a TCP connection over IPv4 and Ethernet; by default of none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers {
    link_words: [u64; 3],
    words: [u64; 3],
    pseudo: u32,
    /// Length of the link layer's headers; 0 where nothing is known.
    link: u8,
    offset: u8,
}

/// A segment whose headers are known: what is new in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Identification of the IP packet.
    pub ident: u16,
    /// As in [`Transport::Tcp`](crate::Transport).
    pub seq: u32,
    /// As in [`Transport::Tcp`](crate::Transport).
    pub ack: u32,
    /// ACK and PSH or nothing: a segment with another flag is not read here.
    pub flags: u8,
    /// What follows the TCP header.
    pub payload: &'a [u8],
    /// The checksums of both headers are right.
    pub checksums_ok: bool,
}

impl Headers {
    /// The headers of a frame, where its like may be read without decoding: an unfragmented, whole TCP segment over IPv4
    /// without options over Ethernet, with one tag at most, in no tunnel.
    #[must_use]
    pub fn of(frame: &Frame<'_>, decoded: &Decoded<'_>) -> Option<Self> {
        let ip = decoded.ip.filter(|ip| !ip.v6 && ip.proto == 6)?;
        let plain = frame.linktype == LinkType::ETHERNET
            && decoded.tunnel.is_none()
            && decoded.llc.is_none()
            && decoded.malformed.is_none()
            && !decoded.truncated
            && ip.fragment.is_none();
        let link = frame.data.len().checked_sub(decoded.l2_payload.len())?;
        let header = decoded.l2_payload.first_chunk::<BOTH>()?;
        let offset = header[IP + 12] & OFFSET;
        if !plain || !matches!(link, ETHERNET | TAGGED) || header[0] != 0x45 || offset < 0x50 {
            return None;
        }
        Some(Self {
            link: link as u8,
            offset,
            link_words: link_words(frame.data, link)?,
            words: words(header),
            pseudo: u32::from(fold(pseudo(ip.src, ip.dst, ip.proto))),
        })
    }

    /// The segment in a frame with these headers; `None` if it has others, or is none of those that can be read so.
    #[inline]
    #[must_use]
    pub fn segment<'a>(&self, frame: &Frame<'a>) -> Option<Segment<'a>> {
        let link = usize::from(self.link);
        let packet = frame.data.get(link..)?;
        let header = packet.first_chunk::<BOTH>()?;
        let flags = header[IP + 13];
        let same = are_same(words(header), self.words)
            && are_same(link_words(frame.data, link)?, self.link_words)
            && header[IP + 12] & OFFSET == self.offset
            && flags & !(tcp_flags::ACK | tcp_flags::PSH) == 0
            && frame.linktype == LinkType::ETHERNET
            && frame.data.len() >= frame.origlen as usize;
        let total = u16::from_be_bytes([header[2], header[3]]);
        let message = packet.get(IP..usize::from(total)).filter(|_| same)?;
        let number = |at: usize| {
            header
                .get(at..)
                .and_then(|h| h.first_chunk())
                .map_or(0, |b| u32::from_be_bytes(*b))
        };
        Some(Segment {
            ident: u16::from_be_bytes([header[4], header[5]]),
            seq: number(IP + 4),
            ack: number(IP + 8),
            flags,
            payload: message.get(usize::from(self.offset >> 2)..)?,
            checksums_ok: header_ok(header.first_chunk::<IP>()?)
                && message_ok(u64::from(self.pseudo), message),
        })
    }

    /// A number that is the same for all frames with the same headers, to look for them by; of other frames it says
    /// nothing.
    #[inline]
    #[must_use]
    pub fn mark(data: &[u8]) -> u64 {
        let link = if data.get(12) == Some(&0x81) {
            TAGGED
        } else {
            ETHERNET
        };
        let (ends, ports) = (word(data, link + 12), word(data, link + 16));
        (ends.unwrap_or(0) ^ ports.unwrap_or(0).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
    }
}

/// The link layer's headers, in words that overlap.
#[inline(always)]
fn link_words(data: &[u8], link: usize) -> Option<[u64; 3]> {
    Some([word(data, 0)?, word(data, 6)?, word(data, link.checked_sub(8)?)?])
}

/// What is the same in the IP and TCP headers of each segment.
#[inline(always)]
fn words(header: &[u8; BOTH]) -> [u64; 3] {
    let word = |at: usize| word(header, at).unwrap_or(0);
    [word(0) & FIRST, word(8) & SECOND, word(16)]
}

#[inline(always)]
fn word(data: &[u8], at: usize) -> Option<u64> {
    data.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b))
}

/// Whether two have the same words, without a call.
#[inline(always)]
fn are_same(a: [u64; 3], b: [u64; 3]) -> bool {
    (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::decode;
    use crate::transport::{Transport, parse_transport};
    use crate::transport_checksum_ok;

    const MACS: [u8; 12] = [
        0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01,
    ];
    /// IP and TCP headers with right checksums, and `read`; then the next segment, `write more`.
    const SAID: [u8; 48] = [
        0x45, 0x00, 0x00, 0x30, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06, 0x14, 0x92, 0x0a, 0x00, 0x00, 0x01, 0x0a,
        0x00, 0x00, 0x02, 0x01, 0xf6, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x09, 0x60, 0x18,
        0x10, 0x00, 0xde, 0x39, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x72, 0x65, 0x61, 0x64,
    ];
    const NEXT: [u8; 54] = [
        0x45, 0x00, 0x00, 0x36, 0x12, 0x35, 0x40, 0x00, 0x40, 0x06, 0x14, 0x8b, 0x0a, 0x00, 0x00, 0x01, 0x0a,
        0x00, 0x00, 0x02, 0x01, 0xf6, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x09, 0x60, 0x18,
        0x10, 0x00, 0x8c, 0x1d, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x77, 0x72, 0x69, 0x74, 0x65, 0x20, 0x6d,
        0x6f, 0x72, 0x65,
    ];
    const UNTAGGED: &[u8] = &[8, 0];
    const VLAN_5: &[u8] = &[0x81, 0, 0, 5, 8, 0];

    /// With padding, as short frames have it.
    fn bytes(link: &[u8], packet: &[u8]) -> Vec<u8> {
        [&MACS[..], link, packet, &[0; 4]].concat()
    }

    fn frame(data: &[u8]) -> Frame<'_> {
        Frame {
            number: 1,
            ts_ns: 0,
            origlen: data.len() as u32,
            linktype: LinkType::ETHERNET,
            interface: 0,
            data,
        }
    }

    fn decoded(data: &[u8]) -> Decoded<'_> {
        let mut decoded = Decoded::default();
        decode(LinkType::ETHERNET, data, data.len() as u32, &mut decoded);
        decoded
    }

    fn headers(data: &[u8]) -> Headers {
        Headers::of(&frame(data), &decoded(data)).expect("plain headers")
    }

    /// What decoding says of a frame: who it is from and to, and what is new in it.
    fn told(data: &[u8]) -> Option<(impl PartialEq + std::fmt::Debug + use<>, Segment<'_>)> {
        let d = decoded(data);
        let ip = d.ip?;
        let Transport::Tcp {
            src_port,
            dst_port,
            seq,
            ack,
            flags,
            payload,
            ..
        } = parse_transport(ip.proto, ip.payload, ip.payload_len)
        else {
            return None;
        };
        let from = (
            d.macs,
            d.vlan,
            d.malformed,
            d.tunnel,
            ip.src,
            ip.dst,
            ip.ttl,
            ip.fragment,
            src_port,
            dst_port,
        );
        let segment = Segment {
            ident: u16::from_be_bytes([d.l2_payload[4], d.l2_payload[5]]),
            seq,
            ack,
            flags,
            payload,
            checksums_ok: !ip.header_checksum_bad
                && transport_checksum_ok(ip.src, ip.dst, ip.proto, ip.payload),
        };
        Some((from, segment))
    }

    #[test]
    fn the_next_segment_is_read_by_known_headers() {
        for link in [UNTAGGED, VLAN_5] {
            let (said, next) = (bytes(link, &SAID), bytes(link, &NEXT));
            let segment = headers(&said).segment(&frame(&next)).expect("the same headers");
            assert_eq!(segment.payload, b"write more");
            assert_eq!(
                (segment.ident, segment.seq, segment.ack, segment.flags),
                (0x1235, 11, 9, 0x18)
            );
            assert!(segment.checksums_ok);
            assert_eq!(Headers::mark(&said), Headers::mark(&next));
        }
        assert_eq!(
            headers(&bytes(UNTAGGED, &SAID)).segment(&frame(&bytes(VLAN_5, &SAID))),
            None
        );
        assert_eq!(Headers::default().segment(&frame(&bytes(UNTAGGED, &SAID))), None);
    }

    /// Whatever is changed in a frame: if it still passes, decoding says the same of it.
    #[test]
    fn what_passes_is_what_decoding_says() {
        let mut passed = 0;
        for link in [UNTAGGED, VLAN_5] {
            let said = bytes(link, &SAID);
            let known = headers(&said);
            let (from, _) = told(&said).expect("a segment");
            for bit in 0..said.len() * 8 {
                let mut other = said.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                if let Some(segment) = known.segment(&frame(&other)) {
                    let (of, decoded) = told(&other).expect("a segment");
                    assert!(of == from, "bit {bit}: {of:?}");
                    assert_eq!(segment, decoded, "bit {bit}");
                    passed += 1;
                }
            }
            for length in 0..said.len() {
                let segment = known.segment(&frame(&said[..length]));
                assert!(segment.is_none() || told(&said[..length]).is_some_and(|t| Some(t.1) == segment));
            }
        }
        assert!(passed > 200, "{passed} changes passed");
    }

    #[test]
    fn other_frames_have_no_known_headers() {
        let said = bytes(UNTAGGED, &SAID);
        // RFC 948: IP right on LLC; the length in place of an EtherType leaves one byte of padding out.
        let length = (3 + SAID.len()) as u16;
        let [high, low] = length.to_be_bytes();
        let mut llc = bytes(&[high, low, 6, 6, 3], &SAID);
        llc.truncate(llc.len() - 3);
        assert!(decoded(&llc).ip.is_some());
        let mut fragment = said.clone();
        fragment[ETHERNET + 6] |= 0x20;
        let mut udp = said.clone();
        udp[ETHERNET + 9] = 17;
        let mut options = said.clone();
        options[ETHERNET] = 0x46;
        for other in [&llc, &fragment, &udp, &options, &said[..60].to_vec()] {
            assert!(Headers::of(&frame(other), &decoded(other)).is_none());
        }
        let cut = Frame {
            origlen: 2_000,
            ..frame(&said)
        };
        assert_eq!(headers(&said).segment(&cut), None);
    }
}
