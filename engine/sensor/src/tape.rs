//! The recorder: what a program did with one message, so that [`crate::ways`] can do it again without the program.
//!
//! A message of which the deciding bytes are the same takes the same way. The recorder follows which bytes a slot
//! comes from. Bytes that a decision was made from are *guarded*: they must be the same for the way to be taken.
//! What else decided (the request that is answered, what the session knows, ports) is asked again as the way is played.
//! Nothing may be told before all has been asked: a way that asks between two rows is gone twice, first in silence.

use crate::bits::Layout;
use crate::names::NameId;
use crate::ops::{Again, Ask, Bin, Expr, MAX_SLOTS, Role, Slot};
use crate::tables::Labels;
use crate::text::Render;
use crate::ways::Way;

/// Effects of a way: more are not worth keeping.
const MAX_EFFECTS: usize = 4_096;

/// The slice of the message that an operation sees, and where it stands in the message.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub start: usize,
    pub end: usize,
    pub pos: usize,
}

/// A number in a message of known length: eight bytes that hold it, and where in them it is.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    at: usize,
    swap: bool,
    /// Bits to its left and its right.
    left: u8,
    right: u8,
    signed: bool,
}

impl Field {
    /// The field at `at`, of `width` bytes (at most eight), in a message of `length` (at least eight).
    fn new(length: usize, at: usize, width: u8, le: bool, signed: bool) -> Self {
        let width = usize::from(width.clamp(1, 8));
        let start = at.min(length.saturating_sub(8));
        let before = (at - start).min(8 - width);
        let after = 8 - width - before;
        let (left, right) = if le { (after, before) } else { (before, after) };
        Self {
            at: start,
            swap: !le,
            left: 8 * left as u8,
            right: 8 * right as u8,
            signed,
        }
    }

    #[inline(always)]
    pub fn read(&self, data: &[u8]) -> i64 {
        let word = crate::ways::word(data, self.at);
        let word = if self.swap { word.swap_bytes() } else { word };
        let placed = word << (self.left & 63);
        let shift = (self.left + self.right) & 63;
        if self.signed {
            placed as i64 >> shift
        } else {
            (placed >> shift) as i64
        }
    }
}

/// One step of a way: what an operation did, with places counted from the beginning of the message.
#[derive(Debug, Clone)]
pub enum Effect {
    /// A number of the message.
    Int(Slot, Field),
    /// Slots that always hold the same on this way, as bits; they and their values are from `first` on, up to `end`.
    Consts {
        mask: u64,
        first: usize,
        end: usize,
    },
    Let(Slot, Expr, View),
    /// The way goes on only if this is so.
    Guard(Expr, View, i64),
    Bytes {
        slot: Slot,
        at: usize,
        len: usize,
        join: Option<Box<[u8]>>,
    },
    Unset(u64),
    Do {
        verb: NameId,
        area: NameId,
    },
    Area {
        value: Expr,
        view: View,
        names: Labels,
        template: NameId,
    },
    /// The area that `Area` always gives on this way.
    AreaIs(NameId),
    Quality(Expr, View, Labels),
    Role(Role),
    /// Fetches the request; the way goes on only if that sets the same slots.
    Recall {
        set: u64,
        raw_set: u64,
    },
    Values {
        layout: Layout,
        step: usize,
        at: usize,
        n: usize,
    },
    Text {
        at: usize,
        len: usize,
        render: Render,
    },
    Number(Expr, View),
    Row,
    Rich {
        tag: NameId,
        again: Again,
        at: usize,
        len: usize,
    },
    Remember {
        name: NameId,
        value: Expr,
        key: Expr,
        view: View,
    },
}

/// Where the number in a slot comes from.
#[derive(Debug, Clone, Default)]
enum Source {
    /// It is the same whatever the message says.
    #[default]
    Fixed,
    /// From these bytes (place and width) and nothing else.
    Bytes(Vec<(usize, usize)>),
    /// From outside the message too.
    Outside,
}

impl Source {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Outside, _) | (_, Self::Outside) => Self::Outside,
            (Self::Fixed, one) | (one, Self::Fixed) => one,
            (Self::Bytes(mut a), Self::Bytes(b)) => {
                a.extend(b);
                Self::Bytes(a)
            }
        }
    }
}

/// A number put into a slot: the effect, and what it was this time.
#[derive(Debug)]
struct Put {
    slot: Slot,
    source: Source,
    value: i64,
}

/// A recording.
#[derive(Debug)]
pub struct Tape {
    steps: Vec<(Effect, Option<Put>)>,
    sources: Vec<Source>,
    /// By byte of the message.
    guarded: Vec<bool>,
    before: Vec<(Expr, i64)>,
    /// Something was told, and after it something was asked.
    told: bool,
    asked: bool,
    /// The session's memory was changed: what it knows cannot be asked beforehand any more.
    remembered: bool,
    spoilt: bool,
}

impl Tape {
    pub fn new(length: usize) -> Self {
        Self {
            steps: Vec::new(),
            sources: vec![Source::Fixed; MAX_SLOTS],
            guarded: vec![false; length],
            before: Vec::new(),
            told: false,
            asked: false,
            remembered: false,
            spoilt: false,
        }
    }

    /// This message cannot be played again.
    pub fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// Nothing more needs to be recorded.
    pub fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    pub fn step(&mut self, effect: Effect) {
        if let Effect::Unset(mask) = effect {
            (0..MAX_SLOTS)
                .filter(|s| mask >> s & 1 == 1)
                .for_each(|s| self.sources[s] = Source::Fixed);
        }
        self.steps.push((effect, None));
        self.spoilt |= self.steps.len() > MAX_EFFECTS;
    }

    /// A step that cannot be taken back.
    pub fn tell(&mut self, effect: Effect) {
        self.remembered |= matches!(effect, Effect::Remember { .. });
        self.step(effect);
        self.told = true;
    }

    pub fn int(&mut self, slot: Slot, at: usize, width: u8, le: bool, signed: bool, value: i64) {
        let effect = Effect::Int(slot, Field::new(self.guarded.len(), at, width, le, signed));
        self.put(effect, slot, Source::Bytes(vec![(at, width as usize)]), value);
    }

    pub fn set(&mut self, slot: Slot, expr: &Expr, view: View, value: i64) {
        let source = self.source(expr, view);
        self.put(Effect::Let(slot, expr.clone(), view), slot, source, value);
    }

    /// A slot whose value follows from these bytes, in a way that only they tell (a length of several forms).
    pub fn derived(&mut self, slot: Slot, at: usize, width: usize, value: i64) {
        self.guard(&[(at, width)]);
        self.put(
            Effect::Consts {
                mask: 0,
                first: 0,
                end: 0,
            },
            slot,
            Source::Fixed,
            value,
        );
    }

    fn put(&mut self, effect: Effect, slot: Slot, source: Source, value: i64) {
        self.sources[slot as usize & (MAX_SLOTS - 1)] = source.clone();
        self.steps.push((effect, Some(Put { slot, source, value })));
        self.spoilt |= self.steps.len() > MAX_EFFECTS;
    }

    /// The program went on by this value; `eval` tells what a part of the expression is.
    pub fn decided(&mut self, expr: &Expr, view: View, value: i64, eval: &dyn Fn(&Expr) -> i64) {
        if is_of_flow(expr) {
            if !self.before.iter().any(|(e, _)| e == expr) {
                self.before.push((expr.clone(), value));
            }
            return;
        }
        match self.source(expr, view) {
            Source::Fixed => {}
            Source::Bytes(bytes) => self.guard(&bytes),
            Source::Outside if self.remembered => self.spoil(),
            Source::Outside => {
                let expr = self.simple(expr, view, eval);
                match expr {
                    Expr::Const(_) => return,
                    // From here on, this slot is what it is now.
                    Expr::Slot(slot) => self.sources[slot as usize & (MAX_SLOTS - 1)] = Source::Fixed,
                    _ => {}
                }
                self.asked |= self.told;
                self.step(Effect::Guard(expr, view, value));
            }
        }
    }

    /// The expression without the parts that are known on this way; what they are read from is guarded.
    fn simple(&mut self, expr: &Expr, view: View, eval: &dyn Fn(&Expr) -> i64) -> Expr {
        match (self.source(expr, view), expr) {
            (Source::Outside, Expr::Bin(op, a, b)) => {
                let (a, b) = (self.simple(a, view, eval), self.simple(b, view, eval));
                match (op, &a, &b) {
                    // Conditions are joined as `(a != 0) & (b != 0)`.
                    (Bin::And, Expr::Const(0), _) | (Bin::And, _, Expr::Const(0)) => Expr::Const(0),
                    (Bin::And, Expr::Const(1), _) if is_condition(&b) => b,
                    (Bin::And, _, Expr::Const(1)) if is_condition(&a) => a,
                    (Bin::Ne, _, Expr::Const(0)) if is_condition(&a) => a,
                    (_, Expr::Slot(slot), Expr::Const(k)) => Expr::SlotConst(*op, *slot, *k),
                    _ => Expr::Bin(*op, Box::new(a), Box::new(b)),
                }
            }
            (Source::Outside, Expr::Among(of, list)) => {
                Expr::Among(Box::new(self.simple(of, view, eval)), list.clone())
            }
            (Source::Outside, _) => expr.clone(),
            (Source::Bytes(bytes), _) => {
                self.guard(&bytes);
                Expr::Const(eval(expr))
            }
            (Source::Fixed, _) => Expr::Const(eval(expr)),
        }
    }

    /// The area was named by an expression.
    pub fn area(&mut self, value: &Expr, view: View, names: &Labels, template: NameId, is: NameId) {
        self.step(match self.source(value, view) {
            Source::Fixed => Effect::AreaIs(is),
            _ => Effect::Area {
                value: value.clone(),
                view,
                names: names.clone(),
                template,
            },
        });
    }

    /// The request was fetched: slots that it set are from outside.
    pub fn recalled(&mut self, before: u64, set: u64, raw_set: u64) {
        self.asked |= self.told;
        let new = set & !before;
        (0..MAX_SLOTS)
            .filter(|s| new >> s & 1 == 1)
            .for_each(|s| self.sources[s] = Source::Outside);
        self.step(Effect::Recall { set, raw_set });
    }

    fn guard(&mut self, bytes: &[(usize, usize)]) {
        for &(at, width) in bytes {
            if let Some(range) = self.guarded.get_mut(at..at + width) {
                range.fill(true);
            }
        }
    }

    fn source(&self, expr: &Expr, view: View) -> Source {
        match expr {
            Expr::Const(_) | Expr::Has(_) => Source::Fixed,
            Expr::Slot(s) | Expr::SlotConst(_, s, _) => self.sources[*s as usize & (MAX_SLOTS - 1)].clone(),
            Expr::Bin(_, a, b) => self.source(a, view).and(self.source(b, view)),
            Expr::Among(of, _) => self.source(of, view),
            Expr::Peek {
                width,
                at,
                from_start,
                ..
            } => {
                let length = view.end - view.start;
                match crate::bits::peek_at(length, view.pos, *width, *at, *from_start) {
                    Some(start) => Source::Bytes(vec![(view.start + start, *width as usize)]),
                    None => Source::Fixed,
                }
            }
            Expr::Ask(what) if what.is_of_flow() => Source::Outside,
            Expr::Ask(_) => Source::Fixed,
            Expr::Known { .. } => Source::Outside,
        }
    }

    /// The way, if it can be played again.
    pub fn finish(self, data: &[u8]) -> Option<Way> {
        if self.spoilt {
            return None;
        }
        let known = |bytes: &[(usize, usize)]| {
            bytes.iter().all(|&(at, width)| {
                self.guarded
                    .get(at..at + width)
                    .is_some_and(|g| g.iter().all(|&b| b))
            })
        };
        let steps = self.steps.into_iter().map(|(effect, put)| {
            let fixed = put.filter(|p| match &p.source {
                Source::Fixed => true,
                Source::Bytes(bytes) => known(bytes),
                Source::Outside => false,
            });
            match fixed {
                Some(put) => Step::Fixed(put.slot, put.value),
                None => Step::Other(effect),
            }
        });
        let (effects, consts) = gather(without_dead(steps.collect()));
        let mut way = Way::new(data, &self.guarded, self.before, effects, consts);
        way.rehearse = self.asked;
        Some(way)
    }
}

/// A step of the finished way: a slot that is always the same, or anything else.
enum Step {
    Fixed(Slot, i64),
    Other(Effect),
}

/// Leaves out numbers that are put over before anything looks at them.
fn without_dead(steps: Vec<Step>) -> Vec<Step> {
    let (mut dead, mut kept) = (0u64, Vec::with_capacity(steps.len()));
    for step in steps.into_iter().rev() {
        match &step {
            Step::Fixed(slot, _) | Step::Other(Effect::Int(slot, _) | Effect::Let(slot, ..)) => {
                if dead >> slot & 1 == 1 {
                    continue;
                }
                dead |= 1 << slot;
                if let Step::Other(Effect::Let(_, expr, _)) = &step {
                    dead &= !slots_of(expr);
                }
            }
            Step::Other(Effect::Unset(mask)) => dead |= mask,
            Step::Other(Effect::Do { .. } | Effect::AreaIs(_) | Effect::Role(_) | Effect::Bytes { .. }) => {}
            Step::Other(_) => dead = 0,
        }
        kept.push(step);
    }
    kept.reverse();
    kept
}

/// Joins fixed slots: they can wait until something looks at them.
fn gather(steps: Vec<Step>) -> (Vec<Effect>, Vec<(Slot, i64)>) {
    let (mut effects, mut consts, mut open) = (Vec::new(), Vec::new(), Vec::<(Slot, i64)>::new());
    let mut close = |open: &mut Vec<(Slot, i64)>, effects: &mut Vec<Effect>| {
        if open.is_empty() {
            return;
        }
        open.sort_unstable_by_key(|c| c.0);
        effects.push(Effect::Consts {
            mask: open.iter().fold(0, |mask, c| mask | 1 << c.0),
            first: consts.len(),
            end: consts.len() + open.len(),
        });
        consts.append(open);
    };
    for step in steps {
        match step {
            Step::Fixed(slot, value) => {
                open.retain(|o| o.0 != slot);
                open.push((slot, value));
            }
            Step::Other(effect) => {
                if open.iter().any(|o| touched(&effect) >> o.0 & 1 == 1) {
                    close(&mut open, &mut effects);
                }
                effects.push(effect);
            }
        }
    }
    close(&mut open, &mut effects);
    (effects, consts)
}

/// Slots that an effect looks at or changes.
fn touched(effect: &Effect) -> u64 {
    match effect {
        Effect::Int(slot, _) => 1 << slot,
        Effect::Let(slot, expr, _) => 1 << slot | slots_of(expr),
        Effect::Guard(expr, ..) | Effect::Quality(expr, ..) | Effect::Area { value: expr, .. } => {
            slots_of(expr)
        }
        Effect::Unset(mask) => *mask,
        Effect::Do { .. } | Effect::AreaIs(_) | Effect::Role(_) | Effect::Bytes { .. } => 0,
        _ => u64::MAX,
    }
}

/// Whether it is 0 or 1.
fn is_condition(expr: &Expr) -> bool {
    use Bin::{Eq, Ge, Gt, Le, Lt, Ne};
    match expr {
        Expr::Bin(op, ..) | Expr::SlotConst(op, ..) => matches!(op, Lt | Le | Gt | Ge | Eq | Ne),
        Expr::Has(_) | Expr::Among(..) => true,
        _ => false,
    }
}

fn slots_of(expr: &Expr) -> u64 {
    match expr {
        Expr::Slot(s) | Expr::SlotConst(_, s, _) | Expr::Has(s) => 1 << s,
        Expr::Bin(_, a, b) => slots_of(a) | slots_of(b),
        Expr::Among(of, _) => slots_of(of),
        Expr::Known { key, .. } => slots_of(key),
        Expr::Const(_) | Expr::Peek { .. } | Expr::Ask(_) => 0,
    }
}

/// Whether this says something of the flow, and of nothing else: it can be asked before anything is read.
fn is_of_flow(expr: &Expr) -> bool {
    fn only(expr: &Expr, asks: &mut bool) -> bool {
        match expr {
            Expr::Const(_) => true,
            Expr::Ask(what) => {
                *asks |= what.is_of_flow();
                what.is_of_flow()
            }
            Expr::Bin(_, a, b) => only(a, asks) && only(b, asks),
            Expr::Among(of, _) => only(of, asks),
            _ => false,
        }
    }
    let mut asks = false;
    only(expr, &mut asks) && asks
}

impl Ask {
    /// It is about the flow, not about the message.
    fn is_of_flow(self) -> bool {
        match self {
            Self::FromOrig
            | Self::OnPort
            | Self::ToPort
            | Self::DstPort
            | Self::SrcPort
            | Self::EtherType => true,
            Self::Left | Self::Size | Self::Pos | Self::IsResponse | Self::Item => false,
        }
    }
}
