//! Which protocol a flow speaks: told by content, with ports as a first guess.

use crate::emit::Emitter;
use crate::flow::{Flow, Settled};
use crate::framing::{Cut, Progress};
use crate::names::Names;
use crate::ops::Role;
use crate::spec::{Proto, Spec};
use crate::tables::{FlowInfo, Stamp};
use crate::vm::{Ctx, Env, Exit, Vm};

/// Payloads that are kept while it is open what they are.
const MAX_CHUNKS: usize = 16;
const MAX_BYTES: usize = 16_384;
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
}

impl Undecided {
    pub fn push(&mut self, side: u8, stamp: Stamp, payload: &[u8]) {
        let start = self.data.len();
        self.data.extend_from_slice(payload);
        self.chunks.push(Chunk { side, stamp, start, end: self.data.len() });
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
    }

    fn side(&self, side: u8) -> Vec<u8> {
        self.chunks.iter().filter(|c| c.side == side).flat_map(|c| self.bytes(c)).copied().collect()
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
        let places = &self.spec.places;
        let by_port = if tcp { &places.tcp } else { &places.udp };
        let anywhere = if tcp { &places.tcp_anywhere } else { &places.udp_anywhere };
        let mut wait = false;
        let on_port: Vec<usize> =
            [0, 1].iter().filter_map(|&s| by_port.get(&flow.key.port(s))).flatten().copied().collect();
        let strong = anywhere.iter().filter(|&&p| self.spec.protos[p].confirm <= 1);
        let weak = anywhere.iter().filter(|&&p| self.spec.protos[p].confirm > 1);
        let others = strong.chain(weak).copied().filter(|p| !on_port.contains(p));
        for (index, ours) in on_port.iter().map(|&p| (p, true)).chain(others.map(|p| (p, false))) {
            let mut hint = None;
            match self.judge(index, ours, flow, waiting, tcp, &mut hint) {
                Verdict::Yes(n) if ours || n >= self.spec.protos[index].confirm => {
                    settle(flow, &self.spec.protos[index], tcp, hint);
                    return Decision::Protocol(index);
                }
                Verdict::No => {}
                _ => wait = true,
            }
        }
        let full = waiting.chunks.len() >= MAX_CHUNKS || waiting.data.len() >= MAX_BYTES;
        if wait && !full {
            return Decision::Wait;
        }
        waiting.forget();
        waiting.tries += 1 + u8::from(full);
        if waiting.tries >= MAX_TRIES { Decision::GiveUp } else { Decision::Wait }
    }

    fn judge(
        &mut self,
        index: usize,
        ours: bool,
        flow: &Flow,
        waiting: &Undecided,
        tcp: bool,
        hint: &mut Option<u8>,
    ) -> Verdict {
        let proto = &self.spec.protos[index];
        let info = flow.info();
        if !tcp || proto.framing.is_datagram() {
            return self.judge_datagrams(index, ours, flow, &info, waiting, hint);
        }
        let mut total = Verdict::Wait;
        for side in [0, 1] {
            let data = waiting.side(side);
            if data.is_empty() {
                continue;
            }
            match self.judge_stream(index, ours, flow, &info, side, &data, hint) {
                Verdict::Yes(n) => total = Verdict::Yes(n + if let Verdict::Yes(m) = total { m } else { 0 }),
                // From the first byte on, both directions must fit; joined in the middle, one may not.
                Verdict::No if flow.settled == Settled::Syn => return Verdict::No,
                Verdict::No if total == Verdict::Wait && waiting.side(side ^ 1).is_empty() => return Verdict::No,
                Verdict::No if total == Verdict::Wait && side == 1 => return Verdict::No,
                _ => {}
            }
        }
        total
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
                Cut::Need => break,
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
        if passed > 0 { Verdict::Yes(passed) } else { Verdict::Wait }
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
            let Cut::Frame(n) = self.spec.protos[index].framing.next(data, &mut progress) else { return Verdict::No };
            match self.probe(index, ours, flow, info, chunk.side, &data[..n.min(data.len())], hint) {
                Verdict::No => return Verdict::No,
                Verdict::Wait => {}
                Verdict::Yes(n) => passed += n,
            }
        }
        if passed > 0 { Verdict::Yes(passed) } else { Verdict::Wait }
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
    ctx.reset(if env.from_orig { Role::Request } else { Role::Response });
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
    let proto = &spec.protos[index];
    let (src_port, dst_port) =
        if flow.has_ports { (flow.key.port(side), flow.key.port(side ^ 1)) } else { (0, 0) };
    let ports = if flow.proto == 6 { &proto.tcp } else { &proto.udp };
    let by_port = flow.has_ports;
    Env {
        proto,
        index,
        info,
        stamp,
        from_orig: flow.orig == side,
        side,
        src_port,
        dst_port,
        on_port: !by_port || ports.contains(&src_port) || ports.contains(&dst_port),
        to_port: by_port && ports.contains(&dst_port),
        ethertype: flow.ethertype,
        macs: [flow.sides[side as usize & 1].mac.unwrap_or_default(), flow.sides[side as usize & 1 ^ 1].mac.unwrap_or_default()],
    }
}
