//! Dictionaries of one column chunk: numbers and byte strings to indices.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Small whole numbers find their index in a table of this size instead of a hash map.
const DIRECT: usize = 1 << 16;
/// Other numbers a dictionary holds at most.
const HASHED: usize = 4096;
/// Size at which a dictionary of strings is given up.
const STRING_BYTES: usize = 1 << 19;
const STRING_COUNT: usize = 1 << 15;

/// What the 64 bits of a number stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bits {
    Int,
    Float,
    Double,
}

impl Bits {
    /// The number as a place in the direct table, when it is small, whole and not negative.
    #[inline]
    fn direct(self, value: i64) -> usize {
        match self {
            Bits::Int => usize::try_from(value).unwrap_or(usize::MAX),
            Bits::Float => {
                let bits = value as u32;
                let whole = f32::from_bits(bits) as u32;
                if (whole as f32).to_bits() == bits {
                    whole as usize
                } else {
                    usize::MAX
                }
            }
            Bits::Double => {
                let whole = f64::from_bits(value as u64) as i32;
                let back = f64::from(whole).to_bits() as i64;
                if back == value {
                    whole as u32 as usize
                } else {
                    usize::MAX
                }
            }
        }
    }
}

/// Distinct numbers of a chunk, in the order of first appearance.
#[derive(Debug)]
pub struct NumberDict {
    bits: Bits,
    /// Index + 1 of the small whole numbers; 0: not yet seen.
    direct: Vec<u32>,
    hashed: HashMap<i64, u32>,
    values: Vec<i64>,
}

impl NumberDict {
    pub fn new(bits: Bits) -> Self {
        NumberDict {
            bits,
            direct: Vec::new(),
            hashed: HashMap::new(),
            values: Vec::new(),
        }
    }

    pub fn values(&self) -> &[i64] {
        &self.values
    }

    /// How many of the values are small whole numbers.
    pub fn direct_count(&self) -> usize {
        self.values.len() - self.hashed.len()
    }

    pub fn memory(&self) -> usize {
        self.direct.capacity() * 4 + self.hashed.capacity() * 24 + self.values.capacity() * 8
    }

    /// Appends the index of each value; false when the dictionary is full, and then nothing is appended.
    #[inline]
    pub fn map(&mut self, values: impl ExactSizeIterator<Item = i64>, out: &mut Vec<u32>) -> bool {
        match self.bits {
            Bits::Int => self.map_with(values, out, |v| Bits::Int.direct(v)),
            Bits::Float => self.map_with(values, out, |v| Bits::Float.direct(v)),
            Bits::Double => self.map_with(values, out, |v| Bits::Double.direct(v)),
        }
    }

    #[inline]
    fn map_with(
        &mut self,
        values: impl ExactSizeIterator<Item = i64>,
        out: &mut Vec<u32>,
        direct: impl Fn(i64) -> usize,
    ) -> bool {
        let start = out.len();
        out.resize(start + values.len(), 0);
        let slots = out.get_mut(start..).unwrap_or_default();
        for (slot, value) in slots.iter_mut().zip(values) {
            let place = direct(value);
            match self.direct.get(place) {
                Some(&index) if index != 0 => *slot = index - 1,
                _ => match self.insert(value, place) {
                    Some(index) => *slot = index,
                    None => {
                        out.truncate(start);
                        return false;
                    }
                },
            }
        }
        true
    }

    #[cold]
    fn insert(&mut self, value: i64, place: usize) -> Option<u32> {
        let next = self.values.len() as u32;
        if place < DIRECT {
            if place >= self.direct.len() {
                self.direct.resize((place + 1).next_power_of_two().max(256), 0);
            }
            *self.direct.get_mut(place)? = next + 1;
            self.values.push(value);
            return Some(next);
        }
        if let Some(index) = self.hashed.get(&value) {
            return Some(*index);
        }
        if self.hashed.len() >= HASHED {
            return None;
        }
        self.hashed.insert(value, next);
        self.values.push(value);
        Some(next)
    }
}

/// Distinct byte strings of a chunk, in the order of first appearance.
#[derive(Debug, Default)]
pub struct StringDict {
    hasher: DefaultHashBuilder,
    table: HashTable<u32>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl StringDict {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn memory(&self) -> usize {
        self.table.capacity() * 8 + self.bytes.capacity() + self.ends.capacity() * 8
    }

    pub fn get(&self, index: u32) -> &[u8] {
        slice_of(&self.bytes, &self.ends, index)
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).map(|i| self.get(i))
    }

    /// Index of `value`, which is added when new; none when the dictionary is full.
    pub fn index(&mut self, value: &[u8]) -> Option<u32> {
        let StringDict {
            hasher,
            table,
            bytes,
            ends,
        } = self;
        let hash = hasher.hash_one(value);
        if let Some(index) = table.find(hash, |i| slice_of(bytes, ends, *i) == value) {
            return Some(*index);
        }
        if bytes.len() + value.len() > STRING_BYTES || ends.len() >= STRING_COUNT {
            return None;
        }
        let next = ends.len() as u32;
        bytes.extend_from_slice(value);
        ends.push(bytes.len());
        table.insert_unique(hash, next, |i| hasher.hash_one(slice_of(bytes, ends, *i)));
        Some(next)
    }
}

fn slice_of<'a>(bytes: &'a [u8], ends: &[usize], index: u32) -> &'a [u8] {
    let index = index as usize;
    let start = index
        .checked_sub(1)
        .and_then(|i| ends.get(i))
        .copied()
        .unwrap_or(0);
    ends.get(index)
        .and_then(|end| bytes.get(start..*end))
        .unwrap_or_default()
}
