//! What a birth certificate said: which tag a name or an alias is, and how its number is to be read.

use hashbrown::HashMap;

use crate::payload::{Metric, Number, Payload};

/// A metric of a birth. `tag`: None for one of which no value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The tag's number.
    pub tag: Option<u32>,
    /// Its data type (Sparkplug 3.0.0, 6.4.16).
    pub datatype: u32,
}

/// The metrics of an edge node, or of a device.
#[derive(Debug, Default)]
pub struct Metrics {
    names: HashMap<Vec<u8>, Entry>,
    aliases: HashMap<u64, Entry>,
}

impl Metrics {
    /// The metric of a name; of two the last counts.
    pub fn name(&mut self, name: &[u8], entry: Entry) {
        self.names.insert(name.to_vec(), entry);
    }

    /// The metric of an alias; of two the last counts.
    pub fn alias(&mut self, alias: u64, entry: Entry) {
        self.aliases.insert(alias, entry);
    }

    /// A name counts before an alias, which may be of another birth.
    pub(crate) fn of(&self, payload: &Payload, metric: &Metric) -> Option<Entry> {
        let name = &payload.names[metric.name.clone()];
        if !name.is_empty() {
            return self.names.get(name).copied();
        }
        self.aliases.get(&metric.alias?).copied()
    }
}

/// A number as its data type has it: signed integers stand in unsigned fields as two's complement, and some encoders
/// write all 32 or 64 bits of a smaller negative number. None for types of texts, and for a number that the type cannot
/// hold.
#[must_use]
pub(crate) fn value_of(datatype: u32, number: Number) -> Option<f64> {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap
    )]
    let value = match (datatype, number) {
        (1, Number::Whole(n)) => f64::from(n as i8),
        (2, Number::Whole(n)) => f64::from(n as i16),
        (3, Number::Whole(n)) => f64::from(n as i32),
        (4, Number::Whole(n)) => n as i64 as f64,
        (11, Number::Whole(n)) => f64::from(u8::from(n != 0)),
        (0 | 5..=10 | 13, Number::Whole(n)) => n as f64,
        (0 | 5..=10 | 13, Number::Real(x)) => x,
        _ => return None,
    };
    value.is_finite().then_some(value)
}
