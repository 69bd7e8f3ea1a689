//! Blocks of values that are learned each by itself: which of them are ever news, as a baseline would say it.

use hashbrown::HashMap;

use crate::SECOND;
use crate::usual::{MOST_RANGES, Params};

/// Sums of floats may come out a little differently elsewhere: what is so near to news counts as news.
const NEARLY: f64 = 1e-9;

/// By key. Samples of a key come in the order of time, and always with as many values.
#[derive(Debug, Default)]
pub struct Blocks {
    by_key: HashMap<u32, Block>,
}

/// What `baseline.Entry` holds, until it is news for the first time.
#[derive(Debug)]
struct Block {
    who: u32,
    first: i64,
    minutes: u64,
    grew: i64,
    /// The minute that is not over yet, and what it showed.
    minute: i64,
    shown: Vec<f64>,
    /// The ends of what the minutes before have shown; none before the first is over.
    ranges: Vec<(f64, f64)>,
    news: bool,
}

impl Blocks {
    /// One more sample; of a minute (ns // the width of a slice) only the first counts.
    pub fn add(&mut self, key: u32, who: u32, ts: i64, values: &[f64], params: &Params) {
        let minute = ts.div_euclid(params.slice_ns);
        let block = self.by_key.entry(key).or_insert_with(|| Block {
            who,
            first: ts,
            minutes: 0,
            grew: 0,
            minute: i64::MIN,
            shown: Vec::new(),
            ranges: Vec::new(),
            news: false,
        });
        if !block.news && minute > block.minute {
            block.close(params.slice_ns);
            block.news = block.is_known(ts, params) && block.is_left(values, params);
            block.minute = minute;
            block.shown.extend_from_slice(values);
        }
    }

    /// Whether there are more than a baseline would learn by the column.
    pub fn are_too_many(&self) -> bool {
        self.by_key.len() > MOST_RANGES
    }

    /// Keys of those that are news at some time, and all of who has very many.
    pub fn news(&self, params: &Params) -> impl Iterator<Item = u32> {
        let mut below: HashMap<u32, usize> = HashMap::new();
        for block in self.by_key.values() {
            *below.entry(block.who).or_default() += 1;
        }
        let asked = move |block: &Block| block.news || below[&block.who] > params.most_below;
        let blocks = self.by_key.iter().filter(move |(_, block)| asked(block));
        blocks.map(|(&key, _)| key)
    }
}

impl Block {
    /// The minute is over (`Entry.close`).
    fn close(&mut self, slice_ns: i64) {
        if self.shown.is_empty() {
            return;
        }
        let mut wider = self.ranges.is_empty();
        self.ranges
            .resize(self.shown.len(), (f64::INFINITY, f64::NEG_INFINITY));
        for ((low, high), value) in self.ranges.iter_mut().zip(self.shown.drain(..)) {
            wider |= value < *low || value > *high;
            (*low, *high) = (low.min(value), high.max(value));
        }
        if wider {
            self.grew = self.grew.max(self.minute * slice_ns);
        }
        self.minutes += 1;
    }

    /// Known long and well enough that something outside is news (`Baseline._known`, `.confidence`).
    fn is_known(&self, ts: i64, params: &Params) -> bool {
        let since = |begin: i64| (ts - begin) as f64 / SECOND as f64;
        let (count, exchanges) = (self.minutes as f64, params.exchanges as f64);
        let after = params.after_ns as f64 / SECOND as f64;
        if ts - self.first < params.after_ns || count < exchanges || self.minutes < params.minutes {
            return false;
        }
        let passed = since(self.first).max(NEARLY);
        let quiet = since(self.grew.max(self.first)).max(0.0);
        let heard = passed.min(count * after);
        let sure = quiet / passed * heard / (heard + after / 2.0) * count / (count + exchanges);
        sure >= params.confidence * (1.0 - NEARLY)
    }

    /// Off by what is news (`Baseline._outside`, `._ends`).
    fn is_left(&self, values: &[f64], params: &Params) -> bool {
        let outside = |(&(low, high), &value): (&(f64, f64), &f64)| {
            let off = ((high - low) * params.margin).max(low.abs().max(high.abs()) * params.floor);
            let off = off * (1.0 - NEARLY);
            let (least, most) = (low - off, high + off);
            // A bit, or a share: 0 and 1 are always possible.
            if low >= 0.0 && high <= 1.0 {
                value < least.min(0.0) || value > most.max(1.0)
            } else {
                value < least || value > most
            }
        };
        self.ranges.iter().zip(values).any(outside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_news(samples: &[(i64, f64)]) -> bool {
        let params = Params::of_tests();
        let mut blocks = Blocks::default();
        for &(minute, value) in samples {
            blocks.add(1, 7, minute * 60 * SECOND, &[value], &params);
        }
        blocks.news(&params).any(|key| key == 1)
    }

    /// Minute for minute 10 or 20.
    fn steady(minutes: i64, last: f64) -> Vec<(i64, f64)> {
        let each = (0..minutes).map(|minute| (minute, if minute % 2 == 0 { 10.0 } else { 20.0 }));
        each.chain([(minutes, last)]).collect()
    }

    #[test]
    fn a_value_outside_of_what_was_long_known_is_news() {
        assert!(is_news(&steady(60, 26.0)));
        assert!(is_news(&steady(60, 4.0)));
        assert!(!is_news(&steady(60, 24.0)), "not far enough outside");
        assert!(!is_news(&steady(9, 90.0)), "known for too short a time");
        let seldom: Vec<(i64, f64)> = steady(8, 90.0)
            .iter()
            .map(|&(n, value)| (n * 20, value))
            .collect();
        assert!(!is_news(&seldom), "shown too seldom");
    }

    #[test]
    fn what_always_grows_is_no_news() {
        let counter: Vec<(i64, f64)> = (0..90)
            .map(|minute| (minute, 1.5_f64.powi(minute as i32)))
            .collect();
        assert!(!is_news(&counter));
    }

    #[test]
    fn of_a_bit_both_values_are_usual() {
        let mut off: Vec<(i64, f64)> = (0..60).map(|minute| (minute, 0.0)).collect();
        off.push((60, 1.0));
        assert!(!is_news(&off));
        off.push((61, 3.0));
        assert!(!is_news(&off), "the minute before just widened it");
        off.extend((62..180).map(|minute| (minute, 1.0)));
        off.push((180, 9.0));
        assert!(is_news(&off));
    }

    #[test]
    fn a_minute_counts_once_and_as_a_whole() {
        let mut samples = steady(60, 24.0);
        samples.push((60, 90.0));
        assert!(!is_news(&samples));
    }
}
