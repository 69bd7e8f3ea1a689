//! Requests that repeat are counted: one `command` row per conversation, function, area and interval.

use crate::emit::{Emitter, NewCommand};
use crate::names::{NameId, Names};
use crate::tables::{FlowInfo, Stamp};

/// Different functions and areas that are counted apart in one flow; beyond, the oldest is told and forgotten.
const MAX_KINDS: usize = 24;

/// What tells one kind of polling from another within a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollKey {
    pub proto: usize,
    pub verb: NameId,
    pub function: i64,
    pub unit: Option<i64>,
    pub area: NameId,
    pub from_orig: bool,
}

/// One request of a poll, answered or not.
#[derive(Debug, Clone, Copy)]
pub struct Beat<'a> {
    pub stamp: Stamp,
    pub answered: bool,
    pub error: Option<NameId>,
    pub range: Option<(i64, i64)>,
    pub point: Option<&'a str>,
}

#[derive(Debug)]
struct Poll {
    key: PollKey,
    window: i64,
    first: Stamp,
    until: i64,
    count: u64,
    answered: u64,
    errors: u64,
    last_error: NameId,
    last_answered: bool,
    range: Option<(i64, i64)>,
    point: Option<Box<str>>,
    points: u32,
}

#[derive(Debug, Default)]
pub struct Polls {
    kinds: Vec<Poll>,
    /// Where the last one stood: the next is often the same, or the one behind it.
    last: usize,
}

impl Polls {
    pub fn add(
        &mut self,
        key: PollKey,
        beat: Beat<'_>,
        info: &FlowInfo,
        emitter: &mut Emitter,
        names: &mut Names,
    ) {
        let window = beat.stamp.ts.div_euclid(emitter.interval);
        let found = self.find(&key);
        if let Some(i) = found
            && self.kinds[i].window != window
        {
            let old = self.kinds.remove(i);
            old.tell(info, emitter, names);
        } else if let Some(i) = found {
            self.kinds[i].beat(beat);
            return;
        }
        if self.kinds.len() >= MAX_KINDS {
            let old = self.kinds.remove(0);
            old.tell(info, emitter, names);
        }
        let mut poll = Poll {
            key,
            window,
            first: beat.stamp,
            until: beat.stamp.ts,
            count: 0,
            answered: 0,
            errors: 0,
            last_error: 0,
            last_answered: false,
            range: None,
            point: None,
            points: 0,
        };
        poll.beat(beat);
        self.kinds.push(poll);
    }

    fn find(&mut self, key: &PollKey) -> Option<usize> {
        let is = |i: usize| self.kinds.get(i).is_some_and(|p| p.key == *key);
        let near = [self.last, self.last + 1].into_iter().find(|&i| is(i));
        let found = near.or_else(|| self.kinds.iter().position(|p| p.key == *key));
        self.last = found.unwrap_or(self.last);
        found
    }

    /// Tells what was counted in intervals that are past.
    pub fn tell_before(&mut self, now: i64, info: &FlowInfo, emitter: &mut Emitter, names: &mut Names) {
        let window = now.div_euclid(emitter.interval);
        if self.kinds.iter().all(|p| p.window >= window) {
            return;
        }
        for poll in std::mem::take(&mut self.kinds) {
            if poll.window < window {
                poll.tell(info, emitter, names);
            } else {
                self.kinds.push(poll);
            }
        }
    }

    pub fn flush(&mut self, info: &FlowInfo, emitter: &mut Emitter, names: &mut Names) {
        for poll in self.kinds.drain(..) {
            poll.tell(info, emitter, names);
        }
    }
}

impl Poll {
    fn beat(&mut self, beat: Beat<'_>) {
        self.count += 1;
        self.answered += u64::from(beat.answered);
        self.errors += u64::from(beat.error.is_some());
        self.last_error = beat.error.unwrap_or(0);
        self.last_answered = beat.answered;
        self.until = self.until.max(beat.stamp.ts);
        if let Some((lo, hi)) = beat.range {
            let (a, b) = self.range.unwrap_or((lo, hi));
            self.range = Some((a.min(lo), b.max(hi)));
        }
        if let Some(point) = beat.point
            && self.point.as_deref() != Some(point)
        {
            self.points += 1;
            self.point.get_or_insert_with(|| point.into());
        }
    }

    fn tell(self, info: &FlowInfo, emitter: &mut Emitter, names: &mut Names) {
        let point = match (&self.point, self.points) {
            (Some(p), 0 | 1) => Some(p.to_string()),
            (Some(p), _) => Some(format!("{p} and others")),
            (None, _) => None,
        };
        let command = NewCommand {
            proto: self.key.proto,
            stamp: self.first,
            from_orig: self.key.from_orig,
            verb: self.key.verb,
            function: self.key.function,
            unit: self.key.unit,
            area: self.key.area,
            range: self.range,
            point: point.as_deref(),
            value: None,
            count: self.count,
            answered: self.answered,
            errors: self.errors,
            result: match (self.last_error, self.last_answered) {
                (0, true) => emitter.ok,
                (0, false) => emitter.unanswered,
                (error, _) => error,
            },
            until: self.until,
        };
        emitter.command(info, &command, names);
    }
}
