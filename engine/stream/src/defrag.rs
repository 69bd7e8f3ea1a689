//! Reassembly of IP fragments (RFC 791, 3.2; RFC 8200, 4.5; RFC 5722), bounded in datagrams, bytes
//! and time.
//!
//! * **IPv4:** a byte that came first stays; overlap is reported through [`Defragmenter::weird`].
//! * **IPv6:** overlap costs the whole datagram, and fragments of it that come later are ignored
//!   until the time is up (RFC 5722).
//! * **Both:** an exact copy of a fragment is no overlap (RFC 8200, 4.5). A datagram in one
//!   fragment stands for itself (RFC 6946). Two different ends, or bytes beyond the end, cost the
//!   datagram.
//!
//! Names of anomalies are Zeek's.

use std::collections::{BTreeMap, HashMap};

/// Payload of an IP datagram, at most (16-bit length fields).
const LARGEST: u32 = 65_535;
/// What a datagram costs beyond its bytes; roughly the size of the entries in both maps.
const DATAGRAM_COST: usize = 192;

/// What fragments of one datagram share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub src: [u8; 16],
    pub dst: [u8; 16],
    /// IPv4: the protocol. IPv6: the fragment header's next header, or 0, since RFC 8200 does not
    /// compare it.
    pub proto: u8,
    pub id: u32,
    pub vlan: u16,
    /// Which rules hold; not derived from the addresses, since their mapping is the caller's.
    pub ipv6: bool,
}

/// What became of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// More is to come.
    Incomplete,
    /// The whole payload of the datagram.
    Whole(Vec<u8>),
    /// The fragment, or the datagram with it, was thrown away; the name of the anomaly.
    Dropped(&'static str),
}

#[derive(Debug)]
struct Datagram {
    serial: u64,
    first_ts_ns: i64,
    /// Sorted by offset, not overlapping.
    pieces: Vec<Piece>,
    /// Bytes in the pieces.
    have: u32,
    /// End of the payload, once the last fragment was seen.
    total: Option<u32>,
    cost: usize,
    /// Given up (IPv6): what still comes is ignored.
    void: bool,
}

#[derive(Debug)]
struct Piece {
    start: u32,
    bytes: Box<[u8]>,
}

impl Piece {
    fn end(&self) -> u32 {
        self.start.saturating_add(length(&self.bytes))
    }
}

/// Collects fragments until datagrams are whole.
#[derive(Debug)]
pub struct Defragmenter {
    datagrams: HashMap<Key, Datagram>,
    /// By age, oldest first.
    order: BTreeMap<u64, Key>,
    max_datagrams: usize,
    max_bytes: usize,
    timeout_ns: i64,
    serial: u64,
    bytes: usize,
    expired: u64,
    evicted: u64,
    weird: Option<&'static str>,
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

impl Defragmenter {
    /// Holds at most so many datagrams and bytes (bookkeeping included), each for at most
    /// `timeout_ns` after its first fragment. RFC 8200 asks for 60 s.
    pub fn new(max_datagrams: usize, max_bytes: usize, timeout_ns: i64) -> Self {
        Self {
            datagrams: HashMap::new(),
            order: BTreeMap::new(),
            max_datagrams: max_datagrams.max(1),
            max_bytes,
            timeout_ns,
            serial: 0,
            bytes: 0,
            expired: 0,
            evicted: 0,
            weird: None,
        }
    }

    /// Takes a fragment; `offset` is in bytes, `more` is the more-fragments flag.
    pub fn push(&mut self, key: Key, offset: u32, more: bool, payload: &[u8], ts_ns: i64) -> Outcome {
        self.weird = None;
        if self.is_old(&key, ts_ns) {
            self.expire(ts_ns);
        }
        if payload.len() > LARGEST as usize || offset > LARGEST - length(payload) {
            return self.abandon(&key, "excessively_large_fragment");
        }
        if offset == 0 && !more {
            return Outcome::Whole(payload.to_vec());
        }
        let Some(payload) = self.whole_octets(&key, more, payload) else {
            return Outcome::Dropped("excessively_small_fragment");
        };
        self.admit(key, ts_ns);
        let Some(datagram) = self.datagrams.get_mut(&key) else {
            return Outcome::Incomplete;
        };
        if datagram.void {
            return Outcome::Incomplete;
        }
        if !datagram.agree_on_end(offset + length(payload), more) {
            return self.abandon(&key, "fragment_size_inconsistency");
        }
        let (overlap, differs) = datagram.overlap(offset, payload);
        if overlap || differs {
            let name = if differs {
                "fragment_inconsistency"
            } else {
                "fragment_overlap"
            };
            if key.ipv6 {
                return self.abandon(&key, name);
            }
            self.weird = Some(name);
        }
        let before = datagram.cost;
        datagram.insert(offset, payload);
        self.bytes += datagram.cost - before;
        if datagram.is_whole() {
            let pieces = self
                .remove(&key)
                .map(|datagram| datagram.pieces)
                .unwrap_or_default();
            return Outcome::Whole(
                pieces
                    .iter()
                    .map(|piece| &*piece.bytes)
                    .collect::<Vec<_>>()
                    .concat(),
            );
        }
        self.make_room();
        Outcome::Incomplete
    }

    /// The anomaly in the latest fragment that did not cost its datagram, if there was one: IPv4
    /// overlap with the same bytes (`fragment_overlap`) or others (`fragment_inconsistency`), or a
    /// length that is not a multiple of 8 (`fragment_size_inconsistency`; the odd bytes are cut).
    pub fn weird(&self) -> Option<&'static str> {
        self.weird
    }

    /// Datagrams that were not whole when their time was up.
    pub fn expired(&self) -> u64 {
        self.expired
    }

    /// Datagrams given up for want of room.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Datagrams in waiting.
    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Whether nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Bytes held, bookkeeping included.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// All fragments but the last are multiples of 8 long. Hosts cut the odd bytes of IPv4 and
    /// refuse an odd fragment of IPv6 (RFC 8200, 4.5). None if nothing is left.
    fn whole_octets<'a>(&mut self, key: &Key, more: bool, payload: &'a [u8]) -> Option<&'a [u8]> {
        let odd = payload.len() % 8;
        if !more || (odd == 0 && !payload.is_empty()) {
            return Some(payload);
        }
        let cut = payload.get(..payload.len() - odd).unwrap_or_default();
        if key.ipv6 || cut.is_empty() {
            return None;
        }
        self.weird = Some("fragment_size_inconsistency");
        Some(cut)
    }

    fn is_old(&self, key: &Key, ts_ns: i64) -> bool {
        let age = |d: &Datagram| ts_ns.saturating_sub(d.first_ts_ns);
        self.datagrams.get(key).is_some_and(|d| age(d) > self.timeout_ns)
    }

    /// Gives up what has waited too long at this time. A fragment that comes too late for its datagram needs no call.
    pub fn expire(&mut self, ts_ns: i64) {
        while let Some((_, key)) = self.order.first_key_value() {
            let key = *key;
            if self.datagrams.contains_key(&key) && !self.is_old(&key, ts_ns) {
                return;
            }
            if self.remove_oldest().is_some_and(|datagram| !datagram.void) {
                self.expired += 1;
            }
        }
    }

    /// Makes an entry for the datagram if there is none.
    fn admit(&mut self, key: Key, ts_ns: i64) {
        if self.datagrams.contains_key(&key) {
            return;
        }
        while self.datagrams.len() >= self.max_datagrams && self.evict_oldest() {}
        self.serial += 1;
        self.order.insert(self.serial, key);
        self.bytes += DATAGRAM_COST;
        let datagram = Datagram {
            serial: self.serial,
            first_ts_ns: ts_ns,
            pieces: Vec::new(),
            have: 0,
            total: None,
            cost: DATAGRAM_COST,
            void: false,
        };
        self.datagrams.insert(key, datagram);
    }

    fn make_room(&mut self) {
        while self.bytes > self.max_bytes && self.evict_oldest() {}
    }

    fn evict_oldest(&mut self) -> bool {
        let oldest = self.remove_oldest();
        if oldest.as_ref().is_some_and(|datagram| !datagram.void) {
            self.evicted += 1;
        }
        oldest.is_some()
    }

    fn remove_oldest(&mut self) -> Option<Datagram> {
        let (_, key) = self.order.pop_first()?;
        self.remove(&key)
    }

    fn remove(&mut self, key: &Key) -> Option<Datagram> {
        let datagram = self.datagrams.remove(key)?;
        self.order.remove(&datagram.serial);
        self.bytes = self.bytes.saturating_sub(datagram.cost);
        Some(datagram)
    }

    /// Throws the datagram away. IPv6 remembers that, so that its other fragments do not start it
    /// anew; IPv4 does not, since its short identifiers soon come again.
    fn abandon(&mut self, key: &Key, name: &'static str) -> Outcome {
        if let Some(datagram) = self.datagrams.get_mut(key).filter(|_| key.ipv6) {
            self.bytes = self.bytes.saturating_sub(datagram.cost - DATAGRAM_COST);
            datagram.cost = DATAGRAM_COST;
            datagram.pieces = Vec::new();
            datagram.void = true;
        } else {
            self.remove(key);
        }
        Outcome::Dropped(name)
    }
}

impl Datagram {
    /// Takes note of the end of the payload; false if fragments disagree about it.
    fn agree_on_end(&mut self, end: u32, more: bool) -> bool {
        if !more {
            let reached = self.pieces.last().map_or(0, Piece::end);
            let known = self.total.get_or_insert(end);
            return *known == end && reached <= end;
        }
        self.total.is_none_or(|total| end <= total)
    }

    /// Whether the fragment overlaps what is there, and whether its bytes differ from it. An exact
    /// copy of one fragment does not count.
    fn overlap(&self, start: u32, bytes: &[u8]) -> (bool, bool) {
        let (mut overlap, mut differs) = (false, false);
        let end = start + length(bytes);
        for piece in self.pieces.get(self.first_after(start)..).unwrap_or_default() {
            if piece.start >= end {
                break;
            }
            if piece.start == start && *piece.bytes == *bytes {
                return (false, false);
            }
            overlap = true;
            let from = start.max(piece.start);
            let old = piece
                .bytes
                .get((from - piece.start) as usize..)
                .unwrap_or_default();
            let new = bytes.get((from - start) as usize..).unwrap_or_default();
            differs |= old.iter().zip(new).any(|(a, b)| a != b);
        }
        (overlap, differs)
    }

    /// Index of the first piece that ends after `start`.
    fn first_after(&self, start: u32) -> usize {
        self.pieces.partition_point(|piece| piece.end() <= start)
    }

    /// Adds the bytes that are not there yet.
    fn insert(&mut self, start: u32, bytes: &[u8]) {
        let end = start + length(bytes);
        let (mut at, mut index) = (start, self.first_after(start));
        while at < end {
            let (gap_end, skip_to) = match self.pieces.get(index) {
                Some(piece) if piece.start < end => (piece.start, piece.end()),
                _ => (end, end),
            };
            let new = bytes.get((at - start) as usize..(gap_end.max(at) - start) as usize);
            if let Some(new) = new.filter(|new| !new.is_empty()) {
                let piece = Piece {
                    start: at,
                    bytes: new.into(),
                };
                self.have += length(new);
                self.cost += new.len() + size_of::<Piece>();
                self.pieces.insert(index, piece);
                index += 1;
            }
            at = skip_to.max(at);
            index += 1;
        }
    }

    fn is_whole(&self) -> bool {
        self.total == Some(self.have)
    }
}
