//! Ways that messages took through their programs, kept to be taken again.
//!
//! Plants say the same things over and over: a few dozen kinds of message make up nearly all traffic. A way is what one
//! kind does, straight on and without the program's questions ([`crate::tape`] records it). Whether a message is of that
//! kind is told by its length and its deciding bytes. Records are the same with ways as without: a way is only a
//! quicker means, and a message that fits none runs through its program.

use hashbrown::HashMap;

use crate::ops::Expr;
use crate::tape::{Effect, Tape};
use crate::vm::{Exit, Vm};

/// Lengths of messages for which ways are kept.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=1_024;
/// Ways of one protocol, length and direction, and of a sensor altogether.
const MAX_OF_KIND: usize = 64;
const MAX_WAYS: usize = 2_000;
/// Messages that found no way until their kind is given up, unless as many did find one.
const PATIENCE: u32 = 256;
/// Messages after which a kind's counts are halved: a plant may change.
const FORGET: u32 = 1 << 16;

/// What a kind of message does.
#[derive(Debug)]
pub struct Way {
    /// Eight bytes from a place on: which bits count, and what they must be.
    guards: Box<[(usize, u64, u64)]>,
    /// Asked of the flow.
    before: Box<[(Expr, i64)]>,
    /// It asks after it has told something.
    pub rehearse: bool,
    pub effects: Box<[Effect]>,
    pub consts: Box<[i64]>,
}

impl Way {
    /// `guarded`: by byte of `data` (at least eight), whether it decides.
    pub fn new(
        data: &[u8],
        guarded: &[bool],
        before: Vec<(Expr, i64)>,
        effects: Vec<Effect>,
        consts: Vec<i64>,
    ) -> Self {
        let last = data.len().saturating_sub(8);
        let guards = (0..data.len())
            .step_by(8)
            .map(|at| at.min(last))
            .filter_map(|at| {
                let bits = guarded.get(at..at + 8)?.iter().map(|&g| if g { 0xff } else { 0 });
                let mask = bits.fold(0, |mask, byte: u64| mask >> 8 | byte << 56);
                (mask != 0).then(|| (at, mask, word(data, at) & mask))
            });
        Self {
            guards: guards.collect(),
            before: before.into(),
            rehearse: false,
            effects: effects.into(),
            consts: consts.into(),
        }
    }

    #[inline]
    fn fits(&self, vm: &Vm<'_>, data: &[u8]) -> bool {
        self.guards
            .iter()
            .all(|&(at, mask, want)| word(data, at) & mask == want)
            && self.before.iter().all(|(expr, value)| vm.of_flow(expr) == *value)
    }
}

#[inline(always)]
pub fn word(data: &[u8], at: usize) -> u64 {
    data.get(at..)
        .and_then(|d| d.first_chunk::<8>())
        .map_or(0, |b| u64::from_le_bytes(*b))
}

/// The ways that a flow's last messages took, by length and direction: who asks in turn asks the same again.
#[derive(Debug, Default)]
pub struct Trodden([u8; 16]);

impl Trodden {
    fn place(data: &[u8], from_orig: bool) -> usize {
        (data.len() << 1 | usize::from(from_orig)) & 15
    }

    fn get(&self, data: &[u8], from_orig: bool) -> Option<usize> {
        usize::from(self.0[Self::place(data, from_orig)]).checked_sub(1)
    }

    fn set(&mut self, data: &[u8], from_orig: bool, way: usize) {
        self.0[Self::place(data, from_orig)] = u8::try_from(way + 1).unwrap_or(0);
    }
}

/// Ways of messages of one protocol, length and direction.
#[derive(Debug, Default)]
struct Kind {
    ways: Vec<Way>,
    /// Where the last one was found: the next is often the same.
    last: usize,
    found: u32,
    missed: u32,
    spoilt: u32,
}

impl Kind {
    /// Plays the way that fits, the flow's last one of the kind if it does; false if there is none, and then nothing was
    /// told.
    fn play(&mut self, vm: &mut Vm<'_>, data: &[u8]) -> bool {
        let n = self.ways.len();
        let hint = vm
            .session
            .as_deref()
            .and_then(|s| s.trodden.get(data, vm.env.from_orig));
        let start = hint.filter(|&i| i < n).unwrap_or(self.last);
        for i in (start..n).chain(0..start) {
            if self.ways[i].fits(vm, data) {
                if vm.play(&self.ways[i], data) {
                    self.last = i;
                    self.found += 1;
                    if let Some(session) = vm.session.as_deref_mut() {
                        session.trodden.set(data, vm.env.from_orig, i);
                    }
                    return true;
                }
                vm.again();
            }
        }
        self.missed += 1;
        if self.found + self.missed > FORGET {
            (self.found, self.missed, self.spoilt) = (self.found / 2, self.missed / 2, self.spoilt / 2);
        }
        false
    }

    fn wants_more(&self) -> bool {
        self.ways.len() < MAX_OF_KIND && self.missed <= PATIENCE + self.found && self.spoilt < PATIENCE / 8
    }
}

/// All ways of a sensor.
#[derive(Debug)]
pub struct Ways {
    on: bool,
    /// By protocol, length and direction in one number.
    kinds: HashMap<u64, Kind>,
    total: usize,
}

impl Ways {
    /// `on`: without, each message runs through its program.
    pub fn new(on: bool) -> Self {
        Self {
            on,
            kinds: HashMap::new(),
            total: 0,
        }
    }

    /// Runs a message through its program, or along the way that an earlier one of its kind took.
    ///
    /// # Errors
    /// Why the program ended early; a way that is played always comes to its end.
    pub fn run(&mut self, vm: &mut Vm<'_>, data: &[u8]) -> Result<(), Exit> {
        let program = &vm.env.proto.main;
        if !self.on || !LENGTHS.contains(&data.len()) || vm.is_gathering() {
            return vm.message(program, data);
        }
        let key = (vm.env.index as u64) << 16 | (data.len() as u64) << 1 | u64::from(vm.env.from_orig);
        let kind = self.kinds.entry(key).or_default();
        if kind.play(vm, data) {
            return Ok(());
        }
        if !kind.wants_more() || self.total >= MAX_WAYS {
            return vm.message(program, data);
        }
        vm.tape = Some(Box::new(Tape::new(data.len())));
        let result = vm.message(program, data);
        let tape = vm.tape.take();
        if let (Ok(()) | Err(Exit::Stop), Some(way)) = (result, tape.and_then(|t| t.finish(data))) {
            kind.ways.push(way);
            self.total += 1;
        } else {
            kind.spoilt += 1;
        }
        result
    }
}
