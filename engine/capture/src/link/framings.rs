//! Link types with a short header of their own: raw IP, loopback, Linux cooked, PPP.

use super::ethernet::{self, IPV4, IPV6};
use super::{Decoded, ip};
use crate::bytes::{after, be16, be32};

/// Raw IP: the version nibble says which.
pub(super) fn raw_ip<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    match data.first().map(|b| b >> 4) {
        Some(6) => out.ethertype = IPV6,
        Some(4) => out.ethertype = IPV4,
        _ => {}
    }
    ip::packet(data, 0, out);
}

/// BSD loopback: an address family in the byte order of the capturing host, which the file does not tell.
pub(super) fn null<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    let Some(word) = be32(data, 0) else {
        return out.weird("truncated_null_header");
    };
    // Families are small numbers: the order that makes it one is the right one.
    family(if word > 0xffff { word.swap_bytes() } else { word }, data, out);
}

/// OpenBSD's loopback: the same in network order.
pub(super) fn openbsd_loop<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    match be32(data, 0) {
        Some(word) => family(word, data, out),
        None => out.weird("truncated_null_header"),
    }
}

fn family<'a>(family: u32, data: &'a [u8], out: &mut Decoded<'a>) {
    let data = after(data, 4);
    match family {
        2 => ethernet::typed(IPV4, data, 0, out),
        // AF_INET6 of NetBSD, FreeBSD, macOS and Linux.
        24 | 28 | 30 | 10 => ethernet::typed(IPV6, data, 0, out),
        _ => out.l2_payload = data,
    }
}

/// Linux "cooked" capture, version 1.
pub(super) fn linux_sll<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    let Some((h, rest)) = data.split_first_chunk::<16>() else {
        return out.weird("truncated_sll_header");
    };
    if [h[4], h[5]] == [0, 6] {
        out.macs = Some(([h[6], h[7], h[8], h[9], h[10], h[11]], [0; 6]));
    }
    cooked(u16::from_be_bytes([h[14], h[15]]), rest, out);
}

/// Linux "cooked" capture, version 2.
pub(super) fn linux_sll2<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    let Some((h, rest)) = data.split_first_chunk::<20>() else {
        return out.weird("truncated_sll_header");
    };
    if h[11] == 6 {
        out.macs = Some(([h[12], h[13], h[14], h[15], h[16], h[17]], [0; 6]));
    }
    cooked(u16::from_be_bytes([h[0], h[1]]), rest, out);
}

/// The protocol field of a cooked header: an EtherType, or one of Linux' own small numbers.
fn cooked<'a>(protocol: u16, data: &'a [u8], out: &mut Decoded<'a>) {
    out.l2_payload = data;
    match protocol {
        4 => ethernet::llc(data, 0, out),
        0..=1500 => {}
        ethertype => ethernet::typed(ethertype, data, 0, out),
    }
}

/// PPP (RFC 1661), with or without HDLC's address and control bytes, its protocol number whole or compressed.
pub(super) fn ppp<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    let data = data.strip_prefix(&[0xff, 0x03]).unwrap_or(data);
    let (protocol, rest) = match *data {
        [first, ..] if first & 1 == 1 => (u16::from(first), after(data, 1)),
        [first, second, ..] => (u16::from_be_bytes([first, second]), after(data, 2)),
        _ => return out.weird("truncated_ppp_header"),
    };
    match protocol {
        0x0021 => ethernet::typed(IPV4, rest, 0, out),
        0x0057 => ethernet::typed(IPV6, rest, 0, out),
        _ => out.l2_payload = rest,
    }
}

/// PPP in HDLC-like framing (RFC 1662), or Cisco's HDLC when the address byte says so.
pub(super) fn ppp_serial<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    match data.first() {
        Some(0x0f | 0x8f) => cisco_hdlc(data, out),
        _ => ppp(data, out),
    }
}

/// Cisco HDLC: address, control, EtherType.
pub(super) fn cisco_hdlc<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    match be16(data, 2) {
        Some(protocol) if protocol > 1500 => ethernet::typed(protocol, after(data, 4), 0, out),
        Some(_) => out.l2_payload = after(data, 4),
        None => out.weird("truncated_hdlc_header"),
    }
}

/// A PPPoE session header without the Ethernet header.
pub(super) fn ppp_ether<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    ethernet::pppoe(data, 0, out);
}
