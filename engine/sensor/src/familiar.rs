//! Flows that are told by the headers of their frames.

use linewarden_capture::{Frame, Headers, Segment};

use crate::flow::{self, Fingerprint, FlowTable};
use crate::sensor::Sensor;
use crate::tables::Stamp;

/// Directions that can be found, by the mark of their headers; a later one takes the place of an earlier one.
const SLOTS: usize = 4_096;

/// Where the flows are whose headers were kept. What is found is compared with the flow's own headers, so it does no harm
/// that a slot may name a flow that is over.
#[derive(Debug)]
pub struct Familiar {
    /// The place in the table twice, and the side.
    slots: Box<[u32]>,
}

impl Default for Familiar {
    fn default() -> Self {
        Self {
            slots: vec![0; SLOTS].into(),
        }
    }
}

impl Familiar {
    /// Place and side of the open flow that this frame goes on with, and what is new in it.
    #[inline]
    pub fn find<'a>(&self, frame: &Frame<'a>, table: &FlowTable) -> Option<(usize, u8, Segment<'a>)> {
        let slot = *self.slots.get(slot_of(frame))?;
        let (place, side) = ((slot >> 1) as usize, (slot & 1) as u8);
        let flow = table.flows.get(place).filter(|flow| flow.alive)?;
        let segment = flow.sides[side as usize].headers.segment(frame)?;
        Some((place, side, segment))
    }

    /// The next frame with the headers of this one is of this flow.
    pub fn keep(&mut self, frame: &Frame<'_>, place: usize, side: u8) {
        if let Some(slot) = self.slots.get_mut(slot_of(frame)) {
            *slot = (place as u32) << 1 | u32::from(side);
        }
    }
}

#[inline]
fn slot_of(frame: &Frame<'_>) -> usize {
    Headers::mark(frame.data) as usize & (SLOTS - 1)
}

impl Sensor {
    /// A segment whose headers are those of an open flow; false if that is over by now.
    #[inline]
    pub(crate) fn goes_on(
        &mut self,
        stamp: Stamp,
        wire: u32,
        place: usize,
        side: u8,
        segment: &Segment<'_>,
    ) -> bool {
        let flow = &self.table.flows[place];
        if stamp.ts.saturating_sub(flow.last_ts) >= self.timeout(flow) {
            return false;
        }
        let &Segment {
            ident,
            seq,
            ack,
            flags,
            payload,
            checksums_ok,
        } = segment;
        let flow = &mut self.table.flows[place];
        let print = Fingerprint {
            ident,
            length: payload.len() as u32,
            seq,
            ack,
            flags,
        };
        let again = flow.count(side, stamp.ts, wire, payload.len(), print);
        if !checksums_ok {
            flow.bad_checksums += 1;
            flow.note(side, flow::CHECKSUM);
        }
        self.core
            .tcp(flow, side, stamp, seq, ack, flags, payload, 0, again);
        true
    }
}
