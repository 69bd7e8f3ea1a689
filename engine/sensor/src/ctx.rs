//! What a message has told so far: numbers and bytes in slots, role, verb, area.

use crate::names::NameId;
use crate::ops::{MAX_SLOTS, Role, Slot};

/// Bytes that a bytes slot keeps.
pub const MAX_BYTES: usize = 4_096;

/// What a message has told so far.
#[derive(Debug)]
pub struct Ctx {
    pub ints: [i64; MAX_SLOTS],
    /// Slots that hold a number, as bits.
    pub set: u64,
    /// Slots that hold bytes.
    pub raw_set: u64,
    raw: Vec<(Slot, u32, u32)>,
    arena: Vec<u8>,
    pub role: Role,
    pub verb: NameId,
    pub area: NameId,
    pub quality: NameId,
    pub value: String,
    /// Rows emitted by this message.
    pub item: u32,
    pub dropped: bool,
    /// The request that this item answers: place among the pending ones, and for which item it was looked up.
    pub recalled: Option<(u32, Option<usize>)>,
    /// Frame of the request that this message answers.
    pub answers: Option<u64>,
}

/// What a response said of all its items.
pub struct Said {
    set: u64,
    verb: NameId,
    area: NameId,
}

impl Default for Ctx {
    fn default() -> Self {
        Self::new()
    }
}

impl Ctx {
    pub fn new() -> Self {
        Self {
            ints: [0; MAX_SLOTS],
            set: 0,
            raw_set: 0,
            raw: Vec::new(),
            arena: Vec::new(),
            role: Role::Request,
            verb: 0,
            area: 0,
            quality: 0,
            value: String::new(),
            item: 0,
            dropped: false,
            recalled: None,
            answers: None,
        }
    }

    /// What counts for items that the response does not list: of the slots only those in `mask`.
    pub fn said_so_far(&self, mask: u64) -> Said {
        Said {
            set: self.set & mask,
            verb: 0,
            area: 0,
        }
    }

    pub fn back_to(&mut self, said: &Said) {
        self.unset(!said.set);
        (self.verb, self.area) = (said.verb, said.area);
        self.value.clear();
    }

    pub fn reset(&mut self, role: Role) {
        self.set = 0;
        self.raw_set = 0;
        self.raw.clear();
        self.arena.clear();
        self.role = role;
        self.verb = 0;
        self.area = 0;
        self.quality = 0;
        self.value.clear();
        self.item = 0;
        self.dropped = false;
        self.recalled = None;
        self.answers = None;
    }

    #[inline]
    pub fn put(&mut self, slot: Slot, value: i64) {
        self.ints[slot as usize & (MAX_SLOTS - 1)] = value;
        self.set |= 1 << slot;
    }

    #[inline]
    pub fn get(&self, slot: Slot) -> Option<i64> {
        (self.set >> slot & 1 == 1).then(|| self.ints[slot as usize & (MAX_SLOTS - 1)])
    }

    pub fn put_raw(&mut self, slot: Slot, value: &[u8]) {
        let value = &value[..value.len().min(MAX_BYTES)];
        if self.raw_set >> slot & 1 == 1 {
            self.raw.retain(|r| r.0 != slot);
        }
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(value);
        self.raw.push((slot, start, value.len() as u32));
        self.raw_set |= 1 << slot;
    }

    pub fn raw(&self, slot: Slot) -> Option<&[u8]> {
        if self.raw_set >> slot & 1 == 0 {
            return None;
        }
        let &(_, start, len) = self.raw.iter().find(|r| r.0 == slot)?;
        self.arena.get(start as usize..(start + len) as usize)
    }

    pub fn raws(&self) -> impl Iterator<Item = (Slot, &[u8])> {
        self.raw.iter().filter_map(|&(slot, start, len)| {
            self.arena
                .get(start as usize..(start + len) as usize)
                .map(|bytes| (slot, bytes))
        })
    }

    pub fn unset(&mut self, mask: u64) {
        self.set &= !mask;
        self.raw_set &= !mask;
        self.raw.retain(|r| mask >> r.0 & 1 == 0);
    }
}
