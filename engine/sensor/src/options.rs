//! What a sensor is told to begin with, and what it counts.

/// Bounds. Times are ns of capture time.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of this sensor in every record.
    pub sensor: String,
    /// One `command` row counts polling of so many ns.
    pub interval: i64,
    /// Flows at a time; beyond, the longest silent of a sample ends early.
    pub max_flows: usize,
    /// Bytes of held TCP segments over all flows.
    pub max_held: usize,
    pub tcp_timeout: i64,
    pub other_timeout: i64,
    /// Messages may take the ways of earlier ones, and frames are told by headers that were seen before; without, each
    /// frame is decoded and each message runs through its program (the records are the same).
    pub shortcuts: bool,
}

impl Default for Options {
    fn default() -> Self {
        const SECOND: i64 = 1_000_000_000;
        Self {
            sensor: "local".into(),
            interval: 60 * SECOND,
            max_flows: 200_000,
            max_held: 64 << 20,
            tcp_timeout: 15 * 60 * SECOND,
            other_timeout: 2 * 60 * SECOND,
            shortcuts: true,
        }
    }
}

impl Options {
    /// The share of one of `n` sensors that read a capture together.
    #[must_use]
    pub fn split(self, n: usize) -> Self {
        let n = n.max(1);
        Self {
            max_flows: (self.max_flows / n).max(16),
            max_held: self.max_held / n,
            ..self
        }
    }
}

/// Totals of a run, for the summary and for "how full is it".
#[derive(Debug, Default, Clone)]
pub struct Stats {
    pub packets: u64,
    pub bytes: u64,
    pub first_ts: Option<i64>,
    pub last_ts: Option<i64>,
    pub flows: u64,
    pub flows_open: usize,
    pub flows_evicted: u64,
    pub held_bytes: usize,
    pub held_peak: usize,
    pub truncated: u64,
    pub fragments_expired: u64,
}
