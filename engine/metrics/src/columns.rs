//! Numbers side by side, on their way to a batch.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, UInt32Array};

use crate::lookup::{Metrics, value_of};
use crate::payload::Payload;

/// ns of a millisecond.
const MS: u64 = 1_000_000;
/// ms that a time may have at most, so that it fits as ns.
const MOST_MS: u64 = (1 << 63) / MS;

/// Columns of one length: tag, value, and ns UTC when the machine and the server say it was so.
#[derive(Debug, Default)]
pub struct Columns {
    tags: Vec<u32>,
    values: Vec<f64>,
    source: Vec<Option<i64>>,
    server: Vec<Option<i64>>,
}

impl Columns {
    /// Adds a message's numbers. False where one of them is not known, or not plain, and then none is added.
    pub fn add(&mut self, payload: &Payload, metrics: &Metrics) -> bool {
        let before = self.len();
        let sent = ns(payload.time);
        for metric in &payload.metrics {
            let found = metrics.of(payload, metric);
            if let Some(tag) = found.and_then(|entry| entry.tag) {
                let datatype = found.map_or(0, |entry| entry.datatype);
                let (Some(value), true) = (value_of(datatype, metric.value), metric.time < MOST_MS) else {
                    self.cut(before);
                    return false;
                };
                self.tags.push(tag);
                self.values.push(value);
                self.source.push(ns(metric.time).or(sent));
            } else if found.is_none() {
                self.cut(before);
                return false;
            }
        }
        self.server.resize(self.len(), sent);
        true
    }

    fn cut(&mut self, rows: usize) {
        self.tags.truncate(rows);
        self.values.truncate(rows);
        self.source.truncate(rows);
    }

    /// Numbers in them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// What is in them as a batch; they are empty then.
    ///
    /// # Panics
    /// Never: the columns have one length.
    #[must_use]
    pub fn take(&mut self) -> RecordBatch {
        let Self {
            tags,
            values,
            source,
            server,
        } = std::mem::take(self);
        let columns: [(&str, ArrayRef); 4] = [
            ("tag", Arc::new(UInt32Array::from(tags))),
            ("value", Arc::new(Float64Array::from(values))),
            ("source_ts", Arc::new(Int64Array::from(source))),
            ("server_ts", Arc::new(Int64Array::from(server))),
        ];
        RecordBatch::try_from_iter(columns).expect("columns of one length")
    }
}

/// ms as ns; None for 0, which is no time, and for one that is out of reach.
#[allow(clippy::cast_possible_wrap)] // below MOST_MS
fn ns(ms: u64) -> Option<i64> {
    (0 < ms && ms < MOST_MS).then_some((ms.saturating_mul(MS)) as i64)
}
