//! Which rows of a series decide something: the others only say again what was said.
//!
//! The same is written for polars in `linewarden.detections.thinning`, and a property test holds them equal.

use hashbrown::HashSet;
use linewarden_rows::NOTHING;
use serde::Deserialize;

use crate::test::Test;

/// What is kept of the rows that are alike in some columns (`by`), taken in the order of time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thin {
    /// The first of each span of time (s; without one: of all), and of those of which `apart` is true by itself.
    Firsts {
        by: Vec<String>,
        every_s: Option<u32>,
        apart: Option<Test>,
    },
    /// The first and the last.
    Ends { by: Vec<String> },
    /// Those that say something else in a column than the one before.
    Changes { by: Vec<String>, column: String },
    /// The first and the last of those that say the same in a column one after the other.
    Turns { by: Vec<String>, column: String },
    /// All that are silent, and of the others so many, and the first after each silence.
    Breaks {
        by: Vec<String>,
        silent: Test,
        first: u32,
    },
}

impl Thin {
    /// The columns that make a series.
    pub fn by(&self) -> &[String] {
        match self {
            Self::Firsts { by, .. }
            | Self::Ends { by }
            | Self::Changes { by, .. }
            | Self::Turns { by, .. }
            | Self::Breaks { by, .. } => by,
        }
    }

    /// The column that is compared.
    pub fn column(&self) -> Option<&String> {
        match self {
            Self::Changes { column, .. } | Self::Turns { column, .. } => Some(column),
            _ => None,
        }
    }

    /// What is asked of each row.
    pub fn asked(&self) -> Option<&Test> {
        match self {
            Self::Firsts { apart, .. } => apart.as_ref(),
            Self::Breaks { silent, .. } => Some(silent),
            _ => None,
        }
    }

    /// Which of these rows are kept, by their place.
    pub fn kept(&self, rows: &[Cells]) -> Vec<usize> {
        match self {
            Self::Firsts { every_s, .. } => firsts(rows, every_s.map(|s| i64::from(s) * 1_000_000_000)),
            Self::Ends { .. } => ends(rows, |_, _| false),
            Self::Changes { .. } => changes(rows),
            Self::Turns { .. } => ends(rows, differ),
            Self::Breaks { first, .. } => breaks(rows, *first),
        }
    }
}

/// What is looked at of a row: the series that it is of, the column that is compared, and what was asked. ts: ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cells {
    pub ts: i64,
    pub series: u32,
    pub value: u32,
    pub told: bool,
}

/// A null differs from everything, as nobody knows what it would be.
fn differ(one: &Cells, other: &Cells) -> bool {
    one.value != other.value || one.value == NOTHING
}

fn firsts(rows: &[Cells], every: Option<i64>) -> Vec<usize> {
    let mut met = HashSet::new();
    let span = |ts: i64| every.map_or(0, |every| ts.div_euclid(every.max(1)));
    places(rows, |row| met.insert((row.series, row.told, span(row.ts))))
}

fn changes(rows: &[Cells]) -> Vec<usize> {
    let mut last: Vec<Option<Cells>> = by_series(rows, None);
    places(rows, |row| {
        let before = last[row.series as usize].replace(*row);
        before.is_none_or(|before| differ(&before, row))
    })
}

/// Something for each series; these are numbered from 0 on.
fn by_series<T: Clone>(rows: &[Cells], of: T) -> Vec<T> {
    let most = rows.iter().map(|row| row.series + 1).max();
    vec![of; most.unwrap_or(0) as usize]
}

/// The first and the last of each run, which ends where `over` says so of two rows in a series.
fn ends(rows: &[Cells], over: impl Fn(&Cells, &Cells) -> bool) -> Vec<usize> {
    let mut kept = vec![false; rows.len()];
    let mut last: Vec<Option<usize>> = by_series(rows, None);
    for (place, row) in rows.iter().enumerate() {
        let before = last[row.series as usize].replace(place);
        if let Some(before) = before.filter(|&before| over(&rows[before], row)) {
            kept[before] = true;
            kept[place] = true;
        }
        kept[place] |= before.is_none();
    }
    last.into_iter().flatten().for_each(|place| kept[place] = true);
    (0..rows.len()).filter(|&place| kept[place]).collect()
}

fn breaks(rows: &[Cells], first: u32) -> Vec<usize> {
    let mut series: Vec<(u32, bool)> = by_series(rows, (0, false));
    places(rows, |row| {
        let (heard, silent) = &mut series[row.series as usize];
        let after = std::mem::replace(silent, row.told);
        if row.told {
            return true;
        }
        *heard = heard.saturating_add(1);
        after || *heard <= first
    })
}

fn places(rows: &[Cells], mut keep: impl FnMut(&Cells) -> bool) -> Vec<usize> {
    (0..rows.len()).filter(|&place| keep(&rows[place])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(series: &str, values: &str) -> Vec<Cells> {
        let cell = |(place, (series, value)): (usize, (u8, u8))| Cells {
            ts: place as i64 * 1_000_000_000,
            series: u32::from(series - b'a'),
            value: u32::from(value - b'0'),
            told: value == b'0',
        };
        series.bytes().zip(values.bytes()).enumerate().map(cell).collect()
    }

    fn thin(text: &str) -> Thin {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn firsts_are_of_a_series_of_a_span_and_of_what_is_told_apart() {
        let some = rows("abaab", "11011");
        assert_eq!(thin(r#"{"firsts": {"by": []}}"#).kept(&some), [0, 1, 2]);
        assert_eq!(
            thin(r#"{"firsts": {"by": [], "every_s": 3}}"#).kept(&some),
            [0, 1, 2, 3, 4]
        );
    }

    #[test]
    fn ends_are_the_first_and_the_last() {
        assert_eq!(
            thin(r#"{"ends": {"by": []}}"#).kept(&rows("aabaa", "11111")),
            [0, 2, 4]
        );
    }

    #[test]
    fn changes_leave_out_what_was_said_before() {
        let by = r#"{"changes": {"by": [], "column": "value"}}"#;
        assert_eq!(thin(by).kept(&rows("aabaa", "11112")), [0, 2, 4]);
        assert_eq!(thin(by).kept(&rows("aaa", "000")), [0, 1, 2], "nulls");
    }

    #[test]
    fn turns_are_the_ends_of_each_run() {
        let by = r#"{"turns": {"by": [], "column": "value"}}"#;
        assert_eq!(thin(by).kept(&rows("aaaaaa", "111222")), [0, 2, 3, 5]);
        assert_eq!(thin(by).kept(&rows("aaaa", "1111")), [0, 3]);
    }

    #[test]
    fn breaks_keep_silences_and_what_follows() {
        let by = r#"{"breaks": {"by": [], "silent": "always", "first": 2}}"#;
        assert_eq!(thin(by).kept(&rows("aaaaaaaa", "11110011")), [0, 1, 4, 5, 6]);
    }
}
