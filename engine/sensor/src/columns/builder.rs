//! The rows of one stream that are not yet a batch.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use super::Column;
use crate::ctx::Ctx;
use crate::names::{NameId, Names};
use crate::natives::NativeColumn;
use crate::ops::Slot;
use crate::spec::StreamSpec;
use crate::tables::{FlowInfo, Stamp};
use crate::text;

/// Flows whose dictionary keys a batch remembers, by the low bits of their numbers.
const KNOWN_FLOWS: usize = 256;

/// Dictionary keys of one flow's uid and addresses in one batch.
#[derive(Debug, Default, Clone, Copy)]
struct FlowKeys {
    /// Number of the batch and of the flow.
    of: (u32, u32),
    uid: i32,
    ends: [Option<i32>; 2],
}

/// The beginning of a native row.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub stamp: Stamp,
    pub ports: Option<(u16, u16)>,
    pub from_orig: bool,
    /// Frame of the answer, and ns that it took.
    pub answer: Option<u64>,
    pub took: Option<i64>,
}

/// A reading without its values and texts.
#[derive(Debug, Clone, Copy)]
pub struct ReadingHead {
    pub stamp: Stamp,
    /// Which end of the flow said it (0: originator).
    pub end: usize,
    pub protocol: NameId,
    pub unit: Option<i64>,
    pub area: NameId,
    pub start: Option<i64>,
    pub quality: NameId,
}

/// Dictionary keys of a reading: uid, source, protocol, area, quality. Below 0: none.
type ReadingKeys = [i32; 5];

/// Native rows whose numbers are not in their columns yet. A column is filled from many rows at a time, which takes a
/// fraction of what a number at a time takes.
#[derive(Debug, Default)]
struct Waiting {
    heads: Vec<(Head, [i32; 3])>,
    /// Slots of each row that are set, as bits, and what they hold.
    masks: Vec<u64>,
    ints: Vec<i64>,
    width: usize,
    /// Number columns and the slots that fill them.
    columns: Vec<(usize, Slot)>,
    /// Columns of names for numbers, and their keys in each row. Below 0: none.
    named: Vec<Named>,
    keys: Vec<i32>,
}

/// A column of names for the numbers of a slot.
#[derive(Debug)]
pub struct Named {
    column: usize,
    of: NativeColumn,
    /// The last number of this batch, and the key of its name: the next is often the same.
    last: Option<(i64, i32)>,
}

impl Named {
    pub fn new(column: usize, of: &NativeColumn) -> Self {
        Self {
            column,
            of: of.clone(),
            last: None,
        }
    }

    /// The key of a number's name.
    #[inline]
    fn key(&mut self, number: i64, columns: &mut [Column], names: &Names, text: &mut String) -> i32 {
        if let Some((last, key)) = self.last
            && last == number
        {
            return key;
        }
        let column = &mut columns[self.column];
        let key = match self.of.names.get(number) {
            Some(id) => column.key_of_name(id, names),
            None => {
                text::number(number, self.of.render, text);
                column.key(text)
            }
        };
        self.last = Some((number, key));
        key
    }
}

/// Rows that wait: few enough for the first-level cache.
const WAITING_ROWS: usize = 64;

/// The rows of one stream that are not yet a batch.
#[derive(Debug)]
pub struct StreamBuilder {
    columns: Vec<Column>,
    schema: SchemaRef,
    pub rows: usize,
    waiting: Waiting,
    /// Readings that wait in the same way.
    readings: Vec<(ReadingHead, ReadingKeys)>,
    /// What the columns of sensor and capture hold now.
    tap: Option<(NameId, NameId)>,
    /// Number of the batch, from 1.
    batch: u32,
    flows: Box<[FlowKeys]>,
    text: String,
}

/// Columns of the envelope; those of the endpoints come next where a stream has them.
const UID: usize = 1;
const SENSOR: usize = 2;
const CAPTURE: usize = 3;
const FRAME: usize = 4;
/// Who said a reading.
const SOURCE: usize = 5;

impl StreamBuilder {
    pub fn new(spec: &StreamSpec) -> Self {
        let fields: Vec<Field> = spec
            .columns
            .iter()
            .map(|c| Field::new(&c.name, c.kind.arrow(), c.nullable))
            .collect();
        Self {
            columns: spec.columns.iter().map(|c| Column::new(c.kind)).collect(),
            schema: Arc::new(Schema::new(fields)),
            rows: 0,
            waiting: Waiting::default(),
            readings: Vec::new(),
            tap: None,
            batch: 1,
            flows: vec![FlowKeys::default(); KNOWN_FLOWS].into(),
            text: String::new(),
        }
    }

    /// The row being built: fill it, then end it.
    #[inline]
    pub fn row(&mut self) -> Row<'_> {
        Row {
            columns: &mut self.columns,
            at: self.rows,
        }
    }

    /// What every record says: when, which flow, which packet.
    #[inline]
    pub fn envelope(&mut self, info: &FlowInfo, stamp: Stamp, sensor: NameId, names: &Names) {
        let keys = self.keys(info);
        let uid = self.flows[keys].uid;
        let row = self.rows;
        let c = &mut self.columns;
        c[0].number(row, stamp.ts);
        c[UID].keyed(row, uid);
        c[FRAME].number(row, stamp.frame as i64);
        self.tapped(sensor, stamp.capture, names);
    }

    /// Sensor and capture of the row: mostly those of the row before.
    #[inline]
    fn tapped(&mut self, sensor: NameId, capture: NameId, names: &Names) {
        if self.tap != Some((sensor, capture)) {
            self.tap = Some((sensor, capture));
            self.columns[SENSOR].repeated(self.rows, sensor, names);
            self.columns[CAPTURE].repeated(self.rows, capture, names);
        }
    }

    /// Begins a reading; its values and texts are still to come.
    #[inline]
    pub fn reading(&mut self, info: &FlowInfo, head: ReadingHead, sensor: NameId, names: &Names) -> Row<'_> {
        if self.readings.len() >= WAITING_ROWS {
            self.settle_readings();
        }
        let source = self.end_key(SOURCE, info, head.end);
        let uid = self.flows[self.keys(info)].uid;
        self.tapped(sensor, head.stamp.capture, names);
        let [protocol, area, quality] =
            [(6, head.protocol), (8, head.area), (13, head.quality)].map(|(column, id)| match id {
                0 => -1,
                id => self.columns[column].key_of_name(id, names),
            });
        self.readings.push((head, [uid, source, protocol, area, quality]));
        self.row()
    }

    /// Puts the waiting readings into their columns.
    fn settle_readings(&mut self) {
        let n = self.readings.len();
        if n == 0 {
            return;
        }
        let (row, waiting, c) = (self.rows - n, self.readings.as_slice(), &mut self.columns);
        let head = |i: usize| &waiting[i].0;
        let always = |_: usize| true;
        c[0].extend(row, n, always, |i| head(i).stamp.ts);
        c[FRAME].extend(row, n, always, |i| head(i).stamp.frame as i64);
        for (column, key) in [(UID, 0), (SOURCE, 1), (6, 2), (8, 3), (13, 4)] {
            let key_of = |i: usize| waiting[i].1[key];
            if key < 3 || (0..n).any(|i| key_of(i) >= 0) {
                c[column].extend(row, n, |i| key_of(i) >= 0, |i| i64::from(key_of(i).max(0)));
            }
        }
        let unit = |i: usize| head(i).unit;
        if (0..n).any(|i| unit(i).is_some()) {
            c[7].extend(row, n, |i| unit(i).is_some(), |i| unit(i).unwrap_or(0));
        }
        let start = |i: usize| head(i).start;
        if (0..n).any(|i| start(i).is_some()) {
            c[9].extend(row, n, |i| start(i).is_some(), |i| start(i).unwrap_or(0));
        }
        self.readings.clear();
    }

    /// An end of the flow (0: originator), into an address column.
    #[inline]
    pub fn end_of(&mut self, column: usize, info: &FlowInfo, end: usize) {
        let key = self.end_key(column, info, end);
        self.columns[column].keyed(self.rows, key);
    }

    #[inline]
    fn end_key(&mut self, column: usize, info: &FlowInfo, end: usize) -> i32 {
        let place = self.keys(info);
        let host = if end == 0 { info.orig } else { info.resp };
        if let Some(key) = self.flows[place].ends[end & 1] {
            return key;
        }
        host.write(&mut self.text);
        let key = self.columns[column].key(&self.text);
        self.flows[place].ends[end & 1] = Some(key);
        key
    }

    /// The stream is a protocol's: so many slots, and these columns are filled from the numbers in them.
    pub fn be_native(&mut self, slots: usize, columns: Vec<(usize, Slot)>, named: Vec<Named>) {
        self.waiting.width = slots;
        self.waiting.columns = columns;
        self.waiting.named = named;
    }

    /// Begins a native row: its envelope, and all its numbers and their names.
    #[inline]
    pub fn native(
        &mut self,
        info: &FlowInfo,
        head: Head,
        sensor: NameId,
        ctx: &Ctx,
        names: &Names,
    ) -> Row<'_> {
        if self.waiting.heads.len() >= WAITING_ROWS {
            self.settle();
        }
        let ends = [self.end_key(5, info, 0), self.end_key(7, info, 1)];
        let uid = self.flows[self.keys(info)].uid;
        self.tapped(sensor, head.stamp.capture, names);
        let w = &mut self.waiting;
        w.heads.push((head, [uid, ends[0], ends[1]]));
        w.masks.push(ctx.set);
        w.ints
            .extend_from_slice(ctx.ints.get(..w.width).unwrap_or(&ctx.ints));
        for named in &mut w.named {
            let key = match ctx.get(named.of.slot) {
                Some(number) => named.key(number, &mut self.columns, names, &mut self.text),
                None => -1,
            };
            w.keys.push(key);
        }
        self.row()
    }

    /// Puts the numbers of the waiting rows, and their names, into their columns.
    pub fn settle(&mut self) {
        let w = &mut self.waiting;
        let n = w.heads.len();
        if n == 0 {
            return;
        }
        let (row, heads, c) = (self.rows - n, w.heads.as_slice(), &mut self.columns);
        let always = |_: usize| true;
        c[0].extend(row, n, always, |i| heads[i].0.stamp.ts);
        c[FRAME].extend(row, n, always, |i| heads[i].0.stamp.frame as i64);
        for (column, key) in [UID, 5, 7].into_iter().zip(0..3) {
            c[column].extend(row, n, always, |i| i64::from(heads[i].1[key]));
        }
        let ports = |i: usize| heads[i].0.ports;
        c[6].extend(
            row,
            n,
            |i| ports(i).is_some(),
            |i| ports(i).map_or(0, |p| i64::from(p.0)),
        );
        c[8].extend(
            row,
            n,
            |i| ports(i).is_some(),
            |i| ports(i).map_or(0, |p| i64::from(p.1)),
        );
        c[9].extend(row, n, always, |i| i64::from(heads[i].0.from_orig));
        let answer = |i: usize| heads[i].0.answer;
        c[10].extend(
            row,
            n,
            |i| answer(i).is_some(),
            |i| answer(i).map_or(0, |f| f as i64),
        );
        let took = |i: usize| heads[i].0.took;
        c[11].extend(row, n, |i| took(i).is_some(), |i| took(i).unwrap_or(0));
        let any = w.masks.iter().fold(0, |any, mask| any | mask);
        for &(column, slot) in w.columns.iter().filter(|c| any >> c.1 & 1 == 1) {
            let (masks, ints, width) = (w.masks.as_slice(), w.ints.as_slice(), w.width);
            let value = |i: usize| ints[i * width + slot as usize];
            c[column].extend(row, n, |i| masks[i] >> slot & 1 == 1, value);
        }
        let (keys, width) = (w.keys.as_slice(), w.named.len());
        for (k, named) in w.named.iter().enumerate() {
            let key = |i: usize| keys[i * width + k];
            if (0..n).any(|i| key(i) >= 0) {
                c[named.column].extend(row, n, |i| key(i) >= 0, |i| i64::from(key(i).max(0)));
            }
        }
        w.heads.clear();
        w.masks.clear();
        w.ints.clear();
        w.keys.clear();
    }

    /// Where the keys of this flow in this batch are; makes them anew where another flow's were.
    #[inline]
    fn keys(&mut self, info: &FlowInfo) -> usize {
        let place = (info.serial ^ info.serial >> 24) as usize & (KNOWN_FLOWS - 1);
        let of = (self.batch, info.serial);
        if self.flows[place].of != of {
            text::uid(info.uid, &mut self.text);
            self.flows[place] = FlowKeys {
                of,
                uid: self.columns[UID].key(&self.text),
                ends: [None; 2],
            };
        }
        place
    }

    /// Values in a list column so far.
    pub fn elements(&self, column: usize) -> usize {
        self.columns[column].elements()
    }

    pub fn end_row(&mut self) {
        self.rows += 1;
    }

    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.settle();
        self.settle_readings();
        self.waiting.named.iter_mut().for_each(|named| named.last = None);
        self.tap = None;
        let rows = std::mem::take(&mut self.rows);
        self.batch = self.batch.wrapping_add(1).max(1);
        let arrays = self
            .columns
            .iter_mut()
            .map(|c| c.finish(rows))
            .collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(self.schema.clone(), arrays)
    }
}

/// One row while it is filled, by column number. What is not filled is null.
pub struct Row<'a> {
    columns: &'a mut [Column],
    at: usize,
}

impl Row<'_> {
    #[inline]
    pub fn number(&mut self, column: usize, value: i64) {
        self.columns[column].number(self.at, value);
    }

    #[inline]
    pub fn optional(&mut self, column: usize, value: Option<i64>) {
        if let Some(value) = value {
            self.number(column, value);
        }
    }

    pub fn float(&mut self, column: usize, value: f64) {
        self.columns[column].float(self.at, value);
    }

    pub fn text(&mut self, column: usize, value: &str) {
        self.columns[column].text(self.at, value);
    }

    /// Text, or null where it is empty.
    pub fn filled(&mut self, column: usize, value: &str) {
        if !value.is_empty() {
            self.text(column, value);
        }
    }

    /// A name, or null for none.
    #[inline]
    pub fn name(&mut self, column: usize, id: NameId, names: &Names) {
        if id != 0 {
            self.columns[column].name(self.at, id, names);
        }
    }

    pub fn list(&mut self, column: usize, fill: impl FnOnce(&mut Vec<f64>)) {
        self.columns[column].list(self.at, fill);
    }

    /// Columns of the stream.
    pub fn width(&self) -> usize {
        self.columns.len()
    }
}
