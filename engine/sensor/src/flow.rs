//! Flows: who talks to whom, counted; and the table that finds them.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use linewarden_capture::{Addr, Headers};
use linewarden_stream::tcp::Half;

use crate::crowd::Crowd;
use crate::detect::Undecided;
use crate::names::NameId;
use crate::session::Session;
use crate::tables::{FlowInfo, Host, Stamp};

/// What finds a flow: both ends in canonical order, ports, and the kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    ends: [(u64, u64); 2],
    ports: [u16; 2],
    /// IP protocol number, or for traffic below IP: [`Key::BELOW_IP`] and the ethertype or LLC number.
    kind: u64,
}

impl Key {
    pub const BELOW_IP: u64 = 1 << 63;

    /// The key, and which canonical side the first end is (0 or 1).
    #[inline]
    pub fn new(src: Host, dst: Host, src_port: u16, dst_port: u16, kind: u64) -> (Self, u8) {
        let (s, d) = (words(src), words(dst));
        if (s, src_port) <= (d, dst_port) {
            (
                Self {
                    ends: [s, d],
                    ports: [src_port, dst_port],
                    kind,
                },
                0,
            )
        } else {
            (
                Self {
                    ends: [d, s],
                    ports: [dst_port, src_port],
                    kind,
                },
                1,
            )
        }
    }

    /// IP protocol number, or [`Key::BELOW_IP`] and the ethertype or LLC number.
    pub fn kind(&self) -> u64 {
        self.kind
    }

    pub fn is_below_ip(&self) -> bool {
        self.kind & Self::BELOW_IP != 0
    }

    pub fn port(&self, side: u8) -> u16 {
        self.ports[side as usize & 1]
    }

    /// Hash for the table: three folded multiplications with secrets of this run (senders choose addresses and ports).
    #[inline(always)]
    fn hash(&self, secret: &[u64; 4]) -> u64 {
        let [a, b] = self.ends;
        let ports = u64::from(self.ports[0]) << 16 | u64::from(self.ports[1]);
        let low = fold(a.1 ^ secret[0], b.1 ^ secret[1]);
        let high = fold(a.0 ^ secret[1], b.0 ^ secret[2]);
        fold(low ^ secret[3] ^ self.kind, high ^ secret[0] ^ ports)
    }

    /// Hash that is the same in every run: makes the uid.
    fn stable_hash(&self, ts: i64, frame: u64) -> u64 {
        let mut hash = 0x9e37_79b9_7f4a_7c15u64;
        let words = [
            self.ends[0].0,
            self.ends[0].1,
            self.ends[1].0,
            self.ends[1].1,
            u64::from(self.ports[0]) << 16 | u64::from(self.ports[1]),
            self.kind,
            ts as u64,
            frame,
        ];
        for word in words {
            hash = (hash ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
            hash ^= hash >> 32;
        }
        hash
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn words(host: Host) -> (u64, u64) {
    match host {
        Host::Ip(Addr(b)) => {
            let (high, low) = b.split_at(8);
            (
                u64::from_be_bytes(high.try_into().unwrap_or_default()),
                u64::from_be_bytes(low.try_into().unwrap_or_default()),
            )
        }
        Host::Mac(m) => (
            u64::MAX,
            u64::from_be_bytes([0, 0, m[0], m[1], m[2], m[3], m[4], m[5]]),
        ),
    }
}

/// How the originator was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Settled {
    #[default]
    First,
    Port,
    Dialogue,
    Syn,
}

impl Settled {
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Port => "port",
            Self::Dialogue => "dialogue",
            Self::Syn => "syn",
        }
    }
}

/// TCP happenings, as bits of [`Side::seen`] and letters of the history.
pub const SYN: u16 = 1;
pub const SYN_ACK: u16 = 2;
pub const ACK: u16 = 4;
pub const DATA: u16 = 8;
pub const FIN: u16 = 16;
pub const RST: u16 = 32;
pub const CHECKSUM: u16 = 64;
pub const RETRANSMIT: u16 = 128;
pub const GAP: u16 = 256;
const LETTERS: [char; 9] = ['s', 'h', 'a', 'd', 'f', 'r', 'c', 't', 'g'];

/// A copy of a packet that the tap made comes within this time; one that its IP header does not number, within less.
const SOON: i64 = 2_000_000;
const SOON_WITHOUT_IDENT: i64 = 200_000;

/// A knock is at most so many packets: TCP asks three times.
const FEW: u64 = 3;

/// One end of a flow.
#[derive(Debug, Default)]
pub struct Side {
    pub packets: u64,
    pub bytes: u64,
    pub wire_bytes: u64,
    pub mac: Option<[u8; 6]>,
    pub vlan: Option<u16>,
    pub ttl_min: u8,
    pub ttl_max: u8,
    pub seen: u16,
    pub last: Fingerprint,
    pub body: Body,
    pub half: Half,
    /// Those that its frames had last, if they can be told by them.
    pub headers: Headers,
}

/// The last segment that went into the stream: where it began, how long it was, and a digest of its bytes.
///
/// Who stands between two machines and changes what they say is seen by a tap that sees both: the same
/// place of the stream comes twice, with other bytes. Long segments (files, not commands) are left out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    seq: u32,
    length: u32,
    digest: u64,
}

impl Body {
    const LONGEST: usize = 512;

    /// Of a segment; nothing that could be contradicted for a keep-alive (a byte at most) or a long one.
    pub fn of(seq: u32, payload: &[u8]) -> Self {
        if payload.len() < 2 || payload.len() > Self::LONGEST {
            return Self::default();
        }
        let (words, rest) = payload.as_chunks::<8>();
        let mut digest = payload.len() as u64;
        for word in words {
            digest = mixed(digest, u64::from_le_bytes(*word));
        }
        let last = match payload.last_chunk::<8>() {
            // The last bytes, some of them a second time: quicker than a number of bytes that is not known.
            Some(last) => u64::from_le_bytes(*last),
            None => rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
        };
        Self {
            seq,
            length: payload.len() as u32,
            digest: mixed(digest, last),
        }
    }

    /// Whether this is the same place and length with other bytes.
    pub fn is_contradicted_by(&self, seq: u32, payload: &[u8]) -> bool {
        self.length > 0
            && self.seq == seq
            && self.length as usize == payload.len()
            && *self != Self::of(seq, payload)
    }
}

fn mixed(digest: u64, word: u64) -> u64 {
    (digest.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Enough of a packet to see it come again.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    pub ident: u16,
    pub length: u32,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
}

/// What is known of the application protocol.
#[derive(Debug, Default)]
pub enum Service {
    #[default]
    Unasked,
    Undecided(Box<Undecided>),
    Known(Box<Session>),
    Unknown,
}

#[derive(Debug)]
pub struct Flow {
    pub key: Key,
    /// What its records say of it, as far as is settled.
    pub info: FlowInfo,
    pub alive: bool,
    pub hosts: [Host; 2],
    pub has_ports: bool,
    pub proto: u8,
    pub ethertype: u16,
    pub orig: u8,
    pub settled: Settled,
    pub flipped: bool,
    pub first: Stamp,
    pub last_ts: i64,
    pub closed_at: Option<i64>,
    pub sides: [Side; 2],
    pub service: Service,
    pub service_name: NameId,
    pub inner_vlan: Option<u16>,
    pub tunnel: NameId,
    pub retransmissions: u32,
    pub duplicates: u32,
    pub bad_checksums: u32,
    pub missed: u64,
    /// Parts that were told already, of a flow that lasts (`live.rs`).
    pub parts: u32,
    history: [u8; 18],
    history_len: u8,
}

impl Flow {
    pub fn new(key: Key, side: u8, src: Host, dst: Host, serial: u32, first: Stamp) -> Self {
        Self {
            key,
            info: FlowInfo {
                serial,
                uid: key.stable_hash(first.ts, first.frame),
                orig: src,
                resp: dst,
                ports: None,
            },
            alive: true,
            hosts: if side == 0 { [src, dst] } else { [dst, src] },
            has_ports: false,
            proto: 0,
            ethertype: 0,
            orig: side,
            settled: Settled::First,
            flipped: false,
            first,
            last_ts: first.ts,
            closed_at: None,
            sides: [Side::default(), Side::default()],
            service: Service::Unasked,
            service_name: 0,
            inner_vlan: None,
            tunnel: 0,
            retransmissions: 0,
            duplicates: 0,
            bad_checksums: 0,
            missed: 0,
            parts: 0,
            history: [0; 18],
            history_len: 0,
        }
    }

    /// Whether it has ports.
    #[inline]
    pub fn have_ports(&mut self, has: bool) {
        if self.has_ports != has {
            self.has_ports = has;
            self.inform();
        }
    }

    fn inform(&mut self) {
        let (o, r) = (self.orig as usize & 1, self.orig as usize & 1 ^ 1);
        (self.info.orig, self.info.resp) = (self.hosts[o], self.hosts[r]);
        self.info.ports = self.has_ports.then(|| (self.key.ports[o], self.key.ports[r]));
    }

    /// True if one end sent a packet or few, and the other never answered.
    pub fn is_lone(&self) -> bool {
        self.sides.iter().any(|s| s.packets == 0) && self.sides.iter().all(|s| s.packets <= FEW)
    }

    pub fn orig_side(&self) -> &Side {
        &self.sides[self.orig as usize & 1]
    }

    pub fn resp_side(&self) -> &Side {
        &self.sides[self.orig as usize & 1 ^ 1]
    }

    /// Counts a packet of a side, with `body` bytes in it; true if it is the very same as the one before (seen twice by
    /// the tap).
    #[inline]
    pub fn count(&mut self, side: u8, ts: i64, wire: u32, body: usize, print: Fingerprint) -> bool {
        let near = ts.saturating_sub(self.last_ts);
        self.last_ts = self.last_ts.max(ts);
        let over_ip = !self.key.is_below_ip();
        let s = &mut self.sides[side as usize & 1];
        s.packets += 1;
        s.wire_bytes += u64::from(wire);
        s.bytes += body as u64;
        let again = s.last == print
            && s.packets > 1
            && match print.ident {
                0 => body > 0 && over_ip && near < SOON_WITHOUT_IDENT,
                _ => near < SOON,
            };
        s.last = print;
        self.duplicates += u32::from(again);
        again
    }

    /// Settles who the originator is, if nothing better is known yet.
    pub fn settle(&mut self, orig: u8, how: Settled) {
        if how as u8 > self.settled as u8 {
            self.flipped |= self.orig != orig;
            self.orig = orig;
            self.settled = how;
            self.inform();
        }
    }

    /// Notes a happening of a side, once.
    pub fn note(&mut self, side: u8, what: u16) {
        let s = &mut self.sides[side as usize & 1];
        if s.seen & what == 0 {
            s.seen |= what;
            if let Some(place) = self.history.get_mut(self.history_len as usize) {
                *place = (side & 1) << 7 | what.trailing_zeros() as u8;
                self.history_len += 1;
            }
        }
    }

    /// Zeek's history: capitals are the originator's.
    pub fn history(&self) -> String {
        let mut text = String::new();
        if self.flipped {
            text.push('^');
        }
        for &event in &self.history[..self.history_len as usize] {
            let letter = LETTERS[(event & 0x7f) as usize % LETTERS.len()];
            text.push(if event >> 7 == self.orig {
                letter.to_ascii_uppercase()
            } else {
                letter
            });
        }
        text
    }

    /// Zeek's conn_state.
    pub fn state(&self) -> &'static str {
        let (o, r) = (self.orig_side().seen, self.resp_side().seen);
        let began = o & SYN != 0;
        let answered = r & SYN_ACK != 0;
        match (began, answered) {
            (true, true) => match (o & RST != 0, r & RST != 0, o & FIN != 0, r & FIN != 0) {
                (true, _, _, _) => "RSTO",
                (_, true, _, _) => "RSTR",
                (_, _, true, true) => "SF",
                (_, _, true, false) => "S2",
                (_, _, false, true) => "S3",
                _ => "S1",
            },
            (true, false) if r & RST != 0 => "REJ",
            (true, false) if o & RST != 0 => "RSTOS0",
            (true, false) if o & FIN != 0 => "SH",
            (true, false) => "S0",
            (false, true) if r & RST != 0 => "RSTRH",
            (false, true) if r & FIN != 0 => "SHR",
            _ => "OTH",
        }
    }
}

/// Flows by key. Freed places are used again; the hash table holds numbers only.
#[derive(Debug, Default)]
pub struct FlowTable {
    pub flows: Vec<Flow>,
    /// Flows that are over and are told together.
    pub crowd: Crowd,
    free: Vec<u32>,
    index: HashTable<u32>,
    secret: Secret,
    sweep: usize,
    /// Where the last one was found: the next packet is often of the same flow.
    recent: usize,
}

/// Numbers that nobody outside knows, for hashing.
#[derive(Debug)]
struct Secret([u64; 4]);

impl Default for Secret {
    fn default() -> Self {
        let random = std::hash::RandomState::new();
        Self([1u64, 2, 3, 4].map(|n| random.hash_one(n) | 1))
    }
}

impl FlowTable {
    #[inline]
    pub fn find(&mut self, key: &Key) -> Option<usize> {
        let again = |flow: &Flow| flow.alive && flow.key == *key;
        if self.flows.get(self.recent).is_some_and(again) {
            return Some(self.recent);
        }
        let hash = key.hash(&self.secret.0);
        let found = self.index.find(hash, |&i| self.flows[i as usize].key == *key);
        self.recent = found.map_or(self.recent, |&i| i as usize);
        found.map(|&i| i as usize)
    }

    pub fn insert(&mut self, flow: Flow) -> usize {
        let key = flow.key;
        self.crowd.begins(&key);
        let place = match self.free.pop() {
            Some(i) => {
                self.flows[i as usize] = flow;
                i
            }
            None => {
                self.flows.push(flow);
                (self.flows.len() - 1) as u32
            }
        };
        let hash = key.hash(&self.secret.0);
        let (flows, secret) = (&self.flows, &self.secret.0);
        self.index
            .insert_unique(hash, place, |&i| flows[i as usize].key.hash(secret));
        place as usize
    }

    /// Takes a flow out; its place can be used again.
    pub fn remove(&mut self, place: usize) {
        let key = self.flows[place].key;
        self.crowd.ends(&key);
        let hash = key.hash(&self.secret.0);
        if let Ok(entry) = self.index.find_entry(hash, |&i| i as usize == place) {
            entry.remove();
        }
        let flow = &mut self.flows[place];
        flow.alive = false;
        flow.service = Service::Unknown;
        self.free.push(place as u32);
    }

    pub fn len(&self) -> usize {
        self.flows.len() - self.free.len()
    }

    /// The next `n` places to look at for flows that are over, going round and round.
    pub fn next_places(&mut self, n: usize) -> std::ops::Range<usize> {
        let start = self.sweep;
        let end = (start + n).min(self.flows.len());
        // From the end back to the beginning now: later, a table that grows would have a new end to look at each time.
        self.sweep = if end == self.flows.len() { 0 } else { end };
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(n: u8) -> Flow {
        let [src, dst] = [n, 255].map(|end| Host::Mac([end; 6]));
        let (key, side) = Key::new(src, dst, 0, 0, Key::BELOW_IP);
        Flow::new(key, side, src, dst, u32::from(n), Stamp::default())
    }

    #[test]
    fn a_table_that_grows_is_looked_through_from_the_beginning_again() {
        let mut table = FlowTable::default();
        let mut first_seen = 0;
        for n in 0..40 {
            table.insert(flow(n));
            first_seen += u32::from(table.next_places(4).contains(&0));
        }
        assert!(first_seen > 3, "the first place was looked at {first_seen} times");
    }
}
