//! The sensor as a Python class: start it, take chunks, give rows back, finish.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use linewarden_lake::{Lake, LakeError, Options as LakeOptions};
use linewarden_sensor::{Cell, Options, Rows, Sensor as Engine, Spec, host_text, uid_text};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::batch::Batch;
use crate::keeper::{Keep, Keeper};
use crate::live::{Live, Naming, PortNews};
use crate::live_lake::LiveLake;
use crate::ports::Ports;
use crate::run::{Last, Part, Rich, Run, Source};
use crate::shard::SHARDS;

/// Reads captures through the protocol tables into records.
#[pyclass(module = "linewarden._engine", unsendable)]
pub struct Sensor {
    engines: Vec<Engine>,
    rows: Rows,
    run: Option<Run>,
    lake: Option<Lake>,
    /// Instead of `lake`, for a run that goes on.
    live: Option<LiveLake>,
    end: Arc<AtomicBool>,
    taken: Vec<String>,
}

/// Name, packets, drops, comments, first and last ts of a capture.
type CaptureEnd = (String, u64, Option<u64>, Vec<String>, Option<i64>, Option<i64>);

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
    captures: Vec<CaptureEnd>,
    /// At a tick of `watch`: (name, up, packets, lost) of each interface, and packets that the ring on disk missed.
    live: Option<(Vec<PortNews>, u64)>,
    /// Totals; set in the last chunk.
    last: Option<Py<PyDict>>,
}

#[pymethods]
impl Sensor {
    /// `spec`: the compiled protocols as JSON. `lake`: (root, site, prefix) or None. `live`: the lake is for `watch`.
    #[new]
    #[pyo3(signature = (
        spec, sensor = "local", interval_ns = 60_000_000_000, max_flows = 200_000, lake = None, shortcuts = true, live = false
    ))]
    #[allow(clippy::too_many_arguments)] // all but one are named in Python
    fn new(
        py: Python<'_>,
        spec: &str,
        sensor: &str,
        interval_ns: i64,
        max_flows: usize,
        lake: Option<(PathBuf, String, String)>,
        shortcuts: bool,
        live: bool,
    ) -> PyResult<Self> {
        let options = Options {
            sensor: sensor.into(),
            interval: interval_ns,
            max_flows,
            shortcuts,
            ..Options::default()
        };
        // Making the tables takes a while, in which Python can import something.
        py.detach(|| Self::make(spec, options.split(SHARDS), lake, live))
    }

    /// Begins to read captures [(path or None for standard input, name)] in a thread of its own. `take`: streams whose
    /// batches the chunks bring; without a lake, only these are built.
    fn start(&mut self, captures: Vec<(Option<PathBuf>, String)>, take: Vec<String>) -> PyResult<()> {
        let engines = self.engines(take)?;
        let sources = captures
            .into_iter()
            .map(|(path, name)| Source { path, name })
            .collect();
        self.run = Some(Run::start(engines, sources)?);
        Ok(())
    }

    /// Begins to listen to open interfaces, which it takes over. `name`: what the captures of this run are called.
    /// `keep`: (folder, bytes, seconds) of the ring of packets on disk.
    #[pyo3(signature = (ports, name, take, keep = None))]
    fn watch(
        &mut self,
        ports: &mut Ports,
        name: String,
        take: Vec<String>,
        keep: Option<(PathBuf, u64, f64)>,
    ) -> PyResult<()> {
        let engines = self.engines(take)?;
        let keep = keep.map(|(folder, bytes, age)| Keep {
            folder,
            bytes,
            age: Duration::from_secs_f64(age.clamp(1.0, 1e9)),
        });
        let ports = ports.take();
        let naming = Naming {
            stem: name,
            rotates: keep.as_ref().map(|k| (k.file_bytes(), k.file_age())),
        };
        let names = ports
            .iter()
            .map(|p| (p.name().to_owned(), p.linktype()))
            .collect();
        let keeper = keep.map(|k| Keeper::start(k, names)).transpose()?;
        let end = self.end.clone();
        self.run = Some(Run::feed(engines, move |feeder| {
            Live::new(ports, feeder, keeper, naming, end).run();
        })?);
        Ok(())
    }

    /// Ends listening: what was heard until now is still read, and the last chunk comes.
    fn end(&self) {
        self.end.store(true, Ordering::Relaxed);
    }

    /// Makes the records visible that the chunks so far brought; gives what there is to say, and the rows and files
    /// written and rows lost so far.
    fn flush(&mut self, py: Python<'_>) -> (Vec<String>, u64, u64, u64) {
        let Some(live) = &mut self.live else {
            return (Vec::new(), 0, 0, 0);
        };
        py.detach(|| live.flush());
        (live.said(), live.rows, live.files, live.all_lost)
    }

    /// Waits for the next chunk (None after the last). Ctrl-C is heard.
    fn next(&mut self, py: Python<'_>) -> PyResult<Option<Chunk>> {
        let Some(run) = &mut self.run else { return Ok(None) };
        loop {
            match py.detach(|| run.next(WAIT)) {
                Ok(None) => return Ok(None),
                Ok(Some(parts)) => return self.chunk(py, parts).map(Some),
                Err(_) => py.check_signals()?,
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

    /// Appended rows since the last time, as [(stream, batch)]; they are in the lake too, which is not waited for if they
    /// are the last.
    #[pyo3(signature = (last = false))]
    fn drain(&mut self, py: Python<'_>, last: bool) -> PyResult<Py<PyList>> {
        let list = PyList::empty(py);
        for (stream, batch) in self
            .rows
            .take()
            .map_err(|e| PyValueError::new_err(e.to_string()))?
        {
            self.keep(py, &stream, &batch, last)?;
            list.append((stream, Py::new(py, Batch::new(batch))?))?;
        }
        Ok(list.unbind())
    }

    /// Nothing more will come into the lake: what is left is written from now on, while Python does something else.
    fn seal(&self) {
        if let Some(lake) = &self.lake {
            lake.seal();
        }
    }

    /// Ends the run; the lake's files are whole from now on. [(stream, path, rows, bytes)].
    fn finish(&mut self, py: Python<'_>) -> PyResult<Vec<(String, PathBuf, u64, u64)>> {
        self.join(py);
        if let Some(live) = self.live.take() {
            py.detach(|| live.finish());
        }
        let Some(lake) = self.lake.take() else {
            return Ok(Vec::new());
        };
        let written = py.detach(|| lake.finish()).map_err(lake_error)?;
        Ok(written
            .into_iter()
            .map(|w| (w.stream, w.path, w.rows, w.bytes))
            .collect())
    }

    /// Gives the run up: half-written files go.
    fn abort(&mut self, py: Python<'_>) {
        self.join(py);
        if let Some(lake) = self.lake.take() {
            py.detach(|| lake.abort());
        }
        self.live = None;
    }
}

impl Sensor {
    fn make(
        spec: &str,
        options: Options,
        lake: Option<(PathBuf, String, String)>,
        live: bool,
    ) -> PyResult<Self> {
        let wrong = |e: linewarden_sensor::SpecError| PyValueError::new_err(e.to_string());
        let spec = Arc::new(Spec::from_json(spec).map_err(wrong)?);
        let rows = Rows::new(&spec.streams);
        let engines = (0..SHARDS)
            .map(|_| Engine::new(spec.clone(), options.clone()).map_err(wrong))
            .collect::<PyResult<Vec<_>>>()?;
        let (mut once, mut on_and_on) = (None, None);
        if let Some((root, site, prefix)) = lake {
            let options = LakeOptions::new(site, prefix);
            if live {
                on_and_on = Some(LiveLake::create(root, options).map_err(lake_error)?);
            } else {
                once = Some(Lake::create(&root, options).map_err(lake_error)?);
            }
        }
        Ok(Self {
            engines,
            rows,
            run: None,
            lake: once,
            live: on_and_on,
            end: Arc::default(),
            taken: Vec::new(),
        })
    }

    /// The engines, which are started once, told what is wanted of them.
    fn engines(&mut self, take: Vec<String>) -> PyResult<Vec<Engine>> {
        if self.engines.is_empty() {
            return Err(PyRuntimeError::new_err("the sensor was started before"));
        }
        let mut engines = std::mem::take(&mut self.engines);
        if self.lake.is_none() && self.live.is_none() {
            for engine in &mut engines {
                engine.want(&|name| take.iter().any(|t| t == name));
            }
        }
        self.taken = take;
        Ok(engines)
    }

    /// A batch to the lake, where there is one; the last ones are not waited for. A live lake says later what was wrong.
    fn keep(&mut self, py: Python<'_>, stream: &str, batch: &RecordBatch, last: bool) -> PyResult<()> {
        let copy = batch.clone();
        if let Some(live) = &mut self.live {
            py.detach(|| live.write(stream, copy));
        } else if let Some(lake) = &self.lake {
            let written = if last {
                lake.write_last(stream, copy)
            } else {
                py.detach(|| lake.write(stream, copy))
            };
            written.map_err(lake_error)?;
        }
        Ok(())
    }

    fn join(&mut self, py: Python<'_>) {
        if let Some(run) = self.run.take() {
            py.detach(|| run.stop());
        }
    }

    /// The workers' parts of a block as one chunk: batches to the lake, and those that Python takes to it.
    fn chunk(&mut self, py: Python<'_>, parts: Vec<Part>) -> PyResult<Chunk> {
        let batches = PyList::empty(py);
        let rich = PyList::empty(py);
        let mut lasts = Vec::new();
        let mut news = None;
        let last = parts.iter().any(|part| part.last.is_some());
        for part in parts {
            for (stream, batch) in part.batches {
                if self.taken.contains(&stream) {
                    batches.append((&stream, Py::new(py, Batch::new(batch.clone()))?))?;
                }
                self.keep(py, &stream, &batch, last)?;
            }
            for message in &part.rich {
                rich.append(message_tuple(py, message)?)?;
            }
            lasts.extend(part.last);
            news.get_or_insert(part.news);
        }
        let news = news.unwrap_or_default();
        Ok(Chunk {
            packets: news.packets,
            bytes: news.wire_bytes,
            read: news.read,
            total: news.total,
            capture: news.capture.clone(),
            batches: batches.unbind(),
            rich: rich.unbind(),
            problems: news
                .problems
                .iter()
                .map(|p| (p.capture.clone(), p.text.clone(), p.fatal))
                .collect(),
            captures: news
                .captures
                .iter()
                .map(|c| {
                    (
                        c.name.clone(),
                        c.packets,
                        c.drops,
                        c.comments.clone(),
                        c.first_ts,
                        c.last_ts,
                    )
                })
                .collect(),
            live: news.live.as_ref().map(|l| (l.ports.clone(), l.unkept)),
            last: if lasts.is_empty() {
                None
            } else {
                Some(totals(py, &lasts)?)
            },
        })
    }
}

/// The ends of all workers together.
fn totals(py: Python<'_>, lasts: &[Last]) -> PyResult<Py<PyDict>> {
    let sum = |field: fn(&Last) -> u64| lasts.iter().map(field).sum::<u64>();
    let (mut rows, mut weirds) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    for last in lasts {
        for (name, n) in &last.rows {
            *rows.entry(name).or_default() += n;
        }
        for (name, n) in &last.weirds {
            *weirds.entry(name).or_default() += n;
        }
    }
    let totals = PyDict::new(py);
    totals.set_item("packets", sum(|l| l.stats.packets))?;
    totals.set_item("bytes", sum(|l| l.stats.bytes))?;
    totals.set_item("first_ts", lasts.iter().filter_map(|l| l.stats.first_ts).min())?;
    totals.set_item("last_ts", lasts.iter().filter_map(|l| l.stats.last_ts).max())?;
    totals.set_item("flows", sum(|l| l.stats.flows))?;
    totals.set_item("flows_evicted", sum(|l| l.stats.flows_evicted))?;
    totals.set_item("truncated_packets", sum(|l| l.stats.truncated))?;
    totals.set_item("fragments_expired", sum(|l| l.stats.fragments_expired))?;
    totals.set_item("held_bytes_peak", sum(|l| l.stats.held_peak as u64))?;
    totals.set_item("rows", rows)?;
    totals.set_item("weirds", weirds)?;
    Ok(totals.unbind())
}

#[allow(clippy::needless_pass_by_value)] // as `map_err` gives it
fn lake_error(error: LakeError) -> PyErr {
    PyOSError::new_err(error.to_string())
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
    let head = (
        &rich.proto,
        &rich.tag,
        m.stamp.ts,
        uid_text(m.info.uid),
        &rich.capture,
        m.stamp.frame,
        src,
        dst,
    );
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
    Ok(head
        .into_pyobject(py)?
        .add(tail.into_pyobject(py)?)?
        .cast_into::<PyTuple>()?)
}
