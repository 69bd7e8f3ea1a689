//! Values that were shown: of each block of values the first reading of a minute.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::ArrowError;
use hashbrown::HashSet;
use linewarden_rows::{Numbers, Row, in_order};

use crate::known::Blocks;
use crate::numbers::MOST_VALUES;
use crate::talk::{From, wrong};
use crate::usual::Params;

/// The readings that are learned, in the order of time.
#[derive(Debug, Default)]
pub struct Shown {
    pub times: Vec<i64>,
    /// Where each stands among all.
    pub numbers: Vec<u32>,
    /// What it shows: the block of values.
    pub keys: Vec<u32>,
    pub blocks: Blocks,
}

impl Shown {
    /// # Errors
    /// A column is missing, or of another type than the engine's.
    pub fn of(batch: &RecordBatch, params: &Params) -> Result<Self, ArrowError> {
        let batches = std::slice::from_ref(batch);
        let order = in_order(batches)?;
        let rows: Vec<&Row> = order.iter().collect();
        let mut from = From::of(batches, &rows);
        let [source, protocol, unit] = ["source", "protocol", "unit"].map(|name| from.texts(name));
        let (source, protocol, unit) = (source?, protocol?, unit?);
        let [area, start, name] = ["area", "start", "name"].map(|name| from.texts(name));
        let (area, start, name) = (area?, start?, name?);
        let lists = batch
            .column_by_name("values")
            .and_then(|c| c.as_list_opt::<i32>())
            .ok_or_else(|| wrong("values"))?;
        let values = lists.values().as_primitive_opt::<Float64Type>();
        let values = values.ok_or_else(|| wrong("values"))?.values();
        // Unit 0 is none.
        let units = unit.map(0, |text| if text == "0" { 0 } else { 1 });
        let mut labels = Numbers::default();
        let mut label_of = Numbers::default();
        let mut label_by_place: Vec<u32> = Vec::new();
        let mut keys = Numbers::default();
        let mut met = HashSet::new();
        let mut found = Self::default();
        for (place, row) in rows.iter().enumerate() {
            let offsets = lists.value_offsets();
            let own = &values[offsets[row.number] as usize..offsets[row.number + 1] as usize];
            let minute = row.ts.div_euclid(params.slice_ns);
            let at = [area.cells[place], start.cells[place], name.cells[place]];
            let block = [source.cells[place], protocol.cells[place], unit.cells[place]];
            if !met.insert((minute, block, at, own.len())) {
                continue;
            }
            let number = label_of.of(at) as usize;
            if number == label_by_place.len() {
                let text = |texts: &crate::talk::Texts| {
                    let cell = texts.cells[place] as usize;
                    cell.checked_sub(1)
                        .map_or("", |c| texts.names[c].as_str())
                        .to_owned()
                };
                let (area, start, name) = (text(&area), text(&start), text(&name));
                let plain = format!("{area} {start}").trim().to_owned();
                label_by_place.push(labels.of(if name.is_empty() { plain } else { name }));
            }
            let own = &own[..own.len().min(MOST_VALUES)];
            let unit = block[2] * units[block[2] as usize];
            let key = keys.of([block[0], block[1], unit, label_by_place[number], own.len() as u32]);
            found.times.push(row.ts);
            found.numbers.push(row.number as u32);
            found.keys.push(key);
            if own.iter().all(|value| value.is_finite()) {
                found.blocks.add(key, block[0], row.ts, own, params);
            }
        }
        Ok(found)
    }
}
