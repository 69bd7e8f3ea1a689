//! Packets to flows to records.

use std::sync::Arc;

use arrow_array::RecordBatch;
use hashbrown::HashMap;
use linewarden_capture::{
    Decoded, Frame, Headers, Ip, Transport, decode, parse_transport, tcp_flags, transport_checksum_ok,
};
use linewarden_stream::defrag::Defragmenter;
use linewarden_stream::tcp::{Limits, Memory};

use crate::core::Core;
use crate::ctx::Ctx;
use crate::emit::Emitter;
use crate::familiar::Familiar;
use crate::flow::{self, Fingerprint, Flow, FlowTable, Key};
use crate::live::Due;
use crate::names::{NameId, Names};
use crate::options::{Options, Stats};
use crate::rich::RichMessage;
use crate::spec::{Spec, SpecError};
use crate::tables::{FlowInfo, Host, Stamp};
use crate::trace::{Told, Trace};
use crate::ways::Ways;

/// How long a finished TCP connection waits for more after its last packet: a FIN that was lost comes again after 0.2,
/// then 0.4, then 0.8 s (RFC 6298, 5.5). Its record is written then, and whoever waits for it waits so long.
const LINGER: i64 = 1_000_000_000;
/// Another capture goes on with the flows of the one before if it begins within this time.
const SEAM_BEFORE: i64 = 60_000_000_000;
const SEAM_AFTER: i64 = 300_000_000_000;
/// Packets between two looks for flows that are over.
const SWEEP_EVERY: u64 = 4_096;

/// A MAC address, the IP address that it was seen with, and the VLAN.
type Bound = ([u8; 6], Option<Host>, Option<u16>);

#[derive(Debug)]
pub(crate) struct Binding {
    pub first: Stamp,
    pub until: i64,
    pub frames: u64,
    pub ttl: u8,
    pub uid: u64,
}

pub struct Sensor {
    pub(crate) core: Core,
    pub(crate) table: FlowTable,
    pub(crate) familiar: Familiar,
    pub(crate) fragments: Defragmenter,
    pub(crate) bindings: HashMap<Bound, Binding>,
    pub(crate) options: Options,
    pub(crate) capture: NameId,
    pub(crate) at_seam: bool,
    in_turn: bool,
    pub(crate) now: i64,
    pub(crate) serial: u32,
    pub(crate) due: Due,
    pub stats: Stats,
    pub(crate) service_names: HashMap<u64, NameId>,
}

/// One packet on its way.
pub(crate) struct Packet<'a> {
    pub stamp: Stamp,
    pub frame: &'a Frame<'a>,
    pub decoded: &'a Decoded<'a>,
}

impl Sensor {
    /// # Errors
    /// The tables do not fit the engine.
    pub fn new(spec: Arc<Spec>, options: Options) -> Result<Self, SpecError> {
        let mut names = spec.names.clone();
        let emitter = Emitter::new(&spec, &mut names, &options.sensor, options.interval)?;
        let memory = Memory::new(options.max_held);
        let core = Core {
            spec,
            names,
            emitter,
            ctx: Ctx::new(),
            ways: Ways::new(options.shortcuts),
            limits: Limits::default(),
            memory,
            trace: None,
            buffered: 0,
            spare: Vec::new(),
        };
        Ok(Self {
            core,
            table: FlowTable::default(),
            familiar: Familiar::default(),
            fragments: Defragmenter::new(1_024, 16 << 20, 30_000_000_000),
            bindings: HashMap::new(),
            options,
            capture: 0,
            at_seam: false,
            in_turn: false,
            now: i64::MIN,
            serial: 0,
            due: Due::default(),
            stats: Stats::default(),
            service_names: HashMap::new(),
        })
    }

    /// Only these streams are built from now on.
    pub fn want(&mut self, streams: &dyn Fn(&str) -> bool) {
        for i in 0..self.core.emitter.wanted.len() {
            self.core.emitter.wanted[i] = streams(&self.core.emitter.stream_names[i]);
        }
    }

    /// Follows the bytes of these packets into the messages that are read of them ([`Sensor::traced`]).
    pub fn trace(&mut self, frames: impl IntoIterator<Item = u64>) {
        self.core.trace = Some(Box::new(Trace::new(frames)));
    }

    /// What was read of the packets that are traced; nothing more is.
    pub fn traced(&mut self) -> Vec<Told> {
        self.core.trace.take().map_or_else(Vec::new, |t| t.finish())
    }

    /// The packets that follow are of this capture (or interface).
    pub fn begin_capture(&mut self, name: &str) {
        self.capture = self.core.names.intern(name);
        self.at_seam = true;
    }

    pub fn stream_name(&self, stream: usize) -> &str {
        &self.core.emitter.stream_names[stream]
    }

    pub fn take_ready(&mut self) -> Vec<(usize, RecordBatch)> {
        std::mem::take(&mut self.core.emitter.ready)
    }

    pub fn take_rich(&mut self) -> Vec<RichMessage> {
        std::mem::take(&mut self.core.emitter.rich.kept)
    }

    pub fn name(&self, id: NameId) -> &str {
        self.core.names.get(id)
    }

    pub fn slot_name(&self, proto: usize, slot: u8) -> &str {
        self.core.spec.protos[proto]
            .slots
            .get(slot as usize)
            .map_or("", |s| s)
    }

    pub fn proto_name(&self, proto: usize) -> &str {
        self.core.names.get(self.core.spec.protos[proto].name)
    }

    pub fn rows(&self) -> impl Iterator<Item = (&str, u64)> {
        self.core
            .emitter
            .stream_names
            .iter()
            .map(String::as_str)
            .zip(self.core.emitter.rows.iter().copied())
    }

    pub fn weird_totals(&self) -> Vec<(String, u64)> {
        self.core.emitter.weird_totals(&self.core.names)
    }

    /// What is in the sensor now.
    pub fn stats(&self) -> Stats {
        Stats {
            flows_open: self.table.len(),
            held_bytes: self.core.memory.used + self.core.buffered + self.fragments.bytes(),
            fragments_expired: self.fragments.expired() + self.fragments.evicted(),
            ..self.stats.clone()
        }
    }

    /// The packets that follow, up to [`Sensor::end_turn`], may come in another order than they were seen in, as long as
    /// those of each pair of addresses keep theirs: a flow that has all its packets at a time finds its memory in the
    /// cache. The first that was seen was at `ts`.
    pub fn begin_turn(&mut self, ts: i64) {
        self.in_turn = true;
        if self.at_seam {
            self.seam(ts);
        }
    }

    /// Now it is for all flows as late as for the latest of them.
    pub fn end_turn(&mut self) {
        self.in_turn = false;
        self.tidy();
    }

    fn tidy(&mut self) {
        let held = self.core.memory.used + self.core.buffered + self.fragments.bytes();
        self.stats.held_peak = self.stats.held_peak.max(held);
        self.sweep();
        self.fragments.expire(self.now);
    }

    pub fn packet(&mut self, frame: &Frame<'_>) {
        if self.at_seam {
            self.seam(frame.ts_ns);
        }
        let stamp = Stamp {
            ts: frame.ts_ns,
            frame: frame.number,
            capture: self.capture,
        };
        self.now = self.now.max(stamp.ts);
        let stats = &mut self.stats;
        stats.packets += 1;
        stats.bytes += u64::from(frame.origlen);
        stats.first_ts = Some(stats.first_ts.map_or(stamp.ts, |t| t.min(stamp.ts)));
        stats.last_ts = Some(stats.last_ts.map_or(stamp.ts, |t| t.max(stamp.ts)));
        self.core.emitter.packets += 1;
        if let Some(trace) = &mut self.core.trace {
            trace.packet(frame.number, frame.data);
        }
        if !self.in_turn && stats.packets.is_multiple_of(SWEEP_EVERY) {
            self.tidy();
        }
        if self.options.shortcuts
            && let Some((place, side, segment)) = self.familiar.find(frame, &self.table)
            && self.goes_on(stamp, frame.origlen, place, side, &segment)
        {
            return;
        }
        let mut decoded = Decoded::default();
        decode(frame.linktype, frame.data, frame.origlen, &mut decoded);
        self.stats.truncated += u64::from(decoded.truncated);
        self.dispatch(&Packet {
            stamp,
            frame,
            decoded: &decoded,
        });
    }

    pub(crate) fn dispatch(&mut self, packet: &Packet<'_>) {
        if let Some(name) = packet.decoded.malformed {
            self.flowless_weird(packet, name);
        }
        match &packet.decoded.ip {
            Some(ip) if ip.fragment.is_some() => self.fragment(packet, ip),
            Some(ip) => self.ip(packet, ip, ip.payload, ip.payload_len),
            None => self.below_ip(packet),
        }
    }

    /// The first packet of a capture that does not follow on the last one: its flows are others.
    fn seam(&mut self, ts: i64) {
        self.at_seam = false;
        let far = ts < self.now.saturating_sub(SEAM_BEFORE) || ts > self.now.saturating_add(SEAM_AFTER);
        if self.now > i64::MIN && far {
            self.finish_flows();
            self.now = ts;
        }
    }

    pub(crate) fn flowless_weird(&mut self, packet: &Packet<'_>, name: &str) {
        let id = self.core.names.intern(name);
        let (src, dst) = packet.decoded.macs.unwrap_or_default();
        let (orig, resp) = match packet.decoded.ip {
            Some(ip) => (Host::Ip(ip.src), Host::Ip(ip.dst)),
            None => (Host::Mac(src), Host::Mac(dst)),
        };
        let serial = self.next_serial();
        let info = FlowInfo {
            serial,
            uid: 0,
            orig,
            resp,
            ports: None,
        };
        self.core
            .emitter
            .weird(&info, packet.stamp, id, None, 0, 1, &self.core.names);
    }

    pub(crate) fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1) & 0x7fff_ffff;
        self.serial
    }

    pub(crate) fn ip(&mut self, packet: &Packet<'_>, ip: &Ip<'_>, payload: &[u8], length: usize) {
        let transport = parse_transport(ip.proto, payload, length);
        let (src_port, dst_port, has_ports) = match transport {
            Transport::Tcp {
                src_port, dst_port, ..
            }
            | Transport::Udp {
                src_port, dst_port, ..
            } => (src_port, dst_port, true),
            _ => (0, 0, false),
        };
        if let Transport::Malformed(name) = transport {
            self.flowless_weird(packet, name);
        }
        let (src, dst) = (Host::Ip(ip.src), Host::Ip(ip.dst));
        let (key, side) = Key::new(src, dst, src_port, dst_port, u64::from(ip.proto));
        let mut place = self.find(key, side, src, dst, packet);
        if let Transport::Tcp { seq, flags, .. } = transport
            && flags & (tcp_flags::SYN | tcp_flags::ACK) == tcp_flags::SYN
            && is_reuse(&self.table.flows[place], side, seq)
        {
            self.end_flow(place);
            place = self.find(key, side, src, dst, packet);
        }
        let flow = &mut self.table.flows[place];
        flow.have_ports(has_ports);
        flow.proto = ip.proto;
        // What the capture left out. A length that says more than the frame had is a lie, not a loss.
        let missing = if packet.decoded.truncated {
            length.saturating_sub(payload.len())
        } else {
            0
        };
        let body = match transport {
            Transport::Tcp { payload, .. } | Transport::Udp { payload, .. } => payload.len() + missing,
            _ => length,
        };
        let again = self.touch(place, side, packet, Some(ip), &transport, body);
        let flow = &mut self.table.flows[place];
        let whole = !packet.decoded.truncated && payload.len() == length && ip.fragment.is_none();
        if ip.header_checksum_bad || whole && !transport_checksum_ok(ip.src, ip.dst, ip.proto, payload) {
            flow.bad_checksums += 1;
            flow.note(side, flow::CHECKSUM);
        }
        match transport {
            Transport::Tcp {
                seq,
                ack,
                flags,
                payload,
                ..
            } => {
                self.core.tcp(
                    flow,
                    side,
                    packet.stamp,
                    seq,
                    ack,
                    flags,
                    payload,
                    missing as u32,
                    again,
                );
            }
            Transport::Udp { payload, .. } if !payload.is_empty() => {
                self.core.datagram(flow, side, packet.stamp, payload);
            }
            Transport::Other => {
                if let Some(list) = self.core.spec.places.ip.get(&u32::from(ip.proto)) {
                    let list = list.clone();
                    self.core.placed(flow, side, packet.stamp, &list, payload);
                }
            }
            _ => {}
        }
    }

    fn below_ip(&mut self, packet: &Packet<'_>) {
        let Some((src_mac, dst_mac)) = packet.decoded.macs else {
            return;
        };
        let d = packet.decoded;
        let places = &self.core.spec.places;
        let (kind, list) = match d.llc {
            None => (u64::from(d.ethertype), places.eth.get(&u32::from(d.ethertype))),
            Some(llc) => match llc.snap {
                Some((oui, pid)) => {
                    let id = u64::from(oui) << 16 | u64::from(pid);
                    (1 << 48 | id, places.snap.get(&id))
                }
                None => (
                    1 << 24 | u64::from(llc.dsap),
                    places.llc.get(&u32::from(llc.dsap)),
                ),
            },
        };
        let list = list.cloned();
        let (src, dst) = (Host::Mac(src_mac), Host::Mac(dst_mac));
        let (key, side) = Key::new(src, dst, 0, 0, Key::BELOW_IP | kind);
        if let (Some(list), true) = (&list, self.table.crowd.is_beyond(src_mac))
            && self.table.find(&key).is_none()
            && self.passes_over(packet, Flow::new(key, side, src, dst, 0, packet.stamp), list)
        {
            return;
        }
        let place = self.find(key, side, src, dst, packet);
        let flow = &mut self.table.flows[place];
        flow.ethertype = d.ethertype;
        if flow.service_name == 0 {
            flow.service_name = below_ip_name(&mut self.core.names, &mut self.service_names, kind);
        }
        self.touch(place, side, packet, None, &Transport::Other, d.l2_payload.len());
        if let Some(list) = list {
            let flow = &mut self.table.flows[place];
            self.core.placed(flow, side, packet.stamp, &list, d.l2_payload);
        }
    }

    #[inline]
    fn find(&mut self, key: Key, side: u8, src: Host, dst: Host, packet: &Packet<'_>) -> usize {
        if let Some(place) = self.table.find(&key) {
            let flow = &self.table.flows[place];
            if packet.stamp.ts.saturating_sub(flow.last_ts) < self.timeout(flow) {
                return place;
            }
            self.end_flow(place);
        }
        if self.table.len() >= self.options.max_flows {
            self.evict();
        }
        let serial = self.next_serial();
        self.stats.flows += 1;
        let mut flow = Flow::new(key, side, src, dst, serial, packet.stamp);
        let d = packet.decoded;
        flow.inner_vlan = d.inner_vlan;
        if let Some(tunnel) = d.tunnel {
            flow.tunnel = self.core.names.intern(tunnel.kind.name());
        }
        self.table.insert(flow)
    }

    pub(crate) fn timeout(&self, flow: &Flow) -> i64 {
        match (flow.closed_at, flow.proto) {
            (Some(_), _) => LINGER,
            (None, 6) => self.options.tcp_timeout,
            _ => self.options.other_timeout,
        }
    }

    /// Counts a packet; true if it is the very same as the one before (seen twice by the tap).
    fn touch(
        &mut self,
        place: usize,
        side: u8,
        packet: &Packet<'_>,
        ip: Option<&Ip<'_>>,
        transport: &Transport<'_>,
        body: usize,
    ) -> bool {
        let d = packet.decoded;
        let flow = &mut self.table.flows[place];
        let print = fingerprint(d, ip, transport, body);
        let again = flow.count(side, packet.stamp.ts, packet.frame.origlen, body, print);
        let s = &mut flow.sides[side as usize & 1];
        let mac = d.macs.map(|m| m.0);
        let changed = s.packets > 1 && (s.mac != mac || s.vlan != d.vlan);
        let ttl = ip.map_or(0, |i| i.ttl);
        s.ttl_min = if s.packets == 1 { ttl } else { s.ttl_min.min(ttl) };
        s.ttl_max = s.ttl_max.max(ttl);
        if s.packets == 1 {
            s.mac = mac;
            s.vlan = d.vlan;
        }
        if changed && let Some(mac) = mac {
            let (host, uid) = (ip.map(|i| Host::Ip(i.src)), flow.info.uid);
            if !tunnel_hides_macs(d) {
                self.bind(mac, host, d.vlan, packet.stamp, packet.stamp.ts, 1, ttl, uid);
            }
        } else if matches!(transport, Transport::Tcp { flags, .. } if flags & tcp_flags::SYN == 0)
            && let Some(headers) = Headers::of(packet.frame, d)
        {
            s.headers = headers;
            self.familiar.keep(packet.frame, place, side);
        }
        again
    }
}

/// A new connection on the ports of an old one.
fn is_reuse(flow: &Flow, side: u8, seq: u32) -> bool {
    let half = &flow.sides[side as usize & 1].half;
    half.started() && half.is_new_syn(seq) || flow.closed_at.is_some()
}

fn fingerprint(
    d: &Decoded<'_>,
    ip: Option<&Ip<'_>>,
    transport: &Transport<'_>,
    length: usize,
) -> Fingerprint {
    let ident = match (ip, d.l2_payload) {
        (Some(ip), [_, _, _, _, a, b, ..]) if !ip.v6 => u16::from_be_bytes([*a, *b]),
        _ => 0,
    };
    match transport {
        Transport::Tcp { seq, ack, flags, .. } => Fingerprint {
            ident,
            length: length as u32,
            seq: *seq,
            ack: *ack,
            flags: *flags,
        },
        _ => Fingerprint {
            ident,
            length: length as u32,
            ..Fingerprint::default()
        },
    }
}

fn tunnel_hides_macs(d: &Decoded<'_>) -> bool {
    use linewarden_capture::TunnelKind::{Gre, IpInIp};
    d.tunnel.is_some_and(|t| matches!(t.kind, Gre | IpInIp))
}

fn below_ip_name(names: &mut Names, cache: &mut HashMap<u64, NameId>, kind: u64) -> NameId {
    *cache.entry(kind).or_insert_with(|| {
        let text = match kind >> 24 {
            0 => format!("eth_0x{kind:04x}"),
            1 => format!("llc_0x{:02x}", kind & 0xff),
            _ => format!("snap_0x{:010x}", kind & 0xff_ffff_ffff),
        };
        names.intern(&text)
    })
}
