//! A lake that is written for months: a full disk is a pause, not the end.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use linewarden_lake::{Lake, LakeError, Options};

/// After a failure the lake is tried again so often.
const RETRY: Duration = Duration::from_secs(5);
/// A flush that takes longer is said, at most so often.
const SLOW: Duration = Duration::from_secs(2);
const SAY: Duration = Duration::from_secs(60);

pub struct LiveLake {
    root: PathBuf,
    options: Options,
    lake: Option<Lake>,
    /// Rows that were handed over and are not visible yet.
    unsure: u64,
    lost: u64,
    failed: Option<Instant>,
    said_slow: Option<Instant>,
    said: Vec<String>,
    pub rows: u64,
    pub files: u64,
    pub all_lost: u64,
}

impl LiveLake {
    pub fn create(root: PathBuf, options: Options) -> Result<Self, LakeError> {
        let options = Options {
            keep_earlier: true,
            ..options
        };
        let lake = Some(Lake::create(&root, options.clone())?);
        Ok(Self {
            root,
            options,
            lake,
            unsure: 0,
            lost: 0,
            failed: None,
            said_slow: None,
            said: Vec::new(),
            rows: 0,
            files: 0,
            all_lost: 0,
        })
    }

    pub fn write(&mut self, stream: &str, batch: RecordBatch) {
        let rows = batch.num_rows() as u64;
        if self.lake.is_none() && self.failed.is_none_or(|at| at.elapsed() >= RETRY) {
            self.lake = Lake::create(&self.root, self.options.clone()).ok();
            self.failed = Some(Instant::now());
        }
        let Some(lake) = &self.lake else {
            self.lose(rows);
            return;
        };
        self.unsure += rows;
        if let Err(error) = lake.write(stream, batch) {
            self.fail(&error);
        }
    }

    /// Makes visible what was written.
    pub fn flush(&mut self) {
        let Some(lake) = &self.lake else { return };
        let began = Instant::now();
        match lake.flush() {
            Ok(written) => {
                self.unsure = 0;
                self.files += written.len() as u64;
                self.rows += written.iter().map(|w| w.rows).sum::<u64>();
                if !written.is_empty() {
                    self.well();
                }
            }
            Err(error) => self.fail(&error),
        }
        let took = began.elapsed();
        if took > SLOW && self.said_slow.is_none_or(|at| at.elapsed() >= SAY) {
            self.said_slow = Some(Instant::now());
            self.said.push(format!(
                "{}: the disk is slow: it took {:.1} s to bring a second of records to it",
                self.root.display(),
                took.as_secs_f64()
            ));
        }
    }

    fn lose(&mut self, rows: u64) {
        self.lost += rows;
        self.all_lost += rows;
    }

    fn fail(&mut self, error: &LakeError) {
        // What is not visible goes with the lake's temporary files.
        self.lake = None;
        self.lose(self.unsure);
        self.unsure = 0;
        if self.failed.is_none() {
            self.said.push(format!(
                "{error}; listening goes on, and the lake is tried again every {} s",
                RETRY.as_secs()
            ));
        }
        self.failed = Some(Instant::now());
    }

    fn well(&mut self) {
        if self.failed.take().is_some() {
            let lost = std::mem::take(&mut self.lost);
            let root = self.root.display();
            self.said
                .push(format!("{root}: records are written again; {lost} were lost"));
        }
    }

    /// What is to be said since the last time.
    pub fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// Writes what is left.
    pub fn finish(mut self) -> (u64, u64, u64, Vec<String>) {
        self.flush();
        let said = self.said();
        (self.rows, self.files, self.all_lost, said)
    }
}
