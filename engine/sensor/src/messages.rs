//! From payloads to messages: recognition, framing, and the protocol's program.

use crate::core::Core;
use crate::detect::{Decision, Undecided};
use crate::flow::{Flow, Service};
use crate::framing::Cut;
use crate::ops::Role;
use crate::probe::{Probes, Verdict, env_of, note_ports, run_probe, session_env};
use crate::session::Session;
use crate::tables::Stamp;
use crate::trace::{Fate, speaker};
use crate::vm::{Exit, Notes, Vm};

/// Bytes of unfinished messages and unrecognised payloads over all flows.
const MAX_BUFFERED: usize = 64 << 20;
/// Decided flows of which the room is kept.
const MAX_SPARE: usize = 8;

impl Core {
    /// In-order bytes of a TCP stream.
    #[inline]
    pub(crate) fn stream(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, payload: &[u8]) {
        self.payload(flow, side, stamp, payload, true);
    }

    pub(crate) fn datagram(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, payload: &[u8]) {
        if let Some(trace) = &mut self.trace {
            trace.datagram(speaker(flow.info.serial, side), stamp.frame, payload);
        }
        self.payload(flow, side, stamp, payload, false);
    }

    #[inline]
    fn payload(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, payload: &[u8], tcp: bool) {
        match std::mem::take(&mut flow.service) {
            Service::Known(mut session) => {
                if tcp {
                    self.feed(flow, &mut session, side, stamp, payload);
                } else {
                    self.datagram_messages(flow, &mut session, side, stamp, payload);
                }
                flow.service = Service::Known(session);
            }
            Service::Unknown => flow.service = Service::Unknown,
            Service::Unasked => {
                let waiting = self.spare.pop().unwrap_or_default();
                self.ask(flow, waiting, side, stamp, payload, tcp);
            }
            Service::Undecided(waiting) => self.ask(flow, waiting, side, stamp, payload, tcp),
        }
    }

    /// Asks the probes; when one knows the flow, what waited is played to it.
    pub(crate) fn ask(
        &mut self,
        flow: &mut Flow,
        mut waiting: Box<Undecided>,
        side: u8,
        stamp: Stamp,
        payload: &[u8],
        tcp: bool,
    ) {
        if waiting.passes_over(side) {
            flow.service = Service::Undecided(waiting);
            return;
        }
        self.buffered -= waiting.held();
        if self.buffered > MAX_BUFFERED {
            flow.service = Service::Unknown;
            return;
        }
        // Whatever the segments are, a decision is made on the same bytes.
        let room = if tcp { waiting.room() } else { payload.len() };
        let (asked, after) = payload.split_at(room.min(payload.len()));
        waiting.push(side, stamp, asked);
        let mut probes = Probes {
            spec: &self.spec,
            ctx: &mut self.ctx,
            emitter: &mut self.emitter,
            names: &mut self.names,
        };
        match probes.decide(flow, &mut waiting, tcp) {
            Decision::Wait => {
                self.buffered += waiting.held();
                flow.service = Service::Undecided(waiting);
            }
            Decision::GiveUp => {
                flow.service = Service::Unknown;
                self.put_by(waiting);
            }
            Decision::Protocol(index) => {
                flow.service_name = self.spec.protos[index].name;
                let mut session = Box::new(Session::new(index));
                note_ports(&self.spec.protos[index], flow, &mut session);
                let waited = waiting.chunks.iter().map(|c| (c.side, c.stamp, waiting.bytes(c)));
                for (side, stamp, bytes) in waited.chain([(side, stamp, after)]) {
                    if tcp {
                        self.feed(flow, &mut session, side, stamp, bytes);
                    } else {
                        self.datagram_messages(flow, &mut session, side, stamp, bytes);
                    }
                }
                flow.service = Service::Known(session);
                self.put_by(waiting);
            }
        }
    }

    fn put_by(&mut self, mut waiting: Box<Undecided>) {
        if self.spare.len() < MAX_SPARE {
            waiting.clear();
            self.spare.push(waiting);
        }
    }

    /// Traffic whose place (ethertype, LLC, IP protocol) names its protocol. Several may share a place, and a flow.
    pub(crate) fn placed(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, list: &[usize], payload: &[u8]) {
        let known = match std::mem::take(&mut flow.service) {
            Service::Known(session) => Some(session),
            _ => None,
        };
        let mut session = match (known, list) {
            (Some(session), [_]) => session,
            (known, _) => {
                let found = list
                    .iter()
                    .copied()
                    .find(|&index| self.probed(flow, index, side, stamp, payload) != Verdict::Foreign);
                match (known, found) {
                    (Some(session), Some(index)) if session.proto == index => session,
                    (known, Some(index)) => {
                        if let Some(mut old) = known {
                            self.end_session(flow, &mut old);
                        }
                        flow.service_name = self.spec.protos[index].name;
                        Box::new(Session::new(index))
                    }
                    (known, None) => {
                        flow.service = known.map_or(Service::Unasked, Service::Known);
                        return;
                    }
                }
            }
        };
        if let Some(trace) = &mut self.trace {
            trace.whole(speaker(flow.info.serial, side), session.proto, stamp, payload);
        }
        self.message(flow, &mut session, side, stamp, payload);
        flow.service = Service::Known(session);
    }

    pub(crate) fn datagram_messages(
        &mut self,
        flow: &mut Flow,
        session: &mut Session,
        side: u8,
        stamp: Stamp,
        payload: &[u8],
    ) {
        if let Some(trace) = &mut self.trace {
            let speaker = speaker(flow.info.serial, side);
            trace.fed(speaker, session.proto, stamp.frame, payload.len(), 0);
        }
        let mut rest = payload;
        while !rest.is_empty() {
            let mut progress = Default::default();
            let cut = self.spec.protos[session.proto].framing.next(rest, &mut progress);
            match cut {
                Cut::Frame(n) if n > 0 => {
                    let (message, after) = rest.split_at(n.min(rest.len()));
                    if let Some(trace) = &mut self.trace {
                        trace.cut(payload.len() - rest.len(), message.len());
                    }
                    self.message(flow, session, side, stamp, message);
                    rest = after;
                }
                Cut::Skip(n) if n > 0 => rest = rest.get(n..).unwrap_or(&[]),
                Cut::Need | Cut::Invalid if rest.len() == payload.len() => {
                    return self.session_weird(flow, session, stamp, "malformed");
                }
                _ => return,
            }
        }
    }

    pub(crate) fn session_weird(&mut self, flow: &Flow, session: &mut Session, stamp: Stamp, name: &str) {
        let proto = self.spec.protos[session.proto].name;
        let id = self.names.joined(proto, name);
        if session.weird_is_new(id) {
            self.emitter
                .weird(&flow.info, stamp, id, None, proto, 1, &self.names);
        }
    }

    /// Bytes of a recognised stream: whole messages are run in place, the rest waits.
    pub(crate) fn feed(
        &mut self,
        flow: &mut Flow,
        session: &mut Session,
        side: u8,
        stamp: Stamp,
        payload: &[u8],
    ) {
        let i = side as usize & 1;
        if let Some(trace) = &mut self.trace {
            let kept = session.directions[i].partial.len();
            let speaker = speaker(flow.info.serial, side);
            trace.fed(speaker, session.proto, stamp.frame, payload.len(), kept);
        }
        if session.directions[i].partial.is_empty() {
            let used = self.messages(flow, session, side, stamp, payload);
            if let Some(trace) = &mut self.trace {
                trace.done(used);
            }
            let rest = payload.get(used..).unwrap_or(&[]);
            if !rest.is_empty() || session.counted > 0 {
                session.directions[i].partial.extend_from_slice(rest);
                self.count(session);
            }
            return;
        }
        let mut data = std::mem::take(&mut session.directions[i].partial);
        data.extend_from_slice(payload);
        let used = self.messages(flow, session, side, stamp, &data);
        if let Some(trace) = &mut self.trace {
            trace.done(used);
        }
        data.drain(..used.min(data.len()));
        session.directions[i].partial = data;
        self.count(session);
    }

    /// Keeps the total of unfinished bytes; beyond the limit this flow gives its own up.
    pub(crate) fn count(&mut self, session: &mut Session) {
        let held = session.held();
        self.buffered = self.buffered + held - session.counted;
        session.counted = held;
        if self.buffered > MAX_BUFFERED {
            self.buffered -= held;
            session.counted = 0;
            session.let_go();
        }
    }

    /// Runs the whole messages at the beginning of `data`; how many bytes are done with.
    pub(crate) fn messages(
        &mut self,
        flow: &mut Flow,
        session: &mut Session,
        side: u8,
        stamp: Stamp,
        data: &[u8],
    ) -> usize {
        let i = side as usize & 1;
        let mut used = 0;
        while let Some(rest) = data.get(used..).filter(|r| !r.is_empty()) {
            let framing = &self.spec.protos[session.proto].framing;
            let direction = &mut session.directions[i];
            match framing.next(rest, &mut direction.progress) {
                Cut::Need => return used,
                Cut::Skip(n) => {
                    self.no_message(Fate::PassedOver, used, n);
                    used += n;
                }
                Cut::Frame(n) => {
                    let message = &rest[..n.min(rest.len())];
                    if direction.lost && !self.is_found(flow, session, side, stamp, message) {
                        let n = self.spec.protos[session.proto].framing.resync(rest);
                        self.no_message(Fate::Lost, used, n);
                        used += n;
                        continue;
                    }
                    if let Some(trace) = &mut self.trace {
                        trace.cut(used, message.len());
                    }
                    self.message(flow, session, side, stamp, message);
                    used += n;
                }
                Cut::Invalid => {
                    let n = framing.resync(rest);
                    used += n;
                    if !direction.lost {
                        direction.lost = true;
                        self.session_weird(flow, session, stamp, "framing_lost");
                    }
                    self.no_message(Fate::Lost, used - n, n);
                }
            }
        }
        used
    }

    fn no_message(&mut self, fate: Fate, from: usize, len: usize) {
        if let Some(trace) = &mut self.trace {
            trace.no_message(fate, from, len);
        }
    }

    /// Whether a lost direction is found again with this message. At the first place any message of ours will do:
    /// a segment begins there, or a loss of few bytes ends. Further on, only one that tells itself.
    fn is_found(
        &mut self,
        flow: &Flow,
        session: &mut Session,
        side: u8,
        stamp: Stamp,
        message: &[u8],
    ) -> bool {
        let verdict = self.probed(flow, session.proto, side, stamp, message);
        let direction = &mut session.directions[side as usize & 1];
        let found = verdict == Verdict::Ours || verdict == Verdict::Open && direction.progress.is_fresh();
        if found {
            direction.lost = false;
            direction.progress.found();
        } else {
            direction.progress.refuse();
        }
        found
    }

    /// What the protocol's probe says of a message.
    pub(crate) fn probed(
        &mut self,
        flow: &Flow,
        index: usize,
        side: u8,
        stamp: Stamp,
        message: &[u8],
    ) -> Verdict {
        let env = env_of(&self.spec, index, flow, side, stamp);
        run_probe(env, &mut self.ctx, &mut self.emitter, &mut self.names, message).0
    }

    /// One message through its protocol's program.
    pub(crate) fn message(
        &mut self,
        flow: &Flow,
        session: &mut Session,
        side: u8,
        stamp: Stamp,
        data: &[u8],
    ) {
        let index = session.proto;
        let env = session_env(&self.spec.protos[index], session, flow, side, stamp);
        session.messages += 1;
        self.ctx.reset(if env.from_orig {
            Role::Request
        } else {
            Role::Response
        });
        let mut vm = Vm::new(
            env,
            &mut self.ctx,
            Some(session),
            &mut self.emitter,
            &mut self.names,
        );
        if let Some(mut trace) = self.trace.take() {
            trace.begin();
            vm.notes = Some(Box::new(Notes::Trace(trace)));
        }
        let failed = match self.ways.run(&mut vm, data) {
            Ok(()) | Err(Exit::Stop | Exit::Drop | Exit::Later) => false,
            Err(Exit::Truncated) => {
                vm.truncated();
                false
            }
            Err(Exit::Fail(name)) => {
                let name = vm.names.get(name).to_owned();
                vm.odd(&name, None);
                true
            }
        };
        if !failed && !vm.ctx.dropped && vm.ctx.item == 0 {
            vm.row();
        }
        if let Some(Notes::Trace(mut trace)) = vm.notes.take().map(|n| *n) {
            trace.end(index, vm.ctx.role, vm.ctx.verb);
            self.trace = Some(trace);
        }
        if !failed && !vm.ctx.dropped {
            session.settle(&env, &mut self.ctx, &mut self.emitter, &mut self.names);
        }
        if session.gathers_any() {
            self.count(session);
        }
    }
}
