//! Runs a protocol's program over one message.

use crate::bits::{Layout, binary, crc_blocks, fill, labels, read};
use crate::ctx::{Ctx, MAX_BYTES};
use crate::emit::Emitter;
use crate::names::{NameId, Names};
use crate::ops::{Ask, Expr, Kind, Op, Role};
use crate::session::Session;
use crate::spec::Proto;
use crate::tables::{FlowInfo, Stamp, lookup};
use crate::text::Render;

/// Calls, slices and gathered messages may nest so deep.
const MAX_DEPTH: u32 = 48;
/// Operations that one message may take: a bound on time, whatever the bytes say.
const MAX_STEPS: u32 = 200_000;
/// Values that one reading keeps.
const MAX_VALUES: usize = 4_096;

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
    pub info: &'a FlowInfo,
    pub stamp: Stamp,
    pub from_orig: bool,
    /// Canonical side of the sender (0 or 1): names direction-dependent state.
    pub side: u8,
    pub src_port: u16,
    pub dst_port: u16,
    pub on_port: bool,
    pub to_port: bool,
    pub ethertype: u16,
    pub macs: [[u8; 6]; 2],
}

/// A slice with a cursor.
struct Cursor<'d> {
    data: &'d [u8],
    pos: usize,
}

impl<'d> Cursor<'d> {
    #[inline]
    fn left(&self) -> usize {
        self.data.len() - self.pos
    }

    #[inline]
    fn rest(&self) -> &'d [u8] {
        &self.data[self.pos..]
    }

    #[inline]
    fn take(&mut self, n: usize) -> Option<&'d [u8]> {
        let (head, _) = self.data[self.pos..].split_at_checked(n)?;
        self.pos += n;
        Some(head)
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
            depth: 0,
            steps: 0,
        }
    }

    /// Runs a program over a whole message.
    pub fn message(&mut self, program: &[Op], data: &[u8]) -> Step {
        self.run(program, &mut Cursor { data, pos: 0 })
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
                    let bytes = c.take(*width as usize).ok_or(Exit::Truncated)?;
                    if let Some(slot) = slot {
                        self.ctx.put(*slot, read(bytes, *le, *signed));
                    }
                }
                Op::Let(slot, value) => {
                    let value = self.eval(value, c);
                    self.ctx.put(*slot, value);
                }
                Op::If(condition, then, otherwise) => {
                    let block = if self.eval(condition, c) != 0 {
                        then
                    } else {
                        otherwise
                    };
                    self.run(block, c)?;
                }
                Op::Switch(on, cases) => {
                    let key = self.eval(on, c);
                    self.run(cases.find(key), c)?;
                }
                Op::Skip(count) => {
                    let n = self.size(count, c);
                    c.take(n).ok_or(Exit::Truncated)?;
                }
                Op::Do { verb, area } => {
                    self.ctx.verb = *verb;
                    if *area != 0 || *verb == 0 {
                        self.ctx.area = *area;
                    }
                }
                Op::Check(condition, name) => {
                    if self.eval(condition, c) == 0 {
                        return Err(Exit::Fail(*name));
                    }
                }
                Op::Stop => return Err(Exit::Stop),
                Op::Drop => {
                    self.ctx.dropped = true;
                    return Err(Exit::Drop);
                }
                Op::Later => return Err(Exit::Later),
                Op::Role(role) => self.ctx.role = *role,
                Op::Hint(role) => self.hint = Some(*role),
                Op::Unset(mask) => self.ctx.unset(*mask),
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
                | Op::BerLength(_) => self.texts(op, c)?,
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
                let wanted = size.as_ref().map_or(c.left(), |s| self.size(s, c));
                let n = wanted.min(c.left());
                let data = c.take(n).unwrap_or(&[]);
                self.slice(then, data)?;
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
                self.slice(then, data)
            }
            Op::Repeat { then, count, limit } => {
                let times = count
                    .as_ref()
                    .map(|e| self.eval(e, c).clamp(0, *limit as i64) as u32);
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
                let size = self.size(size, c);
                let (user, good) = crc_blocks(c.rest(), size);
                c.pos = c.data.len();
                if !good {
                    self.odd("bad_crc", None);
                }
                self.slice(then, &user)
            }
            Op::Gather {
                id,
                then,
                last,
                first,
                key,
                limit,
            } => {
                let last = self.eval(last, c) != 0;
                let key = self.eval(key, c);
                let first = first.as_ref().map(|e| self.eval(e, c) != 0);
                let piece = c.rest();
                c.pos = c.data.len();
                let side = self.env.side;
                let Some(session) = self.session.as_deref_mut() else {
                    // A probe sees the first fragment as it is.
                    return self.slice(then, piece);
                };
                let open = session.is_gathering(*id, side, key);
                let first = first.unwrap_or(!open);
                if first && last && !open {
                    return self.slice(then, piece);
                }
                match session.gather(*id, side, key, piece, first, last, *limit) {
                    Ok(Some(whole)) => self.slice(then, &whole),
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
    fn slice(&mut self, then: &[Op], data: &[u8]) -> Step {
        match self.run(then, &mut Cursor { data, pos: 0 }) {
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
            let id = self.names.joined(self.env.proto.name, name);
            self.odd_name(id, addl);
        }
    }

    fn odd_name(&mut self, id: NameId, addl: Option<i64>) {
        if let Some(session) = self.session.as_deref_mut()
            && session.weird_is_new(id)
        {
            let text = addl.map(|n| n.to_string());
            self.emitter.weird(
                self.env.info,
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
                let n = size.as_ref().map_or(c.left(), |s| self.size(s, c));
                let bytes = c.take(n).ok_or(Exit::Truncated)?;
                match (join, self.ctx.raw(*slot)) {
                    (Some(join), Some(before)) => {
                        let joined = [before, &**join, bytes].concat();
                        self.ctx.put_raw(*slot, &joined);
                    }
                    _ => self.ctx.put_raw(*slot, bytes),
                }
            }
            Op::Until {
                slot,
                delimiter,
                optional,
            } => {
                let rest = c.rest();
                let (text, next) = match memchr::memmem::find(rest, delimiter) {
                    Some(i) => (&rest[..i], i + delimiter.len()),
                    None if *optional => (rest, rest.len()),
                    None => return Err(Exit::Truncated),
                };
                if let Some(slot) = slot {
                    self.ctx.put_raw(*slot, text);
                }
                c.pos += next;
            }
            Op::Header { slot, name } => {
                if let Some(value) = crate::framing::header_value(c.rest(), name) {
                    self.ctx.put_raw(*slot, value);
                }
            }
            Op::Labels(slot) => {
                let (name, next) = labels(c.data, c.pos).ok_or(Exit::Truncated)?;
                self.ctx.put_raw(*slot, name.as_bytes());
                c.pos = next;
            }
            Op::BerLength(slot) => {
                let first = c.take(1).ok_or(Exit::Truncated)?[0];
                let length = match first {
                    0x80 => c.left() as i64,
                    b if b < 0x80 => b as i64,
                    b if b & 0x7f <= 4 => {
                        read(c.take((b & 0x7f) as usize).ok_or(Exit::Truncated)?, false, false)
                    }
                    _ => return Err(Exit::Truncated),
                };
                self.ctx.put(*slot, length);
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
                let value = self.eval(value, c);
                self.ctx.area = match lookup(names, value) {
                    Some(id) => id,
                    None => self.names.numbered(*template, value),
                };
            }
            Op::Quality(value, names) => {
                let value = self.eval(value, c);
                self.ctx.quality = lookup(names, value).unwrap_or(0);
            }
            Op::Values {
                kind,
                count,
                le,
                stride,
                shift,
                mask,
            } => {
                let wanted = count.as_ref().map(|e| self.eval(e, c));
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
                let n = size.as_ref().map_or(c.left(), |s| self.size(s, c));
                let bytes = c.take(n).ok_or(Exit::Truncated)?;
                self.said(bytes, *render);
            }
            Op::Number(value) => {
                let value = self.eval(value, c) as f64;
                self.reading(1, |values| values.push(value));
            }
            Op::Odd(name, slot) => {
                let addl = slot.and_then(|s| self.ctx.get(s));
                self.odd_name(*name, addl);
            }
            Op::Recall => self.recall(),
            Op::Row => self.row(),
            Op::Rich { tag, repeat } => {
                self.recall_for_rich();
                if let Some(session) = self.session.as_deref_mut()
                    && !self
                        .emitter
                        .rich(&self.env, session, self.ctx, *tag, *repeat, c.rest())
                {
                    self.odd("rich_budget_exceeded", None);
                }
            }
            Op::Remember { name, value, key } => {
                let (value, key) = (self.eval(value, c), self.eval(key, c));
                if let Some(session) = self.session.as_deref_mut() {
                    session.remember(*name, key, value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn recall_for_rich(&mut self) {
        if self.ctx.role == Role::Response {
            self.recall();
        }
    }

    /// Fetches the request of this item, once.
    pub fn recall(&mut self) {
        if self.ctx.role != Role::Response || self.ctx.recalled.is_some_and(|r| r.0 == self.ctx.item) {
            return;
        }
        if let Some(session) = self.session.as_deref_mut() {
            session.recall(self.env.proto, self.env.side, self.ctx);
        }
    }

    /// Emits the native row and the command of what the slots say now.
    pub fn row(&mut self) {
        self.recall();
        if let Some(session) = self.session.as_deref_mut() {
            session.row(&self.env, self.ctx, self.emitter, self.names);
        }
        self.ctx.item += 1;
        self.ctx.value.clear();
    }

    fn values(&mut self, layout: Layout, wanted: Option<i64>, c: &mut Cursor<'_>) -> Step {
        let width = layout.kind.width();
        let step = if layout.stride == 0 { width } else { layout.stride };
        let there = if layout.kind == Kind::Bit {
            c.left() * 8
        } else if c.left() < width || step == 0 {
            0
        } else {
            (c.left() - width) / step + 1
        };
        let asked = wanted.map_or(there, |w| w.clamp(0, i64::from(u32::MAX)) as usize);
        let n = asked.min(there).min(MAX_VALUES);
        let data = c.rest();
        self.reading(n, |out| fill(out, data, layout, step, n));
        let used = if layout.kind == Kind::Bit {
            asked.min(there).div_ceil(8)
        } else {
            asked.min(there) * step
        };
        c.pos = (c.pos + used).min(c.data.len());
        if asked > there {
            Err(Exit::Truncated)
        } else {
            Ok(())
        }
    }

    /// A value that is no number.
    fn said(&mut self, bytes: &[u8], render: Render) {
        if self.probing() || bytes.is_empty() {
            return;
        }
        let mut text = String::new();
        crate::text::bytes(&bytes[..bytes.len().min(MAX_BYTES)], render, &mut text);
        if matches!(self.ctx.role, Role::Request | Role::Notify) {
            if !self.ctx.value.is_empty() {
                self.ctx.value.push(',');
            }
            self.ctx.value.push_str(&text);
            return;
        }
        self.recall();
        self.emitter
            .reading(&self.env, self.ctx, self.names, Some(&text), |_| ());
    }

    fn reading(&mut self, n: usize, fill: impl FnOnce(&mut Vec<f64>)) {
        if self.probing() || n == 0 {
            return;
        }
        if matches!(self.ctx.role, Role::Request | Role::Notify) {
            self.value_text(n, fill);
            return;
        }
        self.recall();
        self.emitter.reading(&self.env, self.ctx, self.names, None, fill);
    }

    /// The first values of a write, as the command's `value`.
    fn value_text(&mut self, n: usize, fill: impl FnOnce(&mut Vec<f64>)) {
        use std::fmt::Write;
        let mut values = std::mem::take(&mut self.emitter.scratch);
        values.clear();
        fill(&mut values);
        for value in values.iter().take(8) {
            let comma = if self.ctx.value.is_empty() { "" } else { "," };
            let _ = write!(self.ctx.value, "{comma}{value}");
        }
        if n > 8 {
            let _ = write!(self.ctx.value, ",... ({n} values)");
        }
        self.emitter.scratch = values;
    }

    /// A size or offset: negative ones are nothing.
    fn size(&self, e: &Expr, c: &Cursor<'_>) -> usize {
        self.eval(e, c).clamp(0, i64::from(u32::MAX)) as usize
    }

    #[inline(always)]
    fn eval(&self, e: &Expr, c: &Cursor<'_>) -> i64 {
        match e {
            Expr::Const(v) => *v,
            Expr::Slot(s) => self.ctx.get(*s).unwrap_or(0),
            Expr::SlotConst(op, s, k) => binary(*op, self.ctx.get(*s).unwrap_or(0), *k),
            _ => self.eval_tree(e, c),
        }
    }

    fn eval_tree(&self, e: &Expr, c: &Cursor<'_>) -> i64 {
        match e {
            Expr::Const(_) | Expr::Slot(_) | Expr::SlotConst(..) => 0,
            Expr::Has(s) => ((self.ctx.set | self.ctx.raw_set) >> *s & 1) as i64,
            Expr::Bin(op, a, b) => binary(*op, self.eval(a, c), self.eval(b, c)),
            Expr::Among(of, values) => values.binary_search(&self.eval(of, c)).is_ok() as i64,
            Expr::Peek {
                width,
                at,
                le,
                signed,
                from_start,
            } => peek(c, *width, *at, *from_start).map_or(0, |bytes| read(bytes, *le, *signed)),
            Expr::Ask(what) => self.ask(*what, c),
            Expr::Known { name, key, default } => {
                let key = self.eval(key, c);
                self.session
                    .as_deref()
                    .and_then(|s| s.known(*name, key))
                    .unwrap_or(*default)
            }
        }
    }

    fn ask(&self, what: Ask, c: &Cursor<'_>) -> i64 {
        match what {
            Ask::Left => c.left() as i64,
            Ask::Size => c.data.len() as i64,
            Ask::Pos => c.pos as i64,
            Ask::FromOrig => self.env.from_orig as i64,
            Ask::OnPort => self.env.on_port as i64,
            Ask::ToPort => self.env.to_port as i64,
            Ask::DstPort => self.env.dst_port as i64,
            Ask::SrcPort => self.env.src_port as i64,
            Ask::IsResponse => (self.ctx.role == Role::Response) as i64,
            Ask::Item => self.ctx.item as i64,
            Ask::EtherType => self.env.ethertype as i64,
        }
    }
}

fn peek<'d>(c: &Cursor<'d>, width: u8, at: i64, from_start: bool) -> Option<&'d [u8]> {
    let base = if !from_start {
        c.pos as i64
    } else if at < 0 {
        c.data.len() as i64
    } else {
        0
    };
    let start = usize::try_from(base + at).ok()?;
    c.data.get(start..start + width as usize)
}
