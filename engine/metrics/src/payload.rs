//! A payload of which all metrics are plain numbers.

use std::ops::Range;

use crate::form::{Form, Kind, Role};
use crate::wire::{Held, field};

/// A metric: who it is, when it was so, and the number.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Where in the payload its name stands; empty where it has none.
    pub name: Range<usize>,
    /// The number that stands for its name.
    pub alias: Option<u64>,
    /// ms UTC; 0 where it does not say.
    pub time: u64,
    /// Its value.
    pub value: Number,
}

/// A number as the field has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole one, or a truth (0 and 1).
    Whole(u64),
    /// Any.
    Real(f64),
}

/// A message: its time (ms UTC, 0 where it does not say), its number, its metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    /// ms UTC; 0 where it does not say.
    pub time: u64,
    /// The sequence number.
    pub seq: Option<u64>,
    /// In the order of the message.
    pub metrics: Vec<Metric>,
    /// Names, one behind the other.
    pub(crate) names: Vec<u8>,
}

impl Payload {
    /// Reads a payload; None where something in it is not plain, or where it is none at all.
    #[must_use]
    pub fn read(form: &Form, mut data: &[u8]) -> Option<Self> {
        let mut payload = Self {
            time: 0,
            seq: None,
            metrics: Vec::with_capacity(data.len() / 16),
            names: Vec::new(),
        };
        while !data.is_empty() {
            match field(&mut data)? {
                (number, Held::Bytes(bytes)) if number == form.metrics => payload.add(form, bytes)?,
                (number, Held::Varint(time)) if number == form.time => payload.time = time,
                (number, Held::Varint(seq)) if number == form.seq => payload.seq = Some(seq),
                _ => return None,
            }
        }
        Some(payload)
    }

    fn add(&mut self, form: &Form, mut data: &[u8]) -> Option<()> {
        let (mut name, mut alias, mut time, mut value) = (&[][..], None, 0, None);
        while !data.is_empty() {
            let (number, held) = field(&mut data)?;
            match (form.role(number), held) {
                (Role::Name, Held::Bytes(said)) => name = said,
                (Role::Alias, Held::Varint(said)) => alias = Some(said),
                (Role::Time, Held::Varint(said)) => time = said,
                (Role::Unused, Held::Varint(_)) | (Role::Mark, Held::Varint(0)) => {}
                (Role::Value(kind), held) => value = Some(held_as(kind, held)?),
                _ => return None,
            }
        }
        let begin = self.names.len();
        self.names.extend_from_slice(name);
        self.metrics.push(Metric {
            name: begin..self.names.len(),
            alias,
            time,
            value: value?,
        });
        Some(())
    }
}

fn held_as(kind: Kind, held: Held<'_>) -> Option<Number> {
    Some(match (kind, held) {
        (Kind::U32, Held::Varint(n)) => Number::Whole(n & u64::from(u32::MAX)),
        (Kind::U64, Held::Varint(n)) => Number::Whole(n),
        (Kind::Bool, Held::Varint(n)) => Number::Whole(u64::from(n != 0)),
        (Kind::F32, Held::Four(bits)) => Number::Real(f32::from_bits(bits).into()),
        (Kind::F64, Held::Eight(bits)) => Number::Real(f64::from_bits(bits)),
        _ => return None,
    })
}
