//! Rich messages: those that a Python parser reads. What is handed over is bounded, since Python takes its time.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashMap;

use crate::ctx::Ctx;
use crate::names::NameId;
use crate::ops::{Again, Role, Slot};
use crate::session::Session;
use crate::tables::{FlowInfo, Stamp};
use crate::vm::Env;

/// Rich messages that a flow may have at once, and for each so many messages after that.
const FLOW_RICH: u64 = 256;
const FLOW_RICH_EVERY: u64 = 64;
/// The same for a protocol, in packets: with all that comes of it a message costs Python as much time as some hundred
/// packets cost the engine, and a flood may speak several protocols.
const PROTOCOL_RICH: u64 = 128;
const PROTOCOL_RICH_EVERY: u64 = 4_096;
/// What protocols share that have more to say, so that nobody has to be cut short where nothing floods.
const SHARED_RICH: u64 = 500;
const SHARED_RICH_EVERY: u64 = 1_024;

/// A message that the same sender repeats is parsed once in so many ns.
const TOLD_NS: i64 = 3_600_000_000_000;
/// Rich messages that are remembered for it.
const MAX_TOLD: usize = 16_384;

/// A message for a Python parser.
#[derive(Debug, Clone, PartialEq)]
pub struct RichMessage {
    pub proto: usize,
    pub tag: NameId,
    pub stamp: Stamp,
    pub info: FlowInfo,
    pub from_orig: bool,
    pub response: bool,
    pub src_port: u16,
    pub dst_port: u16,
    pub macs: [[u8; 6]; 2],
    pub numbers: Vec<(Slot, i64)>,
    pub raws: Vec<(Slot, Vec<u8>)>,
    pub data: Vec<u8>,
}

/// What was kept for Python, and what may be.
#[derive(Debug)]
pub struct Rich {
    pub kept: Vec<RichMessage>,
    /// By protocol.
    used: Vec<u64>,
    /// Of what protocols share.
    shared: u64,
    /// Messages and when each was handed over, by hash.
    told: HashMap<u64, i64>,
}

impl Rich {
    pub fn new(protocols: usize) -> Self {
        Self {
            kept: Vec::new(),
            used: vec![0; protocols],
            shared: 0,
            told: HashMap::new(),
        }
    }

    /// What the sender says, in any flow: tag, bytes and slots, but for those that only number a dialogue.
    fn statement(&self, env: &Env<'_>, ctx: &Ctx, tag: NameId, data: &[u8]) -> u64 {
        let source = if env.from_orig {
            env.flow.info.orig
        } else {
            env.flow.info.resp
        };
        let mut hasher = self.told.hasher().build_hasher();
        (env.index, tag, source, data).hash(&mut hasher);
        let mut slots = ctx.set & !env.proto.fleeting;
        while slots != 0 {
            ctx.ints[slots.trailing_zeros() as usize].hash(&mut hasher);
            slots &= slots - 1;
        }
        for raw in ctx.raws().filter(|raw| env.proto.fleeting >> raw.0 & 1 == 0) {
            raw.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Keeps a message, after so many packets; false when the budget is spent. One that was said before is passed over.
    #[allow(clippy::too_many_arguments)]
    pub fn take(
        &mut self,
        env: &Env<'_>,
        session: &mut Session,
        ctx: &Ctx,
        tag: NameId,
        again: Again,
        data: &[u8],
        packets: u64,
    ) -> bool {
        let said = match again {
            Again::Hourly => self.statement(env, ctx, tag, data),
            _ => self.told.hasher().hash_one((tag, env.side, data)),
        };
        let last = self.told.get(&said).filter(|_| again == Again::Hourly);
        let within_the_hour = last.is_some_and(|last| env.stamp.ts.saturating_sub(*last) < TOLD_NS);
        if within_the_hour || again == Again::NewInFlow && session.rich_seen.contains(&said) {
            return true;
        }
        if session.rich_used >= FLOW_RICH + session.messages / FLOW_RICH_EVERY
            || !self.affords(env.index, packets)
        {
            return false;
        }
        // Only now: what the budget turned away may be said again.
        session.note_rich(said);
        if again == Again::Hourly {
            if self.told.len() >= MAX_TOLD {
                self.told.clear();
            }
            self.told.insert(said, env.stamp.ts);
        }
        let mut numbers = Vec::with_capacity(ctx.set.count_ones() as usize);
        let mut bits = ctx.set;
        while bits != 0 {
            let slot = bits.trailing_zeros() as Slot;
            numbers.push((slot, ctx.ints[slot as usize]));
            bits &= bits - 1;
        }
        let (src_port, dst_port) = env.ports();
        self.kept.push(RichMessage {
            proto: env.index,
            tag,
            stamp: env.stamp,
            info: env.flow.info,
            from_orig: env.from_orig,
            response: ctx.role == Role::Response,
            src_port,
            dst_port,
            macs: env.macs(),
            numbers,
            raws: ctx.raws().map(|(slot, bytes)| (slot, bytes.to_vec())).collect(),
            data: data.to_vec(),
        });
        true
    }

    /// Takes a rich message of this protocol from the budget: from its own, or from what all share.
    fn affords(&mut self, proto: usize, packets: u64) -> bool {
        let used = if self.used[proto] < PROTOCOL_RICH + packets / PROTOCOL_RICH_EVERY {
            &mut self.used[proto]
        } else if self.shared < SHARED_RICH + packets / SHARED_RICH_EVERY {
            &mut self.shared
        } else {
            return false;
        };
        *used += 1;
        true
    }
}
