//! From which bytes of which packets messages and their fields were read, for a person who looks at a packet.
//!
//! Only a sensor that was told to ([`crate::Sensor::trace`]) follows bytes; it is given a few packets, not a capture.
//! Bytes are followed as *pieces*: a packet, an offset in it, a length. They arrive (in order, from TCP, or as a
//! datagram), are fed to a session, and are cut into messages there; [`reading`] notes what a program reads of one.

mod reading;
mod shown;

use std::collections::{HashMap, HashSet, VecDeque};

use linewarden_stream::defrag::Key as FragmentKey;

use crate::names::NameId;
use crate::ops::Role;
use crate::tables::Stamp;
use reading::Reading;

pub use reading::{Field, Stopped, Value, What};
pub use shown::Shown;

/// Fragments of IP that are remembered.
const MAX_FRAGMENTS: usize = 4_096;

/// Bytes that stand together in a packet. Frame 0: nobody knows where they came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    pub frame: u64,
    pub at: usize,
    pub len: usize,
}

/// `len` bytes from `from` on of bytes that are in pieces.
pub fn part(pieces: &[Piece], from: usize, len: usize) -> Vec<Piece> {
    let (mut skip, mut left, mut found) = (from, len, Vec::new());
    for piece in pieces {
        let n = piece.len.saturating_sub(skip).min(left);
        if n > 0 {
            let at = piece.at + skip;
            found.push(Piece { at, len: n, ..*piece });
        }
        (skip, left) = (skip.saturating_sub(piece.len), left - n);
    }
    found
}

/// What became of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They were read as a message.
    Message,
    /// They belong to no message (a body).
    PassedOver,
    /// No message of the protocol begins there.
    Lost,
    /// A message begins, and its end did not come.
    Waiting,
}

impl Fate {
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::PassedOver => "passed_over",
            Self::Lost => "lost",
            Self::Waiting => "waiting",
        }
    }
}

/// Some bytes of a protocol, and what they say.
#[derive(Debug)]
pub struct Told {
    pub proto: usize,
    pub fate: Fate,
    pub role: Role,
    pub verb: NameId,
    pub pieces: Vec<Piece>,
    pub fields: Vec<Field>,
    pub stopped: Stopped,
}

/// One side of a flow.
#[derive(Debug, Default)]
struct Side {
    /// What came, with the packet that brought it, and was not fed yet.
    arrived: VecDeque<(u64, Piece)>,
    /// What was fed and not read yet; as long as the session's partial message.
    held: Vec<Piece>,
    proto: usize,
}

/// Number of a flow, and the side that speaks.
pub type Speaker = (u32, u8);

/// Follows bytes from packets into messages.
#[derive(Debug, Default)]
pub struct Trace {
    wanted: HashSet<u64>,
    /// The bytes at hand: their place in memory, and where they came from.
    at_hand: (usize, Vec<Piece>),
    /// TCP segments: packet, sequence number, bytes.
    segments: HashMap<u64, (u32, Vec<Piece>)>,
    fragments: VecDeque<(FragmentKey, usize, Piece)>,
    sides: HashMap<Speaker, Side>,
    /// Fragments that a protocol makes itself, by speaker, place in the program, and key.
    gathers: HashMap<(Speaker, u16, i64), Vec<Piece>>,
    speaker: Speaker,
    /// The message that is read next.
    next: Vec<Piece>,
    pub(crate) reading: Reading,
    told: Vec<Told>,
}

impl Trace {
    /// Tells of messages that have bytes in these packets.
    pub fn new(wanted: impl IntoIterator<Item = u64>) -> Self {
        Self {
            wanted: wanted.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A packet is looked at.
    pub(crate) fn packet(&mut self, frame: u64, data: &[u8]) {
        let whole = Piece {
            frame,
            at: 0,
            len: data.len(),
        };
        self.at_hand = (data.as_ptr().addr(), vec![whole]);
    }

    /// Where a slice of the bytes at hand came from.
    fn place(&self, data: &[u8]) -> Vec<Piece> {
        let (start, pieces) = &self.at_hand;
        let offset = data.as_ptr().addr().checked_sub(*start);
        let all: usize = pieces.iter().map(|p| p.len).sum();
        match offset {
            Some(offset) if offset + data.len() <= all => part(pieces, offset, data.len()),
            _ => vec![Piece {
                frame: 0,
                at: 0,
                len: data.len(),
            }],
        }
    }

    /// A fragment of an IP datagram.
    pub(crate) fn fragment(&mut self, key: FragmentKey, offset: u32, payload: &[u8]) {
        if self.fragments.len() >= MAX_FRAGMENTS {
            self.fragments.pop_front();
        }
        for piece in self.place(payload) {
            self.fragments.push_back((key, offset as usize, piece));
        }
    }

    /// The fragments are a whole datagram now: it is at hand. What came first counts (as in the defragmenter).
    pub(crate) fn defragmented(&mut self, key: &FragmentKey, whole: &[u8]) {
        let (of_it, others) = std::mem::take(&mut self.fragments)
            .into_iter()
            .partition(|f| f.0 == *key);
        self.fragments = others;
        let mut of_it: VecDeque<_> = of_it;
        of_it.make_contiguous().sort_by_key(|f| f.1);
        let (mut end, mut pieces) = (0, Vec::new());
        for (_, offset, piece) in of_it {
            let known = end - offset.min(end);
            pieces.extend(part(&[piece], known, piece.len));
            end = end.max(offset + piece.len);
        }
        self.at_hand = (whole.as_ptr().addr(), pieces);
    }

    /// A TCP segment; its bytes may be delivered later.
    pub(crate) fn segment(&mut self, frame: u64, seq: u32, payload: &[u8]) {
        let pieces = self.place(payload);
        self.segments.insert(frame, (seq, pieces));
    }

    /// The next bytes of a TCP stream, from the segment of this packet.
    pub(crate) fn delivered(&mut self, speaker: Speaker, frame: u64, seq: u32, len: usize) {
        let pieces = match self.segments.get(&frame) {
            Some((first, pieces)) => part(pieces, seq.wrapping_sub(*first) as usize, len),
            None => Vec::new(),
        };
        self.arrive(speaker, frame, pieces);
    }

    /// A datagram.
    pub(crate) fn datagram(&mut self, speaker: Speaker, frame: u64, payload: &[u8]) {
        let pieces = self.place(payload);
        self.arrive(speaker, frame, pieces);
    }

    fn arrive(&mut self, speaker: Speaker, frame: u64, pieces: Vec<Piece>) {
        let side = self.sides.entry(speaker).or_default();
        side.arrived.extend(pieces.into_iter().map(|p| (frame, p)));
    }

    /// Bytes are fed to the session of a protocol, that a packet brought; `kept` bytes of earlier ones wait before them.
    pub(crate) fn fed(&mut self, speaker: Speaker, proto: usize, frame: u64, len: usize, kept: usize) {
        self.speaker = speaker;
        let side = self.sides.entry(speaker).or_default();
        side.proto = proto;
        if kept == 0 {
            side.held.clear();
        }
        let mut left = len;
        side.arrived.retain_mut(|(of, piece)| {
            if *of != frame || left == 0 {
                return true;
            }
            let n = piece.len.min(left);
            left -= n;
            side.held.push(Piece { len: n, ..*piece });
            (piece.at, piece.len) = (piece.at + n, piece.len - n);
            piece.len > 0
        });
    }

    /// A message was cut out of what was fed.
    pub(crate) fn cut(&mut self, from: usize, len: usize) {
        self.next = self.held(from, len);
    }

    fn held(&self, from: usize, len: usize) -> Vec<Piece> {
        let side = self.sides.get(&self.speaker);
        side.map_or_else(Vec::new, |side| part(&side.held, from, len))
    }

    /// Bytes of what was fed are no message.
    pub(crate) fn no_message(&mut self, fate: Fate, from: usize, len: usize) {
        let pieces = self.held(from, len);
        let proto = self.sides.get(&self.speaker).map_or(0, |s| s.proto);
        self.tell(Told {
            proto,
            fate,
            role: Role::Report,
            verb: 0,
            pieces,
            fields: Vec::new(),
            stopped: None,
        });
    }

    /// So many of the bytes that were fed are done with.
    pub(crate) fn done(&mut self, used: usize) {
        if let Some(side) = self.sides.get_mut(&self.speaker) {
            side.held = part(&side.held, used, usize::MAX);
        }
    }

    /// The message that was cut out begins to be read.
    pub(crate) fn begin(&mut self) {
        let pieces = std::mem::take(&mut self.next);
        self.reading = Reading::new(pieces);
    }

    /// It was read to its end, or as far as `stopped` says.
    pub(crate) fn end(&mut self, proto: usize, role: Role, verb: NameId) {
        let reading = std::mem::take(&mut self.reading);
        let (pieces, fields, stopped) = reading.finish();
        self.tell(Told {
            proto,
            fate: Fate::Message,
            role,
            verb,
            pieces,
            fields,
            stopped,
        });
    }

    fn tell(&mut self, told: Told) {
        let is_wanted = |p: &Piece| self.wanted.contains(&p.frame);
        let within = told.fields.iter().flat_map(|f| &f.pieces);
        if told.pieces.iter().chain(within).any(is_wanted) {
            self.told.push(told);
        }
    }

    /// A fragment that the protocol made: the pieces of all so far, if this is the last one.
    pub(crate) fn gather(
        &mut self,
        id: u16,
        key: i64,
        pieces: Vec<Piece>,
        first: bool,
        last: bool,
    ) -> Vec<Piece> {
        let place = (self.speaker, id, key);
        let all = self.gathers.entry(place).or_default();
        if first {
            all.clear();
        }
        all.extend(pieces);
        if last {
            self.gathers.remove(&place).unwrap_or_default()
        } else {
            Vec::new()
        }
    }

    /// What was told of the packets that were wanted, in the order in which it was read.
    pub(crate) fn finish(mut self) -> Vec<Told> {
        let mut rest: Vec<_> = std::mem::take(&mut self.sides).into_values().collect();
        rest.retain(|side| !side.held.is_empty());
        for side in rest {
            self.tell(Told {
                proto: side.proto,
                fate: Fate::Waiting,
                role: Role::Report,
                verb: 0,
                pieces: side.held,
                fields: Vec::new(),
                stopped: None,
            });
        }
        self.told
    }
}

/// Who speaks in a packet of a flow.
pub(crate) fn speaker(serial: u32, side: u8) -> Speaker {
    (serial, side & 1)
}

impl Trace {
    /// The payload is the message, whatever came before.
    pub(crate) fn whole(&mut self, speaker: Speaker, proto: usize, stamp: Stamp, payload: &[u8]) {
        self.datagram(speaker, stamp.frame, payload);
        self.fed(speaker, proto, stamp.frame, payload.len(), 0);
        self.cut(0, payload.len());
    }
}
