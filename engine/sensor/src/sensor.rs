//! Packets to flows to records.

use arrow_array::RecordBatch;
use hashbrown::HashMap;
use linewarden_capture::{Decoded, Frame, Ip, LinkType, Transport, decode, parse_transport, tcp_flags, transport_checksum_ok};
use linewarden_stream::defrag::{Defragmenter, Key as FragmentKey, Outcome};
use linewarden_stream::tcp::{Event, Limits, Memory};

use crate::detect::{Decision, Probes, Undecided, env_of, run_probe, session_env};
use crate::emit::{Emitter, RichMessage};
use crate::flow::{self, Fingerprint, Flow, FlowTable, Key, Service, Settled};
use crate::framing::Cut;
use crate::names::{NameId, Names};
use crate::ops::Role;
use crate::session::Session;
use crate::spec::{Spec, SpecError};
use crate::tables::{FlowInfo, Host, Stamp};
use crate::vm::{Ctx, Exit, Vm};

/// Bounds. Times are ns of capture time.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of this sensor in every record.
    pub sensor: String,
    /// One `command` row counts polling of so many ns.
    pub interval: i64,
    /// Flows at a time; beyond, the longest silent of a sample ends early.
    pub max_flows: usize,
    /// Bytes of held TCP segments over all flows.
    pub max_held: usize,
    pub tcp_timeout: i64,
    pub other_timeout: i64,
}

impl Default for Options {
    fn default() -> Self {
        const SECOND: i64 = 1_000_000_000;
        Self {
            sensor: "local".into(),
            interval: 60 * SECOND,
            max_flows: 200_000,
            max_held: 64 << 20,
            tcp_timeout: 15 * 60 * SECOND,
            other_timeout: 2 * 60 * SECOND,
        }
    }
}

impl Options {
    /// The share of one of `n` sensors that read a capture together.
    #[must_use]
    pub fn split(self, n: usize) -> Self {
        let n = n.max(1);
        Self { max_flows: (self.max_flows / n).max(16), max_held: self.max_held / n, ..self }
    }
}

/// Rows that a finished TCP connection still collects after its end.
const LINGER: i64 = 5_000_000_000;
/// A partial message may take so many bytes.
const MAX_PARTIAL: usize = 1 << 20;
/// Bytes of unfinished messages and unrecognised payloads over all flows.
const MAX_BUFFERED: usize = 64 << 20;
/// Another capture goes on with the flows of the one before if it begins within this time.
const SEAM_BEFORE: i64 = 60_000_000_000;
const SEAM_AFTER: i64 = 300_000_000_000;
/// Rows per weird name that have no flow; the rest is only counted.
const MAX_FLOWLESS: u64 = 100;
const MAX_BINDINGS: usize = 50_000;
/// Packets between two looks for flows that are over.
const SWEEP_EVERY: u64 = 4_096;

/// Totals of a run, for the summary and for "how full is it".
#[derive(Debug, Default, Clone)]
pub struct Stats {
    pub packets: u64,
    pub bytes: u64,
    pub first_ts: Option<i64>,
    pub last_ts: Option<i64>,
    pub flows: u64,
    pub flows_open: usize,
    pub flows_evicted: u64,
    pub held_bytes: usize,
    pub held_peak: usize,
    pub truncated: u64,
    pub fragments_expired: u64,
}

#[derive(Debug)]
struct Binding {
    first: Stamp,
    until: i64,
    frames: u64,
    ttl: u8,
    uid: u64,
}

/// The part of the sensor that messages need, apart from the flows themselves.
struct Core {
    spec: Spec,
    names: Names,
    emitter: Emitter,
    ctx: Ctx,
    limits: Limits,
    memory: Memory,
    /// Bytes of unfinished messages and of payloads not yet recognised, over all flows.
    buffered: usize,
}

pub struct Sensor {
    core: Core,
    table: FlowTable,
    fragments: Defragmenter,
    bindings: HashMap<([u8; 6], Option<Host>, Option<u16>), Binding>,
    options: Options,
    capture: NameId,
    at_seam: bool,
    now: i64,
    serial: u32,
    flowless: HashMap<NameId, u64>,
    pub stats: Stats,
    service_names: HashMap<u64, NameId>,
}

/// One packet on its way.
struct Packet<'a> {
    stamp: Stamp,
    wire: u32,
    decoded: &'a Decoded<'a>,
}

impl Sensor {
    /// # Errors
    /// The tables do not fit the engine.
    pub fn new(mut spec: Spec, options: Options) -> Result<Self, SpecError> {
        let mut names = std::mem::replace(&mut spec.names, Names::new());
        let emitter = Emitter::new(&spec, &mut names, &options.sensor, options.interval)?;
        let memory = Memory::new(options.max_held);
        let core = Core { spec, names, emitter, ctx: Ctx::new(), limits: Limits::default(), memory, buffered: 0 };
        Ok(Self {
            core,
            table: FlowTable::default(),
            fragments: Defragmenter::new(1_024, 16 << 20, 30_000_000_000),
            bindings: HashMap::new(),
            options,
            capture: 0,
            at_seam: false,
            now: i64::MIN,
            serial: 0,
            flowless: HashMap::new(),
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
        std::mem::take(&mut self.core.emitter.rich)
    }

    pub fn rich_waiting(&self) -> usize {
        self.core.emitter.rich.len()
    }

    pub fn name(&self, id: NameId) -> &str {
        self.core.names.get(id)
    }

    pub fn slot_name(&self, proto: usize, slot: u8) -> &str {
        self.core.spec.protos[proto].slots.get(slot as usize).map_or("", |s| s)
    }

    pub fn proto_name(&self, proto: usize) -> &str {
        self.core.names.get(self.core.spec.protos[proto].name)
    }

    pub fn rows(&self) -> impl Iterator<Item = (&str, u64)> {
        self.core.emitter.stream_names.iter().map(String::as_str).zip(self.core.emitter.rows.iter().copied())
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

    pub fn packet(&mut self, frame: &Frame<'_>) {
        if self.at_seam {
            self.seam(frame.ts_ns);
        }
        let stamp = Stamp { ts: frame.ts_ns, frame: frame.number, capture: self.capture };
        self.now = self.now.max(stamp.ts);
        let stats = &mut self.stats;
        stats.packets += 1;
        stats.bytes += u64::from(frame.origlen);
        stats.first_ts = Some(stats.first_ts.map_or(stamp.ts, |t| t.min(stamp.ts)));
        stats.last_ts = Some(stats.last_ts.map_or(stamp.ts, |t| t.max(stamp.ts)));
        self.core.emitter.packets += 1;
        let mut decoded = Decoded::default();
        decode(frame.linktype, frame.data, frame.origlen, &mut decoded);
        stats.truncated += u64::from(decoded.truncated);
        if stats.packets % SWEEP_EVERY == 0 {
            let held = self.core.memory.used + self.core.buffered + self.fragments.bytes();
            stats.held_peak = stats.held_peak.max(held);
            self.sweep();
        }
        self.dispatch(&Packet { stamp, wire: frame.origlen, decoded: &decoded });
    }

    fn dispatch(&mut self, packet: &Packet<'_>) {
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

    fn flowless_weird(&mut self, packet: &Packet<'_>, name: &str) {
        let id = self.core.names.intern(name);
        let count = self.flowless.entry(id).or_default();
        *count += 1;
        if *count > MAX_FLOWLESS {
            return;
        }
        let (src, dst) = packet.decoded.macs.unwrap_or_default();
        let (orig, resp) = match packet.decoded.ip {
            Some(ip) => (Host::Ip(ip.src), Host::Ip(ip.dst)),
            None => (Host::Mac(src), Host::Mac(dst)),
        };
        let serial = self.next_serial();
        let info = FlowInfo { serial, uid: 0, orig, resp, ports: None };
        self.core.emitter.weird(&info, packet.stamp, id, None, 0, 1, &self.core.names);
    }

    fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1) & 0x7fff_ffff;
        self.serial
    }

    fn fragment(&mut self, packet: &Packet<'_>, ip: &Ip<'_>) {
        let Some(f) = ip.fragment else { return };
        if let (Some((mac, _)), None) = (packet.decoded.macs, packet.decoded.tunnel) {
            // Told here, since a datagram that never gets whole has no flow.
            self.bind(mac, Some(Host::Ip(ip.src)), packet.decoded.vlan, packet.stamp, packet.stamp.ts, 1, ip.ttl, 0);
        }
        let key = FragmentKey {
            src: ip.src.0,
            dst: ip.dst.0,
            proto: ip.proto,
            id: f.id,
            vlan: packet.decoded.vlan.unwrap_or(0),
            ipv6: ip.v6,
        };
        match self.fragments.push(key, f.offset, f.more, ip.payload, packet.stamp.ts) {
            Outcome::Incomplete => {}
            Outcome::Whole(whole) => {
                if let Some(name) = self.fragments.weird() {
                    self.flowless_weird(packet, name);
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
        self.dispatch(&Packet { stamp: packet.stamp, wire: packet.wire, decoded: &decoded });
        true
    }

    fn ip(&mut self, packet: &Packet<'_>, ip: &Ip<'_>, payload: &[u8], length: usize) {
        let transport = parse_transport(ip.proto, payload, length);
        let (src_port, dst_port, has_ports) = match transport {
            Transport::Tcp { src_port, dst_port, .. } | Transport::Udp { src_port, dst_port, .. } => {
                (src_port, dst_port, true)
            }
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
        flow.has_ports = has_ports;
        flow.proto = ip.proto;
        let missing = length.saturating_sub(payload.len());
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
            Transport::Tcp { seq, ack, flags, payload, .. } => {
                self.core.tcp(flow, side, packet.stamp, seq, ack, flags, payload, missing as u32, again);
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
        let Some((src_mac, dst_mac)) = packet.decoded.macs else { return };
        let d = packet.decoded;
        let places = &self.core.spec.places;
        let (kind, list) = match d.llc {
            None => (u64::from(d.ethertype), places.eth.get(&u32::from(d.ethertype))),
            Some(llc) => match llc.snap {
                Some((oui, pid)) => {
                    let id = u64::from(oui) << 16 | u64::from(pid);
                    (1 << 48 | id, places.snap.get(&id))
                }
                None => (1 << 24 | u64::from(llc.dsap), places.llc.get(&u32::from(llc.dsap))),
            },
        };
        let list = list.cloned();
        let (src, dst) = (Host::Mac(src_mac), Host::Mac(dst_mac));
        let (key, side) = Key::new(src, dst, 0, 0, Key::BELOW_IP | kind);
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

    fn timeout(&self, flow: &Flow) -> i64 {
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
        let flow = &mut self.table.flows[place];
        let before = flow.last_ts;
        flow.last_ts = flow.last_ts.max(packet.stamp.ts);
        let d = packet.decoded;
        let s = &mut flow.sides[side as usize & 1];
        s.packets += 1;
        s.wire_bytes += u64::from(packet.wire);
        s.bytes += body as u64;
        let mac = d.macs.map(|m| m.0);
        let changed = s.packets > 1 && (s.mac != mac || s.vlan != d.vlan);
        let ttl = ip.map_or(0, |i| i.ttl);
        s.ttl_min = if s.packets == 1 { ttl } else { s.ttl_min.min(ttl) };
        s.ttl_max = s.ttl_max.max(ttl);
        if s.packets == 1 {
            s.mac = mac;
            s.vlan = d.vlan;
        }
        let print = fingerprint(d, ip, transport, body);
        let again = s.last == print && s.packets > 1 && {
            let near = packet.stamp.ts.saturating_sub(before);
            if print.ident != 0 { near < 2_000_000 } else { body > 0 && ip.is_some() && near < 200_000 }
        };
        s.last = print;
        if again {
            flow.duplicates += 1;
        }
        if changed && let Some(mac) = mac {
            let (host, uid) = (ip.map(|i| Host::Ip(i.src)), flow.uid);
            if !tunnel_hides_macs(d) {
                self.bind(mac, host, d.vlan, packet.stamp, packet.stamp.ts, 1, ttl, uid);
            }
        }
        again
    }

    #[allow(clippy::too_many_arguments)]
    fn bind(
        &mut self,
        mac: [u8; 6],
        host: Option<Host>,
        vlan: Option<u16>,
        first: Stamp,
        until: i64,
        frames: u64,
        ttl: u8,
        uid: u64,
    ) {
        let entry = self.bindings.entry((mac, host, vlan)).or_insert(Binding { first, until, frames: 0, ttl, uid });
        if first.ts < entry.first.ts {
            entry.first = first;
        }
        entry.frames += frames;
        entry.until = entry.until.max(until);
        entry.ttl = entry.ttl.max(ttl);
        if self.bindings.len() > MAX_BINDINGS {
            self.flush_bindings();
        }
    }

    fn flush_bindings(&mut self) {
        let mut all: Vec<_> = self.bindings.drain().collect();
        all.sort_unstable_by_key(|(key, b)| (b.first.ts, b.first.frame, *key));
        for ((mac, host, vlan), b) in all {
            self.core.emitter.binding(mac, host, vlan, b.first, b.until, b.frames, b.ttl, b.uid, &mut self.core.names);
        }
    }

    /// Ends flows that are over: a few at each call.
    fn sweep(&mut self) {
        let n = (self.table.flows.len() / 16).max(64);
        for place in self.table.next_places(n) {
            let flow = &self.table.flows[place];
            if flow.alive && self.now.saturating_sub(flow.last_ts) >= self.timeout(flow) {
                self.end_flow(place);
            }
        }
    }

    /// The table is full: the longest silent one of a sample has to go.
    fn evict(&mut self) {
        let places = self.table.next_places(64);
        let oldest = places.filter(|&p| self.table.flows[p].alive).min_by_key(|&p| self.table.flows[p].last_ts);
        if let Some(place) = oldest {
            self.stats.flows_evicted += 1;
            self.end_flow(place);
        }
    }

    fn end_flow(&mut self, place: usize) {
        self.core.end(&mut self.table.flows[place]);
        let flow = &self.table.flows[place];
        let (uid, first, until) = (flow.uid, flow.first, flow.last_ts);
        for side in [0usize, 1] {
            let s = &self.table.flows[place].sides[side];
            let hidden = self.core.hides_macs(self.table.flows[place].tunnel);
            let (mac, vlan, frames, ttl) = (s.mac, s.vlan, s.packets, s.ttl_max);
            let host = match self.table.flows[place].hosts[side] {
                Host::Ip(addr) => Some(Host::Ip(addr)),
                Host::Mac(_) => None,
            };
            if let (Some(mac), true, false) = (mac, frames > 0, hidden) {
                self.bind(mac, host, vlan, first, until, frames, ttl, uid);
            }
        }
        self.table.remove(place);
    }

    fn finish_flows(&mut self) {
        for place in 0..self.table.flows.len() {
            if self.table.flows[place].alive {
                self.end_flow(place);
            }
        }
    }

    /// The end of everything: open flows are told, all rows become batches.
    pub fn finish(&mut self) {
        self.finish_flows();
        self.flush_bindings();
        let mut beyond: Vec<_> = self.flowless.drain().filter(|w| w.1 > MAX_FLOWLESS).collect();
        beyond.sort_unstable();
        for (id, count) in beyond {
            let serial = self.next_serial();
            let nobody = Host::Mac([0; 6]);
            let info = FlowInfo { serial, uid: 0, orig: nobody, resp: nobody, ports: None };
            let stamp = Stamp { ts: self.now, frame: self.stats.packets, capture: self.capture };
            self.core.emitter.weird(&info, stamp, id, None, 0, count - MAX_FLOWLESS, &self.core.names);
        }
        self.core.emitter.flush();
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

/// A new connection on the ports of an old one.
fn is_reuse(flow: &Flow, side: u8, seq: u32) -> bool {
    let half = &flow.sides[side as usize & 1].half;
    half.started() && half.is_new_syn(seq) || flow.closed_at.is_some()
}

fn fingerprint(d: &Decoded<'_>, ip: Option<&Ip<'_>>, transport: &Transport<'_>, length: usize) -> Fingerprint {
    let ident = match (ip, d.l2_payload) {
        (Some(ip), [_, _, _, _, a, b, ..]) if !ip.v6 => u16::from_be_bytes([*a, *b]),
        _ => 0,
    };
    match transport {
        Transport::Tcp { seq, ack, flags, .. } => {
            Fingerprint { ident, length: length as u32, seq: *seq, ack: *ack, flags: *flags }
        }
        _ => Fingerprint { ident, length: length as u32, ..Fingerprint::default() },
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

impl Core {
    fn hides_macs(&self, tunnel: NameId) -> bool {
        matches!(self.names.get(tunnel), "gre" | "ip_in_ip")
    }

    #[allow(clippy::too_many_arguments)]
    #[inline]
    fn tcp(
        &mut self,
        flow: &mut Flow,
        side: u8,
        stamp: Stamp,
        seq: u32,
        ack: u32,
        flags: u8,
        payload: &[u8],
        missing: u32,
        again: bool,
    ) {
        if flags & (tcp_flags::SYN | tcp_flags::FIN | tcp_flags::RST) != 0 {
            self.tcp_signals(flow, side, stamp, seq, flags);
        }
        if flags & tcp_flags::ACK != 0 {
            flow.note(side, flow::ACK);
            self.acked(flow, side ^ 1, ack, stamp);
        }
        if !payload.is_empty() || missing > 0 {
            flow.note(side, flow::DATA);
            // Data in a SYN begin after it (RFC 9293 3.4).
            let seq = seq.wrapping_add(u32::from(flags & tcp_flags::SYN != 0));
            self.segment(flow, side, stamp, seq, payload, missing, again);
        }
        if flags & tcp_flags::FIN != 0 {
            let after = seq.wrapping_add(payload.len() as u32 + missing);
            flow.sides[side as usize & 1].half.fin(after);
            if flow.sides.iter().all(|s| s.seen & flow::FIN != 0) {
                flow.closed_at.get_or_insert(stamp.ts);
            }
        }
    }

    fn tcp_signals(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, seq: u32, flags: u8) {
        // A SYN with FIN or RST opens nothing: a scan, or garbage.
        if flags & tcp_flags::SYN != 0 && flags & (tcp_flags::FIN | tcp_flags::RST) == 0 {
            let answers = flags & tcp_flags::ACK != 0;
            flow.note(side, if answers { flow::SYN_ACK } else { flow::SYN });
            flow.settle(if answers { side ^ 1 } else { side }, Settled::Syn);
            flow.sides[side as usize & 1].half.syn(seq);
        }
        if flags & tcp_flags::FIN != 0 {
            flow.note(side, flow::FIN);
        }
        if flags & tcp_flags::RST != 0 {
            flow.note(side, flow::RST);
            flow.closed_at.get_or_insert(stamp.ts);
        }
    }

    fn acked(&mut self, flow: &mut Flow, side: u8, ack: u32, stamp: Stamp) {
        let s = &mut flow.sides[side as usize & 1];
        if s.half.is_expected(ack) {
            return;
        }
        let mut half = std::mem::take(&mut s.half);
        let mut events = Events::default();
        half.acked(ack, stamp.frame, stamp.ts, &mut self.memory, &mut |e| events.push(e));
        flow.sides[side as usize & 1].half = half;
        self.play(flow, side, stamp.capture, &events);
    }

    #[allow(clippy::too_many_arguments)]
    #[inline]
    fn segment(
        &mut self,
        flow: &mut Flow,
        side: u8,
        stamp: Stamp,
        seq: u32,
        payload: &[u8],
        missing: u32,
        again: bool,
    ) {
        let s = &mut flow.sides[side as usize & 1];
        if s.half.is_expected(seq) {
            s.half.advance(payload.len() as u32);
            self.stream(flow, side, stamp, payload);
        } else {
            let mut half = std::mem::take(&mut s.half);
            let mut events = Events::default();
            let seen = half.push(seq, payload, stamp.frame, stamp.ts, &self.limits, &mut self.memory, &mut |e| {
                events.push(e);
            });
            flow.sides[side as usize & 1].half = half;
            if seen.retransmitted && !again {
                flow.retransmissions += 1;
                flow.note(side, flow::RETRANSMIT);
            }
            if seen.conflicting {
                self.flow_weird(flow, side, stamp, "data_mismatch");
            }
            self.play(flow, side, stamp.capture, &events);
        }
        if missing > 0 {
            // The capture holds less than was sent (snaplen).
            flow.sides[side as usize & 1].half.advance(missing);
            self.gap(flow, side, u64::from(missing), stamp);
        }
    }

    fn play(&mut self, flow: &mut Flow, side: u8, capture: NameId, events: &Events) {
        for event in &events.list {
            let stamp = Stamp { ts: event.ts, frame: event.frame, capture };
            match event.gap {
                Some(bytes) => self.gap(flow, side, bytes, stamp),
                None => {
                    let bytes = events.data.get(event.start..event.end).unwrap_or(&[]);
                    self.stream(flow, side, stamp, bytes);
                }
            }
        }
    }

    fn gap(&mut self, flow: &mut Flow, side: u8, bytes: u64, stamp: Stamp) {
        flow.missed += bytes;
        flow.note(side, flow::GAP);
        match &mut flow.service {
            Service::Known(session) => {
                let direction = &mut session.directions[side as usize & 1];
                direction.partial.clear();
                direction.progress = Default::default();
                direction.lost = true;
                self.buffered = self.buffered + session.held() - session.counted;
                session.counted = session.held();
            }
            Service::Undecided(waiting) => {
                self.buffered -= waiting.held();
                waiting.forget();
            }
            _ => {}
        }
        // What comes after is joined in the middle.
        if flow.settled == Settled::Syn && !matches!(flow.service, Service::Known(_)) {
            self.flow_weird(flow, side, stamp, "content_gap");
        }
    }

    fn flow_weird(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, name: &str) {
        let id = self.names.intern(name);
        let _ = side;
        let new = match &mut flow.service {
            Service::Known(session) => session.weird_is_new(id),
            _ => true,
        };
        if new {
            let proto = flow.service_name;
            self.emitter.weird(&flow.info(), stamp, id, None, proto, 1, &self.names);
        }
    }

    /// In-order bytes of a TCP stream.
    #[inline]
    fn stream(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, payload: &[u8]) {
        match std::mem::take(&mut flow.service) {
            Service::Known(mut session) => {
                self.feed(flow, &mut session, side, stamp, payload);
                flow.service = Service::Known(session);
            }
            Service::Unknown => flow.service = Service::Unknown,
            Service::Unasked => self.ask(flow, Box::default(), side, stamp, payload, true),
            Service::Undecided(waiting) => self.ask(flow, waiting, side, stamp, payload, true),
        }
    }

    fn datagram(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, payload: &[u8]) {
        match std::mem::take(&mut flow.service) {
            Service::Known(mut session) => {
                self.datagram_messages(flow, &mut session, side, stamp, payload);
                flow.service = Service::Known(session);
            }
            Service::Unknown => flow.service = Service::Unknown,
            Service::Unasked => self.ask(flow, Box::default(), side, stamp, payload, false),
            Service::Undecided(waiting) => self.ask(flow, waiting, side, stamp, payload, false),
        }
    }

    /// Asks the probes; when one knows the flow, what waited is played to it.
    fn ask(
        &mut self,
        flow: &mut Flow,
        mut waiting: Box<Undecided>,
        side: u8,
        stamp: Stamp,
        payload: &[u8],
        tcp: bool,
    ) {
        self.buffered -= waiting.held();
        if self.buffered > MAX_BUFFERED {
            flow.service = Service::Unknown;
            return;
        }
        waiting.push(side, stamp, payload);
        let mut probes = Probes {
            spec: &self.spec,
            ctx: &mut self.ctx,
            emitter: &mut self.emitter,
            names: &mut self.names,
        };
        match probes.decide(flow, &mut waiting, tcp) {
            Decision::Wait => {
                self.buffered += waiting.held();
                flow.service = Service::Undecided(waiting);
            }
            Decision::GiveUp => flow.service = Service::Unknown,
            Decision::Protocol(index) => {
                flow.service_name = self.spec.protos[index].name;
                let mut session = Box::new(Session::new(index));
                crate::detect::note_ports(&self.spec.protos[index], flow, &mut session);
                for chunk in &waiting.chunks {
                    let bytes = waiting.bytes(chunk);
                    if tcp {
                        self.feed(flow, &mut session, chunk.side, chunk.stamp, bytes);
                    } else {
                        self.datagram_messages(flow, &mut session, chunk.side, chunk.stamp, bytes);
                    }
                }
                flow.service = Service::Known(session);
            }
        }
    }

    /// Traffic whose place (ethertype, LLC, IP protocol) names its protocol. Several may share a place, and a flow.
    fn placed(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, list: &[usize], payload: &[u8]) {
        let known = match std::mem::take(&mut flow.service) {
            Service::Known(session) => Some(session),
            _ => None,
        };
        let mut session = match (known, list) {
            (Some(session), [_]) => session,
            (known, _) => {
                let found = list.iter().copied().find(|&index| self.is_ours(flow, index, side, stamp, payload));
                match (known, found) {
                    (Some(session), Some(index)) if session.proto == index => session,
                    (known, Some(index)) => {
                        if let Some(mut old) = known {
                            self.end_session(flow, &mut old);
                        }
                        flow.service_name = self.spec.protos[index].name;
                        Box::new(Session::new(index))
                    }
                    (known, None) => {
                        flow.service = known.map_or(Service::Unasked, Service::Known);
                        return;
                    }
                }
            }
        };
        self.message(flow, &mut session, side, stamp, payload);
        flow.service = Service::Known(session);
    }

    fn datagram_messages(&mut self, flow: &mut Flow, session: &mut Session, side: u8, stamp: Stamp, payload: &[u8]) {
        let mut rest = payload;
        while !rest.is_empty() {
            let mut progress = Default::default();
            let cut = self.spec.protos[session.proto].framing.next(rest, &mut progress);
            match cut {
                Cut::Frame(n) if n > 0 => {
                    let (message, after) = rest.split_at(n.min(rest.len()));
                    self.message(flow, session, side, stamp, message);
                    rest = after;
                }
                Cut::Skip(n) if n > 0 => rest = rest.get(n..).unwrap_or(&[]),
                Cut::Need | Cut::Invalid if rest.len() == payload.len() => {
                    return self.session_weird(flow, session, stamp, "malformed");
                }
                _ => return,
            }
        }
    }

    fn session_weird(&mut self, flow: &Flow, session: &mut Session, stamp: Stamp, name: &str) {
        let proto = self.spec.protos[session.proto].name;
        let id = self.names.joined(proto, name);
        if session.weird_is_new(id) {
            self.emitter.weird(&flow.info(), stamp, id, None, proto, 1, &self.names);
        }
    }

    /// Bytes of a recognised stream: whole messages are run in place, the rest waits.
    fn feed(&mut self, flow: &mut Flow, session: &mut Session, side: u8, stamp: Stamp, payload: &[u8]) {
        let i = side as usize & 1;
        if session.directions[i].partial.is_empty() {
            let used = self.messages(flow, session, side, stamp, payload);
            let rest = payload.get(used..).unwrap_or(&[]);
            if !rest.is_empty() || session.counted > 0 {
                session.directions[i].partial.extend_from_slice(rest);
                self.count(session);
            }
            return;
        }
        let mut data = std::mem::take(&mut session.directions[i].partial);
        data.extend_from_slice(payload);
        let used = self.messages(flow, session, side, stamp, &data);
        data.drain(..used.min(data.len()));
        if data.len() > MAX_PARTIAL {
            data.clear();
            session.directions[i].lost = true;
            self.session_weird(flow, session, stamp, "message_too_long");
        }
        session.directions[i].partial = data;
        self.count(session);
    }

    /// Keeps the total of unfinished bytes; beyond the limit this flow gives its own up.
    fn count(&mut self, session: &mut Session) {
        let held = session.held();
        self.buffered = self.buffered + held - session.counted;
        session.counted = held;
        if self.buffered > MAX_BUFFERED {
            self.buffered -= held;
            session.counted = 0;
            session.let_go();
        }
    }

    /// Runs the whole messages at the beginning of `data`; how many bytes are done with.
    fn messages(&mut self, flow: &mut Flow, session: &mut Session, side: u8, stamp: Stamp, data: &[u8]) -> usize {
        let i = side as usize & 1;
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|r| !r.is_empty()) {
            let cut = self.spec.protos[session.proto].framing.next(rest, &mut session.directions[i].progress);
            match cut {
                Cut::Need => return used,
                Cut::Skip(0) | Cut::Frame(0) => return data.len(),
                Cut::Skip(n) => used += n,
                Cut::Frame(n) => {
                    let message = &rest[..n.min(rest.len())];
                    if session.directions[i].lost {
                        if !self.is_ours(flow, session.proto, side, stamp, message) {
                            match self.spec.protos[session.proto].framing.resync(rest) {
                                Some(n) => used += n,
                                None => return data.len(),
                            }
                            continue;
                        }
                        session.directions[i].lost = false;
                    }
                    self.message(flow, session, side, stamp, message);
                    used += n;
                }
                Cut::Invalid => {
                    if !session.directions[i].lost {
                        session.directions[i].lost = true;
                        self.session_weird(flow, session, stamp, "framing_lost");
                    }
                    match self.spec.protos[session.proto].framing.resync(rest) {
                        Some(n) => used += n,
                        None => return data.len(),
                    }
                }
            }
        }
        used
    }

    fn is_ours(&mut self, flow: &Flow, index: usize, side: u8, stamp: Stamp, message: &[u8]) -> bool {
        let info = flow.info();
        let env = env_of(&self.spec, index, flow, &info, side, stamp);
        let (passed, _) = run_probe(env, &mut self.ctx, &mut self.emitter, &mut self.names, message);
        matches!(passed, Ok(()) | Err(Exit::Stop | Exit::Later))
    }

    /// One message through its protocol's program.
    fn message(&mut self, flow: &Flow, session: &mut Session, side: u8, stamp: Stamp, data: &[u8]) {
        let index = session.proto;
        let info = flow.info();
        let env = session_env(&self.spec.protos[index], session, flow, &info, side, stamp);
        session.messages += 1;
        self.ctx.reset(if env.from_orig { Role::Request } else { Role::Response });
        let mut vm = Vm::new(env, &mut self.ctx, Some(session), &mut self.emitter, &mut self.names);
        let failed = match vm.message(&env.proto.main, data) {
            Ok(()) | Err(Exit::Stop | Exit::Drop | Exit::Later) => false,
            Err(Exit::Truncated) => {
                vm.truncated();
                false
            }
            Err(Exit::Fail(name)) => {
                let name = vm.names.get(name).to_owned();
                vm.odd(&name, None);
                true
            }
        };
        if !failed && !vm.ctx.dropped && vm.ctx.item == 0 {
            vm.row();
        }
        if !failed && !vm.ctx.dropped {
            session.settle(&env, &mut self.ctx, &mut self.emitter, &mut self.names);
        }
        if session.gathers_any() {
            self.count(session);
        }
    }

    /// A flow is over: its open requests, counts and its own row.
    fn end(&mut self, flow: &mut Flow) {
        for side in [0u8, 1] {
            let mut half = std::mem::take(&mut flow.sides[side as usize].half);
            let mut events = Events::default();
            half.finish(&mut self.memory, &mut |e| events.push(e));
            for event in &mut events.list {
                if event.frame == 0 {
                    event.frame = flow.first.frame;
                    event.ts = flow.last_ts;
                }
            }
            self.play(flow, side, flow.first.capture, &events);
        }
        let mut service = std::mem::take(&mut flow.service);
        if let Service::Undecided(waiting) = &service {
            self.buffered -= waiting.held();
        }
        if let Service::Known(session) = &mut service {
            self.end_session(flow, session);
        }
        if flow.sides.iter().all(|s| s.packets > 0) && flow.sides[0].vlan != flow.sides[1].vlan {
            let name = self.names.intern("vlan_differs_by_direction");
            let text = format!("{:?} / {:?}", flow.sides[0].vlan, flow.sides[1].vlan);
            self.emitter.weird(&flow.info(), flow.first, name, Some(&text), 0, 1, &self.names);
        }
        self.conn(flow);
    }

    fn end_session(&mut self, flow: &Flow, session: &mut Session) {
        self.buffered -= session.counted;
        let info = flow.info();
        let proto = &self.spec.protos[session.proto];
        session.finish(flow.orig, proto, &info, &mut self.emitter, &mut self.names);
        let stamp = Stamp { ts: flow.last_ts, ..flow.first };
        for (id, count) in session.repeated_weirds() {
            self.emitter.weird(&info, stamp, id, None, proto.name, count, &self.names);
        }
    }

    fn conn(&mut self, flow: &Flow) {
        let stream = self.emitter.common.conn;
        let info = flow.info();
        let (o, r) = (flow.orig_side(), flow.resp_side());
        let proto = match (flow.proto, matches!(info.orig, Host::Mac(_))) {
            (_, true) => "eth".to_owned(),
            (6, _) => "tcp".to_owned(),
            (17, _) => "udp".to_owned(),
            (1, _) => "icmp".to_owned(),
            (58, _) => "icmp6".to_owned(),
            (n, _) => format!("ip/{n}"),
        };
        let (mut orig_mac, mut resp_mac) = (String::new(), String::new());
        if let Some(mac) = o.mac {
            crate::text::mac(mac, &mut orig_mac);
        }
        if let Some(mac) = r.mac {
            crate::text::mac(mac, &mut resp_mac);
        }
        if self.emitter.begin(stream, &info, flow.first, &self.names).is_none() {
            return;
        }
        let c = &mut self.emitter.streams[stream].columns;
        c[9].text(&proto);
        if flow.service_name == 0 { c[10].null() } else { c[10].name(flow.service_name, &self.names) }
        c[11].float(flow.last_ts.saturating_sub(flow.first.ts) as f64 / 1e9);
        for (column, value) in
            (12..).zip([o.bytes, r.bytes, o.packets, r.packets, o.wire_bytes, r.wire_bytes, flow.missed])
        {
            c[column].number(value as i64);
        }
        if flow.proto == 6 {
            c[19].text(flow.state());
            c[20].text(&flow.history());
        } else {
            c[19].null();
            c[20].null();
        }
        if orig_mac.is_empty() { c[21].null() } else { c[21].text(&orig_mac) }
        if resp_mac.is_empty() { c[22].null() } else { c[22].text(&resp_mac) }
        for (column, vlan) in [(23, o.vlan.or(r.vlan)), (24, flow.inner_vlan)] {
            match vlan {
                Some(id) => c[column].number(i64::from(id)),
                None => c[column].null(),
            }
        }
        if flow.tunnel == 0 { c[25].null() } else { c[25].name(flow.tunnel, &self.names) }
        c[26].number(i64::from(flow.retransmissions));
        c[27].number(i64::from(flow.duplicates));
        c[28].number(i64::from(flow.bad_checksums));
        for (column, side) in [(29, o), (30, r)] {
            if side.packets > 0 && matches!(info.orig, Host::Ip(_)) {
                c[column].number(i64::from(side.ttl_min));
            } else {
                c[column].null();
            }
        }
        c[31].text(flow.settled.name());
        c[32].number(flow.last_ts);
        self.emitter.end(stream);
    }
}

/// Events of a reassembled stream, kept until the flow can be borrowed again.
#[derive(Default)]
struct Events {
    list: Vec<Played>,
    data: Vec<u8>,
}

struct Played {
    gap: Option<u64>,
    start: usize,
    end: usize,
    frame: u64,
    ts: i64,
}

impl Events {
    fn push(&mut self, event: Event<'_>) {
        let start = self.data.len();
        match event {
            Event::Data { bytes, frame, ts_ns } => {
                self.data.extend_from_slice(bytes);
                self.list.push(Played { gap: None, start, end: self.data.len(), frame, ts: ts_ns });
            }
            Event::Gap { bytes, frame, ts_ns } => {
                self.list.push(Played { gap: Some(bytes), start, end: start, frame, ts: ts_ns });
            }
        }
    }
}
