//! Everything but the next segment in order: holes, held segments, overlap, FIN and
//! acknowledgements.

use super::segment::{Held, Out, Segment, distance};
use super::*;

impl Half {
    #[inline]
    pub(super) fn has(&self, flag: u8) -> bool {
        self.state & flag != 0
    }

    #[cold]
    pub(super) fn push_slow(&mut self, segment: &Segment<'_>, limits: &Limits, out: &mut Out<'_>) -> Seen {
        let mut seen = Seen::default();
        if !self.started() {
            if segment.bytes.is_empty() {
                return seen;
            }
            self.join(segment);
        }
        if segment.bytes.len() <= 1 && distance(self.next, segment.seq) == -1 {
            seen.keep_alive = true;
            return seen;
        }
        if segment.bytes.is_empty() {
            return seen;
        }
        seen.conflicting = self.doubt_fin(segment);
        if self.is_far(segment) {
            seen.out_of_order = true;
            if self.take_far(segment, limits, out) {
                self.place(*segment, limits, out);
            }
        } else {
            self.compare(segment, &mut seen);
            if !seen.retransmitted {
                self.place(*segment, limits, out);
            }
            if out.delivered > 0 {
                // The old numbers go on, so the far-off segment was not part of the stream.
                self.take_stray(out);
            }
        }
        self.lose_patience(segment.ts_ns, out);
        self.settle(out);
        seen.gap = out.gap;
        seen.delivered = out.delivered;
        seen
    }

    /// Starts in the middle of a stream. A single byte that the receiver had acknowledged before is
    /// a keep-alive, and the stream starts after it.
    pub(super) fn join(&mut self, segment: &Segment<'_>) {
        let keep_alive = self.has(ACK_AHEAD) && segment.bytes.len() == 1 && self.ack == segment.end();
        self.next = if keep_alive { self.ack } else { segment.seq };
        self.isn = self.next.wrapping_sub(1);
        self.state |= STARTED;
    }

    /// Data for the number that a FIN took, unless it is a single byte (a keep-alive): the FIN was
    /// not the sender's.
    pub(super) fn doubt_fin(&mut self, segment: &Segment<'_>) -> bool {
        if !self.has(FIN_PASSED) {
            return false;
        }
        let last = distance(self.fin, self.next) == 1;
        let covered = distance(segment.seq, self.fin) >= 0 && distance(self.fin, segment.end()) > 0;
        if last && !covered {
            return false;
        }
        self.state &= !FIN_PASSED;
        if last {
            self.next = self.fin;
        }
        last
    }

    /// Fills in how the segment relates to what was delivered and to what is held.
    pub(super) fn compare(&self, segment: &Segment<'_>, seen: &mut Seen) {
        let len = segment.bytes.len();
        let behind = usize::try_from(distance(segment.seq, self.next)).unwrap_or(0);
        let mut known = behind.min(len);
        if let (Some(rare), Some(fresh)) = (&self.rare, segment.from(self.next)) {
            for held in &rare.held {
                let Some(old) = held.segment().from(fresh.seq) else {
                    continue;
                };
                let Some(new) = fresh.from(old.seq) else {
                    break;
                };
                let same = old.bytes.iter().zip(new.bytes).all(|(a, b)| a == b);
                known += old.bytes.len().min(new.bytes.len());
                seen.conflicting |= !same;
            }
        }
        seen.retransmitted = known >= len;
        seen.overlap = known > 0 && known < len;
        seen.out_of_order = distance(self.next, segment.seq) > 0 && !seen.retransmitted;
    }

    /// Delivers what is in order, holds what is not, and gives up holes when there is no room to
    /// hold it.
    pub(super) fn place(&mut self, segment: Segment<'_>, limits: &Limits, out: &mut Out<'_>) {
        let mut rest = segment;
        loop {
            self.drain(out);
            match rest.from(self.next) {
                Some(new) => rest = new,
                None => return,
            }
            if rest.seq == self.next {
                let room = self.first_held().map_or(usize::MAX, |held| {
                    usize::try_from(distance(rest.seq, held.seq)).unwrap_or(0)
                });
                let (now, later) = rest.split(room);
                out.data(&now);
                self.next = now.end();
                rest = later;
            } else if self.hold(&rest, limits, out.memory) {
                return;
            } else if !self.give_up(out) {
                out.gap(distance(self.next, rest.seq), rest.frame, rest.ts_ns);
                self.next = rest.seq;
            }
        }
    }

    /// Holds what is new in the segment. Returns false if there was no room for all of it.
    pub(super) fn hold(&mut self, segment: &Segment<'_>, limits: &Limits, memory: &mut Memory) -> bool {
        let rare = self.rare.get_or_insert_default();
        self.state |= HOLDING;
        let mut rest = *segment;
        let mut index = 0;
        loop {
            let Some(held) = rare.held.get(index).map(Held::segment) else {
                return rare.insert(index, &rest, limits, memory);
            };
            let (start, end) = (held.seq, held.end());
            if distance(rest.seq, end) > 0 {
                let room = usize::try_from(distance(rest.seq, start)).unwrap_or(0);
                let (before, _) = rest.split(room);
                if !before.bytes.is_empty() {
                    if !rare.insert(index, &before, limits, memory) {
                        return false;
                    }
                    index += 1;
                }
                match rest.from(end) {
                    Some(after) => rest = after,
                    None => return true,
                }
            }
            index += 1;
        }
    }

    pub(super) fn first_held(&self) -> Option<Segment<'_>> {
        Some(self.rare.as_ref()?.held.front()?.segment())
    }

    /// Delivers held segments that the stream has reached.
    pub(super) fn drain(&mut self, out: &mut Out<'_>) {
        let Some(rare) = self.rare.as_mut() else {
            return;
        };
        while let Some(held) = rare.held.pop_front() {
            if distance(self.next, held.seq) > 0 {
                rare.held.push_front(held);
                return;
            }
            rare.held_bytes = rare.held_bytes.saturating_sub(held.bytes.len());
            out.release(held.segment().cost());
            if let Some(new) = held.segment().from(self.next) {
                out.data(&new);
                self.next = new.end();
            }
        }
    }

    /// Gives up the first hole before held data. Returns false if nothing is held.
    pub(super) fn give_up(&mut self, out: &mut Out<'_>) -> bool {
        let Some(first) = self.first_held() else {
            return false;
        };
        let (seq, frame, ts_ns) = (first.seq, first.frame, first.ts_ns);
        let missing = distance(self.next, seq);
        if missing > 0 {
            out.gap(missing, frame, ts_ns);
            self.next = seq;
        }
        self.drain(out);
        true
    }

    /// Gives up holes before segments that were held for too long.
    fn lose_patience(&mut self, now_ns: i64, out: &mut Out<'_>) {
        while let Some(first) = self.first_held()
            && now_ns.saturating_sub(first.ts_ns) > PATIENCE_NS
        {
            self.give_up(out);
        }
    }

    /// Gives up every hole that is certain, passes a FIN that was reached, and frees what is empty.
    pub(super) fn settle(&mut self, out: &mut Out<'_>) {
        loop {
            self.drain(out);
            if self.pass_fin() {
                continue;
            }
            let acked = distance(self.next, self.ack);
            if !(1..=LARGEST_WINDOW).contains(&acked) {
                self.state &= !ACK_AHEAD;
            }
            match self.beyond_hole() {
                Some((seq, frame, ts_ns)) if self.has(ACK_AHEAD) && distance(self.next, seq) <= acked => {
                    out.gap(distance(self.next, seq), frame, ts_ns);
                    self.next = seq;
                }
                _ => break,
            }
        }
        if self.rare.as_ref().is_none_or(|rare| rare.is_empty()) {
            self.rare = None;
            self.state &= !HOLDING;
        }
    }

    /// The first thing seen beyond the hole: number, frame and time.
    pub(super) fn beyond_hole(&self) -> Option<(u32, u64, i64)> {
        let data = self.first_held().map(|held| (held.seq, held.frame, held.ts_ns));
        let fin = self
            .has(FIN_AHEAD)
            .then_some((self.fin, self.ack_frame, self.ack_ts_ns));
        [data, fin]
            .into_iter()
            .flatten()
            .min_by_key(|(seq, ..)| distance(self.next, *seq))
    }

    /// Steps over a FIN that the stream has reached; forgets one that data has passed.
    pub(super) fn pass_fin(&mut self) -> bool {
        if !self.has(FIN_AHEAD) {
            return false;
        }
        let missing = distance(self.next, self.fin);
        if missing > 0 {
            return false;
        }
        self.state &= !FIN_AHEAD;
        if missing == 0 {
            self.state |= FIN_PASSED;
            self.next = self.fin.wrapping_add(1);
        }
        missing == 0
    }

    #[cold]
    pub(super) fn acked_slow(&mut self, ack: u32, frame: u64, ts_ns: i64, out: &mut Out<'_>) -> bool {
        (self.ack_frame, self.ack_ts_ns) = (frame, ts_ns);
        if self
            .stray_seq()
            .is_some_and(|seq| (0..=AHEAD).contains(&distance(seq, ack)))
            && let Some(stray) = self.take_stray(out)
        {
            self.restart_with(&stray.segment(), out);
        }
        // The latest one counts, so that a forged one does not stay. Before the start it is kept
        // for `join`.
        self.ack = ack;
        self.state |= ACK_AHEAD;
        if self.started() {
            self.lose_patience(ts_ns, out);
            self.settle(out);
        }
        out.gap
    }
}
