//! What a flow remembers of its protocol: partial messages, open requests, fragments, numbers.

use std::collections::VecDeque;

use crate::ctx::{Ctx, Kept};
use crate::emit::{Emitter, NewCommand};
use crate::framing::Progress;
use crate::names::{NameId, Names};
use crate::ops::Role;
use crate::poll::{Beat, PollKey, Polls};
use crate::spec::{Proto, Special};
use crate::tables::{FlowInfo, Stamp};
use crate::vm::Env;
use crate::ways::Trodden;

/// Requests that wait for an answer in one flow; the oldest is told as unanswered.
const MAX_PENDING: usize = 512;
/// The same over all flows.
const MAX_PENDING_TOTAL: usize = 200_000;
/// Messages that a flow gathers from fragments at a time.
const MAX_GATHERS: usize = 16;
/// Numbers that a flow remembers.
const MAX_MEMORY: usize = 64;
/// A request this old is not answered any more.
const PATIENCE_NS: i64 = 60_000_000_000;
/// A request with the key of one that waits replaces it after this time; before, both wait (pipelining).
const AGAIN_NS: i64 = 2_000_000_000;

/// A request that waits for its answer. It is boxed and used again: many wait, and few bytes are to be moved.
#[derive(Debug, Default)]
pub struct Pending {
    key: u64,
    item: u32,
    side: u8,
    /// Number of its message in the flow.
    message: u64,
    stamp: Stamp,
    said: Kept,
}

#[derive(Debug)]
struct Gather {
    id: u16,
    side: u8,
    key: i64,
    data: Vec<u8>,
}

/// One direction of the byte stream.
#[derive(Debug, Default)]
pub struct Direction {
    pub partial: Vec<u8>,
    pub progress: Progress,
    /// Framing was lost (gap, garbage): take up again where a message begins.
    pub lost: bool,
}

#[derive(Debug, Default)]
pub struct Session {
    pub proto: usize,
    pub directions: [Direction; 2],
    pending: VecDeque<Box<Pending>>,
    gathers: Vec<Gather>,
    memory: VecDeque<(NameId, i64, i64)>,
    polls: Polls,
    weirds: Vec<(NameId, u64)>,
    /// Whether the flow uses one of the protocol's ports, and which sides do.
    pub on_port: bool,
    pub port_of_side: [bool; 2],
    pub messages: u64,
    pub trodden: Trodden,
    /// Bytes of this flow that are counted in the total.
    pub counted: usize,
    pub rich_used: u64,
    /// Hashes of the last rich messages.
    pub rich_seen: [u64; 8],
}

impl Session {
    pub fn new(proto: usize) -> Self {
        Self {
            proto,
            ..Self::default()
        }
    }

    // --- numbers and fragments ---

    pub fn remember(&mut self, name: NameId, key: i64, value: i64) {
        if let Some(entry) = self.memory.iter_mut().find(|m| m.0 == name && m.1 == key) {
            entry.2 = value;
            return;
        }
        if self.memory.len() >= MAX_MEMORY {
            self.memory.pop_front();
        }
        self.memory.push_back((name, key, value));
    }

    pub fn known(&self, name: NameId, key: i64) -> Option<i64> {
        self.memory
            .iter()
            .find(|m| m.0 == name && m.1 == key)
            .map(|m| m.2)
    }

    pub fn is_gathering(&self, id: u16, side: u8, key: i64) -> bool {
        self.gathers
            .iter()
            .any(|g| g.id == id && g.side == side && g.key == key)
    }

    /// Adds a fragment; the whole message when it was the last. `Err` when fragments are missing or too much.
    #[allow(clippy::too_many_arguments)]
    pub fn gather(
        &mut self,
        id: u16,
        side: u8,
        key: i64,
        piece: &[u8],
        first: bool,
        last: bool,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, ()> {
        let found = self
            .gathers
            .iter()
            .position(|g| g.id == id && g.side == side && g.key == key);
        let i = match (found, first) {
            (Some(i), false) => i,
            (None, false) => return Err(()),
            (old, true) => {
                if let Some(i) = old {
                    self.gathers.swap_remove(i);
                }
                if self.gathers.len() >= MAX_GATHERS {
                    self.gathers.remove(0);
                }
                self.gathers.push(Gather {
                    id,
                    side,
                    key,
                    data: Vec::new(),
                });
                self.gathers.len() - 1
            }
        };
        if self.gathers[i].data.len() + piece.len() > limit {
            self.gathers.swap_remove(i);
            return Err(());
        }
        self.gathers[i].data.extend_from_slice(piece);
        Ok(last.then(|| self.gathers.swap_remove(i).data))
    }

    /// Bytes of unfinished messages that this flow holds.
    pub fn held(&self) -> usize {
        self.gathers.iter().map(|g| g.data.len()).sum::<usize>()
            + self.directions.iter().map(|d| d.partial.len()).sum::<usize>()
    }

    pub fn gathers_any(&self) -> bool {
        !self.gathers.is_empty()
    }

    /// Gives up what is unfinished: there is no more room.
    pub fn let_go(&mut self) {
        self.gathers.clear();
        for direction in &mut self.directions {
            direction.lost |= !direction.partial.is_empty();
            direction.partial = Vec::new();
        }
    }

    /// A rich message of this hash was handed over.
    pub fn note_rich(&mut self, said: u64) {
        let n = self.rich_seen.len() as u64;
        self.rich_seen[(self.rich_used % n) as usize] = said;
        self.rich_used += 1;
    }

    /// Counts a weird; true the first time.
    pub fn weird_is_new(&mut self, id: NameId) -> bool {
        if let Some(w) = self.weirds.iter_mut().find(|w| w.0 == id) {
            w.1 += 1;
            return false;
        }
        let room = self.weirds.len() < 32;
        if room {
            self.weirds.push((id, 0));
        }
        room
    }

    // --- requests and responses ---

    fn key(proto: &Proto, ctx: &Ctx) -> u64 {
        let mut key = 0u64;
        for &slot in proto.pair.iter().flatten() {
            key =
                (key.rotate_left(5) ^ ctx.get(slot).unwrap_or(0) as u64).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
        key
    }

    /// Fetches the slots of the request that this item answers.
    pub fn recall(&mut self, proto: &Proto, side: u8, ctx: &mut Ctx) {
        let found = match proto.pair {
            None => None,
            Some(_) => {
                let key = Self::key(proto, ctx);
                self.pending
                    .iter()
                    .position(|p| p.side != side && p.item == ctx.item && p.key == key)
            }
        };
        ctx.recalled = Some((ctx.item, found));
        if let Some(p) = found.and_then(|i| self.pending.get(i)) {
            ctx.restore(&p.said);
        }
    }

    /// A row: a request waits, a response is told with its request, anything else is told at once.
    pub fn row(&mut self, env: &Env<'_>, ctx: &mut Ctx, emitter: &mut Emitter, names: &mut Names) {
        match ctx.role {
            Role::Request if env.proto.pair.is_some() => self.wait(env, ctx, emitter, names),
            Role::Response => {
                let found = ctx.recalled.take().filter(|r| r.0 == ctx.item).and_then(|r| r.1);
                let request = found.and_then(|i| self.pending.remove(i));
                let stamp = request.as_ref().map(|r| r.stamp);
                ctx.answers = request.as_ref().map(|r| r.message).or(ctx.answers);
                if let Some(r) = request {
                    emitter.done_with(r);
                }
                let told = Told {
                    request: stamp,
                    answer: Some(env.stamp),
                    from_orig: !env.from_orig,
                };
                self.tell(env.index, env.proto, &env.flow.info, ctx, told, emitter, names);
            }
            _ => {
                let told = Told {
                    request: Some(env.stamp),
                    answer: None,
                    from_orig: env.from_orig,
                };
                self.tell(env.index, env.proto, &env.flow.info, ctx, told, emitter, names);
            }
        }
    }

    fn wait(&mut self, env: &Env<'_>, ctx: &Ctx, emitter: &mut Emitter, names: &mut Names) {
        let mut pending = emitter.used.pop().unwrap_or_default();
        ctx.keep(&mut pending.said);
        pending.key = Self::key(env.proto, ctx);
        (pending.item, pending.side, pending.stamp) = (ctx.item, env.side, env.stamp);
        pending.message = self.messages;
        // The same request again: the one before was not answered, or its number is used anew.
        let again = self.pending.iter().position(|p| {
            p.key == pending.key
                && p.item == pending.item
                && p.side == pending.side
                && pending.stamp.ts.saturating_sub(p.stamp.ts) > AGAIN_NS
        });
        if let Some(old) = again.and_then(|i| self.pending.remove(i)) {
            self.give_up(
                old,
                env.from_orig,
                env.index,
                env.proto,
                &env.flow.info,
                emitter,
                names,
            );
        }
        let stale = self
            .pending
            .front()
            .is_some_and(|p| env.stamp.ts.saturating_sub(p.stamp.ts) > PATIENCE_NS);
        if (stale || self.pending.len() >= MAX_PENDING || emitter.pending >= MAX_PENDING_TOTAL)
            && let Some(old) = self.pending.pop_front()
        {
            let from_orig = if old.side == env.side {
                env.from_orig
            } else {
                !env.from_orig
            };
            self.give_up(
                old,
                from_orig,
                env.index,
                env.proto,
                &env.flow.info,
                emitter,
                names,
            );
        }
        self.pending.push_back(pending);
        emitter.pending += 1;
    }

    /// After a response: items of the same request that got no item of their own are answered by it as a whole.
    pub fn settle(&mut self, env: &Env<'_>, ctx: &mut Ctx, emitter: &mut Emitter, names: &mut Names) {
        if ctx.role != Role::Response
            || self.pending.is_empty()
            || env.proto.pair.as_ref().is_none_or(Vec::is_empty)
        {
            return;
        }
        let key = Self::key(env.proto, ctx);
        let mut message = ctx.answers;
        let said = ctx.said_so_far(status_mask(&env.proto.special));
        while let Some(i) = self
            .pending
            .iter()
            .position(|p| p.key == key && p.side != env.side && message.is_none_or(|m| m == p.message))
        {
            let Some(p) = self.pending.remove(i) else { return };
            message = Some(p.message);
            ctx.back_to(&said);
            ctx.restore(&p.said);
            let told = Told {
                request: Some(p.stamp),
                answer: Some(env.stamp),
                from_orig: !env.from_orig,
            };
            self.tell(env.index, env.proto, &env.flow.info, ctx, told, emitter, names);
            emitter.done_with(p);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn give_up(
        &mut self,
        p: Box<Pending>,
        from_orig: bool,
        index: usize,
        proto: &Proto,
        info: &FlowInfo,
        emitter: &mut Emitter,
        names: &mut Names,
    ) {
        let mut ctx = std::mem::take(&mut emitter.spare);
        ctx.reset(Role::Request);
        ctx.restore(&p.said);
        let told = Told {
            request: Some(p.stamp),
            answer: None,
            from_orig,
        };
        self.tell(index, proto, info, &ctx, told, emitter, names);
        emitter.spare = ctx;
        emitter.done_with(p);
    }

    #[allow(clippy::too_many_arguments)]
    fn tell(
        &mut self,
        index: usize,
        proto: &Proto,
        info: &FlowInfo,
        ctx: &Ctx,
        told: Told,
        emitter: &mut Emitter,
        names: &mut Names,
    ) {
        emitter.native(proto, info, ctx, &told, names);
        if ctx.verb == 0 || ctx.role == Role::Report {
            return;
        }
        let special = &proto.special;
        let status = special.status.and_then(|s| ctx.get(s)).filter(|&s| s != 0);
        let error = status.map(|s| {
            proto.statuses.get(s).unwrap_or_else(|| {
                let template = names.intern("error {}");
                names.numbered(template, s)
            })
        });
        let answered = told.answer.is_some();
        let start = special.start.and_then(|s| ctx.get(s));
        let count = special.count.and_then(|s| ctx.get(s)).unwrap_or(1).max(1);
        let range = start.map(|s| (s, s.saturating_add(count - 1)));
        let function = proto.function.as_ref().and_then(|f| ctx.get(f.0)).unwrap_or(-1);
        let unit = special.unit.and_then(|s| ctx.get(s));
        let mut text = std::mem::take(&mut emitter.point);
        let point = special.point.and_then(|s| ctx.raw(s)).map(|p| {
            crate::text::bytes(p, crate::text::Render::Text, &mut text);
            text.as_str()
        });
        let stamp = told.request.or(told.answer).unwrap_or_default();
        if emitter.is_polling(ctx.verb) {
            let key = PollKey {
                proto: index,
                verb: ctx.verb,
                function,
                unit,
                area: ctx.area,
                from_orig: told.from_orig,
            };
            let beat = Beat {
                stamp,
                answered,
                error,
                range,
                point,
            };
            self.polls.add(key, beat, info, emitter, names);
            emitter.point = text;
            return;
        }
        let value_slot = special.value.and_then(|s| ctx.get(s)).map(|v| v.to_string());
        let value = if ctx.value.is_empty() {
            value_slot.as_deref()
        } else {
            Some(ctx.value.as_str())
        };
        let notify = ctx.role == Role::Notify;
        let result = match (error, answered) {
            (Some(error), _) => error,
            (None, true) => emitter.ok,
            (None, false) if notify => 0,
            (None, false) => emitter.unanswered,
        };
        let command = NewCommand {
            proto: index,
            stamp,
            from_orig: told.from_orig,
            verb: ctx.verb,
            function,
            unit,
            area: ctx.area,
            range,
            point,
            value,
            count: 1,
            answered: u64::from(answered),
            errors: u64::from(error.is_some()),
            result,
            until: stamp.ts,
        };
        emitter.command(info, &command, names);
        emitter.point = text;
    }

    /// As time passes: what waits too long is unanswered, what was counted in past intervals is told.
    pub fn catch_up(
        &mut self,
        orig_side: u8,
        proto: &Proto,
        info: &FlowInfo,
        now: i64,
        emitter: &mut Emitter,
        names: &mut Names,
    ) {
        while self
            .pending
            .front()
            .is_some_and(|p| now.saturating_sub(p.stamp.ts) > PATIENCE_NS)
            && let Some(p) = self.pending.pop_front()
        {
            let from_orig = p.side == orig_side;
            self.give_up(p, from_orig, self.proto, proto, info, emitter, names);
        }
        self.polls.tell_before(now, info, emitter, names);
    }

    /// The flow ends: what waits is unanswered, what was counted is told.
    pub fn finish(
        &mut self,
        orig_side: u8,
        proto: &Proto,
        info: &FlowInfo,
        emitter: &mut Emitter,
        names: &mut Names,
    ) {
        while let Some(p) = self.pending.pop_front() {
            let from_orig = p.side == orig_side;
            self.give_up(p, from_orig, self.proto, proto, info, emitter, names);
        }
        self.polls.flush(info, emitter, names);
    }

    /// Weirds that came again since the last time; the next ones are counted anew.
    pub fn new_repeats(&mut self) -> Vec<(NameId, u64)> {
        let again = self.weirds.iter_mut().filter(|w| w.1 > 0);
        again.map(|w| (w.0, std::mem::take(&mut w.1))).collect()
    }

    /// Weirds that came again after their first row.
    pub fn repeated_weirds(&mut self) -> Vec<(NameId, u64)> {
        self.weirds.drain(..).filter(|w| w.1 > 0).collect()
    }
}

/// Slots that a response sets for all items of its request.
fn status_mask(special: &Special) -> u64 {
    special.status.map_or(0, |s| 1 << s)
}

/// What a row is about: the request, its answer, and who asked.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub request: Option<Stamp>,
    pub answer: Option<Stamp>,
    pub from_orig: bool,
}
