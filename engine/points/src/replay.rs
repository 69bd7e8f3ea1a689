//! Readings that follow an earlier sequence.

use std::cmp::Ordering;

use hashbrown::HashSet;

use crate::points::Params;

/// What followed an earlier sequence so far. Only up, or only down, is a counter that began anew, or a machine that
/// starts as it always does.
#[derive(Debug, Default)]
pub struct Replay {
    frames: Vec<i64>,
    there: HashSet<i64>,
    sums: HashSet<u64>,
    last: Option<f64>,
    fell: bool,
    rose: bool,
}

impl Replay {
    /// One more reading, the sum of its values and its packet.
    pub fn add(&mut self, frame: i64, sum: f64) {
        // What cannot be compared goes neither way.
        let step = sum.partial_cmp(&self.last.unwrap_or(sum));
        self.fell |= step.is_none_or(Ordering::is_lt);
        self.rose |= step.is_none_or(Ordering::is_gt);
        self.last = Some(sum);
        if self.there.insert(frame) {
            self.frames.push(frame);
        }
        self.sums.insert((sum + 0.0).to_bits());
    }

    /// Enough of them, and neither a cycle of a few values nor a ramp.
    pub fn tells(&self, params: &Params) -> bool {
        self.fell && self.rose && self.frames.len() >= params.replayed && self.sums.len() >= params.distinct
    }

    /// Its packets, each once, in order.
    pub fn into_frames(self) -> Vec<i64> {
        self.frames
    }
}
