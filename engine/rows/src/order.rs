//! Rows of several batches of a stream in one order, the same however they were cut.

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt64Type};
use arrow_array::{PrimitiveArray, RecordBatch};
use arrow_schema::ArrowError;

use crate::cells::{Column, Columns};

/// A row of several batches: its number in all of them, and its batch and place in that. ts: ns UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub ts: i64,
    capture: u32,
    pub frame: i64,
    pub number: usize,
    pub place: (usize, usize),
}

/// Rows by time; of equal times by capture and packet.
///
/// # Errors
/// A column of the envelope (ts, capture, frame) is missing, or of another type than the engine's.
pub fn in_order(batches: &[RecordBatch]) -> Result<Vec<Row>, ArrowError> {
    let captures = captures_of(batches).ok_or_else(|| wrong("capture"))?;
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (number, batch) in batches.iter().enumerate() {
        let times = column::<TimestampNanosecondType>(batch, "ts")?.values();
        let frames = column::<UInt64Type>(batch, "frame")?.values();
        let before = rows.len();
        rows.extend((0..batch.num_rows()).map(|row| Row {
            ts: times[row],
            capture: captures[before + row],
            frame: frames[row].cast_signed(),
            number: before + row,
            place: (number, row),
        }));
    }
    rows.sort_by_key(|row| (row.ts, row.capture, row.frame));
    Ok(rows)
}

fn wrong(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("the column {name} is missing, or of another type"))
}

fn column<'a, T: arrow_array::ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a PrimitiveArray<T>, ArrowError> {
    let found = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<T>());
    found.ok_or_else(|| wrong(name))
}

/// The capture of each row, as a number in the order of their names.
fn captures_of(batches: &[RecordBatch]) -> Option<Vec<u32>> {
    let Column { cells, names } = Columns::of(batches).get("capture")?;
    let mut by_name: Vec<usize> = (0..names.len()).collect();
    by_name.sort_by_key(|&number| &names[number]);
    let mut places = vec![0; names.len() + 1];
    for (place, number) in by_name.into_iter().enumerate() {
        places[number + 1] = place as u32;
    }
    Some(cells.iter().map(|&cell| places[cell as usize]).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, DictionaryArray, TimestampNanosecondArray, UInt64Array};

    use super::*;

    fn batch(rows: &[(i64, &str, u64)]) -> RecordBatch {
        let captures: DictionaryArray<Int32Type> = rows.iter().map(|r| Some(r.1)).collect();
        let columns: [(&str, ArrayRef); 3] = [
            (
                "ts",
                Arc::new(TimestampNanosecondArray::from_iter_values(
                    rows.iter().map(|r| r.0),
                )),
            ),
            ("capture", Arc::new(captures)),
            (
                "frame",
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.2))),
            ),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn time_comes_before_capture_and_packet() {
        let batches = [
            batch(&[(5, "b", 1), (5, "a", 9)]),
            batch(&[(5, "a", 2), (1, "c", 7)]),
        ];
        let order: Vec<usize> = in_order(&batches).unwrap().iter().map(|row| row.number).collect();
        assert_eq!(order, [3, 2, 1, 0]);
    }

    #[test]
    fn a_stream_without_envelope_is_an_error() {
        let without = batch(&[(1, "a", 1)]).project(&[0, 1]).unwrap();
        assert!(in_order(&[without]).unwrap_err().to_string().contains("frame"));
        assert!(in_order(&[]).unwrap().is_empty());
    }
}
