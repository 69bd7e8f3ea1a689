//! Distinct rows with sums, first-of-all and maxima, within bounds.

use std::cmp::Ordering;
use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::frame::Frame;
use crate::plan::{Field, PlanError, Role, TablePlan};
use crate::texts::Texts;
use crate::{Cell, NULL};

/// What a bound left out: records, and the first packet of them.
#[derive(Debug, Clone, Default)]
pub struct Left {
    pub records: i64,
    /// ts, capture and frame.
    pub first: (i64, String, i64),
}

/// One row a key. Rows lie one after the other in `cells`.
#[derive(Debug, Clone)]
pub struct Table {
    fields: Vec<Field>,
    keys: Vec<usize>,
    sums: Vec<usize>,
    maxima: Vec<usize>,
    /// The fields by which one row comes before another one with the same key, ts, capture and frame first.
    order: Vec<usize>,
    most: Vec<(Vec<usize>, usize)>,
    keep: usize,
    /// The sum that counts records, where there is one; else each row is one.
    counted: Option<usize>,
    cells: Vec<Cell>,
    places: HashTable<Place>,
    hasher: DefaultHashBuilder,
    left: Left,
}

/// Where the row of a key lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    hash: u64,
    number: u32,
}

/// ts, capture, frame.
const PACKET: usize = 3;

impl Table {
    pub fn new(plan: &TablePlan) -> Result<Self, PlanError> {
        let place = |name: &String| {
            let found = plan.fields.iter().position(|f| f.name == *name);
            found.ok_or_else(|| PlanError(format!("table {} has no field {name}", plan.name)))
        };
        let places = |names: &[String]| names.iter().map(place).collect::<Result<Vec<_>, _>>();
        let of = |role: Role| {
            let fields = plan.fields.iter().enumerate();
            fields.filter(|(_, f)| f.role == role).map(|(i, _)| i).collect()
        };
        let order = places(&plan.order)?;
        if order.len() < PACKET {
            return Err(PlanError(format!(
                "table {} needs ts, capture and frame",
                plan.name
            )));
        }
        let most = plan
            .most
            .iter()
            .map(|(names, limit)| Ok((places(names)?, *limit)));
        Ok(Self {
            keys: of(Role::Key),
            sums: of(Role::Sum),
            maxima: of(Role::Max),
            order,
            most: most.collect::<Result<_, PlanError>>()?,
            keep: plan.keep,
            counted: plan.fields.iter().position(|f| f.name == "conns"),
            fields: plan.fields.clone(),
            cells: Vec::new(),
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            left: Left::default(),
        })
    }

    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub fn keys(&self) -> &[usize] {
        &self.keys
    }

    pub fn keep(&self) -> usize {
        self.keep
    }

    pub fn left(&self) -> &Left {
        &self.left
    }

    pub fn len(&self) -> usize {
        self.cells.len() / self.fields.len()
    }

    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks_exact(self.fields.len())
    }

    fn row(&self, number: u32) -> &[Cell] {
        let start = number as usize * self.fields.len();
        &self.cells[start..start + self.fields.len()]
    }

    /// Takes the rows of a frame, or only some of them.
    pub fn add(&mut self, frame: &Frame, only: Option<&[bool]>, texts: &Texts) {
        let columns: Vec<Option<&[Cell]>> = self
            .fields
            .iter()
            .map(|f| {
                if f.role == Role::Absent {
                    None
                } else {
                    frame.get(&f.name)
                }
            })
            .collect();
        let mut row = Vec::with_capacity(columns.len());
        for i in 0..frame.len() {
            if only.is_none_or(|o| o[i]) {
                row.clear();
                row.extend(columns.iter().map(|c| c.map_or(NULL, |c| c[i])));
                self.merge(&row, texts);
            }
        }
    }

    /// Takes rows of another table, whose fields are these.
    pub fn absorb(&mut self, fields: &[Field], cells: &[Cell], texts: &Texts) {
        let places: Vec<Option<usize>> = self
            .fields
            .iter()
            .map(|own| {
                let there = fields.iter().position(|f| f.name == own.name);
                there.filter(|_| own.role != Role::Absent)
            })
            .collect();
        for other in cells.chunks_exact(fields.len()) {
            let row: Vec<Cell> = places.iter().map(|p| p.map_or(NULL, |p| other[p])).collect();
            self.merge(&row, texts);
        }
    }

    /// Takes one row.
    pub fn merge(&mut self, row: &[Cell], texts: &Texts) {
        let hash = self.hash(row);
        let found = self.places.find(hash, |place| {
            let own = self.row(place.number);
            self.keys.iter().all(|&k| own[k] == row[k])
        });
        let Some(&Place { number, .. }) = found else {
            let number = self.len() as u32;
            self.cells.extend_from_slice(row);
            self.places
                .insert_unique(hash, Place { hash, number }, |p| p.hash);
            return;
        };
        let earlier = self.compare(row, self.row(number), &self.order, texts) == Ordering::Less;
        let start = number as usize * self.fields.len();
        let own = &mut self.cells[start..start + row.len()];
        for &i in &self.sums {
            own[i] = own[i].saturating_add(row[i]);
        }
        for &i in &self.maxima {
            own[i] = own[i].max(row[i]);
        }
        if earlier {
            for &i in &self.order {
                own[i] = row[i];
            }
        }
    }

    fn hash(&self, row: &[Cell]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        self.keys.iter().for_each(|&k| hasher.write_i64(row[k]));
        hasher.finish()
    }

    /// Which row comes first by these fields; no value comes last.
    fn compare(&self, a: &[Cell], b: &[Cell], fields: &[usize], texts: &Texts) -> Ordering {
        for &i in fields {
            if a[i] == b[i] {
                continue;
            }
            return match (a[i], b[i]) {
                (NULL, _) => Ordering::Greater,
                (_, NULL) => Ordering::Less,
                (x, y) if self.fields[i].text => texts.get(x).cmp(texts.get(y)),
                (x, y) => x.cmp(&y),
            };
        }
        Ordering::Equal
    }

    /// Keeps the bounds if there are more than `slack` rows too many; rows that go are summed in `left` and given back.
    pub fn bound(&mut self, slack: usize, texts: &Texts) -> Option<Vec<Cell>> {
        if self.len() > self.keep.saturating_add(slack) || (slack == 0 && !self.most.is_empty()) {
            self.thin(texts);
        }
        if self.len() <= self.keep.saturating_add(slack) {
            return None;
        }
        let mut ranked = self.by_time(0..self.len() as u32, texts);
        let gone = ranked.split_off(self.keep);
        let cells: Vec<Cell> = gone.iter().flat_map(|&n| self.row(n)).copied().collect();
        self.note(&gone, texts);
        self.retain(&ranked);
        Some(cells)
    }

    /// Of rows alike in some fields, leaves the first ones.
    fn thin(&mut self, texts: &Texts) {
        for (fields, limit) in self.most.clone() {
            if self.len() <= limit {
                continue;
            }
            let mut alike: HashMap<Vec<Cell>, Vec<u32>> = HashMap::new();
            for (number, row) in (0u32..).zip(self.rows()) {
                let key = fields.iter().map(|&f| row[f]).collect();
                alike.entry(key).or_default().push(number);
            }
            if alike.values().all(|rows| rows.len() <= limit) {
                continue;
            }
            let mut kept: Vec<u32> = Vec::with_capacity(self.len());
            for rows in alike.into_values() {
                if rows.len() > limit {
                    kept.extend(&self.by_time(rows, texts)[..limit]);
                } else {
                    kept.extend(rows);
                }
            }
            kept.sort_unstable();
            self.retain(&kept);
        }
    }

    /// Rows in the order of their first packets, and of their keys.
    fn by_time(&self, rows: impl IntoIterator<Item = u32>, texts: &Texts) -> Vec<u32> {
        let fields = [&self.order[..PACKET], &self.keys].concat();
        let mut ranked: Vec<u32> = rows.into_iter().collect();
        ranked.sort_unstable_by(|&a, &b| self.compare(self.row(a), self.row(b), &fields, texts));
        ranked
    }

    /// Counts rows that go, the first one first.
    fn note(&mut self, gone: &[u32], texts: &Texts) {
        let Some(&first) = gone.first() else { return };
        let records: i64 = match self.counted {
            Some(place) => gone.iter().map(|&n| self.row(n)[place]).sum(),
            None => gone.len() as i64,
        };
        let [ts, capture, frame] = [0, 1, 2].map(|i| self.row(first)[self.order[i]]);
        let packet = (ts, texts.get(capture).to_owned(), frame);
        if self.left.records == 0 || packet < self.left.first {
            self.left.first = packet;
        }
        self.left.records += records;
    }

    /// Only these rows stay.
    fn retain(&mut self, kept: &[u32]) {
        let cells: Vec<Cell> = kept.iter().flat_map(|&n| self.row(n)).copied().collect();
        self.replace(cells);
    }

    /// Gives each text another number.
    pub fn renumber(&mut self, number: &mut impl FnMut(Cell) -> Cell) {
        let mut cells = std::mem::take(&mut self.cells);
        for row in cells.chunks_exact_mut(self.fields.len()) {
            for (cell, field) in row.iter_mut().zip(&self.fields) {
                if field.text {
                    *cell = number(*cell);
                }
            }
        }
        self.replace(cells);
    }

    fn replace(&mut self, cells: Vec<Cell>) {
        self.cells = cells;
        let mut places = HashTable::with_capacity(self.len());
        for (number, row) in (0u32..).zip(self.rows()) {
            let hash = self.hash(row);
            places.insert_unique(hash, Place { hash, number }, |p| p.hash);
        }
        self.places = places;
    }
}
