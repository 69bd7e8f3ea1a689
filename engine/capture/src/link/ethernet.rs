//! Ethernet II and IEEE 802.3, VLAN tags, LLC and SNAP, MPLS labels, PPPoE.

use super::{Decoded, Llc, TunnelKind, ip, tunnel};
use crate::bytes::{after, be16, be32};

/// EtherType of IPv4.
pub(super) const IPV4: u16 = 0x0800;
/// EtherType of IPv6.
pub(super) const IPV6: u16 = 0x86dd;

/// More tags than any network stacks; a longer row is an attack on parsers.
const MAX_TAGS: usize = 8;

/// An Ethernet frame without its preamble.
#[inline]
pub(super) fn frame<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    out.l2_payload = data;
    let Some((h, rest)) = data.split_first_chunk::<14>() else {
        return out.weird("truncated_ethernet_frame");
    };
    let dst = [h[0], h[1], h[2], h[3], h[4], h[5]];
    let src = [h[6], h[7], h[8], h[9], h[10], h[11]];
    out.macs = Some((src, dst));
    typed(u16::from_be_bytes([h[12], h[13]]), rest, depth, out);
}

/// What follows an EtherType (or an 802.3 length).
#[inline]
pub(super) fn typed<'a>(ethertype: u16, data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    out.ethertype = ethertype;
    out.l2_payload = data;
    match ethertype {
        IPV4 | IPV6 => ip::packet(data, depth, out),
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => tagged(data, depth, out),
        0..=1500 => length(usize::from(ethertype), data, depth, out),
        0x8864 => pppoe(data, depth, out),
        0x8847 | 0x8848 => mpls(data, depth, out),
        _ => {}
    }
}

/// One or more VLAN tags (IEEE 802.1Q, 802.1ad); `data` begins with the first tag's control information.
fn tagged<'a>(mut data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    for _ in 0..MAX_TAGS {
        let Some((tag, rest)) = data.split_first_chunk::<4>() else {
            return out.weird("truncated_VLAN");
        };
        match u16::from_be_bytes([tag[0], tag[1]]) & 0x0fff {
            0 => out.priority_tagged = true,
            id if out.vlan.is_none() => out.vlan = Some(id),
            id if out.inner_vlan.is_none() => out.inner_vlan = Some(id),
            _ => {}
        }
        let ethertype = u16::from_be_bytes([tag[2], tag[3]]);
        data = rest;
        if !matches!(ethertype, 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
            return typed(ethertype, data, depth, out);
        }
        out.ethertype = ethertype;
        out.l2_payload = data;
    }
    out.weird("too_many_vlan_tags");
}

/// An IEEE 802.3 length: what follows is LLC (or Novell's raw IPX), then padding.
fn length<'a>(length: usize, data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let data = data.get(..length).unwrap_or(data);
    out.ethertype = 0;
    out.l2_payload = data;
    if data.starts_with(&[0xff, 0xff]) {
        return; // Novell put IPX, whose checksum field is always ffff, right here.
    }
    llc(data, depth, out);
}

/// An IEEE 802.2 header, with SNAP.
pub(super) fn llc<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    out.l2_payload = data;
    let &[dsap, ssap, first, ..] = data else {
        if !data.is_empty() {
            out.weird("truncated_llc_header");
        }
        return;
    };
    if out.llc.is_some() {
        return out.weird("llc_in_llc"); // SNAP can carry tags, and tags LLC again: once is enough.
    }
    let mut header = Llc {
        dsap,
        ssap,
        control: u16::from(first),
        snap: None,
    };
    let mut rest = after(data, 3);
    if first & 3 != 3 {
        let Some((&second, more)) = rest.split_first() else {
            return out.weird("truncated_llc_header");
        };
        header.control = u16::from(first) << 8 | u16::from(second);
        rest = more;
    }
    out.l2_payload = rest;
    if (dsap, ssap & 0xfe, first) == (0xaa, 0xaa, 0x03) {
        let Some((h, more)) = rest.split_first_chunk::<5>() else {
            out.llc = Some(header);
            return out.weird("truncated_snap_header");
        };
        let oui = u32::from_be_bytes([0, h[0], h[1], h[2]]);
        let pid = u16::from_be_bytes([h[3], h[4]]);
        header.snap = Some((oui, pid));
        out.l2_payload = more;
        out.llc = Some(header);
        // RFC 1042 and its bridge form (IEEE 802.1H) carry EtherTypes.
        if (oui == 0 || oui == 0x0000f8) && pid > 1500 {
            typed(pid, more, depth, out);
        }
        return;
    }
    out.llc = Some(header);
    // RFC 948: IP right on LLC.
    if (dsap, ssap, first) == (0x06, 0x06, 0x03) {
        ip::packet(rest, depth, out);
    }
}

/// A stack of MPLS labels (RFC 3032); they are stepped over as tags are.
fn mpls<'a>(mut data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    for _ in 0..16 {
        let Some(label) = be32(data, 0) else {
            return out.weird("no_mpls_payload");
        };
        data = after(data, 4);
        if label & 0x100 != 0 {
            out.l2_payload = data;
            match data.first().map(|b| b >> 4) {
                Some(4) => typed(IPV4, data, depth, out),
                Some(6) => typed(IPV6, data, depth, out),
                _ => {}
            }
            return;
        }
    }
    out.weird("too_many_mpls_labels");
}

/// A PPPoE session header (RFC 2516) and the PPP protocol number after it.
pub(super) fn pppoe<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let (Some(head), Some(length)) = (be32(data, 0), be16(data, 4)) else {
        return out.weird("truncated_pppoe_header");
    };
    if head >> 16 != 0x1100 {
        return; // Version and type must be 1; code 0 means session data.
    }
    let body = after(data, 6);
    let body = body.get(..usize::from(length)).unwrap_or(body);
    let ethertype = match be16(body, 0) {
        Some(0x0021) => IPV4,
        Some(0x0057) => IPV6,
        Some(_) => return, // Link control and the like stay as they are.
        None => return out.weird("truncated_pppoe_header"),
    };
    if tunnel::enter(TunnelKind::Pppoe, head & 0xffff, depth, out) {
        typed(ethertype, after(body, 2), depth + 1, out);
    }
}
