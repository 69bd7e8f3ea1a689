//! What the expressions of a program come to.

use super::cursor::Cursor;
use super::{Notes, Vm};
use crate::bits::{binary, peek_at, read};
use crate::ops::{Ask, Expr, Role};
use crate::tape::{Effect, Tape};

impl Vm<'_> {
    /// A size or offset: negative ones are nothing.
    pub(super) fn size(&mut self, e: &Expr, c: &Cursor<'_>) -> usize {
        self.decide(e, c).clamp(0, i64::from(u32::MAX)) as usize
    }

    pub(super) fn size_or_left(&mut self, size: Option<&Expr>, c: &Cursor<'_>) -> usize {
        match size {
            Some(size) => self.size(size, c),
            None => c.left(),
        }
    }

    /// A value by which the program goes on.
    #[inline(always)]
    pub(super) fn decide(&mut self, e: &Expr, c: &Cursor<'_>) -> i64 {
        let value = self.eval(e, c);
        if self.notes.is_some() {
            self.note_decision(e, c, value);
        }
        value
    }

    #[cold]
    pub(super) fn note_decision(&mut self, e: &Expr, c: &Cursor<'_>, value: i64) {
        let Some(mut notes) = self.notes.take() else {
            return;
        };
        let mut go_on = true;
        if let Notes::Tape(tape) = &mut *notes {
            tape.decided(e, c.view(), value, &|part| self.eval(part, c));
            go_on = !tape.is_spoilt();
        }
        self.notes = go_on.then_some(notes);
    }

    #[inline(always)]
    pub(super) fn note(&mut self, what: impl FnOnce(&mut Tape)) {
        if let Some(notes) = &mut self.notes
            && let Notes::Tape(tape) = &mut **notes
        {
            what(tape);
            if tape.is_spoilt() {
                self.notes = None;
            }
        }
    }

    /// Values of a request are kept for its row; those of others are told at once.
    pub(super) fn note_value(&mut self, effect: Effect) {
        let keeps = matches!(self.ctx.role, Role::Request | Role::Notify);
        self.note(|tape| {
            if keeps {
                tape.step(effect)
            } else {
                tape.tell(effect)
            }
        });
    }

    #[inline(always)]
    pub(super) fn eval(&self, e: &Expr, c: &Cursor<'_>) -> i64 {
        match e {
            Expr::Const(v) => *v,
            Expr::Slot(s) => self.ctx.get(*s).unwrap_or(0),
            Expr::SlotConst(op, s, k) => binary(*op, self.ctx.get(*s).unwrap_or(0), *k),
            _ => self.eval_tree(e, c),
        }
    }

    pub(super) fn eval_tree(&self, e: &Expr, c: &Cursor<'_>) -> i64 {
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
            } => peek_at(c.data.len(), c.pos, *width, *at, *from_start)
                .and_then(|start| c.data.get(start..start + *width as usize))
                .map_or(0, |bytes| read(bytes, *le, *signed)),
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

    pub(super) fn ask(&self, what: Ask, c: &Cursor<'_>) -> i64 {
        match what {
            Ask::Left => c.left() as i64,
            Ask::Size => c.data.len() as i64,
            Ask::Pos => c.pos as i64,
            Ask::FromOrig => self.env.from_orig as i64,
            Ask::OnPort => self.env.on_port as i64,
            Ask::ToPort => self.env.to_port as i64,
            Ask::DstPort => i64::from(self.env.ports().1),
            Ask::SrcPort => i64::from(self.env.ports().0),
            Ask::IsResponse => (self.ctx.role == Role::Response) as i64,
            Ask::Item => self.ctx.item as i64,
            Ask::EtherType => i64::from(self.env.flow.ethertype),
        }
    }
}
