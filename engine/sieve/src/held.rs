//! The rows of a stream, held until no more come; then only those leave that somebody looks at.

use std::sync::Arc;

use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::interleave::interleave_record_batch;
use hashbrown::HashSet;
use linewarden_rows::{Columns, Row, in_order};
use serde::Deserialize;

use crate::answer::Answer;
use crate::test::{Test, Tests};
use crate::thin::{Cells, Thin};

/// Which rows somebody looks at: those that pass a test, or what is kept of these.
#[derive(Debug, Deserialize)]
pub struct Look {
    test: Test,
    thin: Option<Thin>,
}

/// Holds batches, then tells what each of several looks at.
#[derive(Debug)]
pub struct Held {
    tests: Tests,
    thins: Vec<Option<Thin>>,
    batches: Vec<RecordBatch>,
    /// By batch and look.
    answers: Vec<Vec<Answer>>,
    bytes: usize,
}

/// What was held, in the order of time.
#[derive(Debug)]
pub struct Seen {
    batches: Vec<RecordBatch>,
    order: Vec<Row>,
    looks: Vec<Looked>,
}

/// The rows of a look, by their place in the order of time.
#[derive(Debug)]
struct Looked {
    all: Vec<u32>,
    certain: bool,
    /// Of `all` those that are kept; none, if all are.
    kept: Option<Vec<u32>>,
    /// The series of each row, by the row's number.
    series: Arc<[u32]>,
}

impl Looked {
    fn kept(&self) -> &[u32] {
        self.kept.as_ref().unwrap_or(&self.all)
    }
}

impl Held {
    /// # Errors
    /// This is not the JSON of a list of [`Look`].
    pub fn parse(looks: &str) -> Result<Self, serde_json::Error> {
        let looks: Vec<Look> = serde_json::from_str(looks)?;
        let (tests, thins) = looks.into_iter().map(|look| (look.test, look.thin)).unzip();
        Ok(Self {
            tests: Tests::new(tests),
            thins,
            batches: Vec::new(),
            answers: Vec::new(),
            bytes: 0,
        })
    }

    /// One more batch; how many bytes all take by now.
    pub fn add(&mut self, batch: &RecordBatch) -> usize {
        self.answers.push(self.tests.ask(batch));
        self.batches.push(batch.clone());
        self.bytes += batch.get_array_memory_size();
        self.bytes
    }

    /// Lets go of all batches.
    pub fn give(&mut self) -> Vec<RecordBatch> {
        self.bytes = 0;
        self.answers.clear();
        std::mem::take(&mut self.batches)
    }

    /// No more come.
    ///
    /// # Errors
    /// The batches have no envelope.
    pub fn end(&mut self) -> Result<Seen, ArrowError> {
        let answers = std::mem::take(&mut self.answers);
        let batches = self.give();
        let order = in_order(&batches)?;
        let mut columns = Columns::of(&batches);
        let looked = |(number, thin): (usize, &Option<Thin>)| {
            let own: Vec<&Answer> = answers.iter().map(|of_batch| &of_batch[number]).collect();
            looked(&own, thin.as_ref(), &batches, &order, &mut columns)
        };
        let looks = self.thins.iter().enumerate().map(looked).collect();
        Ok(Seen {
            batches,
            order,
            looks,
        })
    }
}

/// What is looked at, by the answers of each batch.
fn looked(
    answers: &[&Answer],
    thin: Option<&Thin>,
    batches: &[RecordBatch],
    order: &[Row],
    columns: &mut Columns<'_>,
) -> Looked {
    let may = |row: &Row| answers[row.place.0].may(row.place.1);
    let all: Vec<u32> = (0..order.len() as u32)
        .filter(|&place| may(&order[place as usize]))
        .collect();
    // Of rows of which it is not certain that they are wanted none is known to repeat another one.
    let certain = answers.iter().all(|answer| answer.certain());
    let rows = || all.iter().map(|&place| &order[place as usize]);
    let cells = thin.filter(|_| certain).and_then(|thin| {
        let series = columns.alike(thin.by())?;
        Some((
            thin.kept(&cells_of(thin, rows(), &series, batches, columns)?),
            series,
        ))
    });
    let Some((kept, series)) = cells else {
        return Looked {
            all,
            certain,
            kept: None,
            series: Arc::default(),
        };
    };
    Looked {
        certain,
        kept: Some(kept.into_iter().map(|place| all[place]).collect()),
        series,
        all,
    }
}

/// None, if a column is missing, or something cannot be told.
fn cells_of<'a>(
    thin: &Thin,
    rows: impl Iterator<Item = &'a Row>,
    series: &[u32],
    batches: &[RecordBatch],
    columns: &mut Columns<'_>,
) -> Option<Vec<Cells>> {
    let value = match thin.column() {
        Some(name) => Some(columns.get(name)?.cells),
        None => None,
    };
    let ask = |test: &Test| batches.iter().map(|batch| test.ask(batch)).collect();
    let told: Option<Vec<Answer>> = thin.asked().map(ask);
    if told.iter().flatten().any(|answer| !answer.certain()) {
        return None;
    }
    let cell = |row: &Row| Cells {
        ts: row.ts,
        series: series[row.number],
        value: value.as_ref().map_or(0, |column| column[row.number]),
        told: told.as_ref().is_some_and(|of| of[row.place.0].may(row.place.1)),
    };
    Some(rows.map(cell).collect())
}

impl Seen {
    /// The batches that were held.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// All rows that a look asks for, in the order of time.
    pub fn of(&self, look: usize) -> impl Iterator<Item = &Row> {
        let places = self.looks.get(look).map(|look| look.all.as_slice());
        places
            .unwrap_or_default()
            .iter()
            .map(|&place| &self.order[place as usize])
    }

    /// Whether less than all is kept of what this look asks for.
    pub fn is_thinned(&self, look: usize) -> bool {
        self.looks.get(look).is_some_and(|l| l.kept.is_some())
    }

    /// Whether it is certain which rows a look asks for; else what it gives is to be asked again.
    pub fn is_certain(&self, look: usize) -> bool {
        self.looks.get(look).is_some_and(|l| l.certain)
    }

    /// The rows that are kept of any of these looks, in the order of time, and for each look which of them; none without
    /// any.
    ///
    /// # Errors
    /// The engine's own batches give none.
    pub fn rows(&self, looks: &[usize]) -> Result<Option<(RecordBatch, Vec<BooleanArray>)>, ArrowError> {
        let kept = |&number: &usize| self.looks.get(number).map_or(&[][..], Looked::kept);
        let mut wanted = vec![false; self.order.len()];
        for &place in looks.iter().flat_map(kept) {
            wanted[place as usize] = true;
        }
        let places: Vec<usize> = (0..wanted.len()).filter(|&place| wanted[place]).collect();
        let mut number = vec![0; wanted.len()];
        for (row, &place) in places.iter().enumerate() {
            number[place] = row;
        }
        let mark = |look: &usize| {
            let mut mark = BooleanBufferBuilder::new(places.len());
            mark.append_n(places.len(), false);
            for &place in kept(look) {
                mark.set_bit(number[place as usize], true);
            }
            BooleanArray::new(mark.finish(), None)
        };
        let marks = looks.iter().map(mark).collect();
        Ok(self.some(places.iter().copied())?.map(|rows| (rows, marks)))
    }

    /// Of a look whose first rows were kept all rows that are alike some of these, by number.
    ///
    /// # Errors
    /// As above.
    pub fn alike(&self, look: usize, firsts: &[u32]) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(look) = self.looks.get(look).filter(|look| look.kept.is_some()) else {
            return Ok(None);
        };
        let series = |&place: &u32| look.series[self.order[place as usize].number];
        let there = firsts.iter().filter_map(|&first| look.kept().get(first as usize));
        let wanted: HashSet<u32> = there.map(series).collect();
        let alike = look.all.iter().filter(|&place| wanted.contains(&series(place)));
        self.some(alike.map(|&place| place as usize))
    }

    /// Some rows of what a look asks for, by their place in that.
    ///
    /// # Errors
    /// As above.
    pub fn at(&self, look: usize, places: &[u32]) -> Result<Option<RecordBatch>, ArrowError> {
        let all = self.looks.get(look).map_or(&[][..], |look| look.all.as_slice());
        let there = places.iter().filter_map(|&place| all.get(place as usize));
        self.some(there.map(|&place| place as usize))
    }

    fn some(&self, places: impl Iterator<Item = usize>) -> Result<Option<RecordBatch>, ArrowError> {
        let places: Vec<(usize, usize)> = places.map(|place| self.order[place].place).collect();
        if places.is_empty() {
            return Ok(None);
        }
        interleave_record_batch(&self.batches.iter().collect::<Vec<_>>(), &places).map(Some)
    }
}
