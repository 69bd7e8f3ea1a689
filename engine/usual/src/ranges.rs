//! Ranges of values: which of them are left after their first minutes.

use hashbrown::HashMap;

use crate::usual::{MOST_RANGES, Params};

/// What counts as outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Rhythm,
    Value,
}

/// By key. Samples of a key must come in the order of time.
#[derive(Debug, Default)]
pub struct Ranges {
    by_key: HashMap<u32, Range>,
}

#[derive(Debug)]
struct Range {
    who: u32,
    begun: i64,
    spans: Vec<Span>,
    /// It cannot be said what was shown.
    unsure: bool,
}

/// One place of a block of values: the ends of all, and of those of its first minutes.
#[derive(Debug, Clone, Copy)]
struct Span {
    low: f64,
    high: f64,
    least: f64,
    most: f64,
}

impl Ranges {
    /// One more sample. `minute`: ns // the width of a slice; `early`: so many of them are the first ones.
    pub fn add(&mut self, key: u32, who: u32, minute: i64, early: i64, values: &[f64]) {
        let range = self.range(key, who, minute);
        let early = minute < range.begun + early;
        for (place, &value) in values.iter().enumerate() {
            match range.spans.get_mut(place) {
                Some(span) => span.widen(value, early),
                None => range.spans.push(Span::of(value, early)),
            }
        }
    }

    /// A sample of which it is not known what it is.
    pub fn add_unsure(&mut self, key: u32, who: u32, minute: i64) {
        self.range(key, who, minute).unsure = true;
    }

    fn range(&mut self, key: u32, who: u32, minute: i64) -> &mut Range {
        self.by_key.entry(key).or_insert_with(|| Range {
            who,
            begun: minute,
            spans: Vec::new(),
            unsure: false,
        })
    }

    /// Whether there are more than a baseline would learn by the column.
    pub fn are_too_many(&self) -> bool {
        self.by_key.len() > MOST_RANGES
    }

    /// Keys (with whose they are) that were left, and all of who has very many.
    pub fn left(&self, kind: Kind, params: &Params) -> impl Iterator<Item = (u32, u32)> {
        let mut below: HashMap<u32, usize> = HashMap::new();
        for range in self.by_key.values() {
            *below.entry(range.who).or_default() += 1;
        }
        let left = move |range: &Range| {
            range.unsure
                || below[&range.who] > params.most_below
                || range.spans.iter().any(|span| span.is_left(kind, params))
        };
        let ranges = self.by_key.iter().filter(move |(_, range)| left(range));
        ranges.map(|(&key, range)| (key, range.who))
    }
}

impl Span {
    fn of(value: f64, early: bool) -> Self {
        let (least, most) = if early {
            (value, value)
        } else {
            (f64::NAN, f64::NAN)
        };
        Self {
            low: value,
            high: value,
            least,
            most,
        }
    }

    fn widen(&mut self, value: f64, early: bool) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
        if early {
            // The other one, where this is not known yet.
            self.least = self.least.min(value);
            self.most = self.most.max(value);
        }
    }

    /// Off by what is news (`Baseline._ends`): what is usual by then is at least what the first minutes showed.
    fn is_left(&self, kind: Kind, params: &Params) -> bool {
        let (least, most) = (self.least, self.most);
        match kind {
            // Beats are learned with two digits, which may be off by a twentieth on each side.
            Kind::Rhythm => {
                let factor = params.factor * 0.89;
                self.low < least / factor || self.high > most * factor
            }
            Kind::Value => {
                let off = ((most - least) * params.margin).max(least.abs().max(most.abs()) * params.floor);
                self.low < least - off || self.high > most + off
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(samples: &[(i64, f64)], kind: Kind) -> bool {
        let mut ranges = Ranges::default();
        for &(minute, value) in samples {
            ranges.add(1, 7, minute, 10, &[value]);
        }
        ranges
            .left(kind, &Params::of_tests())
            .any(|found| found == (1, 7))
    }

    #[test]
    fn a_value_leaves_the_range_of_its_first_minutes() {
        assert!(!left(&[(0, 10.0), (9, 20.0), (50, 24.0)], Kind::Value));
        assert!(left(&[(0, 10.0), (9, 20.0), (50, 26.0)], Kind::Value));
        assert!(left(&[(0, 10.0), (9, 20.0), (50, 4.0)], Kind::Value));
        assert!(
            !left(&[(0, 10.0), (9, 90.0)], Kind::Value),
            "nothing but first minutes"
        );
    }

    #[test]
    fn a_beat_leaves_it_by_a_factor() {
        assert!(!left(&[(0, 1.0), (30, 2.5)], Kind::Rhythm));
        assert!(left(&[(0, 1.0), (30, 3.1)], Kind::Rhythm));
        assert!(left(&[(0, 1.0), (30, 0.3)], Kind::Rhythm));
    }

    #[test]
    fn a_place_that_came_later_is_learned_with_its_block() {
        let mut ranges = Ranges::default();
        ranges.add(1, 7, 0, 10, &[1.0]);
        ranges.add(1, 7, 20, 10, &[1.0, 5.0]);
        assert_eq!(ranges.left(Kind::Value, &Params::of_tests()).count(), 0);
        ranges.add_unsure(1, 7, 21);
        assert_eq!(ranges.left(Kind::Value, &Params::of_tests()).count(), 1);
    }

    #[test]
    fn of_who_has_very_many_all_are_learned() {
        let mut ranges = Ranges::default();
        for key in 0..=100 {
            ranges.add(key, 7, 0, 10, &[1.0]);
        }
        assert_eq!(ranges.left(Kind::Value, &Params::of_tests()).count(), 101);
        assert!(!ranges.are_too_many());
    }
}
