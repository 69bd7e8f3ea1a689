//! The last readings of one point.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::SECOND;
use crate::points::{Params, Reading};
use crate::replay::Replay;

/// Readings of a point that are remembered.
const HISTORY: usize = 600;

/// How lively the readings were, and which earlier sequence they follow.
#[derive(Debug, Default)]
pub struct Point {
    count: u64,
    changes: u64,
    last: Option<u64>,
    same_since: i64,
    same: u64,
    second: Option<i64>,
    /// Values in their order, no two alike in a row, and how many there were before these.
    past: VecDeque<u64>,
    gone: u64,
    /// Where in the whole sequence a value was seen last.
    places: HashMap<u64, u64>,
    /// Place in the whole sequence that the present one equals.
    at: Option<u64>,
    run: Replay,
}

impl Point {
    /// One more reading by time: has it stood still too long for what it was?
    pub fn stands(&mut self, reading: &Reading, params: &Params) -> bool {
        let second = reading.ts.div_euclid(SECOND);
        if self.second == Some(second) {
            return false;
        }
        self.second = Some(second);
        self.count += 1;
        if self.last != Some(reading.hash) {
            self.changes += 1;
            (self.last, self.same_since, self.same) = (Some(reading.hash), reading.ts, 1);
            return false;
        }
        self.same += 1;
        let moved = self.count - self.same;
        self.same >= params.still
            && (reading.ts - self.same_since) as f64 >= params.still_s * 1e9
            && moved >= params.known
            && self.changes as f64 >= params.lively * moved as f64
    }

    /// One more of the chosen values: the packets of a replay, once enough of them followed an earlier sequence.
    pub fn follows(&mut self, reading: &Reading, params: &Params) -> Option<Vec<i64>> {
        let value = reading.hash;
        if self.past.back() == Some(&value) {
            return None; // a pause in both
        }
        let goes_on = self.at.is_some_and(|at| self.value(at + 1) == Some(value));
        if goes_on {
            self.at = self.at.map(|at| at + 1);
        } else {
            self.at = self.places.get(&value).copied().filter(|&at| at >= self.gone);
            self.run = Replay::default();
        }
        self.remember(value);
        self.at?;
        self.run.add(reading.frame, reading.sum);
        let known = self.gone + self.past.len() as u64 >= params.known;
        (known && self.run.tells(params)).then(|| std::mem::take(&mut self.run).into_frames())
    }

    /// The value at a place of the whole sequence, if it is still remembered.
    fn value(&self, place: u64) -> Option<u64> {
        let place = place.checked_sub(self.gone)?;
        self.past.get(place as usize).copied()
    }

    fn remember(&mut self, value: u64) {
        if self.past.len() == HISTORY
            && let Some(first) = self.past.pop_front()
        {
            if self.places.get(&first) == Some(&self.gone) {
                self.places.remove(&first);
            }
            self.gone += 1;
        }
        self.places.insert(value, self.gone + self.past.len() as u64);
        self.past.push_back(value);
    }
}
