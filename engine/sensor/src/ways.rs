//! Ways that messages took through their programs, kept to be taken again.
//!
//! Plants say the same things over and over: a few dozen kinds of message make up nearly all traffic. A way is what one
//! kind does, straight on and without the program's questions ([`crate::tape`] records it). Whether a message is of that
//! kind is told by its length and its deciding bytes. Records are the same with ways as without: a way is only a
//! quicker means, and a message that fits none runs through its program.

use crate::ops::{Ask, Expr, Slot};
use crate::tape::{Effect, Tape};
use crate::vm::{Exit, Notes, Vm};

/// Lengths of messages for which ways are kept.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=4_096;
/// Ways of one protocol, length and direction; of a sensor altogether, and their effects (some 90 bytes each).
const MAX_OF_KIND: usize = 64;
const MAX_WAYS: usize = 2_000;
const MAX_EFFECTS: usize = 128 << 10;
/// Kinds that are kept apart; the messages of further ones run through their programs.
const MAX_KINDS: usize = 16 << 10;
/// Messages that found no way until their kind is given up, unless as many did find one.
const PATIENCE: u32 = 256;
/// Recordings that a protocol may have at once, and one more for so many messages that found a way, or did not.
const AT_ONCE: u64 = 512;
const FOUND_PAYS: u64 = 8;
const MISSED_PAYS: u64 = 64;
/// Messages after which a kind's counts are halved: a plant may change.
const FORGET: u32 = 1 << 16;

/// What a kind of message does.
#[derive(Debug)]
pub struct Way {
    /// Eight bytes from a place on: which bits count, and what they must be.
    guards: Box<[(usize, u64, u64)]>,
    /// Asked of the flow.
    before: Box<[(Expr, i64)]>,
    /// A flow answers what is asked of it always the same.
    steady: bool,
    /// It asks after it has told something.
    pub rehearse: bool,
    pub effects: Box<[Effect]>,
    pub consts: Box<[(Slot, i64)]>,
}

impl Way {
    /// `guarded`: by byte of `data` (at least eight), whether it decides.
    pub fn new(
        data: &[u8],
        guarded: &[bool],
        before: Vec<(Expr, i64)>,
        effects: Vec<Effect>,
        consts: Vec<(Slot, i64)>,
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
            steady: before.iter().all(|(expr, _)| is_steady(expr)),
            before: before.into(),
            rehearse: false,
            effects: effects.into(),
            consts: consts.into(),
        }
    }

    #[inline]
    fn fits(&self, vm: &Vm<'_>, data: &[u8]) -> bool {
        self.is_guarded(data) && self.before.iter().all(|(expr, value)| vm.of_flow(expr) == *value)
    }

    #[inline]
    fn is_guarded(&self, data: &[u8]) -> bool {
        self.guards
            .iter()
            .all(|&(at, mask, want)| word(data, at) & mask == want)
    }
}

/// Whether a flow answers the same for all messages of one direction and side. Below IP, an ethertype may be a length.
fn is_steady(expr: &Expr) -> bool {
    match expr {
        Expr::Ask(what) => *what != Ask::EtherType,
        Expr::Bin(_, a, b) => is_steady(a) && is_steady(b),
        Expr::Among(of, _) => is_steady(of),
        _ => true,
    }
}

#[inline(always)]
pub fn word(data: &[u8], at: usize) -> u64 {
    data.get(at..)
        .and_then(|d| d.first_chunk::<8>())
        .map_or(0, |b| u64::from_le_bytes(*b))
}

/// Who sent it to whom, and how long: what a kind of message is within one flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Said(u16);

impl Said {
    #[inline]
    fn new(data: &[u8], from_orig: bool, side: u8) -> Self {
        // Lengths go to 4,096.
        Self((data.len() << 2 | usize::from(from_orig) << 1 | usize::from(side & 1)) as u16)
    }

    fn place(self) -> usize {
        usize::from(self.0 >> 1) & 15
    }
}

/// The ways that a flow's last messages took: who asks in turn asks the same again.
#[derive(Debug, Default)]
pub struct Trodden([(Said, u8); 16]);

impl Trodden {
    /// The way that the last one of these took: what it asks of the flow was answered then.
    #[inline]
    fn get(&self, said: Said) -> Option<usize> {
        let (of, way) = self.0[said.place()];
        usize::from(way).checked_sub(1).filter(|_| of == said)
    }

    #[inline]
    fn set(&mut self, said: Said, way: usize) {
        self.0[said.place()] = (said, u8::try_from(way + 1).unwrap_or(0));
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
    /// Of those found, so many were told of.
    told: u32,
}

impl Kind {
    /// Plays the way that fits, the flow's last one of the kind if it does; false if there is none, and then nothing was
    /// told.
    #[inline]
    fn play(&mut self, vm: &mut Vm<'_>, data: &[u8]) -> bool {
        let said = Said::new(data, vm.env.from_orig, vm.env.side);
        let hint = vm.session.as_deref().and_then(|s| s.trodden.get(said));
        if let Some(way) = hint.and_then(|i| self.ways.get(i))
            && (if way.steady {
                way.is_guarded(data)
            } else {
                way.fits(vm, data)
            })
        {
            if vm.play(way, data) {
                self.found += 1;
                return true;
            }
            vm.again();
        }
        self.search(vm, data, said, hint.unwrap_or(self.last))
    }

    /// Plays the first way from `start` on, round and round, that fits.
    fn search(&mut self, vm: &mut Vm<'_>, data: &[u8], said: Said, start: usize) -> bool {
        let n = self.ways.len();
        for i in (start.min(n)..n).chain(0..start.min(n)) {
            if self.ways[i].fits(vm, data) {
                if vm.play(&self.ways[i], data) {
                    self.last = i;
                    self.found += 1;
                    if let Some(session) = vm.session.as_deref_mut() {
                        session.trodden.set(said, i);
                    }
                    return true;
                }
                vm.again();
            }
        }
        self.missed += 1;
        if self.found + self.missed > FORGET {
            (self.found, self.missed, self.spoilt) = (self.found / 2, self.missed / 2, self.spoilt / 2);
            self.told /= 2;
        }
        false
    }

    /// Messages that found a way since it was asked last.
    fn found_since(&mut self) -> u32 {
        let new = self.found.saturating_sub(self.told);
        self.told = self.found;
        new
    }

    fn wants_more(&self) -> bool {
        self.ways.len() < MAX_OF_KIND && self.missed <= PATIENCE + self.found && self.spoilt < PATIENCE / 8
    }
}

/// What recording may cost a protocol. It takes some ten times a run, which messages that find a way give back; who makes
/// each message unlike the others (a flood of made-up names) pays for a few and is not recorded any more.
#[derive(Debug, Default)]
struct Purse {
    found: u64,
    missed: u64,
    recorded: u64,
}

impl Purse {
    /// A message found no way, after so many that did. Whether to record it, if that is wanted.
    fn pays(&mut self, found: u32, wanted: bool) -> bool {
        self.found += u64::from(found);
        self.missed += 1;
        let enough = self.recorded < AT_ONCE + self.found / FOUND_PAYS + self.missed / MISSED_PAYS;
        self.recorded += u64::from(wanted && enough);
        wanted && enough
    }
}

/// The kinds of one protocol.
#[derive(Debug, Default)]
struct OfProto {
    /// By length and direction: number of the kind from 1, or 0.
    kinds: Vec<u32>,
    purse: Purse,
}

/// All ways of a sensor.
#[derive(Debug)]
pub struct Ways {
    on: bool,
    kinds: Vec<Kind>,
    protos: Vec<OfProto>,
    ways: usize,
    effects: usize,
}

impl Ways {
    /// `on`: without, each message runs through its program.
    pub fn new(on: bool) -> Self {
        Self {
            on,
            kinds: Vec::new(),
            protos: Vec::new(),
            ways: 0,
            effects: 0,
        }
    }

    /// Runs a message through its program, or along the way that an earlier one of its kind took.
    ///
    /// # Errors
    /// Why the program ended early; a way that is played always comes to its end.
    #[inline]
    pub fn run(&mut self, vm: &mut Vm<'_>, data: &[u8]) -> Result<(), Exit> {
        let program = &vm.env.proto.main;
        if !self.on || !LENGTHS.contains(&data.len()) || vm.is_gathering() {
            return vm.message(program, data);
        }
        let number = self.kind(vm.env.index, data.len() << 1 | usize::from(vm.env.from_orig));
        let Some(kind) = self.kinds.get_mut(number) else {
            return vm.message(program, data);
        };
        if kind.play(vm, data) {
            return Ok(());
        }
        let room = self.ways < MAX_WAYS && self.effects < MAX_EFFECTS;
        let found = kind.found_since();
        let purse = self.protos.get_mut(vm.env.index).map(|p| &mut p.purse);
        if !purse.is_some_and(|p| p.pays(found, room && kind.wants_more())) {
            return vm.message(program, data);
        }
        self.record(vm, data, number)
    }

    /// The number of a kind, which is made when it is new and there is room.
    #[inline]
    fn kind(&mut self, proto: usize, place: usize) -> usize {
        match self.protos.get(proto).and_then(|p| p.kinds.get(place)) {
            Some(&number) if number > 0 => number as usize - 1,
            _ => self.new_kind(proto, place),
        }
    }

    #[cold]
    fn new_kind(&mut self, proto: usize, place: usize) -> usize {
        if self.kinds.len() >= MAX_KINDS {
            return self.kinds.len();
        }
        if self.protos.len() <= proto {
            self.protos.resize_with(proto + 1, OfProto::default);
        }
        let places = &mut self.protos[proto].kinds;
        if places.len() <= place {
            places.resize(place + 1, 0);
        }
        self.kinds.push(Kind::default());
        places[place] = self.kinds.len() as u32;
        self.kinds.len() - 1
    }

    #[cold]
    fn record(&mut self, vm: &mut Vm<'_>, data: &[u8], number: usize) -> Result<(), Exit> {
        vm.notes = Some(Box::new(Notes::Tape(Tape::new(data.len()))));
        let result = vm.message(&vm.env.proto.main, data);
        let way = match vm.notes.take().map(|n| *n) {
            Some(Notes::Tape(tape)) => tape.finish(data),
            _ => None,
        };
        let Some(kind) = self.kinds.get_mut(number) else {
            return result;
        };
        if let (Ok(()) | Err(Exit::Stop), Some(way)) = (result, way) {
            self.effects += way.effects.len();
            self.ways += 1;
            kind.ways.push(way);
        } else {
            kind.spoilt += 1;
        }
        result
    }
}
