//! From a frame's bytes to the packet inside: link layers, VLANs, LLC, tunnels and IP.

mod ethernet;
mod framings;
mod ip;
mod tunnel;
mod wifi;

use crate::addr::Addr;
use crate::reader::LinkType;

/// A MAC address pair: source, destination.
pub(crate) type Macs = ([u8; 6], [u8; 6]);

/// What a frame holds. Where there are tunnels, every field but [`tunnel`](Self::tunnel) is about the innermost packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decoded<'a> {
    /// Source and destination MAC address. Linux cooked captures know only the sender: their destination is zero.
    pub macs: Option<Macs>,
    /// VLAN id of the outer tag (IEEE 802.1Q); `None` without a tag and for priority tags.
    pub vlan: Option<u16>,
    /// VLAN id of the second tag (QinQ, IEEE 802.1ad).
    pub inner_vlan: Option<u16>,
    /// A tag with VLAN id 0: it gives a priority and no VLAN, as PROFINET uses it.
    pub priority_tagged: bool,
    /// The EtherType after all tags; 0 for LLC frames and for what has none.
    pub ethertype: u16,
    /// The IEEE 802.2 header of a frame with a length in place of an EtherType.
    pub llc: Option<Llc>,
    /// What follows the EtherType or the LLC header: an IP packet, a GOOSE PDU, an ARP message...
    pub l2_payload: &'a [u8],
    /// The IP header, when there is one.
    pub ip: Option<Ip<'a>>,
    /// The outermost tunnel, when there is one.
    pub tunnel: Option<Tunnel>,
    /// What is wrong with the headers: a Zeek weird name where one fits. The first fault found is the one told.
    pub malformed: Option<&'static str>,
    /// The capture holds less of the frame than was on the wire (snaplen).
    pub truncated: bool,
}

impl Decoded<'_> {
    /// Notes a fault, unless one was noted before.
    pub(crate) fn weird(&mut self, name: &'static str) {
        self.malformed.get_or_insert(name);
    }
}

/// An IEEE 802.2 logical link control header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Llc {
    /// Destination service access point.
    pub dsap: u8,
    /// Source service access point.
    pub ssap: u8,
    /// Control field; one byte long when its two low bits are set, else two bytes, the first one high.
    pub control: u16,
    /// The SNAP extension (RFC 1042): organisation and its protocol.
    pub snap: Option<(u32, u16)>,
}

/// An IPv4 or IPv6 header and what it carries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ip<'a> {
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// Whether this is IPv6.
    pub v6: bool,
    /// Protocol number (IANA) after IPv6 extension headers and authentication headers.
    pub proto: u8,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// The IPv4 header checksum is wrong.
    pub header_checksum_bad: bool,
    /// Set when this is a piece of a larger packet.
    pub fragment: Option<Fragment>,
    /// What the capture holds after all IP headers; bounded by the IP length, so without Ethernet padding.
    pub payload: &'a [u8],
    /// How long the payload is by the header; more than `payload.len()` when the capture was cut.
    pub payload_len: usize,
    /// The header promises more than the capture holds.
    pub payload_truncated: bool,
}

/// Where a fragment belongs (RFC 791, RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// Identification, the same for all pieces.
    pub id: u32,
    /// Offset of this piece, in bytes.
    pub offset: u32,
    /// More pieces follow.
    pub more: bool,
}

/// A kind of tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TunnelKind {
    /// Generic Routing Encapsulation (RFC 2784, RFC 2890; PPTP's form: RFC 2637).
    Gre,
    /// Cisco's mirrored traffic, types I, II and III, over GRE.
    Erspan,
    /// Virtual eXtensible LAN (RFC 7348).
    Vxlan,
    /// Geneve (RFC 8926).
    Geneve,
    /// PPP over Ethernet (RFC 2516).
    Pppoe,
    /// IP in IP (RFC 2003, RFC 2473, RFC 4213).
    IpInIp,
}

impl TunnelKind {
    /// A short name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gre => "gre",
            Self::Erspan => "erspan",
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Pppoe => "pppoe",
            Self::IpInIp => "ip_in_ip",
        }
    }
}

/// The outermost tunnel around a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// Which kind.
    pub kind: TunnelKind,
    /// Where the tunnel comes from; `None` for PPPoE, which has no outer IP header.
    pub outer_src: Option<Addr>,
    /// Where the tunnel goes to.
    pub outer_dst: Option<Addr>,
    /// VNI, GRE key or call, ERSPAN or PPPoE session; 0 when there is none.
    pub id: u32,
    /// MAC addresses outside the tunnel: source, destination.
    pub outer_macs: Option<Macs>,
    /// VLAN outside the tunnel.
    pub outer_vlan: Option<u16>,
}

/// Finds out what a frame holds, overwriting all of `out`.
///
/// `data` is what was captured and `origlen` how long the frame was on the wire. Link types that are not known leave
/// everything in [`Decoded::l2_payload`]. Protected (encrypted) 802.11 frames give their addresses only.
#[inline]
pub fn decode<'a>(linktype: LinkType, data: &'a [u8], origlen: u32, out: &mut Decoded<'a>) {
    *out = Decoded {
        truncated: data.len() < origlen as usize,
        l2_payload: data,
        ..Decoded::default()
    };
    match linktype {
        LinkType::ETHERNET => ethernet::frame(data, 0, out),
        other => decode_other(other, data, out),
    }
}

fn decode_other<'a>(linktype: LinkType, data: &'a [u8], out: &mut Decoded<'a>) {
    match linktype.0 {
        12 | 14 | 101 | 228 | 229 => framings::raw_ip(data, out),
        0 => framings::null(data, out),
        108 => framings::openbsd_loop(data, out),
        113 => framings::linux_sll(data, out),
        276 => framings::linux_sll2(data, out),
        9 => framings::ppp(data, out),
        50 => framings::ppp_serial(data, out),
        51 => framings::ppp_ether(data, out),
        104 => framings::cisco_hdlc(data, out),
        105 => wifi::frame(data, out),
        127 => wifi::radiotap(data, out),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
