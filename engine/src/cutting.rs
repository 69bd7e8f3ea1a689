//! Packets out of captures, for Python.

use std::path::PathBuf;

use linewarden_capture::{Around, Cut, CutError, Job, Mark};
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyValueError};
use pyo3::prelude::*;

/// Which capture, number, time, comment.
type Marks = Vec<(usize, u64, Option<i64>, String)>;
/// Named, written, left out, (capture, number, packets there), (capture, number, time of what is there).
type Outcome = (usize, usize, u64, Vec<(usize, u64, u64)>, Vec<(usize, u64, i64)>);

/// Cuts packets out of captures. `jobs`: file to write, marks, further captures of the conversations; `around`: ns
/// before and after a mark, the most packets of a file, and whether to say the number of each as a comment.
#[pyfunction]
#[pyo3(signature = (captures, jobs, around))]
#[allow(clippy::needless_pass_by_value)] // what Python hands over
pub fn cut(
    py: Python<'_>,
    captures: Vec<PathBuf>,
    jobs: Vec<(PathBuf, Marks, Vec<usize>)>,
    around: Option<(i64, usize, bool)>,
) -> PyResult<Vec<Outcome>> {
    if let Some((_, marks, beside)) = jobs.iter().find(|(_, marks, beside)| {
        let mut named = marks.iter().map(|m| m.0).chain(beside.iter().copied());
        named.any(|n| n >= captures.len())
    }) {
        let text = format!("a capture that is not there: {marks:?} {beside:?}");
        return Err(PyValueError::new_err(text));
    }
    let jobs: Vec<Job> = jobs.into_iter().map(job).collect();
    let around = around.map(|(ns, most, numbered)| Around { ns, most, numbered });
    let stop = || Python::attach(|py| py.check_signals().is_err());
    let cuts = py.detach(|| linewarden_capture::cut(&captures, &jobs, around, &stop));
    match cuts {
        Ok(cuts) => Ok(cuts.into_iter().map(outcome).collect()),
        Err(CutError::Capture(error)) => Err(PyValueError::new_err(error.to_string())),
        Err(CutError::Stopped) => Err(PyKeyboardInterrupt::new_err(())),
        Err(error) => Err(PyOSError::new_err(error.to_string())),
    }
}

fn job((out, marks, beside): (PathBuf, Marks, Vec<usize>)) -> Job {
    let mark = |(capture, frame, ts_ns, comment)| Mark {
        capture,
        frame,
        ts_ns,
        comment,
    };
    Job {
        out,
        marks: marks.into_iter().map(mark).collect(),
        beside,
    }
}

fn outcome(cut: Cut) -> Outcome {
    (cut.named, cut.packets, cut.left_out, cut.missing, cut.differing)
}
