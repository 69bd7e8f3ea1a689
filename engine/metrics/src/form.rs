//! Which field of a payload, and of its metrics, is what: told by Python (`collectors/_mqtt/schema.py`).

/// How a field holds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A varint of 32 bits.
    U32,
    /// A varint of 64 bits.
    U64,
    /// Four bytes.
    F32,
    /// Eight bytes.
    F64,
    /// A varint that is nought or not.
    Bool,
}

impl Kind {
    /// The kind that the table calls so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "uint32" => Self::U32,
            "uint64" => Self::U64,
            "float" => Self::F32,
            "double" => Self::F64,
            "bool" => Self::Bool,
            _ => return None,
        })
    }
}

/// What a field of a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Not plain: the message is left to Python.
    #[default]
    Other,
    /// The metric's name.
    Name,
    /// The number that stands for the name.
    Alias,
    /// When it was so, ms UTC.
    Time,
    /// Said by the birth, too: no use for it here.
    Unused,
    /// A mark that leaves the message to Python where it is set.
    Mark,
    /// The number itself.
    Value(Kind),
}

/// The highest field number that a table has.
const HIGHEST: usize = 32;

/// The field numbers of payloads.
#[derive(Debug, Clone)]
pub struct Form {
    pub(crate) time: u64,
    pub(crate) metrics: u64,
    pub(crate) seq: u64,
    roles: [Role; HIGHEST],
}

impl Form {
    /// A form in which metrics have no fields yet.
    #[must_use]
    pub fn new(time: u64, metrics: u64, seq: u64) -> Self {
        Self {
            time,
            metrics,
            seq,
            roles: [Role::Other; HIGHEST],
        }
    }

    /// Says what a field of a metric is: `name`, `alias`, `time`, `unused`, `mark`, or a kind of number. False for a word
    /// or a number that is none.
    #[must_use]
    pub fn say(&mut self, field: usize, word: &str) -> bool {
        let role = match word {
            "name" => Role::Name,
            "alias" => Role::Alias,
            "time" => Role::Time,
            "unused" => Role::Unused,
            "mark" => Role::Mark,
            _ => match Kind::named(word) {
                Some(kind) => Role::Value(kind),
                None => return false,
            },
        };
        let Some(place) = self.roles.get_mut(field) else {
            return false;
        };
        *place = role;
        true
    }

    pub(crate) fn role(&self, field: u64) -> Role {
        usize::try_from(field)
            .ok()
            .and_then(|f| self.roles.get(f))
            .copied()
            .unwrap_or_default()
    }
}
