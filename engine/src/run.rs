//! The thread that reads captures, runs the sensor and feeds the lake.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use crossbeam_channel::{Receiver, Sender, bounded};
use linewarden_capture::{CaptureError, Reader};
use linewarden_lake::Lake;
use linewarden_sensor::{RichMessage, Sensor, Stats};

/// Packets between two messages to Python.
const PACKETS: u64 = 65_536;
/// Rich messages that are handed over at once at most.
const RICH: usize = 4_096;

/// What Python hears of while captures are read.
#[derive(Default)]
pub struct Chunk {
    pub packets: u64,
    pub bytes: u64,
    pub read: u64,
    pub total: Option<u64>,
    pub capture: String,
    pub batches: Vec<(String, RecordBatch)>,
    pub rich: Vec<Rich>,
    pub problems: Vec<Problem>,
    pub captures: Vec<CaptureDone>,
    pub last: Option<Done>,
}

/// A rich message with its names resolved.
pub struct Rich {
    pub proto: String,
    pub tag: String,
    pub capture: String,
    pub slots: Vec<(String, i64)>,
    pub raws: Vec<(String, Vec<u8>)>,
    pub message: RichMessage,
}

/// Something wrong with a capture.
pub struct Problem {
    pub capture: String,
    pub text: String,
    /// Nothing of it could be read.
    pub fatal: bool,
}

/// A capture that was read to its end.
pub struct CaptureDone {
    pub name: String,
    pub packets: u64,
    pub drops: Option<u64>,
    pub comments: Vec<String>,
    pub first_ts: Option<i64>,
    pub last_ts: Option<i64>,
}

/// The end of a run.
pub struct Done {
    pub stats: Stats,
    pub rows: Vec<(String, u64)>,
    pub weirds: Vec<(String, u64)>,
    pub error: Option<String>,
}

/// A capture to read: a path, or standard input.
pub struct Source {
    pub path: Option<PathBuf>,
    pub name: String,
}

/// The running thread.
pub struct Run {
    pub chunks: Receiver<Chunk>,
    pub thread: JoinHandle<()>,
    pub stop: Arc<AtomicBool>,
}

/// Starts reading. `taken` are the streams whose batches Python gets; all go to the lake.
pub fn start(sensor: Sensor, sources: Vec<Source>, taken: Vec<String>, lake: Option<Arc<Lake>>) -> std::io::Result<Run> {
    let (sender, chunks) = bounded(4);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let thread = std::thread::Builder::new().name("linewarden-sensor".into()).spawn(move || {
        let mut worker = Worker { sensor, taken, lake, sender, stop: flag, read: 0, total: None, error: None };
        worker.total = total(&sources);
        for source in &sources {
            if !worker.capture(source) {
                break;
            }
        }
        worker.finish();
    })?;
    Ok(Run { chunks, thread, stop })
}

fn total(sources: &[Source]) -> Option<u64> {
    sources.iter().map(|s| s.path.as_ref().and_then(|p| p.metadata().ok()).map(|m| m.len())).sum()
}

struct Worker {
    sensor: Sensor,
    taken: Vec<String>,
    lake: Option<Arc<Lake>>,
    sender: Sender<Chunk>,
    stop: Arc<AtomicBool>,
    /// Bytes of earlier captures.
    read: u64,
    total: Option<u64>,
    error: Option<String>,
}

impl Worker {
    /// Reads one capture; false when the run must end.
    fn capture(&mut self, source: &Source) -> bool {
        let opened = match &source.path {
            Some(path) => Reader::open(path),
            None => Reader::from_read(Box::new(std::io::stdin()), &source.name),
        };
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => return self.problem(&source.name, &error, true),
        };
        self.sensor.begin_capture(&source.name);
        let mut done = CaptureDone {
            name: source.name.clone(),
            packets: 0,
            drops: None,
            comments: Vec::new(),
            first_ts: None,
            last_ts: None,
        };
        loop {
            match reader.next() {
                Ok(Some(frame)) => {
                    done.packets += 1;
                    done.first_ts = Some(done.first_ts.map_or(frame.ts_ns, |t| t.min(frame.ts_ns)));
                    done.last_ts = Some(done.last_ts.map_or(frame.ts_ns, |t| t.max(frame.ts_ns)));
                    self.sensor.packet(&frame);
                    let due = done.packets % PACKETS == 0
                        || done.packets % 1_024 == 0 && self.sensor.rich_waiting() >= RICH;
                    if due && !self.send(&source.name, reader.progress().0) {
                        return false;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    if !self.problem(&source.name, &error, done.packets == 0 && !is_damage(&error)) {
                        return false;
                    }
                    if !is_damage(&error) {
                        break;
                    }
                }
            }
        }
        done.drops = reader.drops();
        done.comments = reader.comments().iter().map(|c| c.text.to_string()).collect();
        self.read += source.path.as_ref().and_then(|p| p.metadata().ok()).map_or(0, |m| m.len());
        let chunk = Chunk { captures: vec![done], ..self.chunk(&source.name, 0) };
        self.sender.send(chunk).is_ok()
    }

    fn problem(&mut self, capture: &str, error: &CaptureError, fatal: bool) -> bool {
        let problem = Problem { capture: capture.to_owned(), text: error.to_string(), fatal };
        let chunk = Chunk { problems: vec![problem], ..self.chunk(capture, 0) };
        self.sender.send(chunk).is_ok()
    }

    fn chunk(&mut self, capture: &str, read: u64) -> Chunk {
        let batches = self.batches();
        let rich = self.sensor.take_rich().into_iter().map(|m| self.resolve(m)).collect();
        Chunk {
            packets: self.sensor.stats.packets,
            bytes: self.sensor.stats.bytes,
            read: self.read + read,
            total: self.total,
            capture: capture.to_owned(),
            batches,
            rich,
            ..Chunk::default()
        }
    }

    fn send(&mut self, capture: &str, read: u64) -> bool {
        let chunk = self.chunk(capture, read);
        self.sender.send(chunk).is_ok() && !self.stop.load(Ordering::Relaxed) && self.error.is_none()
    }

    /// Full batches: to the lake, and those that Python takes to it.
    fn batches(&mut self) -> Vec<(String, RecordBatch)> {
        let mut taken = Vec::new();
        for (stream, batch) in self.sensor.take_ready() {
            let name = self.sensor.stream_name(stream).to_owned();
            if self.taken.contains(&name) {
                taken.push((name.clone(), batch.clone()));
            }
            if let Some(lake) = &self.lake
                && let Err(error) = lake.write(&name, batch)
            {
                self.error.get_or_insert(error.to_string());
            }
        }
        taken
    }

    fn resolve(&self, message: RichMessage) -> Rich {
        let slot = |s: u8| self.sensor.slot_name(message.proto, s).to_owned();
        Rich {
            proto: self.sensor.proto_name(message.proto).to_owned(),
            tag: self.sensor.name(message.tag).to_owned(),
            capture: self.sensor.name(message.stamp.capture).to_owned(),
            slots: message.numbers.iter().map(|&(s, v)| (slot(s), v)).collect(),
            raws: message.raws.iter().map(|(s, v)| (slot(*s), v.clone())).collect(),
            message,
        }
    }

    fn finish(mut self) {
        if !self.stop.load(Ordering::Relaxed) {
            self.sensor.finish();
        }
        let mut chunk = self.chunk("", 0);
        chunk.last = Some(Done {
            stats: self.sensor.stats(),
            rows: self.sensor.rows().map(|(n, r)| (n.to_owned(), r)).collect(),
            weirds: self.sensor.weird_totals(),
            error: self.error.take(),
        });
        // Nobody listens any more if Python gave up: nothing to do then.
        let _ = self.sender.send(chunk);
    }
}

fn is_damage(error: &CaptureError) -> bool {
    matches!(error, CaptureError::Damaged { .. })
}
