//! The Internet checksum (RFC 1071).

use crate::addr::Addr;
use crate::bytes::be16;

/// The one's complement sum of 16-bit words, little end first, folded to 34 bits at most.
///
/// The sum does not depend on the byte order (RFC 1071 section 2), nor on how many words are added at a time: eight
/// bytes and their carry are two instructions.
#[inline]
fn sum(data: &[u8]) -> u64 {
    let (words, rest) = data.as_chunks::<8>();
    let mut total: u128 = words.iter().map(|w| u128::from(u64::from_le_bytes(*w))).sum();
    if let (Some(last), false) = (data.last_chunk::<8>(), rest.is_empty()) {
        total += u128::from(u64::from_le_bytes(*last) >> (64 - 8 * rest.len()));
    } else {
        total += rest
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u128::from(byte));
    }
    let (low, high) = (total as u64, (total >> 64) as u64);
    (low & 0xffff_ffff) + (low >> 32) + high
}

#[inline]
pub(crate) fn fold(mut total: u64) -> u16 {
    total = (total & 0xffff_ffff) + (total >> 32);
    total = (total & 0xffff_ffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    total as u16
}

/// Whether a header that holds its own checksum (such as IPv4's) adds up.
#[inline]
pub(crate) fn header_ok(header: &[u8]) -> bool {
    fold(sum(header)) == 0xffff
}

/// Whether the checksum of a whole TCP, UDP, ICMP or ICMPv6 message is right.
///
/// `segment` is the IP payload from the transport header on; the answer means nothing when the capture cut it or when
/// it is a fragment. UDP without a checksum (0) and other protocols are taken as right. Hosts that leave
/// checksums to the network card show wrong ones in their own captures.
#[must_use]
pub fn transport_checksum_ok(src: Addr, dst: Addr, proto: u8, segment: &[u8]) -> bool {
    let segment = match proto {
        6 | 58 | 1 => segment,
        17 => match (be16(segment, 4), be16(segment, 6)) {
            (_, Some(0)) => return true,
            (Some(length), Some(_)) if length >= 8 => segment.get(..usize::from(length)).unwrap_or(segment),
            _ => segment,
        },
        _ => return true,
    };
    match proto {
        1 => fold(sum(segment)) == 0xffff,
        _ => message_ok(pseudo(src, dst, proto), segment),
    }
}

/// The sum of a pseudo header, but for the length (RFC 9293 3.1, RFC 8200 8.1).
///
/// A mapped IPv4 address adds 0xffff for its prefix; in one's complement that is zero.
#[inline]
pub(crate) fn pseudo(src: Addr, dst: Addr, proto: u8) -> u64 {
    sum(&src.0) + sum(&dst.0) + u64::from(proto) * 256
}

/// Whether a message and its pseudo header add up.
#[inline]
pub(crate) fn message_ok(pseudo: u64, segment: &[u8]) -> bool {
    let length = (segment.len() as u32).swap_bytes();
    fold(sum(segment) + pseudo + u64::from(length)) == 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checksum as RFC 1071 writes it: word by word.
    fn plain(data: &[u8]) -> u16 {
        let mut total = 0u32;
        for pair in data.chunks(2) {
            total += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            total = (total & 0xffff) + (total >> 16);
        }
        !(total as u16)
    }

    fn pseudo(src: [u8; 4], dst: [u8; 4], proto: u8, segment: &[u8]) -> Vec<u8> {
        let mut all = [src, dst].concat();
        all.extend([0, proto]);
        all.extend((segment.len() as u16).to_be_bytes());
        all.extend(segment);
        all
    }

    #[test]
    fn the_header_of_the_textbooks() {
        let mut header = *b"\x45\x00\x00\x73\x00\x00\x40\x00\x40\x11\xb8\x61\xc0\xa8\x00\x01\xc0\xa8\x00\xc7";
        assert!(header_ok(&header));
        header[8] = 63;
        assert!(!header_ok(&header));
    }

    #[test]
    fn tcp_of_every_length() {
        let (src, dst) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        for length in 20..120usize {
            let mut segment: Vec<u8> = (0..length).map(|i| (i * 37 + 250) as u8).collect();
            segment[16..18].fill(0);
            let check = plain(&pseudo(src, dst, 6, &segment));
            segment[16..18].copy_from_slice(&check.to_be_bytes());
            assert!(
                transport_checksum_ok(Addr::v4(src), Addr::v4(dst), 6, &segment),
                "{length}"
            );
            segment[length / 2] ^= 4;
            assert!(
                !transport_checksum_ok(Addr::v4(src), Addr::v4(dst), 6, &segment),
                "{length}"
            );
        }
    }

    #[test]
    fn udp_zero_means_none_and_padding_is_left_out() {
        let (src, dst) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let mut datagram = vec![0, 1, 0, 2, 0, 9, 0, 0, 0x41];
        assert!(transport_checksum_ok(Addr::v4(src), Addr::v4(dst), 17, &datagram));
        let check = plain(&pseudo(src, dst, 17, &datagram));
        datagram[6..8].copy_from_slice(&check.to_be_bytes());
        datagram.extend([0xee; 5]);
        assert!(transport_checksum_ok(Addr::v4(src), Addr::v4(dst), 17, &datagram));
    }
}
