//! Which protocol a flow speaks: told by content, with ports as a first guess.

use crate::flow::{Flow, Settled};
use crate::probe::{Probes, Standing, Suspect};
use crate::spec::Proto;
use crate::tables::Stamp;

/// What is kept while it is open what it is: bytes of a stream, or datagrams.
const MAX_BYTES: usize = 16_384;
const MAX_DATAGRAMS: usize = 16;
/// Bytes for which the next flow finds room.
const KEPT_ROOM: usize = 2_048;
/// How often a flow may fail before it is left alone.
const MAX_TRIES: u8 = 6;

/// One payload of a flow that is not yet recognised.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    pub side: u8,
    pub stamp: Stamp,
    start: usize,
    end: usize,
}

/// Payloads that wait to be recognised.
#[derive(Debug, Default)]
pub struct Undecided {
    pub chunks: Vec<Chunk>,
    sides: [Vec<u8>; 2],
    tries: u8,
    /// Protocols that what waits has not ruled out.
    suspects: Vec<Suspect>,
    /// The side whose turn fits no protocol: the rest of the turn is passed over.
    passed_over: Option<u8>,
}

impl Undecided {
    pub fn push(&mut self, side: u8, stamp: Stamp, payload: &[u8]) {
        let bytes = &mut self.sides[side as usize & 1];
        let start = bytes.len();
        bytes.extend_from_slice(payload);
        let end = bytes.len();
        self.chunks.push(Chunk {
            side,
            stamp,
            start,
            end,
        });
    }

    pub fn bytes(&self, chunk: &Chunk) -> &[u8] {
        let bytes = &self.sides[chunk.side as usize & 1];
        bytes.get(chunk.start..chunk.end).unwrap_or(&[])
    }

    /// Bytes that it takes.
    pub fn held(&self) -> usize {
        self.waiting() + size_of_val(&self.chunks[..]) + size_of_val(&self.suspects[..])
    }

    fn waiting(&self) -> usize {
        self.sides.iter().map(Vec::len).sum()
    }

    /// So many bytes more may wait.
    pub fn room(&self) -> usize {
        MAX_BYTES.saturating_sub(self.waiting())
    }

    pub fn forget(&mut self) {
        *self = Self {
            tries: self.tries,
            ..Self::default()
        };
    }

    /// Empty as at first, with room for the next flow.
    pub fn clear(&mut self) {
        self.chunks.clear();
        for bytes in &mut self.sides {
            bytes.clear();
            bytes.shrink_to(KEPT_ROOM);
        }
        self.suspects.clear();
        (self.tries, self.passed_over) = (0, None);
    }

    /// Whether this side still says what fits no protocol; its turn ends where the other side speaks.
    pub fn passes_over(&mut self, side: u8) -> bool {
        self.passed_over = self.passed_over.filter(|&s| s == side);
        self.passed_over.is_some()
    }

    /// Forgets all but the latest payload.
    fn keep_last(&mut self) {
        if let Some(last) = self.chunks.pop() {
            let bytes = self.bytes(&last).to_vec();
            self.forget();
            self.push(last.side, last.stamp, &bytes);
        }
    }
}

/// What to do with the flow now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Protocol(usize),
    Wait,
    GiveUp,
}

impl Probes<'_> {
    /// Decides about a flow with its latest payload; settles its direction when it finds a protocol.
    pub fn decide(&mut self, flow: &mut Flow, waiting: &mut Undecided, tcp: bool) -> Decision {
        let Some(&last) = waiting.chunks.last() else {
            return Decision::Wait;
        };
        if waiting.suspects.is_empty() {
            self.candidates(flow, tcp, &mut waiting.suspects);
        }
        let found = self
            .first_known(flow, waiting, &last, tcp)
            .or_else(|| self.latest(flow, waiting, &last, tcp));
        if let Some(suspect) = found {
            settle(flow, &self.spec.protos[suspect.index], tcp, suspect.hint);
            return Decision::Protocol(suspect.index);
        }
        let full = waiting.room() == 0 || !tcp && waiting.chunks.len() >= MAX_DATAGRAMS;
        let open = !waiting.suspects.is_empty();
        if open && !full {
            return Decision::Wait;
        }
        waiting.forget();
        waiting.tries += 1 + u8::from(open);
        // Where the next message begins, segments do not tell; that the other side speaks does.
        waiting.passed_over = (tcp && flow.settled == Settled::Syn).then_some(last.side);
        if waiting.tries >= MAX_TRIES {
            Decision::GiveUp
        } else {
            Decision::Wait
        }
    }

    /// The protocol that is known with the fewest bytes, so that it is the same however they come; of several the
    /// first of the candidates. Those that are ruled out are dropped.
    fn first_known(
        &mut self,
        flow: &Flow,
        waiting: &mut Undecided,
        last: &Chunk,
        tcp: bool,
    ) -> Option<Suspect> {
        let mut suspects = std::mem::take(&mut waiting.suspects);
        let payload = waiting.bytes(last);
        let mut stream = &waiting.sides[last.side as usize & 1][..];
        let mut found = None;
        suspects.retain_mut(|suspect| {
            let by_segment = !tcp || self.spec.protos[suspect.index].framing.is_datagram();
            let standing = match (by_segment, &found) {
                (false, _) => self.hear(suspect, flow, last.side, stream),
                (true, None) => self.hear_datagram(suspect, flow, last.side, payload),
                // A protocol without framing has no byte with which it is known.
                (true, Some(_)) => Standing::Out,
            };
            if let Standing::Known(at) = standing {
                // Who comes later in the list must be known with fewer.
                stream = if by_segment { &[] } else { &stream[..at - 1] };
                found = Some(std::mem::replace(
                    suspect,
                    Suspect::new(suspect.index, suspect.home),
                ));
            }
            standing == Standing::Open
        });
        waiting.suspects = suspects;
        found
    }

    /// A stream that is joined in the middle of a message fits no protocol from there on: those at home on its ports
    /// are asked about the latest payload by itself. What came before it is lost.
    fn latest(&mut self, flow: &Flow, waiting: &mut Undecided, last: &Chunk, tcp: bool) -> Option<Suspect> {
        if !tcp || flow.settled == Settled::Syn {
            return None;
        }
        let ruled_out = |s: &Suspect| s.home && waiting.suspects.iter().all(|open| open.index != s.index);
        let mut all = Vec::new();
        self.candidates(flow, true, &mut all);
        let found = all.into_iter().filter(ruled_out).find_map(|mut suspect| {
            let framed = !self.spec.protos[suspect.index].framing.is_datagram();
            let known = framed
                && matches!(
                    self.hear(&mut suspect, flow, last.side, waiting.bytes(last)),
                    Standing::Known(_)
                );
            known.then_some(suspect)
        })?;
        waiting.keep_last();
        Some(found)
    }

    /// All protocols that a flow may speak: those at home on its ports, then those that tell themselves surely, then
    /// those that need more than one message.
    fn candidates(&self, flow: &Flow, tcp: bool, all: &mut Vec<Suspect>) {
        let places = &self.spec.places;
        let (by_port, anywhere) = if tcp {
            (&places.tcp, &places.tcp_anywhere)
        } else {
            (&places.udp, &places.udp_anywhere)
        };
        all.reserve(anywhere.len() + 2);
        for side in [0, 1] {
            for &index in by_port.get(&flow.key.port(side)).into_iter().flatten() {
                if all.iter().all(|s| s.index != index) {
                    all.push(Suspect::new(index, true));
                }
            }
        }
        let at_home = all.len();
        for weak in [false, true] {
            for &index in anywhere {
                if (self.spec.protos[index].confirm > 1) == weak
                    && all[..at_home].iter().all(|s| s.index != index)
                {
                    all.push(Suspect::new(index, false));
                }
            }
        }
    }
}

fn settle(flow: &mut Flow, proto: &Proto, tcp: bool, hint: Option<u8>) {
    let ports = if tcp { &proto.tcp } else { &proto.udp };
    let ours = [0, 1].map(|s| ports.contains(&flow.key.port(s)));
    match ours {
        [true, false] => flow.settle(1, Settled::Port),
        [false, true] => flow.settle(0, Settled::Port),
        _ => {}
    }
    if let Some(orig) = hint {
        flow.settle(orig, Settled::Dialogue);
    }
}
