//! Definition and repetition levels of the page being built (Dremel levels, Parquet specification).

use arrow_array::{Array, ListArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};

use crate::rle::{hybrid, hybrid_bits, run, width_of};

/// How a column nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One value a row.
    Flat { nullable: bool },
    /// A list of values a row.
    List { nullable: bool, items_nullable: bool },
}

/// Levels of one page.
#[derive(Debug)]
pub struct Levels {
    shape: Shape,
    max_def: u8,
    count: usize,
    nulls: usize,
    /// Bits of the repetition levels (lists), or of the definition levels (flat).
    bits: BooleanBufferBuilder,
    /// Definition levels of a list; empty while all of them are `max_def`.
    defs: Vec<u32>,
}

impl Levels {
    pub fn new(shape: Shape) -> Self {
        let max_def = match shape {
            Shape::Flat { nullable } => u8::from(nullable),
            Shape::List {
                nullable,
                items_nullable,
            } => 1 + u8::from(nullable) + u8::from(items_nullable),
        };
        Levels {
            shape,
            max_def,
            count: 0,
            nulls: 0,
            bits: BooleanBufferBuilder::new(0),
            defs: Vec::new(),
        }
    }

    /// Levels in the page, which Parquet calls its values.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Levels that stand for no value.
    pub fn nulls(&self) -> usize {
        self.nulls
    }

    pub fn memory(&self) -> usize {
        self.bits.capacity() / 8 + self.defs.capacity() * 4
    }

    pub fn clear(&mut self) {
        self.count = 0;
        self.nulls = 0;
        self.bits.truncate(0);
        self.defs.clear();
    }

    /// Gives the memory back.
    pub fn release(&mut self) {
        *self = Levels::new(self.shape);
    }

    /// Adds rows of a flat column; `nulls` covers just these rows.
    pub fn push_flat(&mut self, rows: usize, nulls: Option<&NullBuffer>) {
        self.count += rows;
        if self.max_def == 0 {
            return;
        }
        match nulls {
            Some(nulls) if nulls.null_count() > 0 => {
                self.nulls += nulls.null_count();
                self.bits.append_buffer(nulls.inner());
            }
            _ => self.bits.append_n(rows, true),
        }
    }

    /// Adds the rows of a sliced list array.
    pub fn push_list(&mut self, list: &ListArray) {
        let Shape::List { nullable, .. } = self.shape else {
            return;
        };
        let present = u32::from(nullable);
        let items = list.values().nulls().filter(|n| n.null_count() > 0);
        let total: usize = (0..list.len()).map(|row| length(list, row).max(1)).sum();
        self.bits.append_n(total, true);
        for row in 0..list.len() {
            let length = length(list, row);
            if self.count < self.bits.len() {
                self.bits.set_bit(self.count, false);
            }
            if length == 0 || items.is_some() || !self.defs.is_empty() {
                self.materialise();
                let start = list.value_offsets().get(row).map_or(0, |o| *o as usize);
                if length == 0 {
                    self.defs.push(if list.is_null(row) { 0 } else { present });
                    self.nulls += 1;
                }
                for item in start..start + length {
                    let null = items.is_some_and(|n| item < n.len() && n.is_null(item));
                    self.nulls += usize::from(null);
                    self.defs.push(u32::from(self.max_def) - u32::from(null));
                }
            }
            self.count += length.max(1);
        }
    }

    fn materialise(&mut self) {
        if self.defs.is_empty() {
            self.defs.resize(self.count, u32::from(self.max_def));
        }
    }

    /// Appends the levels as a data page of version 1 has them: each with its length before it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        if matches!(self.shape, Shape::List { .. }) {
            with_length(out, |out| hybrid_bits(out, self.bits.as_slice(), self.count));
        }
        let width = width_of(u64::from(self.max_def));
        match self.shape {
            Shape::Flat { nullable: false } => {}
            Shape::Flat { .. } => with_length(out, |out| hybrid_bits(out, self.bits.as_slice(), self.count)),
            Shape::List { .. } if self.defs.is_empty() => {
                with_length(out, |out| run(out, u64::from(self.max_def), self.count, width));
            }
            Shape::List { .. } => with_length(out, |out| hybrid(out, &self.defs, width)),
        }
    }
}

/// Items of a row; a null row has none, whatever its offsets say.
pub fn length(list: &ListArray, row: usize) -> usize {
    match list.value_offsets().get(row..row + 2) {
        Some([start, end]) if list.is_valid(row) => end.abs_diff(*start) as usize,
        _ => 0,
    }
}

fn with_length(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let length = (out.len() - at - 4) as u32;
    if let Some(slot) = out.get_mut(at..at + 4) {
        slot.copy_from_slice(&length.to_le_bytes());
    }
}
