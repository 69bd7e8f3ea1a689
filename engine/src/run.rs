//! The threads that read captures and run the sensors.
//!
//! One thread reads frames into blocks; every worker gets every block and takes the frames of its shard. What the
//! workers say of a block is put together in the order of blocks and shards, so a run gives the same every time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use linewarden_capture::{CaptureError, Frame, Meta, Reader, Turn};
use linewarden_sensor::{RichMessage, Sensor, Stats};

use crate::live::LiveNews;
use crate::shard::{SHARDS, share_of};

/// A block ends at so many frames or bytes.
const BLOCK_FRAMES: usize = 16_384;
const BLOCK_BYTES: usize = 2 << 20;
/// Blocks on their way to a worker, and results on their way back.
const QUEUE: usize = 3;

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

/// A capture to read: a path, or standard input.
pub struct Source {
    pub path: Option<PathBuf>,
    pub name: String,
}

/// Frames, and what happened to captures before the next block.
#[derive(Default)]
pub(crate) struct Block {
    /// A capture of this name begins with this block.
    pub begins: Option<String>,
    /// The clock was set before this block.
    pub jumped: bool,
    /// What time it is (ns UTC), where that is to be told.
    pub tick: Option<i64>,
    /// The frames of each worker.
    frames: [Vec<Meta>; SHARDS],
    pub count: usize,
    pub bytes: Vec<u8>,
    pub news: News,
    /// Where the room of a block goes that all workers are done with: new memory is slow memory.
    room: Option<Sender<Vec<u8>>>,
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(room) = &self.room {
            let _ = room.try_send(std::mem::take(&mut self.bytes));
        }
    }
}

/// What the reader has to tell.
#[derive(Default, Clone)]
pub struct News {
    pub packets: u64,
    pub wire_bytes: u64,
    pub read: u64,
    pub total: Option<u64>,
    pub capture: String,
    pub problems: Vec<Arc<Problem>>,
    pub captures: Vec<Arc<CaptureDone>>,
    /// At a tick of a live run.
    pub live: Option<Arc<LiveNews>>,
}

/// What one worker made of one block.
#[derive(Default)]
pub struct Part {
    pub batches: Vec<(String, RecordBatch)>,
    pub rich: Vec<Rich>,
    pub news: News,
    pub last: Option<Last>,
}

/// The end of one worker.
pub struct Last {
    pub stats: Stats,
    pub rows: Vec<(String, u64)>,
    pub weirds: Vec<(String, u64)>,
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

/// The running threads.
pub struct Run {
    results: Vec<Receiver<Part>>,
    waiting: Vec<Part>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Run {
    /// Starts reading with one sensor a shard.
    pub fn start(sensors: Vec<Sensor>, sources: Vec<Source>) -> std::io::Result<Self> {
        Self::feed(sensors, move |mut feeder| {
            let sizes = sources
                .iter()
                .map(|s| s.path.as_ref().and_then(|p| p.metadata().ok()));
            feeder.block.news.total = sizes.map(|m| m.map(|m| m.len())).sum();
            for source in &sources {
                if !feeder.capture(source) {
                    break;
                }
            }
        })
    }

    /// Starts the workers, and a thread that feeds them.
    pub fn feed(sensors: Vec<Sensor>, feed: impl FnOnce(Feeder) + Send + 'static) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (mut threads, mut results, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
        for (shard, sensor) in sensors.into_iter().enumerate() {
            let (to_worker, from_reader) = bounded::<Arc<Block>>(QUEUE);
            let (to_python, from_worker) = bounded::<Part>(QUEUE);
            blocks.push(to_worker);
            results.push(from_worker);
            threads.push(spawn(format!("linewarden-{shard}"), move || {
                Worker {
                    sensor,
                    shard,
                    out: to_python,
                }
                .run(&from_reader);
            })?);
        }
        let flag = stop.clone();
        threads.push(spawn("linewarden-read".into(), move || {
            let (used, room) = bounded(2 * QUEUE);
            feed(Feeder {
                blocks,
                stop: flag,
                done_bytes: 0,
                block: Block::default(),
                used,
                room,
            });
        })?);
        Ok(Self {
            results,
            waiting: Vec::new(),
            threads,
            stop,
        })
    }

    /// The parts of the next block, one a shard; `None` after the last. A time-out keeps what came so far.
    pub fn next(&mut self, wait: std::time::Duration) -> Result<Option<Vec<Part>>, RecvTimeoutError> {
        while self.waiting.len() < self.results.len() {
            match self.results[self.waiting.len()].recv_timeout(wait) {
                Ok(part) => self.waiting.push(part),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(timeout) => return Err(timeout),
            }
        }
        Ok(Some(std::mem::take(&mut self.waiting)))
    }

    /// Gives up, and waits for the threads.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.results);
        for thread in self.threads {
            // A worker that panicked has told so on standard error; there is nothing to add.
            let _ = thread.join();
        }
    }
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name).spawn(work)
}

/// Reads captures into blocks.
pub(crate) struct Feeder {
    blocks: Vec<Sender<Arc<Block>>>,
    stop: Arc<AtomicBool>,
    /// File bytes of earlier captures.
    done_bytes: u64,
    pub block: Block,
    /// Both ends of the way back that the room of old blocks takes.
    used: Sender<Vec<u8>>,
    room: Receiver<Vec<u8>>,
}

impl Feeder {
    /// Reads one capture; false when the run must end.
    fn capture(&mut self, source: &Source) -> bool {
        let opened = match &source.path {
            Some(path) => Reader::open(path),
            None => Reader::from_read(Box::new(std::io::stdin()), &source.name),
        };
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                self.problem(&source.name, &error, true);
                return self.send(0);
            }
        };
        self.block.begins = Some(source.name.clone());
        self.block.news.capture.clone_from(&source.name);
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
                    self.block.push(&frame);
                    let full = self.block.count >= BLOCK_FRAMES || self.block.bytes.len() >= BLOCK_BYTES;
                    if full && !self.send(reader.progress().0) {
                        return false;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    let damage = matches!(error, CaptureError::Damaged { .. });
                    self.problem(&source.name, &error, done.packets == 0 && !damage);
                    if !damage {
                        break;
                    }
                }
            }
        }
        done.drops = reader.drops();
        done.comments = reader.comments().iter().map(|c| c.text.to_string()).collect();
        self.done_bytes += source
            .path
            .as_ref()
            .and_then(|p| p.metadata().ok())
            .map_or(0, |m| m.len());
        self.block.news.captures.push(Arc::new(done));
        self.send(0)
    }

    fn problem(&mut self, capture: &str, error: &CaptureError, fatal: bool) {
        let problem = Problem {
            capture: capture.to_owned(),
            text: error.to_string(),
            fatal,
        };
        self.block.news.problems.push(Arc::new(problem));
    }

    /// Sends the block to all workers; false when nobody wants more.
    fn send(&mut self, read: u64) -> bool {
        self.send_block(read).is_some()
    }

    /// The same, and gives the block back.
    pub fn send_block(&mut self, read: u64) -> Option<Arc<Block>> {
        self.block.news.read = self.done_bytes + read;
        let mut bytes = self
            .room
            .try_recv()
            .unwrap_or_else(|_| Vec::with_capacity(BLOCK_BYTES + 4_096));
        bytes.clear();
        let next = Block {
            frames: [(); SHARDS].map(|()| Vec::with_capacity(self.block.count / 2)),
            count: 0,
            bytes,
            room: Some(self.used.clone()),
            news: News {
                problems: Vec::new(),
                captures: Vec::new(),
                live: None,
                ..self.block.news.clone()
            },
            begins: None,
            jumped: false,
            tick: None,
        };
        let block = Arc::new(std::mem::replace(&mut self.block, next));
        let wanted = self
            .blocks
            .iter()
            .all(|worker| worker.send(block.clone()).is_ok());
        (wanted && !self.stop.load(Ordering::Relaxed)).then_some(block)
    }
}

impl Block {
    #[inline]
    fn push(&mut self, frame: &Frame<'_>) {
        self.news.packets += 1;
        self.news.wire_bytes += u64::from(frame.origlen);
        self.count += 1;
        let (shard, group) = share_of(frame.linktype.0, frame.data);
        self.frames[shard].push(Meta {
            number: frame.number,
            ts_ns: frame.ts_ns,
            start: self.bytes.len() as u32,
            length: frame.data.len() as u32,
            origlen: frame.origlen,
            interface: frame.interface as u16,
            linktype: frame.linktype.0,
            group,
        });
        self.bytes.extend_from_slice(frame.data);
    }
}

/// What a live run needs of a block.
impl Block {
    /// Notes a frame whose bytes were added, from `start` on.
    pub fn placed(
        &mut self,
        number: u64,
        ts_ns: i64,
        origlen: u32,
        interface: u32,
        linktype: u16,
        start: usize,
    ) {
        let data = self.bytes.get(start..).unwrap_or(&[]);
        let (shard, group) = share_of(linktype, data);
        self.news.packets += 1;
        self.news.wire_bytes += u64::from(origlen);
        self.count += 1;
        self.frames[shard].push(Meta {
            number,
            ts_ns,
            start: start as u32,
            length: data.len() as u32,
            origlen,
            interface: interface as u16,
            linktype,
            group,
        });
    }

    /// Frames of several interfaces in the order of their times.
    pub fn sort_by_time(&mut self) {
        for frames in &mut self.frames {
            frames.sort_by_key(|m| m.ts_ns);
        }
    }

    /// All frames by number.
    pub fn in_order(&self) -> Vec<Frame<'_>> {
        let mut all: Vec<_> = self
            .frames
            .iter()
            .flatten()
            .map(|m| m.frame(&self.bytes))
            .collect();
        all.sort_unstable_by_key(|f| f.number);
        all
    }
}

/// Runs one sensor over its share of the frames.
struct Worker {
    sensor: Sensor,
    shard: usize,
    out: Sender<Part>,
}

impl Worker {
    fn run(mut self, blocks: &Receiver<Arc<Block>>) {
        let (mut news, mut turn) = (News::default(), Turn::default());
        while let Ok(block) = blocks.recv() {
            if let Some(name) = &block.begins {
                self.sensor.begin_capture(name);
            }
            if let (true, Some(now)) = (block.jumped, block.tick) {
                self.sensor.clock_jumped(now);
            }
            let frames = &block.frames[self.shard];
            if let Some(first) = frames.first() {
                self.sensor.begin_turn(first.ts_ns);
            }
            for frame in turn.frames(&block.bytes, frames) {
                self.sensor.packet(&frame);
            }
            if !frames.is_empty() {
                self.sensor.end_turn();
            }
            if let Some(now) = block.tick {
                self.sensor.tick(now);
            }
            let part = Part {
                news: block.news.clone(),
                ..self.part()
            };
            news.clone_from(&part.news);
            if self.out.send(part).is_err() {
                return;
            }
        }
        self.sensor.finish();
        let last = Last {
            stats: self.sensor.stats(),
            rows: self.sensor.rows().map(|(n, r)| (n.to_owned(), r)).collect(),
            weirds: self.sensor.weird_totals(),
        };
        let news = News {
            problems: Vec::new(),
            captures: Vec::new(),
            ..news
        };
        let part = Part {
            last: Some(last),
            news,
            ..self.part()
        };
        // Nobody listens any more if Python gave up: nothing to do then.
        let _ = self.out.send(part);
    }

    fn part(&mut self) -> Part {
        let ready = self.sensor.take_ready();
        let batches = ready
            .into_iter()
            .map(|(s, b)| (self.sensor.stream_name(s).to_owned(), b))
            .collect();
        let rich = self
            .sensor
            .take_rich()
            .into_iter()
            .map(|m| self.resolve(m))
            .collect();
        Part {
            batches,
            rich,
            ..Part::default()
        }
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
}

const _: () = assert!(SHARDS <= u8::MAX as usize);
