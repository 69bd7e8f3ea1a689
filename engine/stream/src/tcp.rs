//! One direction of a TCP connection, as a passive tap sees it.
//!
//! A tap cannot ask for anything again. It sees segments twice, late, or never, and it has to hand
//! on one stream of bytes in which every byte stands at its offset. The rules:
//!
//! * **Order.** Sequence numbers are compared modulo 2^32 (RFC 9293, 3.4). Segments ahead of the
//!   next expected byte are held, in order, until the hole before them is filled or given up.
//! * **First data wins.** A byte that was delivered or is held is never replaced; a later segment
//!   adds only its new bytes. If the old copy is still held and differs, the segment is reported as
//!   conflicting.
//! * **When a hole is given up.** (1) The receiver has acknowledged all of it *and* something
//!   beyond it (data or a FIN) was captured, in whichever order these two came: the receiver has
//!   bytes that the tap lost. An acknowledgement alone is not enough, because a tap that merges two
//!   wires may show it before the data, and because a forged one must not hide the data that
//!   follows. (2) The limits or the shared memory are full. (3) A segment was held for 10 s: a
//!   sender would have sent the missing bytes again, so both were lost, or we see one direction
//!   only. (4) The flow ends. Then one `Gap` stands for the hole and the held data flows.
//! * **Far-off segments.** More than 1 MiB ahead or 16 MiB behind is no loss or retransmission, but
//!   a hole in the capture, a restart that we did not see, or a forgery. One such segment is kept
//!   aside; the stream moves there when a second one lands near it or the receiver acknowledges it,
//!   and forgets it when the old numbers go on. Backwards, the size of the gap cannot be known and
//!   is given as 0.
//! * **Keep-alive.** No byte or one byte just before the next expected one (RFC 9293, 3.8.4) is not
//!   data.
//! * **FIN** takes one sequence number. If data then comes for that very number, the FIN was not
//!   the sender's and the data counts.

mod far;
mod segment;
mod slow;

use segment::{Out, Rare, Segment, distance};

/// How far ahead of the next byte a segment may lie and still be held. Larger windows exist (RFC
/// 7323), but a tap that has lost this much does not get it back.
const AHEAD: i64 = 1 << 20;
/// How far behind the next byte a segment may end and still be taken for a retransmission.
const BEHIND: i64 = 16 << 20;
/// The largest window of TCP (RFC 7323, 2.3): no honest acknowledgement lies further ahead.
const LARGEST_WINDOW: i64 = 1 << 30;
/// An IP packet carries less; longer input is cut so that the arithmetic stays far from wrapping.
const LONGEST: usize = 1 << 20;

/// How long a segment is held, in capture time. Retransmission begins after about 1 s (RFC 6298).
const PATIENCE_NS: i64 = 10_000_000_000;

/// The half knows its next sequence number.
const STARTED: u8 = 1;
/// Segments are held, or a far-off one is kept aside.
const HOLDING: u8 = 2;
/// The latest acknowledgement lies beyond the next byte.
const ACK_AHEAD: u8 = 4;
/// A FIN was seen; bytes before it are missing.
const FIN_AHEAD: u8 = 8;
/// The number just before the next one belongs to a FIN.
const FIN_PASSED: u8 = 16;

/// What comes out of a half, in stream order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The next bytes of the stream, with the frame and time of the segment in which they came.
    Data {
        bytes: &'a [u8],
        /// Sequence number of the first of them.
        seq: u32,
        frame: u64,
        ts_ns: i64,
    },
    /// Bytes that were never seen, with the frame and time of what showed the hole: the segment
    /// after it, or the last acknowledgement. `bytes` is 0 if the size cannot be known; `frame` is
    /// 0 if nothing showed it but the end of the flow.
    Gap { bytes: u64, frame: u64, ts_ns: i64 },
}

/// How much one half may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Held segments, at most.
    pub held_segments: usize,
    /// Held payload bytes, at most.
    pub held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            held_segments: 64,
            held_bytes: 65_536,
        }
    }
}

/// Memory shared by the held segments of all flows, in bytes (payload and bookkeeping).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// In use now.
    pub used: usize,
    /// May be used.
    pub limit: usize,
}

impl Memory {
    /// Empty memory of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    fn fits(&self, cost: usize) -> bool {
        self.used.saturating_add(cost) <= self.limit
    }
}

/// What was remarkable about one segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// It brought no new byte: all of it had been seen, or lies in a hole that was given up.
    pub retransmitted: bool,
    /// It brought new bytes and some that had been seen.
    pub overlap: bool,
    /// It differs from what was seen before (as far as that is still held), or contradicts a FIN.
    pub conflicting: bool,
    /// It lies beyond a hole, or was far off and is kept aside.
    pub out_of_order: bool,
    /// A hole was given up.
    pub gap: bool,
    /// It was a keep-alive and not data.
    pub keep_alive: bool,
    /// Bytes delivered by this call, those of earlier segments that could now flow included.
    pub delivered: u32,
}

/// One direction of a connection. Call [`Half::finish`] before dropping it, or the shared memory is
/// not given back.
#[derive(Debug, Default)]
pub struct Half {
    next: u32,
    /// The initial sequence number; for a stream joined in the middle, the number before its first
    /// byte.
    isn: u32,
    ack: u32,
    fin: u32,
    state: u8,
    rare: Option<Box<Rare>>,
    /// Frame and time of the latest acknowledgement that lies ahead.
    ack_frame: u64,
    ack_ts_ns: i64,
}

impl Half {
    /// A direction of which nothing was seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the next sequence number is known.
    #[inline]
    pub fn started(&self) -> bool {
        self.has(STARTED)
    }

    /// The next expected sequence number, once known.
    pub fn next_seq(&self) -> Option<u32> {
        self.started().then_some(self.next)
    }

    /// A SYN with this sequence number was seen; data that it carries is pushed with `seq + 1`.
    /// Only the first one counts: to take up a reused port, finish this half and begin a new one
    /// (see [`Half::is_new_syn`]).
    pub fn syn(&mut self, seq: u32) {
        if !self.started() {
            self.isn = seq;
            self.next = seq.wrapping_add(1);
            self.state = STARTED;
        }
    }

    /// Whether a SYN with this number would begin another connection than the one being followed.
    pub fn is_new_syn(&self, seq: u32) -> bool {
        self.started() && seq != self.isn
    }

    /// The fast path: a segment with this number is next and nothing is held or pending. The caller
    /// may then use the payload in place and call [`Half::advance`] instead of [`Half::push`].
    #[inline]
    pub fn is_expected(&self, seq: u32) -> bool {
        seq == self.next && self.state == STARTED
    }

    /// The caller has used `len` bytes of the expected segment itself.
    #[inline]
    pub fn advance(&mut self, len: u32) {
        self.next = self.next.wrapping_add(len);
    }

    /// Takes a segment with its payload. The first one starts the stream if no SYN did.
    #[expect(
        clippy::too_many_arguments,
        reason = "a packet's own fields, passed by the per-packet loop without a detour"
    )]
    pub fn push(
        &mut self,
        seq: u32,
        payload: &[u8],
        frame: u64,
        ts_ns: i64,
        limits: &Limits,
        memory: &mut Memory,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Seen {
        let bytes = payload.get(..LONGEST).unwrap_or(payload);
        let segment = Segment {
            seq,
            bytes,
            frame,
            ts_ns,
        };
        let mut out = Out::new(memory, sink);
        if self.is_expected(seq) && !bytes.is_empty() {
            out.data(&segment);
            self.next = segment.end();
            return Seen {
                delivered: out.delivered,
                ..Seen::default()
            };
        }
        self.push_slow(&segment, limits, &mut out)
    }

    /// The receiver acknowledged everything before `ack`. Returns whether that showed a hole to be
    /// a loss of the tap (see the rules above). Call it before pushing the payload of the same
    /// packet to the other half, so that a held answer comes out before the next request.
    #[inline]
    pub fn acked(
        &mut self,
        ack: u32,
        frame: u64,
        ts_ns: i64,
        memory: &mut Memory,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> bool {
        if self.state == STARTED && distance(self.next, ack) <= 0 {
            return false;
        }
        self.acked_slow(ack, frame, ts_ns, &mut Out::new(memory, sink))
    }

    /// The sender's FIN was seen; `seq_after` is the number just after its last byte of data, which
    /// is the number that the FIN itself takes (segment number plus payload length). Push the
    /// payload first.
    pub fn fin(&mut self, seq_after: u32) {
        let ahead = distance(self.next, seq_after);
        if self.started() && (0..=AHEAD).contains(&ahead) {
            self.fin = seq_after;
            self.state = (self.state | FIN_AHEAD) & !FIN_PASSED;
            self.pass_fin();
        }
    }

    /// The flow is over: what is held comes out, with its gaps, and the memory is given back.
    pub fn finish(&mut self, memory: &mut Memory, sink: &mut dyn FnMut(Event<'_>)) {
        if !self.started() {
            return;
        }
        let mut out = Out::new(memory, sink);
        while self.give_up(&mut out) {}
        self.settle(&mut out);
        if let Some(stray) = self.take_stray(&mut out) {
            self.restart_with(&stray.segment(), &mut out);
        }
        let missing = if self.has(FIN_AHEAD) {
            distance(self.next, self.fin)
        } else if self.has(ACK_AHEAD) && distance(self.next, self.ack) > 1 {
            // One number more than was seen may well be that of a FIN that the tap lost.
            distance(self.next, self.ack)
        } else {
            0
        };
        if missing > 0 {
            out.gap(missing, self.ack_frame, self.ack_ts_ns);
            self.next = if self.has(FIN_AHEAD) { self.fin } else { self.ack };
        }
        self.settle(&mut out);
    }
}
