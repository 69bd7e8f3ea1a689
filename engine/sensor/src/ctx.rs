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
    /// Number of the request message that this message answers.
    pub answers: Option<u64>,
}

/// What a message has told, kept for the one that answers it.
#[derive(Debug, Default)]
pub struct Kept {
    set: u64,
    /// Slots up to the highest that is set: copying all is quicker than picking some.
    ints: Vec<i64>,
    raw: Vec<(Slot, u32, u32)>,
    arena: Vec<u8>,
    verb: NameId,
    area: NameId,
    value: String,
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

    /// Numbers for slots, which are those of `mask`.
    #[inline]
    pub fn put_all(&mut self, mask: u64, values: &[(Slot, i64)]) {
        self.set |= mask;
        for &(slot, value) in values {
            self.ints[slot as usize & (MAX_SLOTS - 1)] = value;
        }
    }

    /// What the message does, and where; a verb without a place keeps the place.
    #[inline]
    pub fn act(&mut self, verb: NameId, area: NameId) {
        self.verb = verb;
        if area != 0 || verb == 0 {
            self.area = area;
        }
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

    /// The same, behind what the slot holds already if there is something to join them with.
    pub fn join_raw(&mut self, slot: Slot, value: &[u8], join: Option<&[u8]>) {
        match (join, self.raw(slot)) {
            (Some(join), Some(before)) => {
                let joined = [before, join, value].concat();
                self.put_raw(slot, &joined);
            }
            _ => self.put_raw(slot, value),
        }
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

    pub fn keep(&self, kept: &mut Kept) {
        kept.set = self.set;
        kept.ints.clear();
        let used = MAX_SLOTS - self.set.leading_zeros() as usize;
        kept.ints.extend_from_slice(&self.ints[..used]);
        kept.raw.clone_from(&self.raw);
        kept.arena.clone_from(&self.arena);
        (kept.verb, kept.area) = (self.verb, self.area);
        kept.value.clone_from(&self.value);
    }

    /// Puts what was kept where the message has not told its own.
    pub fn restore(&mut self, kept: &Kept) {
        let mut new = kept.set & !self.set;
        self.set |= new;
        while new != 0 {
            let slot = new.trailing_zeros() as usize;
            self.ints[slot] = kept.ints.get(slot).copied().unwrap_or(0);
            new &= new - 1;
        }
        for &(slot, start, len) in &kept.raw {
            if self.raw_set >> slot & 1 == 0
                && let Some(bytes) = kept.arena.get(start as usize..(start + len) as usize)
            {
                self.put_raw(slot, bytes);
            }
        }
        if self.verb == 0 {
            self.verb = kept.verb;
        }
        if self.area == 0 {
            self.area = kept.area;
        }
        if self.value.is_empty() {
            self.value.push_str(&kept.value);
        }
    }

    #[inline]
    pub fn unset(&mut self, mask: u64) {
        self.set &= !mask;
        if self.raw_set & mask != 0 {
            self.raw_set &= !mask;
            self.raw.retain(|r| mask >> r.0 & 1 == 0);
        }
    }
}
