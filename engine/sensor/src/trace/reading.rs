//! What a program reads of one message: each field with its bytes.

use super::{Piece, part};
use crate::bits::peek_at;
use crate::names::NameId;
use crate::ops::{Bin, Expr, MAX_SLOTS, Slot};
use crate::tape::View;

/// Fields of one message that are noted: a person looks at them.
const MAX_FIELDS: usize = 2_048;

/// What a field is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Slot(Slot),
    /// Bytes that the program passes over, by the name that it gives them.
    Label(NameId),
    /// A value of a reading or a write: the area, and its number in a list.
    Value(NameId, Option<i64>),
    /// What a parser of rich messages gets.
    Rich(NameId),
}

/// What a field says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Why the program ended early, and the place where; none if it came to its end.
pub type Stopped = Option<(String, Option<Piece>)>;

#[derive(Debug, Clone)]
pub struct Field {
    pub what: What,
    pub value: Value,
    pub pieces: Vec<Piece>,
    /// Which bits of the bytes, if not all.
    pub bits: Option<u64>,
    /// It follows from bytes that another field stands in.
    pub derived: bool,
    /// The how-manieth row of the message it belongs to.
    pub item: u32,
}

/// Bytes that a number comes from, and what of them: `(number & mask) >> shift`.
#[derive(Debug, Clone, Default)]
struct Origin {
    pieces: Vec<Piece>,
    mask: u64,
    shift: u32,
}

impl Origin {
    fn of(pieces: Vec<Piece>) -> Self {
        Self {
            pieces,
            mask: u64::MAX,
            shift: 0,
        }
    }

    /// The bits, where they are not all of the bytes.
    fn bits(&self) -> Option<u64> {
        let width = self.pieces.iter().map(|p| p.len).sum::<usize>().min(8);
        let all = u64::MAX.checked_shr(64 - 8 * width as u32).unwrap_or(0);
        (self.mask & all != all).then_some(self.mask & all)
    }
}

#[derive(Debug, Default)]
pub struct Reading {
    /// The message, and what was put together of its bytes or of earlier ones: the last is being read.
    sources: Vec<Vec<Piece>>,
    slots: Vec<Option<Origin>>,
    label: Option<NameId>,
    fields: Vec<Field>,
    stopped: Stopped,
    item: u32,
}

impl Reading {
    pub fn new(message: Vec<Piece>) -> Self {
        Self {
            sources: vec![message],
            slots: vec![None; MAX_SLOTS],
            ..Self::default()
        }
    }

    pub fn finish(mut self) -> (Vec<Piece>, Vec<Field>, Stopped) {
        let message = self.sources.swap_remove(0);
        (message, self.fields, self.stopped)
    }

    /// Where bytes of what is being read come from.
    pub fn place(&self, at: usize, len: usize) -> Vec<Piece> {
        self.sources.last().map_or_else(Vec::new, |s| part(s, at, len))
    }

    /// Reads on in bytes that were put together.
    pub fn enter(&mut self, pieces: Vec<Piece>) {
        self.sources.push(pieces);
    }

    pub fn leave(&mut self) {
        if self.sources.len() > 1 {
            self.sources.pop();
        }
    }

    /// The rows so far.
    pub fn at_item(&mut self, item: u32) {
        self.item = item;
    }

    /// What the next bytes are called.
    pub fn label(&mut self, name: NameId) {
        self.label = Some(name);
    }

    /// Bytes that are no slot's: a field if they have a name.
    pub fn unnamed(&mut self, at: usize, len: usize, value: Value) {
        if let Some(label) = self.label.take() {
            let pieces = self.place(at, len);
            self.add(What::Label(label), value, pieces, None, false);
        }
    }

    pub fn int(&mut self, slot: Slot, at: usize, len: usize, value: i64) {
        let pieces = self.place(at, len);
        self.put(slot, Some(Origin::of(pieces.clone())));
        self.field(What::Slot(slot), pieces, Value::Number(value));
    }

    pub fn field(&mut self, what: What, pieces: Vec<Piece>, value: Value) {
        let what = self.label.take().map_or(what, What::Label);
        self.add(what, value, pieces, None, false);
    }

    /// Some bits of bytes.
    pub fn bits(&mut self, what: What, pieces: Vec<Piece>, mask: u64, value: Value) {
        self.add(what, value, pieces, Some(mask), false);
    }

    /// A slot was computed: it is a field if it comes from bytes of one place.
    pub fn computed(&mut self, what: What, slot: Option<Slot>, expr: &Expr, view: View, value: i64) {
        let origin = self.origin(expr, view);
        if let Some(origin) = &origin {
            self.add(
                what,
                Value::Number(value),
                origin.pieces.clone(),
                origin.bits(),
                true,
            );
        }
        if let Some(slot) = slot {
            self.put(slot, origin);
        }
    }

    pub fn forget(&mut self, mask: u64) {
        for slot in (0..MAX_SLOTS).filter(|s| mask >> s & 1 == 1) {
            self.put(slot as Slot, None);
        }
    }

    /// The program ended here. The innermost slice knows best.
    pub fn stop(&mut self, why: &str, at: usize) {
        if self.stopped.is_none() {
            let before = at.checked_sub(1).map(|at| self.place(at, 1));
            let here = self.place(at, 1).first().copied();
            let after = |p: Piece| Piece {
                at: p.at + 1,
                len: 0,
                ..p
            };
            let place = here.or_else(|| before.and_then(|b| b.first().copied()).map(after));
            self.stopped = Some((why.to_owned(), place.map(|p| Piece { len: 0, ..p })));
        }
    }

    fn put(&mut self, slot: Slot, origin: Option<Origin>) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = origin;
        }
    }

    fn add(&mut self, what: What, value: Value, pieces: Vec<Piece>, bits: Option<u64>, derived: bool) {
        if self.fields.len() < MAX_FIELDS && !pieces.is_empty() {
            self.fields.push(Field {
                what,
                value,
                pieces,
                bits,
                derived,
                item: self.item,
            });
        }
    }

    /// The one place that a number comes from, if it is one.
    fn origin(&self, expr: &Expr, view: View) -> Option<Origin> {
        let slot = |s: &Slot| self.slots.get(*s as usize).cloned().flatten();
        match expr {
            Expr::Slot(s) => slot(s),
            Expr::SlotConst(op, s, k) => through(*op, slot(s)?, *k),
            Expr::Bin(op, a, b) => match (&**a, &**b) {
                (a, Expr::Const(k)) => through(*op, self.origin(a, view)?, *k),
                (Expr::Const(_), b) => self.origin(b, view),
                _ => None,
            },
            Expr::Among(of, _) => self.origin(of, view),
            Expr::Peek {
                width,
                at,
                from_start,
                ..
            } => {
                let start = peek_at(view.end - view.start, view.pos, *width, *at, *from_start)?;
                Some(Origin::of(self.place(view.start + start, *width as usize)))
            }
            _ => None,
        }
    }
}

/// What is left of the bytes' bits after an operation with a constant.
fn through(op: Bin, mut origin: Origin, k: i64) -> Option<Origin> {
    let shift = u32::try_from(k).ok().filter(|k| *k < 64);
    match op {
        Bin::And => origin.mask &= (k as u64).checked_shl(origin.shift).unwrap_or(0),
        Bin::Shr => {
            origin.shift += shift?;
            origin.mask &= u64::MAX.checked_shl(origin.shift).unwrap_or(0);
        }
        _ => {}
    }
    Some(origin)
}
