//! What a traced message shows: see [`crate::trace`]. Nothing here runs while captures are read.

use super::{Cursor, Exit, Vm};
use crate::bits::{Layout, fill};
use crate::ctx::MAX_BYTES;
use crate::names::NameId;
use crate::ops::{Expr, Kind, Slot};
use crate::tape::Tape;
use crate::text::Render;
use crate::trace::{Piece, Trace, Value, What};

/// Values of one list that are shown.
const MAX_SHOWN: usize = 256;

/// Who looks on while a program runs.
pub enum Notes {
    /// Records what is done, if somebody wants to do it again.
    Tape(Tape),
    /// Follows bytes.
    Trace(Box<Trace>),
}

impl Vm<'_> {
    pub fn trace(&mut self) -> Option<&mut Trace> {
        match self.notes.as_deref_mut() {
            Some(Notes::Trace(trace)) => Some(trace),
            _ => None,
        }
    }

    /// Where bytes come from; nothing if nobody wants to know.
    fn traced(&mut self, at: usize, len: usize) -> Vec<Piece> {
        self.trace().map_or_else(Vec::new, |t| t.reading.place(at, len))
    }

    #[cold]
    pub(super) fn see_int(&mut self, slot: Option<Slot>, at: usize, len: usize, value: impl FnOnce() -> i64) {
        if let Some(trace) = self.trace() {
            match slot {
                Some(slot) => trace.reading.int(slot, at, len, value()),
                None => trace.reading.unnamed(at, len, Value::Number(value())),
            }
        }
    }

    #[cold]
    pub(super) fn see_let(&mut self, slot: Slot, expr: &Expr, c: &Cursor<'_>, value: i64) {
        let view = c.view();
        if let Some(trace) = self.trace() {
            trace
                .reading
                .computed(What::Slot(slot), Some(slot), expr, view, value);
        }
    }

    #[cold]
    pub(super) fn see_skip(&mut self, at: usize, bytes: &[u8]) {
        if let Some(trace) = self.trace() {
            trace.reading.unnamed(at, bytes.len(), short(bytes));
        }
    }

    #[cold]
    pub(super) fn see_bytes(&mut self, slot: Slot, at: usize, len: usize, bytes: &[u8]) {
        if let Some(trace) = self.trace() {
            let pieces = trace.reading.place(at, len);
            trace.reading.field(What::Slot(slot), pieces, short(bytes));
        }
    }

    #[cold]
    pub(super) fn see_text(&mut self, at: usize, bytes: &[u8], render: Render) {
        let area = self.ctx.area;
        if let Some(trace) = self.trace() {
            let mut text = String::new();
            crate::text::bytes(&bytes[..bytes.len().min(MAX_BYTES)], render, &mut text);
            let pieces = trace.reading.place(at, bytes.len());
            trace
                .reading
                .field(What::Value(area, None), pieces, Value::Text(text));
        }
    }

    #[cold]
    pub(super) fn see_number(&mut self, expr: &Expr, c: &Cursor<'_>) {
        let (value, view, area) = (self.eval(expr, c), c.view(), self.ctx.area);
        if let Some(trace) = self.trace() {
            trace
                .reading
                .computed(What::Value(area, None), None, expr, view, value);
        }
    }

    #[cold]
    pub(super) fn see_rich(&mut self, tag: NameId, c: &Cursor<'_>) {
        let (at, left) = (c.at(), c.left());
        if let Some(trace) = self.trace() {
            let pieces = trace.reading.place(at, left);
            let text = Value::Bytes(c.rest()[..left.min(MAX_BYTES)].to_vec());
            trace.reading.field(What::Rich(tag), pieces, text);
        }
    }

    #[cold]
    pub(super) fn see_values(&mut self, layout: Layout, step: usize, at: usize, n: usize, data: &[u8]) {
        let start = self.env.proto.special.start.and_then(|s| self.ctx.get(s));
        let area = self.ctx.area;
        let Some(trace) = self.trace() else { return };
        let mut values = Vec::new();
        fill(&mut values, data, layout, step, n.min(MAX_SHOWN));
        for (i, value) in values.into_iter().enumerate() {
            let number = start.unwrap_or(0).saturating_add(i as i64);
            let what = What::Value(area, (n > 1 || start.is_some()).then_some(number));
            let bit = layout.kind == Kind::Bit;
            let (offset, width) = if bit {
                (i / 8, 1)
            } else {
                (i * step, layout.kind.width())
            };
            let pieces = trace.reading.place(at + offset, width);
            let value = if value.fract() == 0.0 && value.abs() < 9e15 {
                Value::Number(value as i64)
            } else {
                Value::Float(value)
            };
            let mask = if bit {
                Some(1 << (i % 8))
            } else {
                (layout.mask != 0).then_some(layout.mask << layout.shift)
            };
            match mask {
                Some(mask) => trace.reading.bits(what, pieces, mask, value),
                None => trace.reading.field(what, pieces, value),
            }
        }
    }

    /// The program ended before its end.
    #[cold]
    pub(super) fn see_end(&mut self, exit: Exit, at: usize) {
        let why = match exit {
            Exit::Truncated => "truncated".to_owned(),
            Exit::Fail(name) => self.names.get(name).to_owned(),
            Exit::Stop | Exit::Drop | Exit::Later => return,
        };
        if let Some(trace) = self.trace() {
            trace.reading.stop(&why, at);
        }
    }

    /// Runs what reads on in the user bytes of DNP3's blocks (of 16 bytes and 2 of CRC).
    #[cold]
    pub(super) fn see_blocks(&mut self, at: usize, user: usize) {
        let blocks = user.div_ceil(16);
        let pieces = (0..blocks)
            .flat_map(|i| self.traced(at + 18 * i, (user - 16 * i).min(16)))
            .collect();
        self.see_enter(pieces);
    }

    #[cold]
    pub(super) fn see_gathered(
        &mut self,
        id: u16,
        key: i64,
        (at, len): (usize, usize),
        first: bool,
        last: bool,
    ) {
        if let Some(trace) = self.trace() {
            let pieces = trace.reading.place(at, len);
            let all = trace.gather(id, key, pieces, first, last);
            if last {
                trace.reading.enter(all);
            }
        }
    }

    fn see_enter(&mut self, pieces: Vec<Piece>) {
        if let Some(trace) = self.trace() {
            trace.reading.enter(pieces);
        }
    }

    #[cold]
    pub(super) fn see_left(&mut self) {
        if let Some(trace) = self.trace() {
            trace.reading.leave();
        }
    }
}

fn short(bytes: &[u8]) -> Value {
    Value::Bytes(bytes[..bytes.len().min(MAX_BYTES)].to_vec())
}
