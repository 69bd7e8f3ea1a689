//! All texts that rows hold, each with a number.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::table::Table;
use crate::{Cell, NULL};

/// Bytes of texts at which it is looked for the first time which of them no row holds any more.
const CROWDED: usize = 4 << 20;
/// What a text takes beside its bytes, about.
const OVERHEAD: usize = 32;

/// Texts by number and numbers by text. A text keeps its number until [`Texts::collect`].
#[derive(Debug)]
pub struct Texts {
    hasher: DefaultHashBuilder,
    numbers: HashTable<u32>,
    all: Vec<Box<str>>,
    bytes: usize,
    /// As many bytes are allowed until the next look.
    room: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            numbers: HashTable::new(),
            all: Vec::new(),
            bytes: 0,
            room: CROWDED,
        }
    }
}

impl Texts {
    /// The number of a text.
    pub fn id(&mut self, text: &str) -> Cell {
        let Self {
            hasher, numbers, all, ..
        } = self;
        let hash = hasher.hash_one(text);
        if let Some(&number) = numbers.find(hash, |&n| &*all[n as usize] == text) {
            return Cell::from(number);
        }
        let number = all.len() as u32;
        all.push(text.into());
        self.bytes += text.len() + OVERHEAD;
        numbers.insert_unique(hash, number, |&n| hasher.hash_one(&*all[n as usize]));
        Cell::from(number)
    }

    /// The text of a number; nothing for what is none.
    pub fn get(&self, id: Cell) -> &str {
        usize::try_from(id)
            .ok()
            .and_then(|i| self.all.get(i))
            .map_or("", |t| t)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// True if it is time to look what is still needed.
    pub fn is_crowded(&self) -> bool {
        self.bytes > self.room
    }

    /// Lets go of texts that no row of these tables holds. All numbers change, in the rows too.
    pub fn collect(&mut self, tables: &mut [Table]) {
        let mut kept = Self::default();
        for table in tables {
            table.renumber(&mut |id| if id == NULL { id } else { kept.id(self.get(id)) });
        }
        kept.room = CROWDED + 2 * kept.bytes;
        *self = kept;
    }
}
