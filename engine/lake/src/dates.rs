//! UTC days of a batch.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array, RecordBatch, UInt32Array};
use arrow_schema::{DataType, TimeUnit};
use std::collections::BTreeMap;

/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

/// Splits a batch by the UTC day of its column `ts`; days count from 1970-01-01.
pub fn split(batch: &RecordBatch) -> Result<Vec<(i64, RecordBatch)>, String> {
    let ts = times(batch)?;
    let (Some(low), Some(high)) = (ts.iter().min(), ts.iter().max()) else {
        return Ok(Vec::new());
    };
    let (first, last) = (low.div_euclid(DAY), high.div_euclid(DAY));
    if first == last {
        return Ok(vec![(first, batch.clone())]);
    }
    let mut rows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for (row, time) in ts.iter().enumerate() {
        rows.entry(time.div_euclid(DAY)).or_default().push(row as u32);
    }
    let take = |(day, rows): (i64, Vec<u32>)| {
        let piece = match (rows.first(), rows.last()) {
            (Some(a), Some(b)) if (b - a) as usize + 1 == rows.len() => batch.slice(*a as usize, rows.len()),
            _ => arrow_select::take::take_record_batch(batch, &UInt32Array::from(rows))
                .map_err(|e| e.to_string())?,
        };
        Ok((day, piece))
    };
    rows.into_iter().map(take).collect()
}

fn times(batch: &RecordBatch) -> Result<&[i64], String> {
    let column = batch
        .column_by_name("ts")
        .ok_or("there is no column ts; add the time of each row in UTC")?;
    let utc = |zone: &str| matches!(zone, "UTC" | "+00:00" | "Z");
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, Some(zone)) if utc(zone) => {}
        other => {
            return Err(format!(
                "column ts has type {other}; it must be Timestamp(Nanosecond, \"UTC\")"
            ));
        }
    }
    if column.null_count() > 0 {
        return Err("column ts has empty times; give every row a time".to_owned());
    }
    Ok(column.as_primitive::<TimestampNanosecondType>().values())
}

/// A day as YYYY-MM-DD (proleptic Gregorian calendar; years from 1600 for nanoseconds in 64 bits).
pub fn name(day: i64) -> String {
    // Years are counted from March, so that the leap day is the last of its year; 400 years repeat.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let in_era = shifted.rem_euclid(146_097);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * in_year + 2) / 153;
    let day_of_month = in_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn days_have_their_calendar_names() {
        let days = [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
            (106_751, "2262-04-11"),
            (-106_752, "1677-09-21"),
        ];
        for (day, expected) in days {
            assert_eq!(name(day), expected);
        }
    }
}
