//! Which protocol a flow speaks: told by content, with ports as a first guess.

use crate::ctx::Ctx;
use crate::emit::Emitter;
use crate::flow::{Flow, Settled};
use crate::framing::{Cut, Progress};
use crate::names::Names;
use crate::ops::Role;
use crate::session::Session;
use crate::spec::{Proto, Spec};
use crate::tables::{FlowInfo, Stamp};
use crate::vm::{Env, Exit, Vm};

/// Payloads that are kept while it is open what they are.
const MAX_CHUNKS: usize = 1_024;
const MAX_DATAGRAMS: usize = 16;
const MAX_BYTES: usize = 16_384;
/// Off its ports, a protocol is ruled out when its first message is longer.
const MAX_FIRST: usize = 2_048;
/// How often a flow may fail before it is left alone.
const MAX_TRIES: u8 = 6;

/// One payload of a flow that is not yet recognised.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    pub side: u8,
    pub stamp: Stamp,
    start: usize,
    end: usize,
}

/// Payloads that wait to be recognised.
#[derive(Debug, Default)]
pub struct Undecided {
    pub chunks: Vec<Chunk>,
    data: Vec<u8>,
    tries: u8,
    /// Protocols that what waits has not ruled out, and whether they are at home on the flow's ports.
    alive: Vec<(usize, bool)>,
}

impl Undecided {
    pub fn push(&mut self, side: u8, stamp: Stamp, payload: &[u8]) {
        let start = self.data.len();
        self.data.extend_from_slice(payload);
        self.chunks.push(Chunk {
            side,
            stamp,
            start,
            end: self.data.len(),
        });
    }

    pub fn bytes(&self, chunk: &Chunk) -> &[u8] {
        self.data.get(chunk.start..chunk.end).unwrap_or(&[])
    }

    pub fn held(&self) -> usize {
        self.data.len()
    }

    pub fn forget(&mut self) {
        self.chunks.clear();
        self.data.clear();
        self.alive.clear();
    }

    /// Forgets all but the latest payload.
    fn keep_last(&mut self) {
        if let Some(last) = self.chunks.pop() {
            let bytes = self.bytes(&last).to_vec();
            self.forget();
            self.push(last.side, last.stamp, &bytes);
        }
    }

    fn side(&self, side: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        for chunk in self.chunks.iter().filter(|c| c.side == side) {
            bytes.extend_from_slice(self.bytes(chunk));
        }
        bytes
    }
}

/// What the payloads so far say of one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    No,
    Wait,
    /// So many messages passed.
    Yes(u32),
}

/// What to do with the flow now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Protocol(usize),
    Wait,
    GiveUp,
}

/// The tools that a probe needs.
pub struct Probes<'a> {
    pub spec: &'a Spec,
    pub ctx: &'a mut Ctx,
    pub emitter: &'a mut Emitter,
    pub names: &'a mut Names,
}

impl Probes<'_> {
    /// Decides about a flow from its waiting payloads; settles its direction when it finds a protocol.
    pub fn decide(&mut self, flow: &mut Flow, waiting: &mut Undecided, tcp: bool) -> Decision {
        let candidates = match std::mem::take(&mut waiting.alive) {
            none if none.is_empty() => self.candidates(flow, tcp),
            alive => alive,
        };
        let sides = if tcp {
            [waiting.side(0), waiting.side(1)]
        } else {
            Default::default()
        };
        let info = flow.info();
        for (index, ours) in candidates {
            let proto = &self.spec.protos[index];
            let mut hint = None;
            let verdict = if !tcp || proto.framing.is_datagram() {
                self.judge_datagrams(index, ours, flow, &info, waiting, &mut hint)
            } else {
                self.judge(index, ours, flow, &info, &sides, &mut hint)
            };
            match verdict {
                Verdict::Yes(n) if ours || n >= proto.confirm => {
                    settle(flow, proto, tcp, hint);
                    return Decision::Protocol(index);
                }
                Verdict::No => {}
                _ => waiting.alive.push((index, ours)),
            }
        }
        if tcp
            && flow.settled != Settled::Syn
            && let Some(index) = self.latest(flow, waiting)
        {
            return Decision::Protocol(index);
        }
        let most = if tcp { MAX_CHUNKS } else { MAX_DATAGRAMS };
        let full = waiting.chunks.len() >= most || waiting.data.len() >= MAX_BYTES;
        if !waiting.alive.is_empty() && !full {
            return Decision::Wait;
        }
        waiting.forget();
        waiting.tries += 1 + u8::from(full);
        if waiting.tries >= MAX_TRIES {
            Decision::GiveUp
        } else {
            Decision::Wait
        }
    }

    /// A stream that is joined in the middle of a message fits no protocol from there on: those at home on its ports
    /// are asked about the latest payload by itself. What came before it is lost.
    fn latest(&mut self, flow: &mut Flow, waiting: &mut Undecided) -> Option<usize> {
        let last = *waiting.chunks.last()?;
        let data = waiting.bytes(&last).to_vec();
        let info = flow.info();
        let home = self.candidates(flow, true).into_iter().filter(|c| c.1);
        for candidate in home.collect::<Vec<_>>() {
            let proto = &self.spec.protos[candidate.0];
            let mut hint = None;
            if !waiting.alive.contains(&candidate)
                && !proto.framing.is_datagram()
                && matches!(
                    self.judge_stream(candidate.0, true, flow, &info, last.side, &data, &mut hint),
                    Verdict::Yes(_)
                )
            {
                settle(flow, proto, true, hint);
                waiting.keep_last();
                return Some(candidate.0);
            }
        }
        None
    }

    /// All protocols that a flow may speak: those at home on its ports, then those that tell themselves surely, then
    /// those that need more than one message.
    fn candidates(&self, flow: &Flow, tcp: bool) -> Vec<(usize, bool)> {
        let places = &self.spec.places;
        let (by_port, anywhere) = if tcp {
            (&places.tcp, &places.tcp_anywhere)
        } else {
            (&places.udp, &places.udp_anywhere)
        };
        let mut all: Vec<(usize, bool)> = Vec::with_capacity(anywhere.len() + 2);
        for side in [0, 1] {
            for &index in by_port.get(&flow.key.port(side)).into_iter().flatten() {
                if !all.contains(&(index, true)) {
                    all.push((index, true));
                }
            }
        }
        let at_home = all.len();
        for weak in [false, true] {
            for &index in anywhere {
                if (self.spec.protos[index].confirm > 1) == weak && !all[..at_home].contains(&(index, true)) {
                    all.push((index, false));
                }
            }
        }
        all
    }

    fn judge(
        &mut self,
        index: usize,
        ours: bool,
        flow: &Flow,
        info: &FlowInfo,
        sides: &[Vec<u8>; 2],
        hint: &mut Option<u8>,
    ) -> Verdict {
        let (mut passed, mut refused, mut open) = (0, 0, 0);
        for (side, data) in (0..).zip(sides).filter(|s| !s.1.is_empty()) {
            match self.judge_stream(index, ours, flow, info, side, data, hint) {
                Verdict::Yes(n) => passed += n,
                Verdict::No => refused += 1,
                Verdict::Wait => open += 1,
            }
        }
        // From the first byte on, both directions must fit; joined in the middle, one may begin within a message.
        match (passed, refused) {
            (_, 1..) if flow.settled == Settled::Syn => Verdict::No,
            (1.., _) => Verdict::Yes(passed),
            (0, 1..) if open == 0 => Verdict::No,
            _ => Verdict::Wait,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn judge_stream(
        &mut self,
        index: usize,
        ours: bool,
        flow: &Flow,
        info: &FlowInfo,
        side: u8,
        mut data: &[u8],
        hint: &mut Option<u8>,
    ) -> Verdict {
        let framing = &self.spec.protos[index].framing;
        let (mut progress, mut passed) = (Progress::default(), 0);
        while !data.is_empty() {
            match framing.next(data, &mut progress) {
                // A stranger whose first message does not end is no guest.
                Cut::Need if passed == 0 && !ours && data.len() > MAX_FIRST => return Verdict::No,
                Cut::Need => break,
                // Garbage behind a message does not unmake it.
                Cut::Invalid if passed > 0 => break,
                Cut::Invalid => return Verdict::No,
                Cut::Skip(0) | Cut::Frame(0) => break,
                // Before the first message there is no body to skip.
                Cut::Skip(_) if passed == 0 => return Verdict::No,
                Cut::Skip(n) => data = data.get(n..).unwrap_or(&[]),
                Cut::Frame(n) => {
                    match self.probe(index, ours, flow, info, side, &data[..n.min(data.len())], hint) {
                        Verdict::No => return Verdict::No,
                        Verdict::Wait => {}
                        Verdict::Yes(n) => passed += n,
                    }
                    data = data.get(n..).unwrap_or(&[]);
                }
            }
        }
        if passed > 0 {
            Verdict::Yes(passed)
        } else {
            Verdict::Wait
        }
    }

    fn judge_datagrams(
        &mut self,
        index: usize,
        ours: bool,
        flow: &Flow,
        info: &FlowInfo,
        waiting: &Undecided,
        hint: &mut Option<u8>,
    ) -> Verdict {
        let mut passed = 0;
        for chunk in &waiting.chunks {
            let data = waiting.bytes(chunk);
            let mut progress = Progress::default();
            let Cut::Frame(n) = self.spec.protos[index].framing.next(data, &mut progress) else {
                return Verdict::No;
            };
            match self.probe(
                index,
                ours,
                flow,
                info,
                chunk.side,
                &data[..n.min(data.len())],
                hint,
            ) {
                Verdict::No => return Verdict::No,
                Verdict::Wait => {}
                Verdict::Yes(n) => passed += n,
            }
        }
        if passed > 0 {
            Verdict::Yes(passed)
        } else {
            Verdict::Wait
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn probe(
        &mut self,
        index: usize,
        ours: bool,
        flow: &Flow,
        info: &FlowInfo,
        side: u8,
        data: &[u8],
        hint: &mut Option<u8>,
    ) -> Verdict {
        let mut env = env_of(self.spec, index, flow, info, side, Stamp::default());
        env.on_port = ours;
        let (passed, said) = run_probe(env, self.ctx, self.emitter, self.names, data);
        if let (None, Some(role)) = (&hint, said) {
            *hint = Some(if role == Role::Request { side } else { side ^ 1 });
        }
        match passed {
            Ok(()) | Err(Exit::Stop) => Verdict::Yes(1),
            Err(Exit::Later) => Verdict::Wait,
            Err(_) => Verdict::No,
        }
    }
}

/// Runs a protocol's probe over one message.
pub fn run_probe(
    env: Env<'_>,
    ctx: &mut Ctx,
    emitter: &mut Emitter,
    names: &mut Names,
    data: &[u8],
) -> (Result<(), Exit>, Option<Role>) {
    ctx.reset(if env.from_orig {
        Role::Request
    } else {
        Role::Response
    });
    let mut vm = Vm::new(env, ctx, None, emitter, names);
    let result = vm.message(&env.proto.probe, data);
    (result, vm.hint)
}

fn settle(flow: &mut Flow, proto: &Proto, tcp: bool, hint: Option<u8>) {
    let ports = if tcp { &proto.tcp } else { &proto.udp };
    let ours = [0, 1].map(|s| ports.contains(&flow.key.port(s)));
    match ours {
        [true, false] => flow.settle(1, Settled::Port),
        [false, true] => flow.settle(0, Settled::Port),
        _ => {}
    }
    if let Some(orig) = hint {
        flow.settle(orig, Settled::Dialogue);
    }
}

/// Where a message of this flow comes from.
pub fn env_of<'a>(
    spec: &'a Spec,
    index: usize,
    flow: &Flow,
    info: &'a FlowInfo,
    side: u8,
    stamp: Stamp,
) -> Env<'a> {
    let mut session = Session::new(index);
    note_ports(&spec.protos[index], flow, &mut session);
    session_env(&spec.protos[index], &session, flow, info, side, stamp)
}

/// Notes which sides of a flow use the protocol's own ports.
pub fn note_ports(proto: &Proto, flow: &Flow, session: &mut Session) {
    let ports = if flow.proto == 6 { &proto.tcp } else { &proto.udp };
    session.port_of_side = [0, 1].map(|s| flow.has_ports && ports.contains(&flow.key.port(s)));
    session.on_port = !flow.has_ports || session.port_of_side.contains(&true);
}

/// The same, for a flow whose protocol is known.
#[inline]
pub fn session_env<'a>(
    proto: &'a Proto,
    session: &Session,
    flow: &Flow,
    info: &'a FlowInfo,
    side: u8,
    stamp: Stamp,
) -> Env<'a> {
    let (this, other) = (side as usize & 1, side as usize & 1 ^ 1);
    let (src_port, dst_port) = if flow.has_ports {
        (flow.key.port(side), flow.key.port(side ^ 1))
    } else {
        (0, 0)
    };
    Env {
        proto,
        index: session.proto,
        info,
        stamp,
        from_orig: flow.orig == side,
        side,
        src_port,
        dst_port,
        on_port: session.on_port,
        to_port: session.port_of_side[other],
        ethertype: flow.ethertype,
        macs: [
            flow.sides[this].mac.unwrap_or_default(),
            flow.sides[other].mac.unwrap_or_default(),
        ],
    }
}
