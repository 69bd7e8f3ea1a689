//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers.

use super::{Decoded, Fragment, Ip, tunnel};
use crate::addr::Addr;
use crate::bytes::after;
use crate::checksum::header_ok;

/// Extension headers in a row; RFC 8200 has each at most once or twice.
const MAX_EXTENSIONS: usize = 16;

/// An IP packet of either version.
#[inline]
pub(super) fn packet<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    match data.first().map(|b| b >> 4) {
        Some(4) => v4(data, depth, out),
        Some(6) => v6(data, depth, out),
        Some(_) => out.weird("unknown_ip_version"),
        None => out.weird("truncated_IP"),
    }
}

#[inline]
fn v4<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let Some((h, _)) = data.split_first_chunk::<20>() else {
        return out.weird("truncated_IP");
    };
    let header_len = usize::from(h[0] & 15) * 4;
    if header_len < 20 {
        return out.weird("IPv4_min_header_size");
    }
    // A card that cuts segments itself (TSO) shows length 0 for what does not fit 16 bits: take the rest.
    let total = match u16::from_be_bytes([h[2], h[3]]) {
        0 => data.len(),
        n => usize::from(n),
    };
    if total < header_len {
        return out.weird("invalid_IP_header_size");
    }
    let Some(header) = data.get(..header_len) else {
        return out.weird("internally_truncated_header");
    };
    let flags = u16::from_be_bytes([h[6], h[7]]);
    let ip = out.ip.insert(Ip {
        src: Addr::v4([h[12], h[13], h[14], h[15]]),
        dst: Addr::v4([h[16], h[17], h[18], h[19]]),
        v6: false,
        proto: h[9],
        ttl: h[8],
        header_checksum_bad: if header_len == 20 {
            !header_ok(h)
        } else {
            !header_ok(header)
        },
        fragment: None,
        payload: data.get(header_len..total.min(data.len())).unwrap_or_default(),
        payload_len: total - header_len,
        payload_truncated: total > data.len(),
    });
    if flags & 0x3fff != 0 {
        let offset = u32::from(flags & 0x1fff) * 8;
        let id = u32::from(u16::from_be_bytes([h[4], h[5]]));
        ip.fragment = Some(Fragment {
            id,
            offset,
            more: flags & 0x2000 != 0,
        });
    }
    finish(depth, out);
}

fn v6<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let Some((h, rest)) = data.split_first_chunk::<40>() else {
        return out.weird("truncated_IP");
    };
    let (_, addresses) = h.split_at(8);
    let mut pair = [[0u8; 16]; 2];
    pair.as_flattened_mut().copy_from_slice(addresses);
    // Length 0 is a jumbogram, or a card that cuts segments itself.
    let length = match u16::from_be_bytes([h[4], h[5]]) {
        0 => rest.len(),
        n => usize::from(n),
    };
    out.ip = Some(Ip {
        src: Addr(pair[0]),
        dst: Addr(pair[1]),
        v6: true,
        proto: h[6],
        ttl: h[7],
        header_checksum_bad: false,
        fragment: None,
        payload: rest.get(..length).unwrap_or(rest),
        payload_len: length,
        payload_truncated: length > rest.len(),
    });
    finish(depth, out);
}

/// Steps over extension headers and goes on into tunnels. The header is changed in place: copying it right after it was
/// written costs more than all the rest, because the processor cannot read back wide what was stored in small pieces.
#[inline]
fn finish(depth: u8, out: &mut Decoded<'_>) {
    let Some(ip) = &mut out.ip else { return };
    let later_piece = ip.fragment.is_some_and(|f| f.offset > 0);
    let cut = ip.payload_truncated && !out.truncated;
    let well = (!ip.v6 && ip.proto != 51) || later_piece || extensions(ip);
    let tunnel = matches!(ip.proto, 4 | 17 | 41 | 47) && ip.fragment.is_none();
    let (proto, payload) = (ip.proto, ip.payload);
    if cut {
        out.weird("truncated_IP_len");
    }
    if !well {
        out.weird("internally_truncated_header");
    }
    if tunnel {
        tunnel::inside_ip(proto, payload, depth, out);
    }
}

/// Steps over IPv6 extension headers and authentication headers (RFC 4302); false when they end too early.
fn extensions(ip: &mut Ip<'_>) -> bool {
    for _ in 0..MAX_EXTENSIONS {
        let size = match (ip.proto, ip.payload) {
            (0 | 43 | 60, [_, n, ..]) if ip.v6 => (usize::from(*n) + 1) * 8,
            (51, [_, n, ..]) => (usize::from(*n) + 2) * 4,
            (44, [_, _, _, _, _, _, _, _, ..]) if ip.v6 => 8,
            (0 | 43 | 44 | 60, _) if ip.v6 => return false,
            (51, _) => return false,
            _ => return true,
        };
        let (Some(&next), true) = (ip.payload.first(), ip.payload.len() >= size) else {
            return false;
        };
        if ip.proto == 44 {
            fragment(ip);
        }
        ip.proto = next;
        ip.payload = after(ip.payload, size);
        ip.payload_len = ip.payload_len.saturating_sub(size);
        if ip.fragment.is_some_and(|f| f.offset > 0) {
            return true;
        }
    }
    false
}

/// Reads an IPv6 fragment header. An "atomic" fragment (RFC 6946), whole in itself, counts as none.
fn fragment(ip: &mut Ip<'_>) {
    if let &[_, _, o1, o2, a, b, c, d, ..] = ip.payload {
        let field = u16::from_be_bytes([o1, o2]);
        let (offset, more) = (u32::from(field & 0xfff8), field & 1 != 0);
        if offset > 0 || more {
            ip.fragment = Some(Fragment {
                id: u32::from_be_bytes([a, b, c, d]),
                offset,
                more,
            });
        }
    }
}
