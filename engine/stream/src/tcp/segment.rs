//! Segments, borrowed and held, and where what comes of them goes.

use std::collections::VecDeque;

use super::{Event, Limits, Memory};

/// Signed distance from one sequence number to another (RFC 9293, 3.4).
#[inline]
pub(super) fn distance(from: u32, to: u32) -> i64 {
    i64::from(to.wrapping_sub(from).cast_signed())
}

pub(super) fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) seq: u32,
    pub(super) bytes: &'a [u8],
    pub(super) frame: u64,
    pub(super) ts_ns: i64,
}

impl<'a> Segment<'a> {
    pub(super) fn end(&self) -> u32 {
        self.seq.wrapping_add(length(self.bytes))
    }

    pub(super) fn cost(&self) -> usize {
        self.bytes.len() + size_of::<Held>()
    }

    /// The first `count` bytes, and the rest.
    pub(super) fn split(self, count: usize) -> (Self, Self) {
        let (head, tail) = self.bytes.split_at(count.min(self.bytes.len()));
        let rest = Segment {
            seq: self.seq.wrapping_add(length(head)),
            bytes: tail,
            ..self
        };
        (Segment { bytes: head, ..self }, rest)
    }

    /// What lies at or after `seq`, if anything does.
    pub(super) fn from(self, seq: u32) -> Option<Self> {
        let skip = usize::try_from(distance(self.seq, seq)).unwrap_or(0);
        let (_, rest) = self.split(skip);
        (!rest.bytes.is_empty()).then_some(rest)
    }
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) seq: u32,
    pub(super) frame: u64,
    pub(super) ts_ns: i64,
    pub(super) bytes: Box<[u8]>,
}

impl Held {
    pub(super) fn new(segment: &Segment<'_>) -> Self {
        Self {
            seq: segment.seq,
            frame: segment.frame,
            ts_ns: segment.ts_ns,
            bytes: segment.bytes.into(),
        }
    }

    pub(super) fn segment(&self) -> Segment<'_> {
        Segment {
            seq: self.seq,
            bytes: &self.bytes,
            frame: self.frame,
            ts_ns: self.ts_ns,
        }
    }
}

/// What only flows with trouble need.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// Sorted, not overlapping, all beyond `next`.
    pub(super) held: VecDeque<Held>,
    pub(super) held_bytes: usize,
    /// A far-off segment, not yet confirmed.
    pub(super) stray: Option<Held>,
}

impl Rare {
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.stray.is_none()
    }

    /// Holds a segment at this place of the order, if there is room.
    pub(super) fn insert(
        &mut self,
        index: usize,
        segment: &Segment<'_>,
        limits: &Limits,
        memory: &mut Memory,
    ) -> bool {
        let bytes = self.held_bytes.saturating_add(segment.bytes.len());
        if self.held.len() >= limits.held_segments
            || bytes > limits.held_bytes
            || !memory.fits(segment.cost())
        {
            return false;
        }
        memory.used += segment.cost();
        self.held_bytes = bytes;
        self.held.insert(index.min(self.held.len()), Held::new(segment));
        true
    }
}

/// Where events go, and what one call has done so far.
pub(super) struct Out<'a> {
    pub(super) memory: &'a mut Memory,
    pub(super) sink: &'a mut dyn FnMut(Event<'_>),
    pub(super) delivered: u32,
    pub(super) gap: bool,
}

impl<'a> Out<'a> {
    pub(super) fn new(memory: &'a mut Memory, sink: &'a mut dyn FnMut(Event<'_>)) -> Self {
        Self {
            memory,
            sink,
            delivered: 0,
            gap: false,
        }
    }

    pub(super) fn data(&mut self, segment: &Segment<'_>) {
        self.delivered = self.delivered.saturating_add(length(segment.bytes));
        (self.sink)(Event::Data {
            bytes: segment.bytes,
            seq: segment.seq,
            frame: segment.frame,
            ts_ns: segment.ts_ns,
        });
    }

    pub(super) fn gap(&mut self, bytes: i64, frame: u64, ts_ns: i64) {
        self.gap = true;
        (self.sink)(Event::Gap {
            bytes: u64::try_from(bytes).unwrap_or(0),
            frame,
            ts_ns,
        });
    }

    pub(super) fn release(&mut self, cost: usize) {
        self.memory.used = self.memory.used.saturating_sub(cost);
    }
}
