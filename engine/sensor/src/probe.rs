//! What a protocol's probe says of messages, one after the other, as far as they are there.

use crate::ctx::Ctx;
use crate::emit::Emitter;
use crate::flow::{Flow, Settled};
use crate::framing::{Cut, Progress};
use crate::names::Names;
use crate::ops::Role;
use crate::session::Session;
use crate::spec::{Proto, Spec};
use crate::tables::Stamp;
use crate::vm::{Env, Exit, Vm};

/// Off its ports, a protocol is ruled out when its first message is longer.
const MAX_FIRST: usize = 4_096;

/// What a probe says of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Ours,
    /// The message does not tell.
    Open,
    Foreign,
}

/// What the bytes so far say of a suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// It is the flow's protocol, as is known where this many bytes of the direction were there.
    Known(usize),
    Out,
}

/// A protocol that a flow may speak, and how far it was heard.
#[derive(Debug)]
pub struct Suspect {
    pub index: usize,
    /// At home on the flow's ports.
    pub home: bool,
    /// The side that asks, if a message told.
    pub hint: Option<u8>,
    sides: [Heard; 2],
}

/// How far a direction was heard for a suspect.
#[derive(Debug, Default)]
struct Heard {
    progress: Progress,
    used: usize,
    passed: u32,
    spoke: bool,
    /// What comes is not cut any more.
    deaf: bool,
}

impl Suspect {
    pub fn new(index: usize, home: bool) -> Self {
        Self {
            index,
            home,
            hint: None,
            sides: Default::default(),
        }
    }

    fn passed(&self) -> u32 {
        self.sides.iter().map(|s| s.passed).sum()
    }

    /// This direction does not fit. From the first byte on both must; joined in the middle, one may begin within a
    /// message.
    fn refuse(&mut self, side: usize, from_the_start: bool) -> Standing {
        self.sides[side].deaf = true;
        self.sides[side].passed = 0;
        let other = &self.sides[side ^ 1];
        let open = other.spoke && !(other.deaf && other.passed == 0);
        if from_the_start || !open {
            Standing::Out
        } else {
            Standing::Open
        }
    }
}

/// The tools that a probe needs.
pub struct Probes<'a> {
    pub spec: &'a Spec,
    pub ctx: &'a mut Ctx,
    pub emitter: &'a mut Emitter,
    pub names: &'a mut Names,
}

impl Probes<'_> {
    /// Hears on in the stream of one direction, `data` from its beginning.
    pub fn hear(&mut self, suspect: &mut Suspect, flow: &Flow, side: u8, data: &[u8]) -> Standing {
        let i = side as usize & 1;
        let from_the_start = flow.settled == Settled::Syn;
        let framing = &self.spec.protos[suspect.index].framing;
        suspect.sides[i].spoke = true;
        loop {
            let heard = &mut suspect.sides[i];
            let rest = data.get(heard.used..).unwrap_or(&[]);
            if rest.is_empty() || heard.deaf {
                return Standing::Open;
            }
            let (first, stranger) = (heard.passed == 0, !suspect.home);
            match framing.next(rest, &mut heard.progress) {
                // A stranger whose first message does not end is no guest.
                Cut::Need if first && stranger && data.len() >= MAX_FIRST => {
                    return suspect.refuse(i, from_the_start);
                }
                Cut::Need => return Standing::Open,
                Cut::Frame(n) if first && stranger && heard.used + n > MAX_FIRST => {
                    return suspect.refuse(i, from_the_start);
                }
                // Before the first message there is no body to skip.
                Cut::Invalid | Cut::Skip(_) if first => return suspect.refuse(i, from_the_start),
                // Garbage behind a message does not unmake it.
                Cut::Invalid => heard.deaf = true,
                Cut::Skip(n) => heard.used += n,
                Cut::Frame(n) => {
                    heard.used += n;
                    match self.message(suspect, flow, side, &rest[..n.min(rest.len())]) {
                        Standing::Out => return suspect.refuse(i, from_the_start),
                        Standing::Open => {}
                        Standing::Known(_) => return Standing::Known(suspect.sides[i].used),
                    }
                }
            }
        }
    }

    /// Hears a payload that is a message by itself, or a few.
    pub fn hear_datagram(&mut self, suspect: &mut Suspect, flow: &Flow, side: u8, data: &[u8]) -> Standing {
        let framing = &self.spec.protos[suspect.index].framing;
        match framing.next(data, &mut Progress::default()) {
            Cut::Frame(n) => self.message(suspect, flow, side, &data[..n.min(data.len())]),
            _ => Standing::Out,
        }
    }

    /// One message: known is the protocol where enough of them passed.
    fn message(&mut self, suspect: &mut Suspect, flow: &Flow, side: u8, data: &[u8]) -> Standing {
        let mut env = env_of(self.spec, suspect.index, flow, side, Stamp::default());
        env.on_port = suspect.home;
        let (verdict, said) = run_probe(env, self.ctx, self.emitter, self.names, data);
        if let (None, Some(role)) = (suspect.hint, said) {
            suspect.hint = Some(if role == Role::Request { side } else { side ^ 1 });
        }
        match verdict {
            Verdict::Foreign => return Standing::Out,
            Verdict::Open => return Standing::Open,
            Verdict::Ours => suspect.sides[side as usize & 1].passed += 1,
        }
        if suspect.home || suspect.passed() >= self.spec.protos[suspect.index].confirm {
            Standing::Known(data.len())
        } else {
            Standing::Open
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
) -> (Verdict, Option<Role>) {
    ctx.reset(if env.from_orig {
        Role::Request
    } else {
        Role::Response
    });
    let mut vm = Vm::new(env, ctx, None, emitter, names);
    let verdict = match vm.message(&env.proto.probe, data) {
        Ok(()) | Err(Exit::Stop) => Verdict::Ours,
        Err(Exit::Later) => Verdict::Open,
        Err(_) => Verdict::Foreign,
    };
    (verdict, vm.hint)
}

/// Where a message of this flow comes from, if it is of this protocol.
pub fn env_of<'a>(spec: &'a Spec, index: usize, flow: &'a Flow, side: u8, stamp: Stamp) -> Env<'a> {
    let proto = &spec.protos[index];
    let port_of_side = port_of_side(proto, flow);
    Env {
        proto,
        index,
        flow,
        stamp,
        from_orig: flow.orig == side,
        side,
        on_port: is_on_port(flow, port_of_side),
        to_port: port_of_side[side as usize & 1 ^ 1],
    }
}

/// The same, of the protocol that the flow is known to speak.
#[inline]
pub fn session_env<'a>(
    proto: &'a Proto,
    session: &Session,
    flow: &'a Flow,
    side: u8,
    stamp: Stamp,
) -> Env<'a> {
    Env {
        proto,
        index: session.proto,
        flow,
        stamp,
        from_orig: flow.orig == side,
        side,
        on_port: session.on_port,
        to_port: session.port_of_side[side as usize & 1 ^ 1],
    }
}

/// Notes which sides of a flow use the protocol's own ports.
pub fn note_ports(proto: &Proto, flow: &Flow, session: &mut Session) {
    session.port_of_side = port_of_side(proto, flow);
    session.on_port = is_on_port(flow, session.port_of_side);
}

fn port_of_side(proto: &Proto, flow: &Flow) -> [bool; 2] {
    let ports = if flow.proto == 6 { &proto.tcp } else { &proto.udp };
    [0, 1].map(|side| flow.has_ports && ports.contains(&flow.key.port(side)))
}

fn is_on_port(flow: &Flow, port_of_side: [bool; 2]) -> bool {
    !flow.has_ports || port_of_side.contains(&true)
}
