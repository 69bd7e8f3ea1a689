//! Records boiled down to distinct rows, as they come, whatever the batches.
//!
//! The twin of `linewarden.plant.frames`, which does the same with polars for records that come from files: what a row
//! is, its keys, sums, first-of-all and bounds, is told by Python ([`Plan`], from `plant/rows.py`), and a test holds the
//! two equal. Texts are numbers here (see [`Texts`]), so that a record costs one look-up.
#![forbid(unsafe_code)]

mod conn;
mod frame;
mod plan;
mod rows;
mod table;
mod texts;

use arrow_array::RecordBatch;

use crate::frame::Frame;
use crate::plan::{Feed, Plan};
use crate::table::Table;
use crate::texts::Texts;

pub use crate::plan::PlanError;
pub use crate::rows::{Rows, Value};
pub use crate::table::Left;

/// One value of a row: a number, a text's number, or [`NULL`].
pub(crate) type Cell = i64;
/// No value. It sorts before all others.
pub(crate) const NULL: Cell = i64::MIN;

/// The distinct rows of all tables of a plan.
#[derive(Debug)]
pub struct Fold {
    plan: Plan,
    texts: Texts,
    tables: Vec<Table>,
}

impl Fold {
    /// Tables as the JSON of `plant/batches.py` tells them, empty.
    ///
    /// # Errors
    /// The plan does not fit together.
    pub fn new(plan: &str) -> Result<Self, PlanError> {
        let plan = Plan::from_json(plan)?;
        let tables = plan.tables.iter().map(Table::new).collect::<Result<_, _>>()?;
        Ok(Self {
            plan,
            texts: Texts::default(),
            tables,
        })
    }

    /// Takes a batch. Streams that the plan does not have are ignored, and so are columns.
    pub fn add(&mut self, stream: &str, batch: &RecordBatch) {
        let Some(feed) = self.plan.streams.iter().find(|s| s.name == stream).cloned() else {
            return;
        };
        if batch.num_rows() == 0 {
            return;
        }
        let mut frame = Frame::read(&feed.columns, batch, &mut self.texts);
        match feed.feed {
            Feed::Rows => {
                frame.widen_until();
                self.take(&feed.table, &frame, None);
            }
            Feed::Conns => self.conns(frame),
            Feed::Facts => self.facts(stream, &feed, frame),
        }
        self.bound();
    }

    /// The rows of these tables, which are of one kind, together and sorted by key.
    #[must_use]
    pub fn rows(&mut self, names: &[String]) -> Rows {
        let places: Vec<usize> = names.iter().filter_map(|n| self.place(n)).collect();
        for &place in &places {
            self.bound_table(place, 0);
        }
        let Some((&first, others)) = places.split_first() else {
            return Rows::default();
        };
        if others.is_empty() {
            return Rows::sorted(&self.tables[first], &self.texts);
        }
        let mut whole = self.tables[first].clone();
        for &other in others {
            for row in self.tables[other].rows() {
                whole.merge(row, &self.texts);
            }
        }
        Rows::sorted(&whole, &self.texts)
    }

    /// What the bounds of a table left out: how many records, and the first packet of them.
    #[must_use]
    pub fn left(&self, name: &str) -> Option<&Left> {
        self.place(name).map(|p| self.tables[p].left())
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.plan.tables.iter().position(|t| t.name == name)
    }

    fn take(&mut self, table: &str, frame: &Frame, only: Option<&[bool]>) {
        if let Some(place) = self.place(table) {
            self.tables[place].add(frame, only, &self.texts);
        }
    }

    /// Conversations: those that were heard, those that only knocked, and the capture that they are of.
    fn conns(&mut self, mut frame: Frame) {
        frame.widen_until();
        let lone = conn::derive(&mut frame, &mut self.texts);
        let heard: Vec<bool> = lone.iter().map(|&l| !l).collect();
        self.take("conn", &frame, Some(&heard));
        self.take("knock", &frame, Some(&lone));
        self.take("capture", &frame, None);
    }

    /// One row for each value of the columns that say something.
    fn facts(&mut self, stream: &str, feed: &plan::Stream, mut frame: Frame) {
        let (name, one) = (self.texts.id(stream), vec![1; frame.len()]);
        frame.put("n", one);
        frame.put("stream", vec![name; frame.len()]);
        for value in &feed.values {
            let Some(cells) = frame.get(value).map(<[Cell]>::to_vec) else {
                continue;
            };
            let there: Vec<bool> = cells.iter().map(|&c| c != NULL).collect();
            let column = self.texts.id(value);
            frame.put("column", vec![column; frame.len()]);
            frame.put("value", cells);
            self.take(&feed.table, &frame, Some(&there));
        }
    }

    /// Puts tables that grew too large in their bounds, and lets go of texts that no row has any more.
    fn bound(&mut self) {
        for place in 0..self.tables.len() {
            let slack = self.tables[place].keep() / 2;
            self.bound_table(place, slack);
        }
        if self.texts.is_crowded() {
            self.texts.collect(&mut self.tables);
        }
    }

    fn bound_table(&mut self, place: usize, slack: usize) {
        let gone = self.tables[place].bound(slack, &self.texts);
        let beyond = self.plan.tables[place]
            .beyond
            .as_deref()
            .and_then(|b| self.place(b));
        if let (Some(beyond), Some(gone)) = (beyond, gone) {
            let fields = self.tables[place].fields().to_vec();
            self.tables[beyond].absorb(&fields, &gone, &self.texts);
        }
    }
}
