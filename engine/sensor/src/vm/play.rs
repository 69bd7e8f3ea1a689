//! Goes the way of an earlier message ([`crate::ways`]) instead of running the program.

use super::{Cursor, Vm};
use crate::bits::fill;
use crate::ops::{Expr, Role};
use crate::session::Session;
use crate::tape::Effect;
use crate::ways::Way;

impl Vm<'_> {
    /// Goes the way of an earlier message; false if it is not this one's, and then nothing was told.
    pub fn play(&mut self, way: &Way, data: &[u8]) -> bool {
        if way.rehearse {
            if !self.go(way, data, true) {
                return false;
            }
            self.again();
        }
        self.go(way, data, false)
    }

    /// `silent`: only asks, and tells nothing.
    fn go(&mut self, way: &Way, data: &[u8], silent: bool) -> bool {
        for effect in &way.effects {
            match effect {
                Effect::Int(slot, field) => self.ctx.put(*slot, field.read(data)),
                Effect::Consts { mask, first, end } => {
                    self.ctx
                        .put_all(*mask, way.consts.get(*first..*end).unwrap_or(&[]));
                }
                Effect::Let(slot, expr, view) => {
                    let value = self.eval(expr, &Cursor::of(data, *view));
                    self.ctx.put(*slot, value);
                }
                Effect::Unset(mask) => self.ctx.unset(*mask),
                Effect::Do { verb, area } => self.ctx.act(*verb, *area),
                Effect::AreaIs(area) => self.ctx.area = *area,
                Effect::Role(role) => self.ctx.role = *role,
                Effect::Guard(expr, view, value) => {
                    if self.eval(expr, &Cursor::of(data, *view)) != *value {
                        return false;
                    }
                }
                Effect::Recall { set, raw_set } => {
                    self.recall();
                    if (self.ctx.set, self.ctx.raw_set) != (*set, *raw_set) {
                        return false;
                    }
                }
                Effect::Row if silent => self.next_item(),
                Effect::Row => self.row(),
                Effect::Values { .. }
                | Effect::Text { .. }
                | Effect::Number(..)
                | Effect::Rich { .. }
                | Effect::Remember { .. }
                    if silent => {}
                _ => self.go_on(effect, data),
            }
        }
        true
    }

    fn go_on(&mut self, effect: &Effect, data: &[u8]) {
        let part = |at: usize, len: usize| data.get(at..at + len).unwrap_or(&[]);
        match effect {
            Effect::Bytes { slot, at, len, join } => {
                self.ctx.join_raw(*slot, part(*at, *len), join.as_deref())
            }
            Effect::Area {
                value,
                view,
                names,
                template,
            } => self.area(value, names, *template, &Cursor::of(data, *view)),
            Effect::Quality(value, view, names) => self.quality(value, names, &Cursor::of(data, *view)),
            Effect::Values { layout, step, at, n } => {
                let values = data.get(*at..).unwrap_or(&[]);
                self.reading(*n, |out| fill(out, values, *layout, *step, *n));
            }
            Effect::Text { at, len, render } => self.said(part(*at, *len), *render),
            Effect::Number(value, view) => self.number(value, &Cursor::of(data, *view)),
            Effect::Rich { tag, again, at, len } => self.rich(*tag, *again, part(*at, *len)),
            Effect::Remember {
                name,
                value,
                key,
                view,
            } => self.remember(*name, value, key, &Cursor::of(data, *view)),
            _ => {}
        }
    }

    /// Forgets what a way that was not this message's has put into the slots.
    pub fn again(&mut self) {
        self.ctx.reset(if self.env.from_orig {
            Role::Request
        } else {
            Role::Response
        });
    }

    /// Whether the session is in the middle of fragments.
    pub fn is_gathering(&self) -> bool {
        self.session.as_deref().is_some_and(Session::gathers_any)
    }

    /// What an expression about the flow says.
    pub fn of_flow(&self, e: &Expr) -> i64 {
        self.eval(
            e,
            &Cursor {
                data: &[],
                pos: 0,
                base: 0,
            },
        )
    }
}
