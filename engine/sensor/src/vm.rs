//! Runs a protocol's program over one message.

mod cursor;
mod eval;
mod play;
mod seen;
mod told;

use crate::bits::{Layout, crc_blocks, labels, read};
use crate::ctx::Ctx;
use crate::emit::Emitter;
use crate::flow::Flow;
use crate::names::{NameId, Names};
use crate::ops::{Op, Role};
use crate::session::Session;
use crate::spec::Proto;
use crate::tables::Stamp;
use crate::tape::{Effect, Tape};

use cursor::Cursor;
pub use seen::Notes;

/// Calls, slices and gathered messages may nest so deep.
const MAX_DEPTH: u32 = 48;
/// Operations that one message may take: a bound on time, whatever the bytes say.
const MAX_STEPS: u32 = 200_000;

/// Why a program ended before its last operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Truncated,
    Stop,
    Drop,
    Later,
    /// A check failed: in a probe "not ours", elsewhere a weird.
    Fail(NameId),
}

type Step = Result<(), Exit>;

/// Where the message came from.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    pub proto: &'a Proto,
    pub index: usize,
    pub flow: &'a Flow,
    pub stamp: Stamp,
    pub from_orig: bool,
    /// Canonical side of the sender (0 or 1): names direction-dependent state.
    pub side: u8,
    pub on_port: bool,
    pub to_port: bool,
}

impl Env<'_> {
    /// Ports of the sender and of the other end; 0 without.
    pub fn ports(&self) -> (u16, u16) {
        let port = |side| {
            if self.flow.has_ports {
                self.flow.key.port(side)
            } else {
                0
            }
        };
        (port(self.side), port(self.side ^ 1))
    }

    /// MAC addresses of the sender and of the other end; zero where none was seen.
    pub fn macs(&self) -> [[u8; 6]; 2] {
        let mac = |side: u8| self.flow.sides[side as usize & 1].mac.unwrap_or_default();
        [mac(self.side), mac(self.side ^ 1)]
    }
}

/// The machine for one message. In a probe there is no session, and nothing is emitted.
pub struct Vm<'a> {
    pub env: Env<'a>,
    pub ctx: &'a mut Ctx,
    pub session: Option<&'a mut Session>,
    pub emitter: &'a mut Emitter,
    pub names: &'a mut Names,
    pub hint: Option<Role>,
    /// Who looks on, if anybody does.
    pub notes: Option<Box<Notes>>,
    depth: u32,
    steps: u32,
}

impl<'a> Vm<'a> {
    pub fn new(
        env: Env<'a>,
        ctx: &'a mut Ctx,
        session: Option<&'a mut Session>,
        emitter: &'a mut Emitter,
        names: &'a mut Names,
    ) -> Self {
        Self {
            env,
            ctx,
            session,
            emitter,
            names,
            hint: None,
            notes: None,
            depth: 0,
            steps: 0,
        }
    }

    /// Runs a program over a whole message.
    pub fn message(&mut self, program: &[Op], data: &[u8]) -> Step {
        let mut c = Cursor {
            data,
            pos: 0,
            base: 0,
        };
        let done = self.run(program, &mut c);
        self.ended(&c, done)
    }

    /// Where a slice was read to its end, or to where somebody who looks on is told of.
    fn ended(&mut self, c: &Cursor<'_>, done: Step) -> Step {
        if let Err(exit) = done
            && self.notes.is_some()
        {
            self.see_end(exit, c.at());
        }
        done
    }

    fn probing(&self) -> bool {
        self.session.is_none()
    }

    fn run(&mut self, program: &[Op], c: &mut Cursor<'_>) -> Step {
        for op in program {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(Exit::Truncated);
            }
            match op {
                Op::Int {
                    slot,
                    width,
                    le,
                    signed,
                } => {
                    let at = c.at();
                    let bytes = c.take(*width as usize).ok_or(Exit::Truncated)?;
                    if let Some(slot) = slot {
                        let value = read(bytes, *le, *signed);
                        self.ctx.put(*slot, value);
                        self.note(|tape| tape.int(*slot, at, *width, *le, *signed, value));
                    }
                    if self.notes.is_some() {
                        self.see_int(*slot, at, bytes.len(), || read(bytes, *le, *signed));
                    }
                }
                Op::Let(slot, expr) => {
                    let value = self.eval(expr, c);
                    if self.notes.is_some() {
                        self.note(|tape| tape.set(*slot, expr, c.view(), value));
                        self.see_let(*slot, expr, c, value);
                    }
                    self.ctx.put(*slot, value);
                }
                Op::If(condition, then, otherwise) => {
                    let block = if self.decide(condition, c) != 0 {
                        then
                    } else {
                        otherwise
                    };
                    self.run(block, c)?;
                }
                Op::Switch(on, cases) => {
                    let key = self.decide(on, c);
                    self.run(cases.find(key), c)?;
                }
                Op::Skip(count) => {
                    let n = self.size(count, c);
                    let at = c.at();
                    let bytes = c.take(n).ok_or(Exit::Truncated)?;
                    if self.notes.is_some() {
                        self.see_skip(at, bytes);
                    }
                }
                Op::Do { verb, area } => {
                    self.note(|tape| {
                        tape.step(Effect::Do {
                            verb: *verb,
                            area: *area,
                        });
                    });
                    self.ctx.act(*verb, *area);
                }
                Op::Check(condition, name) => {
                    if self.decide(condition, c) == 0 {
                        return Err(Exit::Fail(*name));
                    }
                }
                Op::Label(name) => {
                    if let Some(trace) = self.trace() {
                        trace.reading.label(*name);
                    }
                }
                Op::Stop => return Err(Exit::Stop),
                Op::Drop => {
                    self.ctx.dropped = true;
                    return Err(Exit::Drop);
                }
                Op::Later => return Err(Exit::Later),
                Op::Role(role) => {
                    self.note(|tape| tape.step(Effect::Role(*role)));
                    self.ctx.role = *role;
                }
                Op::Hint(role) => self.hint = Some(*role),
                Op::Unset(mask) => {
                    self.note(|tape| tape.step(Effect::Unset(*mask)));
                    self.ctx.unset(*mask);
                    if let Some(trace) = self.trace() {
                        trace.reading.forget(*mask);
                    }
                }
                Op::Within(..)
                | Op::At(..)
                | Op::Repeat { .. }
                | Op::Call(_)
                | Op::Gather { .. }
                | Op::CrcBlocks(..) => self.nested(op, c)?,
                Op::Seek(_)
                | Op::Bytes { .. }
                | Op::Until { .. }
                | Op::Header { .. }
                | Op::Labels(_)
                | Op::BerLength(_)
                | Op::BerElements(_) => self.texts(op, c)?,
                _ => self.records(op, c)?,
            }
        }
        Ok(())
    }

    /// Operations that run other operations.
    fn nested(&mut self, op: &Op, c: &mut Cursor<'_>) -> Step {
        if self.depth >= MAX_DEPTH {
            return Err(Exit::Truncated);
        }
        self.depth += 1;
        let result = self.enter(op, c);
        self.depth -= 1;
        result
    }

    fn enter(&mut self, op: &Op, c: &mut Cursor<'_>) -> Step {
        match op {
            Op::Within(size, then) => {
                let wanted = self.size_or_left(size.as_ref(), c);
                let n = wanted.min(c.left());
                let base = c.at();
                let data = c.take(n).unwrap_or(&[]);
                self.slice(then, data, base)?;
                if wanted > n { Err(Exit::Truncated) } else { Ok(()) }
            }
            Op::At(offset, then, size) => {
                let at = self.size(offset, c);
                let Some(mut data) = c.data.get(at..) else {
                    self.truncated();
                    return Ok(());
                };
                if let Some(size) = size {
                    let n = self.size(size, c);
                    data = data.get(..n).unwrap_or(data);
                }
                self.slice(then, data, c.base + at)
            }
            Op::Repeat { then, count, limit } => {
                let times = count
                    .as_ref()
                    .map(|e| self.decide(e, c).clamp(0, *limit as i64) as u32);
                for _ in 0..times.unwrap_or(*limit) {
                    let before = c.pos;
                    if times.is_none() && c.left() == 0 {
                        break;
                    }
                    self.run(then, c)?;
                    if times.is_none() && c.pos == before {
                        break;
                    }
                }
                Ok(())
            }
            Op::Call(program) => match self.env.proto.programs.get(*program) {
                Some(ops) => self.run(ops, c),
                None => Ok(()),
            },
            Op::CrcBlocks(size, then) => {
                self.note(Tape::spoil);
                let size = self.size(size, c);
                let at = c.at();
                let (user, good) = crc_blocks(c.rest(), size);
                c.pos = c.data.len();
                if !good {
                    self.odd("bad_crc", None);
                }
                self.see_blocks(at, user.len());
                let done = self.slice(then, &user, 0);
                self.see_left();
                done
            }
            Op::Gather {
                id,
                then,
                last,
                first,
                key,
                limit,
            } => {
                let last = self.decide(last, c) != 0;
                let key = self.eval(key, c);
                let first = first.as_ref().map(|e| self.decide(e, c) != 0);
                let (piece, base) = (c.rest(), c.at());
                c.pos = c.data.len();
                let side = self.env.side;
                let Some(session) = self.session.as_deref_mut() else {
                    // A probe sees the first fragment as it is.
                    return self.slice(then, piece, base);
                };
                let open = session.is_gathering(*id, side, key);
                let first = first.unwrap_or(!open);
                if first && last && !open {
                    return self.slice(then, piece, base);
                }
                let gathered = session.gather(*id, side, key, piece, first, last, *limit);
                self.note(Tape::spoil);
                self.see_gathered(*id, key, (base, piece.len()), first, last);
                match gathered {
                    Ok(Some(whole)) => {
                        let done = self.slice(then, &whole, 0);
                        self.see_left();
                        done
                    }
                    Ok(None) => {
                        self.ctx.dropped = true;
                        Err(Exit::Drop)
                    }
                    Err(()) => {
                        self.odd("fragment_lost", None);
                        self.ctx.dropped = true;
                        Err(Exit::Drop)
                    }
                }
            }
            _ => Ok(()),
        }
    }

    /// A slice of its own: running out of it is noted, and does not stop what comes after it.
    fn slice(&mut self, then: &[Op], data: &[u8], base: usize) -> Step {
        let mut c = Cursor { data, pos: 0, base };
        let done = self.run(then, &mut c);
        match self.ended(&c, done) {
            Err(Exit::Truncated) if !self.probing() => {
                self.truncated();
                Ok(())
            }
            Err(Exit::Stop) => Err(Exit::Stop),
            other => other,
        }
    }

    pub fn truncated(&mut self) {
        self.odd("truncated", None);
    }

    /// A weird named after the protocol.
    pub fn odd(&mut self, name: &str, addl: Option<i64>) {
        if self.session.is_some() {
            self.note(Tape::spoil);
            let id = self.names.joined(self.env.proto.name, name);
            self.odd_name(id, addl);
        }
    }

    fn odd_name(&mut self, id: NameId, addl: Option<i64>) {
        self.note(Tape::spoil);
        if let Some(session) = self.session.as_deref_mut()
            && session.weird_is_new(id)
        {
            let text = addl.map(|n| n.to_string());
            self.emitter.weird(
                &self.env.flow.info,
                self.env.stamp,
                id,
                text.as_deref(),
                self.env.proto.name,
                1,
                self.names,
            );
        }
    }

    fn texts(&mut self, op: &Op, c: &mut Cursor<'_>) -> Step {
        match op {
            Op::Seek(to) => c.pos = self.size(to, c).min(c.data.len()),
            Op::Bytes { slot, size, join } => {
                let n = self.size_or_left(size.as_ref(), c);
                let at = c.at();
                let bytes = c.take(n).ok_or(Exit::Truncated)?;
                self.note(|tape| {
                    tape.step(Effect::Bytes {
                        slot: *slot,
                        at,
                        len: n,
                        join: join.clone(),
                    });
                });
                if self.notes.is_some() {
                    self.see_bytes(*slot, at, n, bytes);
                }
                self.ctx.join_raw(*slot, bytes, join.as_deref());
            }
            Op::Until {
                slot,
                delimiter,
                optional,
            } => {
                self.note(Tape::spoil);
                let rest = c.rest();
                let (text, next) = match memchr::memmem::find(rest, delimiter) {
                    Some(i) => (&rest[..i], i + delimiter.len()),
                    None if *optional => (rest, rest.len()),
                    None => return Err(Exit::Truncated),
                };
                if let Some(slot) = slot {
                    self.ctx.put_raw(*slot, text);
                    self.see_bytes(*slot, c.at(), text.len(), text);
                }
                c.pos += next;
            }
            Op::Header { slot, name } => {
                self.note(Tape::spoil);
                if let Some(value) = crate::framing::header_value(c.rest(), name) {
                    self.ctx.put_raw(*slot, value);
                    // A part of the rest: it begins so far behind its beginning.
                    let before = value.as_ptr().addr().saturating_sub(c.rest().as_ptr().addr());
                    self.see_bytes(*slot, c.at() + before, value.len(), value);
                }
            }
            Op::Labels(slot) => {
                self.note(Tape::spoil);
                let (name, next) = labels(c.data, c.pos).ok_or(Exit::Truncated)?;
                self.ctx.put_raw(*slot, name.as_bytes());
                self.see_bytes(*slot, c.at(), next.saturating_sub(c.pos), name.as_bytes());
                c.pos = next;
            }
            Op::BerLength(slot) => {
                let at = c.at();
                let length = c.ber_length().ok_or(Exit::Truncated)?;
                self.note(|tape| tape.derived(*slot, at, c.at() - at, length));
                if self.notes.is_some() {
                    self.see_int(Some(*slot), at, c.at() - at, || length);
                }
                self.ctx.put(*slot, length);
            }
            Op::BerElements(slot) => {
                let (first, mut count) = (c.at(), 0);
                let mut next = Some(());
                while c.left() > 0 && next.is_some() {
                    let at = c.at();
                    let length = c.take(1).and_then(|_| c.ber_length());
                    self.note(|tape| tape.derived(*slot, at, c.at() - at, count + 1));
                    next = length.and_then(|n| c.take(n as usize)).map(|_| count += 1);
                }
                if self.notes.is_some() {
                    self.see_int(Some(*slot), first, c.at() - first, || count);
                }
                self.ctx.put(*slot, count);
                next.ok_or(Exit::Truncated)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Operations that make records.
    fn records(&mut self, op: &Op, c: &mut Cursor<'_>) -> Step {
        match op {
            Op::Area {
                value,
                names,
                template,
            } => {
                self.area(value, names, *template, c);
                let is = self.ctx.area;
                self.note(|tape| tape.area(value, c.view(), names, *template, is));
            }
            Op::Quality(value, names) => {
                self.note(|tape| tape.step(Effect::Quality(value.clone(), c.view(), names.clone())));
                self.quality(value, names, c);
            }
            Op::Values {
                kind,
                count,
                le,
                stride,
                shift,
                mask,
            } => {
                let wanted = count.as_ref().map(|e| self.decide(e, c));
                let layout = Layout {
                    kind: *kind,
                    le: *le,
                    stride: *stride,
                    shift: *shift,
                    mask: *mask,
                };
                self.values(layout, wanted, c)?;
            }
            Op::Text { size, render } => {
                let n = self.size_or_left(size.as_ref(), c);
                let at = c.at();
                let bytes = c.take(n).ok_or(Exit::Truncated)?;
                self.said(bytes, *render);
                if self.notes.is_some() {
                    self.see_text(at, bytes, *render);
                }
                self.note_value(Effect::Text {
                    at,
                    len: n,
                    render: *render,
                });
            }
            Op::Number(value) => {
                self.number(value, c);
                if self.notes.is_some() {
                    self.see_number(value, c);
                }
                self.note_value(Effect::Number(value.clone(), c.view()));
            }
            Op::Odd(name, slot) => {
                let addl = slot.and_then(|s| self.ctx.get(s));
                self.odd_name(*name, addl);
            }
            Op::Recall => self.recall(),
            Op::Row => {
                self.row();
                self.note(|tape| tape.tell(Effect::Row));
            }
            Op::Rich { tag, again } => {
                self.rich(*tag, *again, c.rest());
                if self.notes.is_some() {
                    self.see_rich(*tag, c);
                }
                self.note(|tape| {
                    tape.tell(Effect::Rich {
                        tag: *tag,
                        again: *again,
                        at: c.at(),
                        len: c.left(),
                    });
                });
            }
            Op::Remember { name, value, key } => {
                self.note(|tape| {
                    tape.tell(Effect::Remember {
                        name: *name,
                        value: value.clone(),
                        key: key.clone(),
                        view: c.view(),
                    });
                });
                self.remember(*name, value, key, c);
            }
            _ => {}
        }
        Ok(())
    }
}
