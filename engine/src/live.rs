//! The thread that reads live interfaces into blocks.
//!
//! Blocks are cut by time, too, so that a record is written soon after its packet; once a second a block says what time
//! it is, whereupon the sensors tell what is due and the lake makes it visible.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use linewarden_ring::{Change, Packet, Port, wait};

use crate::keeper::Keeper;
use crate::run::{Block, Feeder, Problem};

/// A block ends after so long, or at so many frames or bytes.
const CUT: Duration = Duration::from_millis(200);
const FRAMES: usize = 8_192;
const BYTES: usize = 1 << 20;
/// How often the time is told.
const TICK: Duration = Duration::from_secs(1);
/// The clock of the wall and the one that is never set may differ by so many ns from block to block.
const JUMP: i64 = 2_000_000_000;
/// What may go on for long is said so often.
const SAY: Duration = Duration::from_secs(60);
/// The kernel hands over a block that is not full after `Options::retire_ms`; at the end that is waited for.
const LAST: Duration = Duration::from_millis(150);

/// An interface: name, whether it is up, packets read, packets lost.
pub type PortNews = (String, bool, u64, u64);

/// What is known of the interfaces at a tick.
#[derive(Debug, Default, Clone)]
pub struct LiveNews {
    pub ports: Vec<PortNews>,
    /// Packets that the ring on disk missed.
    pub unkept: u64,
}

/// Names of captures, and when the next one is due.
pub struct Naming {
    /// Of this run: `watch-<time>`. Without a ring on disk it is the name of the capture, but for jumps of the clock.
    pub stem: String,
    pub rotates: Option<(u64, Duration)>,
}

pub struct Live {
    pub ports: Vec<Port>,
    pub feeder: Feeder,
    pub keeper: Option<Keeper>,
    pub naming: Naming,
    pub end: Arc<AtomicBool>,
    state: State,
}

struct State {
    counts: Vec<u64>,
    drops: Vec<u64>,
    said_drops: Vec<Option<Instant>>,
    number: u64,
    serial: u32,
    capture_bytes: u64,
    capture_began: Instant,
    ticked: Instant,
    clocks: (Instant, i64),
    unkept: u64,
    said_unkept: Option<Instant>,
    rotate: bool,
}

fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

impl Live {
    pub fn new(
        ports: Vec<Port>,
        feeder: Feeder,
        keeper: Option<Keeper>,
        naming: Naming,
        end: Arc<AtomicBool>,
    ) -> Self {
        let (n, now) = (ports.len(), Instant::now());
        let state = State {
            counts: vec![0; n],
            drops: vec![0; n],
            said_drops: vec![None; n],
            number: 0,
            serial: 0,
            capture_bytes: 0,
            capture_began: now,
            ticked: now,
            clocks: (now, now_ns()),
            unkept: 0,
            said_unkept: None,
            rotate: true,
        };
        Self {
            ports,
            feeder,
            keeper,
            naming,
            end,
            state,
        }
    }

    /// Reads until told to end, or until nobody wants more.
    pub fn run(mut self) {
        loop {
            if self.state.rotate {
                self.begin_capture();
            }
            let end = self.end.load(Ordering::Relaxed);
            let listened = if end { self.listen(LAST) } else { self.listen(CUT) };
            if !listened || !self.cut(end) || end {
                return;
            }
        }
    }

    /// Reads for so long, or until the block is full; false when nobody wants more.
    fn listen(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            wait(&self.ports, left);
            while self.drain() {
                if !self.send(None) {
                    return false;
                }
                if Instant::now() >= until {
                    return true;
                }
            }
            if left.is_zero() {
                return true;
            }
        }
    }

    /// Takes what the ports have; true if the block is full before they are empty.
    fn drain(&mut self) -> bool {
        let block = &mut self.feeder.block;
        loop {
            let mut any = false;
            for (i, port) in self.ports.iter_mut().enumerate() {
                let (state, linktype) = (&mut self.state, port.linktype());
                any |= port.block(|packet| {
                    state.number += 1;
                    state.counts[i] += 1;
                    state.capture_bytes += packet.data.len() as u64 + 36;
                    push(block, state.number, i as u32, linktype, &packet);
                });
            }
            if block.count >= FRAMES || block.bytes.len() >= BYTES {
                return true;
            }
            if !any {
                return false;
            }
        }
    }

    /// Ends a block by time.
    fn cut(&mut self, end: bool) -> bool {
        let now = now_ns();
        let jumped = self.clock_jumped(now);
        let due = self.state.ticked.elapsed() >= TICK || end || jumped;
        if due {
            self.state.ticked = Instant::now();
            self.look_at_ports();
        }
        if jumped || self.is_full() {
            self.state.rotate = true;
        }
        self.feeder.block.jumped = jumped;
        self.send(due.then_some(now))
    }

    /// Whether the ring on disk begins a new file.
    fn is_full(&self) -> bool {
        let state = &self.state;
        self.naming
            .rotates
            .is_some_and(|(bytes, age)| state.capture_bytes >= bytes || state.capture_began.elapsed() >= age)
    }

    fn clock_jumped(&mut self, now: i64) -> bool {
        let (then, said) = std::mem::replace(&mut self.state.clocks, (Instant::now(), now));
        let passed = i64::try_from(then.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let jump = now.saturating_sub(said).saturating_sub(passed);
        if jump.abs() < JUMP {
            return false;
        }
        let seconds = jump as f64 / 1e9;
        self.say(format!(
            "the clock was set by {seconds:+.1} s; open conversations are closed and begin anew"
        ));
        true
    }

    fn look_at_ports(&mut self) {
        let mut lines = Vec::new();
        for (i, port) in self.ports.iter_mut().enumerate() {
            let name = port.name().to_owned();
            lines.extend(port.check().map(|change| match change {
                Change::Down => format!("{name}: the interface is down; waiting for it"),
                Change::Up => format!("{name}: the interface is up again"),
                Change::Gone => format!("{name}: the interface is gone; waiting for one of that name"),
                Change::Back => format!("{name}: the interface is back"),
            }));
            let (state, drops) = (&mut self.state, port.drops());
            let new = drops - state.drops[i];
            let quiet = state.said_drops[i].is_none_or(|at| at.elapsed() >= SAY);
            if new > 0 && quiet {
                state.drops[i] = drops;
                state.said_drops[i] = Some(Instant::now());
                lines.push(format!(
                    "{name}: {new} packets were lost, as they came faster than they are read; records have gaps"
                ));
            }
        }
        lines.extend(self.keeper.iter().flat_map(Keeper::said));
        for line in lines {
            self.say(line);
        }
    }

    fn news(&mut self) -> LiveNews {
        let counts = self.state.counts.iter();
        let ports = self.ports.iter_mut().zip(counts);
        LiveNews {
            ports: ports
                .map(|(p, &n)| (p.name().to_owned(), p.is_up(), n, p.drops()))
                .collect(),
            unkept: self.state.unkept,
        }
    }

    fn begin_capture(&mut self) {
        let state = &mut self.state;
        state.rotate = false;
        (state.number, state.capture_bytes, state.capture_began) = (0, 0, Instant::now());
        let name = match (&self.keeper, state.serial) {
            (Some(_), n) => format!("{}-{n:06}.pcapng", self.naming.stem),
            (None, 0) => self.naming.stem.clone(),
            (None, n) => format!("{}-{n:06}", self.naming.stem),
        };
        state.serial += 1;
        self.feeder.block.news.capture.clone_from(&name);
        self.feeder.block.begins = Some(name);
    }

    fn say(&mut self, text: String) {
        let capture = self.feeder.block.news.capture.clone();
        let problem = Problem {
            capture,
            text,
            fatal: false,
        };
        self.feeder.block.news.problems.push(Arc::new(problem));
    }

    /// Sends the block to the workers and to the ring on disk; false when nobody wants more.
    fn send(&mut self, tick: Option<i64>) -> bool {
        if self.ports.len() > 1 {
            self.feeder.block.sort_by_time();
        }
        if tick.is_some() {
            self.feeder.block.news.live = Some(Arc::new(self.news()));
        }
        self.feeder.block.tick = tick;
        let Some(block) = self.feeder.send_block(0) else {
            return false;
        };
        if let Some(keeper) = &self.keeper
            && (block.count > 0 || block.begins.is_some())
            && !keeper.take(&block)
        {
            self.not_kept(block.count as u64);
        }
        true
    }

    /// The file has a hole now: another begins, so that numbers of packets are right in both.
    fn not_kept(&mut self, packets: u64) {
        let state = &mut self.state;
        state.unkept += packets;
        state.rotate = true;
        if state.said_unkept.is_none_or(|at| at.elapsed() >= SAY) {
            state.said_unkept = Some(Instant::now());
            let total = state.unkept;
            self.say(format!(
                "the disk is too slow to keep all packets: {total} were read but not kept so far"
            ));
        }
    }
}

fn push(block: &mut Block, number: u64, interface: u32, linktype: u16, packet: &Packet<'_>) {
    let start = block.bytes.len();
    match (packet.tag, packet.data.split_at_checked(12)) {
        (Some(tag), Some((addresses, rest))) => {
            block.bytes.extend_from_slice(addresses);
            block.bytes.extend_from_slice(&tag);
            block.bytes.extend_from_slice(rest);
        }
        _ => block.bytes.extend_from_slice(packet.data),
    }
    let added = (block.bytes.len() - start - packet.data.len()) as u32;
    block.placed(
        number,
        packet.ts_ns,
        packet.origlen + added,
        interface,
        linktype,
        start,
    );
}
