//! How often each weird was met: some have a row of their own, a flood of them has one together.

use hashbrown::HashMap;

use crate::names::NameId;
use crate::tables::Stamp;

/// Rows of one weird in an interval; what comes beyond is told as one.
const MAX_ROWS: u64 = 100;

/// What was met beyond the rows of an interval.
#[derive(Debug, Clone, Copy)]
pub struct Untold {
    pub name: NameId,
    pub protocol: NameId,
    pub last: Stamp,
    pub count: u64,
}

#[derive(Debug, Default)]
struct Met {
    total: u64,
    interval: i64,
    rows: u64,
    untold: Option<Untold>,
}

/// Counts by the name of the weird.
#[derive(Debug, Default)]
pub struct Weirds {
    met: HashMap<NameId, Met>,
}

impl Weirds {
    /// Counts a weird of this interval. Whether it has a row, and what of an earlier interval is to be told before it.
    pub fn meet(
        &mut self,
        name: NameId,
        protocol: NameId,
        last: Stamp,
        interval: i64,
        count: u64,
    ) -> (bool, Option<Untold>) {
        let met = self.met.entry(name).or_default();
        met.total += count;
        let mut before = None;
        if interval > met.interval {
            before = met.untold.take();
            (met.interval, met.rows) = (interval, 0);
        }
        met.rows += 1;
        if met.rows <= MAX_ROWS {
            return (true, before);
        }
        let count = count + met.untold.map_or(0, |u| u.count);
        met.untold = Some(Untold {
            name,
            protocol,
            last,
            count,
        });
        (false, before)
    }

    /// All that has no row yet, in order.
    pub fn take_untold(&mut self) -> Vec<Untold> {
        let mut all: Vec<_> = self.met.values_mut().filter_map(|m| m.untold.take()).collect();
        all.sort_unstable_by_key(|u| (u.last.ts, u.last.frame, u.name));
        all
    }

    pub fn totals(&self) -> impl Iterator<Item = (NameId, u64)> {
        self.met.iter().map(|(&name, met)| (name, met.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_has_few_rows_and_loses_no_count() {
        let mut weirds = Weirds::default();
        let (mut rows, mut told) = (0, 0);
        for i in 0..1_000u64 {
            let (row, before) = weirds.meet(7, 1, Stamp::default(), 1 + i as i64 / 500, 1);
            rows += u64::from(row);
            told += before.map_or(0, |u| u.count);
        }
        told += weirds.take_untold().iter().map(|u| u.count).sum::<u64>();
        assert_eq!((rows, rows + told), (2 * MAX_ROWS, 1_000));
        assert_eq!(weirds.totals().collect::<Vec<_>>(), [(7, 1_000)]);
        assert!(weirds.take_untold().is_empty());
    }
}
