//! What a program tells: values, rows, messages for Python.

use super::cursor::Cursor;
use super::{Exit, Step, Vm};
use crate::bits::{Layout, fill};
use crate::ctx::MAX_BYTES;
use crate::emit::Emitter;
use crate::names::NameId;
use crate::ops::{Again, Expr, Kind, Role};
use crate::tables::Labels;
use crate::tape::Effect;
use crate::text::Render;

/// Values that one reading keeps.
const MAX_VALUES: usize = 4_096;

impl Vm<'_> {
    pub(super) fn rich(&mut self, tag: NameId, again: Again, data: &[u8]) {
        self.recall();
        let Emitter { rich, packets, .. } = &mut *self.emitter;
        if let Some(session) = self.session.as_deref_mut()
            && !rich.take(&self.env, session, self.ctx, tag, again, data, *packets)
        {
            self.odd("rich_budget_exceeded", None);
        }
    }

    pub(super) fn remember(&mut self, name: NameId, value: &Expr, key: &Expr, c: &Cursor<'_>) {
        let (value, key) = (self.eval(value, c), self.eval(key, c));
        if let Some(session) = self.session.as_deref_mut() {
            session.remember(name, key, value);
        }
    }

    pub(super) fn area(&mut self, value: &Expr, names: &Labels, template: NameId, c: &Cursor<'_>) {
        let value = self.eval(value, c);
        self.ctx.area = match names.get(value) {
            Some(id) => id,
            None => self.names.numbered(template, value),
        };
    }

    pub(super) fn quality(&mut self, value: &Expr, names: &Labels, c: &Cursor<'_>) {
        self.ctx.quality = names.get(self.eval(value, c)).unwrap_or(0);
    }

    pub(super) fn number(&mut self, value: &Expr, c: &Cursor<'_>) {
        let value = self.eval(value, c) as f64;
        self.reading(1, |values| values.push(value));
    }

    /// Fetches the request of this item, once.
    pub fn recall(&mut self) {
        if self.ctx.role != Role::Response || self.ctx.recalled.is_some_and(|r| r.0 == self.ctx.item) {
            return;
        }
        let before = self.ctx.set;
        if let Some(session) = self.session.as_deref_mut() {
            session.recall(self.env.proto, self.env.side, self.ctx);
        }
        let (set, raw_set) = (self.ctx.set, self.ctx.raw_set);
        self.note(|tape| tape.recalled(before, set, raw_set));
    }

    /// Emits the native row and the command of what the slots say now.
    pub fn row(&mut self) {
        self.recall();
        if let Some(session) = self.session.as_deref_mut() {
            session.row(&self.env, self.ctx, self.emitter, self.names);
        }
        self.next_item();
    }

    pub(super) fn next_item(&mut self) {
        self.ctx.item += 1;
        self.ctx.value.clear();
        let item = self.ctx.item;
        if let Some(trace) = self.trace() {
            trace.reading.at_item(item);
        }
    }

    pub(super) fn values(&mut self, layout: Layout, wanted: Option<i64>, c: &mut Cursor<'_>) -> Step {
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
        let (data, at) = (c.rest(), c.at());
        self.reading(n, |out| fill(out, data, layout, step, n));
        self.note_value(Effect::Values { layout, step, at, n });
        if self.notes.is_some() {
            self.see_values(layout, step, at, n, data);
        }
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
    pub(super) fn said(&mut self, bytes: &[u8], render: Render) {
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

    pub(super) fn reading(&mut self, n: usize, fill: impl FnOnce(&mut Vec<f64>)) {
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
    pub(super) fn value_text(&mut self, n: usize, fill: impl FnOnce(&mut Vec<f64>)) {
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
}
