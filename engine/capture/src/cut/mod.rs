//! Packets out of captures: those that were named, and what their conversations said around them.
//!
//! Captures are read twice: once to the last packet that was named, to learn of which conversations those packets are,
//! and once for what was said around them. What is held is bounded by the number of packets that a file may have.

mod conversation;
mod piece;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::error::CaptureError;
use crate::reader::{Frame, Reader};
use conversation::{Conversation, conversation};
use piece::{Notes, Piece, Pieces};

/// The time of a packet may differ by so much from what was noted: a copy may have been written in microseconds.
const SAME_TIME_NS: i64 = 1_000_000;
/// Packets in a capture may be out of order by so much,
const DISORDER_NS: i64 = 60_000_000_000;
/// and some have a time that is wrong: only behind so many late ones nothing more is looked for.
const MOST_LATE: u32 = 1_000;
/// How often to ask whether to stop.
const ASK_EVERY: u64 = 1 << 16;

/// A packet that is wanted.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Which of the captures.
    pub capture: usize,
    /// Its number in it, from 1.
    pub frame: u64,
    /// When it was, if that is known: a packet of another time is another packet.
    pub ts_ns: Option<i64>,
    /// What to say about it in the file; may be empty.
    pub comment: String,
}

/// A file to write.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where; it appears whole, or not at all.
    pub out: PathBuf,
    /// Packets that it must have.
    pub marks: Vec<Mark>,
    /// Captures that may have more of the conversations, beside those of the marks.
    pub beside: Vec<usize>,
}

/// How much of the conversations to add.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// What was said so long before and after a mark,
    pub ns: i64,
    /// but so many packets in one file at most, the nearest; marks are always there.
    pub most: usize,
    /// Whether each of them has a comment with its number in its capture, `#4711`.
    pub numbered: bool,
}

/// What became of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Packets that were named and found.
    pub named: usize,
    /// Packets written; 0 if none was found, and then there is no file.
    pub packets: usize,
    /// Packets around that were too many.
    pub left_out: u64,
    /// Marks behind the end of their capture: capture, number, packets in the capture.
    pub missing: Vec<(usize, u64, u64)>,
    /// Marks whose packet is of another time: capture, number, time of what is there now.
    pub differing: Vec<(usize, u64, i64)>,
}

/// Why nothing, or no more, was cut.
#[derive(Debug, Error)]
pub enum CutError {
    /// A capture that cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A file that cannot be written.
    #[error("{}: cannot be written ({source}); check folder and space", path.display())]
    Out {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}

/// Cuts packets out of captures into files, one for each job. `stop` is asked now and then.
///
/// # Errors
/// When a capture cannot be opened, or a file cannot be written; what was written before stays.
pub fn cut(
    captures: &[PathBuf],
    jobs: &[Job],
    around: Option<Around>,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Cut>, CutError> {
    let mut cutter = Cutter {
        captures,
        jobs,
        stop,
        notes: captures.iter().map(|_| Notes::default()).collect(),
        found: jobs.iter().map(|_| Pieces::default()).collect(),
        cuts: vec![Cut::default(); jobs.len()],
        conversations: HashMap::new(),
    };
    for capture in 0..captures.len() {
        cutter.named(capture)?;
    }
    if let Some(around) = around {
        cutter.begin_around(around);
        for capture in 0..captures.len() {
            cutter.around(capture, around)?;
        }
    }
    cutter.write()
}

type Marks<'a> = BTreeMap<u64, Vec<(usize, &'a Mark)>>;

struct Cutter<'a> {
    captures: &'a [PathBuf],
    jobs: &'a [Job],
    stop: &'a dyn Fn() -> bool,
    /// Of each capture, as far as it was read.
    notes: Vec<Notes>,
    /// Of each job.
    found: Vec<Pieces>,
    cuts: Vec<Cut>,
    /// When each of them had a mark, by job.
    conversations: HashMap<Conversation, Vec<(usize, Vec<i64>)>>,
}

impl Cutter<'_> {
    /// Finds the marks in a capture.
    fn named(&mut self, capture: usize) -> Result<(), CutError> {
        let marks = marks_of(self.jobs, capture);
        let Some(last) = marks.keys().max().copied() else {
            return Ok(());
        };
        let mut there = 0;
        let mut found = Vec::new();
        let reader = each(&self.captures[capture], self.stop, |frame| {
            there = frame.number;
            if marks.contains_key(&there) {
                found.push((Arc::new(Piece::of(capture, frame)), conversation(frame)));
            }
            there < last
        })?;
        self.notes[capture].learn(&reader);
        for (frame, wanted) in marks.range(there + 1..) {
            for (job, _) in wanted {
                let missing = &mut self.cuts[*job].missing;
                if missing.last() != Some(&(capture, *frame, there)) {
                    missing.push((capture, *frame, there));
                }
            }
        }
        self.check_times(capture, &marks, &found);
        for (piece, key) in found {
            for (job, mark) in &marks[&piece.number] {
                if self.is_it(*job, mark, piece.ts_ns) {
                    self.take(*job, mark, &piece, key);
                }
            }
        }
        Ok(())
    }

    /// Notes marks whose packet is of another time.
    fn check_times(
        &mut self,
        capture: usize,
        marks: &Marks<'_>,
        found: &[(Arc<Piece>, Option<Conversation>)],
    ) {
        for (piece, _) in found {
            for (job, mark) in &marks[&piece.number] {
                let differing = &mut self.cuts[*job].differing;
                let it = (capture, piece.number, piece.ts_ns);
                if other_time(mark, piece.ts_ns) && differing.last() != Some(&it) {
                    differing.push(it);
                }
            }
        }
    }

    /// Whether this is the packet that is meant. One whose time nobody knows is not to be trusted in a capture in
    /// which another one differs.
    fn is_it(&self, job: usize, mark: &Mark, ts_ns: i64) -> bool {
        match mark.ts_ns {
            Some(_) => !other_time(mark, ts_ns),
            None => self.cuts[job].differing.iter().all(|d| d.0 != mark.capture),
        }
    }

    fn take(&mut self, job: usize, mark: &Mark, piece: &Arc<Piece>, key: Option<Conversation>) {
        self.found[job].mark(piece, &mark.comment);
        for key in key.into_iter().flat_map(Conversation::with_fragments) {
            let by_job = self.conversations.entry(key).or_default();
            match by_job.iter_mut().find(|(j, _)| *j == job) {
                Some((_, times)) => times.push(piece.ts_ns),
                None => by_job.push((job, vec![piece.ts_ns])),
            }
        }
    }

    fn begin_around(&mut self, around: Around) {
        for pieces in &mut self.found {
            pieces.room(around);
        }
        for by_job in self.conversations.values_mut() {
            for (_, times) in by_job {
                times.sort_unstable();
                times.dedup();
            }
        }
    }

    /// Finds what the conversations said around the marks.
    fn around(&mut self, capture: usize, around: Around) -> Result<(), CutError> {
        let here: Vec<bool> = self
            .jobs
            .iter()
            .map(|j| j.beside.contains(&capture) || j.marks.iter().any(|m| m.capture == capture))
            .collect();
        let of_jobs = self
            .conversations
            .values()
            .flatten()
            .filter(|(job, _)| here[*job]);
        let Some(until) = of_jobs.filter_map(|(_, times)| times.last()).max() else {
            return Ok(());
        };
        let until = until.saturating_add(around.ns).saturating_add(DISORDER_NS);
        let (found, conversations) = (&mut self.found, &self.conversations);
        let mut late = 0;
        let reader = each(&self.captures[capture], self.stop, |frame| {
            let by_job = conversation(frame).and_then(|c| conversations.get(&c));
            let mut piece: Option<Arc<Piece>> = None;
            for (job, times) in by_job.into_iter().flatten().filter(|(job, _)| here[*job]) {
                let far = nearest(times, frame.ts_ns);
                if far <= around.ns.unsigned_abs() {
                    found[*job].near(far, capture, frame.number, || {
                        piece
                            .get_or_insert_with(|| Arc::new(Piece::of(capture, frame)))
                            .clone()
                    });
                }
            }
            late = if frame.ts_ns > until { late + 1 } else { 0 };
            late < MOST_LATE
        })?;
        self.notes[capture].learn(&reader);
        Ok(())
    }

    fn write(self) -> Result<Vec<Cut>, CutError> {
        let mut cuts = self.cuts;
        for ((job, pieces), cut) in self.jobs.iter().zip(self.found).zip(&mut cuts) {
            cut.named = pieces.named();
            cut.left_out = pieces.left_out();
            let of = |source| CutError::Out {
                path: job.out.clone(),
                source,
            };
            cut.packets = pieces.write(self.captures, &self.notes, &job.out).map_err(of)?;
        }
        Ok(cuts)
    }
}

/// The marks in a capture by number, each with its job.
fn marks_of(jobs: &[Job], capture: usize) -> Marks<'_> {
    let mut marks = Marks::new();
    for (job, wanted) in jobs.iter().enumerate() {
        for mark in wanted.marks.iter().filter(|m| m.capture == capture) {
            marks.entry(mark.frame).or_default().push((job, mark));
        }
    }
    marks
}

fn other_time(mark: &Mark, ts_ns: i64) -> bool {
    mark.ts_ns
        .is_some_and(|ts| ts.abs_diff(ts_ns) > SAME_TIME_NS.unsigned_abs())
}

/// How far a time is from the nearest of these.
fn nearest(times: &[i64], ts: i64) -> u64 {
    let at = times.partition_point(|t| *t < ts);
    let beside = [at.checked_sub(1).map(|i| times[i]), times.get(at).copied()];
    beside
        .into_iter()
        .flatten()
        .map(|t| t.abs_diff(ts))
        .min()
        .unwrap_or(u64::MAX)
}

/// Calls `take` for each packet until it says false. Damaged places are passed over, as when records are made of it:
/// so the numbers are the same.
fn each(
    path: &Path,
    stop: &dyn Fn() -> bool,
    mut take: impl FnMut(&Frame<'_>) -> bool,
) -> Result<Reader, CutError> {
    let mut reader = Reader::open(path)?;
    loop {
        match reader.next() {
            Ok(Some(frame)) => {
                if !take(&frame) {
                    break;
                }
                if frame.number % ASK_EVERY == 0 && stop() {
                    return Err(CutError::Stopped);
                }
            }
            Ok(None) => break,
            Err(CaptureError::Damaged { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(reader)
}

#[cfg(test)]
mod tests;
