//! IP packets that come in pieces, and tunnels inside them.

use linewarden_capture::{Decoded, Ip, LinkType, decode};
use linewarden_stream::defrag::{Key, Outcome};

use crate::sensor::{Packet, Sensor};
use crate::tables::Host;

impl Sensor {
    pub(crate) fn fragment(&mut self, packet: &Packet<'_>, ip: &Ip<'_>) {
        let Some(f) = ip.fragment else { return };
        if let (Some((mac, _)), None) = (packet.decoded.macs, packet.decoded.tunnel) {
            // Told here, since a datagram that never gets whole has no flow.
            self.bind(
                mac,
                Some(Host::Ip(ip.src)),
                packet.decoded.vlan,
                packet.stamp,
                packet.stamp.ts,
                1,
                ip.ttl,
                0,
            );
        }
        let key = Key {
            src: ip.src.0,
            dst: ip.dst.0,
            proto: ip.proto,
            id: f.id,
            vlan: packet.decoded.vlan.unwrap_or(0),
            ipv6: ip.v6,
        };
        if let Some(trace) = &mut self.core.trace {
            trace.fragment(key, f.offset, ip.payload);
        }
        match self
            .fragments
            .push(key, f.offset, f.more, ip.payload, packet.stamp.ts)
        {
            Outcome::Incomplete => {}
            Outcome::Whole(whole) => {
                if let Some(name) = self.fragments.weird() {
                    self.flowless_weird(packet, name);
                }
                if let Some(trace) = &mut self.core.trace {
                    trace.defragmented(&key, &whole);
                }
                if !self.whole_tunnel(packet, ip, &whole) {
                    self.ip(packet, ip, &whole, whole.len());
                }
            }
            Outcome::Dropped(name) => self.flowless_weird(packet, name),
        }
    }

    /// A tunnel packet that came in fragments: what is inside is read like any packet. False if it is no tunnel.
    fn whole_tunnel(&mut self, packet: &Packet<'_>, ip: &Ip<'_>, payload: &[u8]) -> bool {
        const TUNNELS: [u8; 4] = [4, 17, 41, 47];
        if !TUNNELS.contains(&ip.proto) || ip.v6 {
            return false;
        }
        let datagram = ipv4_datagram(ip, payload);
        let mut decoded = Decoded::default();
        decode(LinkType::RAW, &datagram, datagram.len() as u32, &mut decoded);
        if decoded.tunnel.is_none() {
            return false;
        }
        decoded.macs = decoded.macs.or(packet.decoded.macs);
        self.dispatch(&Packet {
            stamp: packet.stamp,
            frame: packet.frame,
            decoded: &decoded,
        });
        true
    }
}

/// An IPv4 packet without options around a reassembled payload (RFC 791 3.1); the checksum is not looked at again.
fn ipv4_datagram(ip: &Ip<'_>, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() + 20).min(usize::from(u16::MAX)) as u16;
    let mut datagram = vec![0x45, 0, 0, 0, 0, 0, 0, 0, ip.ttl, ip.proto, 0, 0];
    datagram[2..4].copy_from_slice(&length.to_be_bytes());
    datagram.extend_from_slice(&ip.src.0[12..]);
    datagram.extend_from_slice(&ip.dst.0[12..]);
    datagram.extend_from_slice(payload);
    datagram
}
