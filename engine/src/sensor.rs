//! The sensor as a Python class: start it, take chunks, give rows back, finish.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use crossbeam_channel::RecvTimeoutError;
use std::time::Duration;

use linewarden_lake::{Lake, Options as LakeOptions};
use linewarden_sensor::{Cell, Options, Rows, Sensor as Engine, Spec, host_text, uid_text};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::batch::Batch;
use crate::run::{self, Rich, Run, Source};

/// Reads captures through the protocol tables into records.
#[pyclass(module = "linewarden._engine", unsendable)]
pub struct Sensor {
    engine: Option<Engine>,
    rows: Rows,
    run: Option<Run>,
    lake: Option<Arc<Lake>>,
}

/// What became known since the last chunk.
#[pyclass(module = "linewarden._engine", frozen, get_all)]
pub struct Chunk {
    /// Packets and bytes so far.
    packets: u64,
    bytes: u64,
    /// Bytes of the files so far, and of all (None if unknown).
    read: u64,
    total: Option<u64>,
    capture: String,
    /// (stream, Arrow record batch) of the streams that were asked for.
    batches: Py<PyList>,
    /// Rich messages as tuples, see `linewarden.sensor`.
    rich: Py<PyList>,
    /// (capture, text, nothing could be read).
    problems: Vec<(String, String, bool)>,
    /// (capture, packets, drops, comments, first ts, last ts) of captures that ended.
    captures: Vec<(String, u64, Option<u64>, Vec<String>, Option<i64>, Option<i64>)>,
    /// Totals; set in the last chunk.
    last: Option<Py<PyDict>>,
}

#[pymethods]
impl Sensor {
    /// `spec`: the compiled protocols as JSON. `lake`: (root, site, prefix) or None.
    #[new]
    #[pyo3(signature = (spec, sensor = "local", interval_ns = 60_000_000_000, max_flows = 200_000, lake = None))]
    fn new(
        spec: &str,
        sensor: &str,
        interval_ns: i64,
        max_flows: usize,
        lake: Option<(PathBuf, String, String)>,
    ) -> PyResult<Self> {
        let spec = Spec::from_json(spec).map_err(|e| PyValueError::new_err(e.to_string()))?;
        let rows = Rows::new(&spec.streams);
        let options = Options { sensor: sensor.into(), interval: interval_ns, max_flows, ..Options::default() };
        let engine = Engine::new(spec, options).map_err(|e| PyValueError::new_err(e.to_string()))?;
        let lake = match lake {
            Some((root, site, prefix)) => {
                let lake = Lake::create(&root, LakeOptions::new(site, prefix));
                Some(Arc::new(lake.map_err(|e| PyOSError::new_err(e.to_string()))?))
            }
            None => None,
        };
        Ok(Self { engine: Some(engine), rows, run: None, lake })
    }

    /// Begins to read captures [(path or None for standard input, name)] in a thread of its own. `take`: streams whose
    /// batches the chunks bring; without a lake, only these are built.
    fn start(&mut self, captures: Vec<(Option<PathBuf>, String)>, take: Vec<String>) -> PyResult<()> {
        let mut engine = self.engine.take().ok_or_else(|| PyRuntimeError::new_err("the sensor was started before"))?;
        if self.lake.is_none() {
            engine.want(&|name| take.iter().any(|t| t == name));
        }
        let sources = captures.into_iter().map(|(path, name)| Source { path, name }).collect();
        self.run = Some(run::start(engine, sources, take, self.lake.clone())?);
        Ok(())
    }

    /// Waits for the next chunk (None after the last). Ctrl-C is heard.
    fn next(&mut self, py: Python<'_>) -> PyResult<Option<Chunk>> {
        let Some(run) = &self.run else { return Ok(None) };
        loop {
            let got = py.detach(|| run.chunks.recv_timeout(WAIT));
            match got {
                Ok(chunk) => return Ok(Some(to_python(py, chunk)?)),
                Err(RecvTimeoutError::Timeout) => py.check_signals()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    /// Rows made in Python: values in the order of the stream's columns.
    fn append(&mut self, stream: &str, rows: Vec<Bound<'_, PyTuple>>) -> PyResult<()> {
        for row in rows {
            let cells = row.iter().map(|v| cell(&v)).collect::<PyResult<Vec<_>>>()?;
            if !self.rows.push(stream, cells) {
                return Err(PyValueError::new_err(format!("no stream {stream}")));
            }
        }
        Ok(())
    }

    /// Appended rows since the last time, as [(stream, batch)]; they are in the lake too.
    fn drain(&mut self, py: Python<'_>) -> PyResult<Py<PyList>> {
        let list = PyList::empty(py);
        for (stream, batch) in self.rows.take().map_err(|e| PyValueError::new_err(e.to_string()))? {
            if let Some(lake) = &self.lake {
                let copy = batch.clone();
                py.detach(|| lake.write(&stream, copy)).map_err(|e| PyOSError::new_err(e.to_string()))?;
            }
            list.append((stream, Py::new(py, Batch::new(batch))?))?;
        }
        Ok(list.unbind())
    }

    /// Ends the run; the lake's files are whole from now on. [(stream, path, rows, bytes)].
    fn finish(&mut self, py: Python<'_>) -> PyResult<Vec<(String, PathBuf, u64, u64)>> {
        self.join(py);
        let Some(lake) = self.lake.take().and_then(Arc::into_inner) else { return Ok(Vec::new()) };
        let written = py.detach(|| lake.finish()).map_err(|e| PyOSError::new_err(e.to_string()))?;
        Ok(written.into_iter().map(|w| (w.stream, w.path, w.rows, w.bytes)).collect())
    }

    /// Gives the run up: half-written files go.
    fn abort(&mut self, py: Python<'_>) {
        self.join(py);
        if let Some(lake) = self.lake.take().and_then(Arc::into_inner) {
            py.detach(|| lake.abort());
        }
    }
}

impl Sensor {
    fn join(&mut self, py: Python<'_>) {
        if let Some(run) = self.run.take() {
            run.stop.store(true, Ordering::Relaxed);
            drop(run.chunks);
            let thread = run.thread;
            let _ = py.detach(|| thread.join());
        }
    }
}

/// So long the GIL is given up at a time while waiting; then signals are looked at.
const WAIT: Duration = Duration::from_millis(200);

fn cell(value: &Bound<'_, PyAny>) -> PyResult<Cell> {
    Ok(if value.is_none() {
        Cell::Null
    } else if let Ok(text) = value.extract::<String>() {
        Cell::Text(text)
    } else if let Ok(number) = value.extract::<i64>() {
        Cell::Int(number)
    } else if let Ok(number) = value.extract::<u64>() {
        Cell::Int(number as i64)
    } else if let Ok(number) = value.extract::<f64>() {
        Cell::Float(number)
    } else {
        Cell::List(value.extract()?)
    })
}

fn to_python(py: Python<'_>, chunk: run::Chunk) -> PyResult<Chunk> {
    let batches = PyList::empty(py);
    for (stream, batch) in chunk.batches {
        batches.append((stream, Py::new(py, Batch::new(batch))?))?;
    }
    let rich = PyList::empty(py);
    for message in &chunk.rich {
        rich.append(message_tuple(py, message)?)?;
    }
    let last = chunk.last.map(|done| -> PyResult<Py<PyDict>> {
        let s = &done.stats;
        let totals = PyDict::new(py);
        totals.set_item("packets", s.packets)?;
        totals.set_item("bytes", s.bytes)?;
        totals.set_item("first_ts", s.first_ts)?;
        totals.set_item("last_ts", s.last_ts)?;
        totals.set_item("flows", s.flows)?;
        totals.set_item("flows_evicted", s.flows_evicted)?;
        totals.set_item("truncated_packets", s.truncated)?;
        totals.set_item("fragments_expired", s.fragments_expired)?;
        totals.set_item("rows", done.rows)?;
        totals.set_item("weirds", done.weirds)?;
        totals.set_item("error", done.error)?;
        Ok(totals.unbind())
    });
    Ok(Chunk {
        packets: chunk.packets,
        bytes: chunk.bytes,
        read: chunk.read,
        total: chunk.total,
        capture: chunk.capture,
        batches: batches.unbind(),
        rich: rich.unbind(),
        problems: chunk.problems.into_iter().map(|p| (p.capture, p.text, p.fatal)).collect(),
        captures: chunk
            .captures
            .into_iter()
            .map(|c| (c.name, c.packets, c.drops, c.comments, c.first_ts, c.last_ts))
            .collect(),
        last: last.transpose()?,
    })
}

/// In the order of `linewarden.protocols._shared.message.Message`.
fn message_tuple<'py>(py: Python<'py>, rich: &Rich) -> PyResult<Bound<'py, PyTuple>> {
    let m = &rich.message;
    let (orig, resp) = (host_text(m.info.orig), host_text(m.info.resp));
    let (src, dst) = if m.from_orig { (orig, resp) } else { (resp, orig) };
    let mac = |b: [u8; 6]| host_text(linewarden_sensor::Host::Mac(b));
    let slots = PyDict::new(py);
    for (name, value) in &rich.slots {
        slots.set_item(name, value)?;
    }
    for (name, value) in &rich.raws {
        slots.set_item(name, PyBytes::new(py, value))?;
    }
    let head = (&rich.proto, &rich.tag, m.stamp.ts, uid_text(m.info.uid), &rich.capture, m.stamp.frame, src, dst);
    let tail = (
        m.src_port,
        m.dst_port,
        mac(m.macs[0]),
        mac(m.macs[1]),
        m.from_orig,
        m.response,
        slots,
        PyBytes::new(py, &m.data),
    );
    Ok(head.into_pyobject(py)?.add(tail.into_pyobject(py)?)?.cast_into::<PyTuple>()?)
}
