//! Segments far off the window: holes in the capture, restarts that were not seen, forgeries.

use super::segment::{Held, Out, Segment, distance, length};
use super::*;

impl Half {
    pub(super) fn is_far(&self, segment: &Segment<'_>) -> bool {
        let start = distance(self.next, segment.seq);
        start > AHEAD || start + i64::from(length(segment.bytes)) < -BEHIND
    }

    /// Decides on a far-off segment: true if the stream now goes on there, false if it is kept
    /// aside.
    pub(super) fn take_far(&mut self, segment: &Segment<'_>, limits: &Limits, out: &mut Out<'_>) -> bool {
        let stray = self.take_stray(out);
        let ahead = distance(self.next, segment.seq);
        if self.has(ACK_AHEAD) && (0..=distance(self.next, self.ack)).contains(&ahead) {
            self.restart_at(segment, out);
            return true;
        }
        if let Some(stray) = stray
            && distance(stray.seq, segment.seq).abs() <= AHEAD
        {
            let stray = stray.segment();
            let earlier = distance(stray.seq, segment.seq) < 0;
            self.restart_at(if earlier { segment } else { &stray }, out);
            self.place(stray, limits, out);
            return true;
        }
        if !out.memory.fits(segment.cost()) {
            self.restart_at(segment, out);
            return true;
        }
        out.memory.used += segment.cost();
        self.rare.get_or_insert_default().stray = Some(Held::new(segment));
        self.state |= HOLDING;
        false
    }

    pub(super) fn stray_seq(&self) -> Option<u32> {
        Some(self.rare.as_ref()?.stray.as_ref()?.seq)
    }

    pub(super) fn take_stray(&mut self, out: &mut Out<'_>) -> Option<Held> {
        let stray = self.rare.as_mut()?.stray.take()?;
        out.release(stray.segment().cost());
        Some(stray)
    }

    /// Moves the stream to the segment, after what is held, with a gap; what was pending is void.
    pub(super) fn restart_at(&mut self, segment: &Segment<'_>, out: &mut Out<'_>) {
        let was_ahead = distance(self.next, segment.seq) > 0;
        while self.give_up(out) {}
        let missing = distance(self.next, segment.seq);
        if was_ahead && missing <= 0 {
            return;
        }
        out.gap(missing, segment.frame, segment.ts_ns);
        self.next = segment.seq;
        self.state &= !(ACK_AHEAD | FIN_AHEAD | FIN_PASSED);
    }

    pub(super) fn restart_with(&mut self, segment: &Segment<'_>, out: &mut Out<'_>) {
        self.restart_at(segment, out);
        if let Some(new) = segment.from(self.next) {
            out.data(&new);
            self.next = new.end();
        }
    }
}
