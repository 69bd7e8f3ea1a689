//! Packets inside packets: IP in IP, GRE, ERSPAN, VXLAN, Geneve.

use super::ethernet::{self, IPV4, IPV6};
use super::{Decoded, Tunnel, TunnelKind};
use crate::bytes::{after, be16, be32};

/// How many tunnels may stand inside each other.
const MAX_DEPTH: u8 = 4;

/// Steps into a tunnel: remembers the outside of the outermost one. False, with a weird, when it goes too deep.
pub(super) fn enter(kind: TunnelKind, id: u32, depth: u8, out: &mut Decoded<'_>) -> bool {
    if depth >= MAX_DEPTH {
        out.weird("exceeded_tunnel_max_depth");
        return false;
    }
    out.tunnel.get_or_insert(Tunnel {
        kind,
        outer_src: out.ip.map(|ip| ip.src),
        outer_dst: out.ip.map(|ip| ip.dst),
        id,
        outer_macs: out.macs,
        outer_vlan: out.vlan,
    });
    out.ip = None;
    out.llc = None;
    true
}

/// Steps into a tunnel that carries Ethernet frames.
fn enter_ethernet<'a>(kind: TunnelKind, id: u32, frame: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    if enter(kind, id, depth, out) {
        out.macs = None;
        out.vlan = None;
        out.inner_vlan = None;
        out.priority_tagged = false;
        out.ethertype = 0;
        ethernet::frame(frame, depth + 1, out);
    }
}

/// Steps into a tunnel that carries what an EtherType says.
fn enter_typed<'a>(
    kind: TunnelKind,
    id: u32,
    ethertype: u16,
    data: &'a [u8],
    depth: u8,
    out: &mut Decoded<'a>,
) {
    let known = matches!(ethertype, IPV4 | IPV6 | 0x8847 | 0x8848);
    if ethertype == 0x6558 {
        enter_ethernet(kind, id, data, depth, out);
    } else if known && enter(kind, id, depth, out) {
        ethernet::typed(ethertype, data, depth + 1, out);
    }
}

/// Looks for a tunnel in the payload of an IP packet.
#[inline]
pub(super) fn inside_ip<'a>(proto: u8, data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    match proto {
        17 => match be16(data, 2) {
            Some(4789 | 8472) => vxlan(after(data, 8), depth, out),
            Some(6081) => geneve(after(data, 8), depth, out),
            _ => {}
        },
        4 => enter_typed(TunnelKind::IpInIp, 0, IPV4, data, depth, out),
        41 => enter_typed(TunnelKind::IpInIp, 0, IPV6, data, depth, out),
        47 => gre(data, depth, out),
        _ => {}
    }
}

/// VXLAN (RFC 7348 section 5). Without the I flag, or without room for a frame, it is something else on that port.
fn vxlan<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let Some((h, inner)) = data.split_first_chunk::<8>() else {
        return;
    };
    if h[0] & 0x08 != 0 && inner.len() >= 14 {
        let vni = u32::from_be_bytes([0, h[4], h[5], h[6]]);
        enter_ethernet(TunnelKind::Vxlan, vni, inner, depth, out);
    }
}

/// Geneve (RFC 8926 section 3.4): version 0, options counted in words.
fn geneve<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let Some((h, rest)) = data.split_first_chunk::<8>() else {
        return;
    };
    if h[0] >> 6 != 0 {
        return;
    }
    let Some(inner) = rest.get(usize::from(h[0] & 0x3f) * 4..) else {
        return;
    };
    let vni = u32::from_be_bytes([0, h[4], h[5], h[6]]);
    enter_typed(
        TunnelKind::Geneve,
        vni,
        u16::from_be_bytes([h[2], h[3]]),
        inner,
        depth,
        out,
    );
}

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACK: u16 = 0x0080;

/// GRE version 0 (RFC 2784, RFC 2890) and version 1 (PPTP, RFC 2637 section 4.1).
fn gre<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let (Some(flags), Some(protocol)) = (be16(data, 0), be16(data, 2)) else {
        return out.weird("truncated_GRE");
    };
    let version = flags & 7;
    if version > 1 {
        return out.weird("unknown_gre_version");
    }
    if flags & ROUTING != 0 {
        return out.weird("gre_routing");
    }
    let mut at = if flags & CHECKSUM != 0 { 8 } else { 4 };
    let mut id = 0;
    if flags & KEY != 0 {
        id = be32(data, at).unwrap_or(0);
        at += 4;
    }
    at += if flags & SEQUENCE != 0 { 4 } else { 0 };
    at += if version == 1 && flags & ACK != 0 { 4 } else { 0 };
    let Some(inner) = data.get(at..) else {
        return out.weird("truncated_GRE");
    };
    match (version, protocol) {
        (1, 0x880b) => pptp(id & 0xffff, inner, depth, out),
        (0, 0x88be) => erspan(flags & SEQUENCE != 0, inner, depth, out),
        (0, 0x22eb) => erspan3(inner, depth, out),
        (0, _) => enter_typed(TunnelKind::Gre, id, protocol, inner, depth, out),
        _ => {}
    }
}

/// PPP in PPTP's GRE; address and control bytes and the protocol's high byte may be left out.
fn pptp<'a>(call: u32, data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let data = data.strip_prefix(&[0xff, 0x03]).unwrap_or(data);
    let (ethertype, inner) = match data {
        [0x00, 0x21, inner @ ..] | [0x21, inner @ ..] => (IPV4, inner),
        [0x00, 0x57, inner @ ..] | [0x57, inner @ ..] => (IPV6, inner),
        _ => return,
    };
    enter_typed(TunnelKind::Gre, call, ethertype, inner, depth, out);
}

/// ERSPAN type I (nothing but the frame) and type II (8 bytes; told apart by GRE's sequence number).
fn erspan<'a>(numbered: bool, data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    if !numbered {
        return enter_ethernet(TunnelKind::Erspan, 0, data, depth, out);
    }
    let Some((h, frame)) = data.split_first_chunk::<8>() else {
        return out.weird("truncated_GRE");
    };
    let session = u32::from(u16::from_be_bytes([h[2], h[3]]) & 0x03ff);
    enter_ethernet(TunnelKind::Erspan, session, frame, depth, out);
}

/// ERSPAN type III: 12 bytes, and 8 more when the O bit says so.
fn erspan3<'a>(data: &'a [u8], depth: u8, out: &mut Decoded<'a>) {
    let Some((h, rest)) = data.split_first_chunk::<12>() else {
        return out.weird("truncated_GRE");
    };
    let session = u32::from(u16::from_be_bytes([h[2], h[3]]) & 0x03ff);
    let Some(inner) = rest.get(if h[11] & 1 != 0 { 8 } else { 0 }..) else {
        return out.weird("truncated_GRE");
    };
    // Frame type: 0 an Ethernet frame, 2 an IP packet.
    match (h[10] >> 2) & 0x1f {
        0 => enter_ethernet(TunnelKind::Erspan, session, inner, depth, out),
        2 => {
            let v6 = inner.first().is_some_and(|b| b >> 4 == 6);
            enter_typed(
                TunnelKind::Erspan,
                session,
                if v6 { IPV6 } else { IPV4 },
                inner,
                depth,
                out,
            );
        }
        _ => {}
    }
}
