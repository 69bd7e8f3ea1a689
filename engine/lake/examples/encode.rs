//! Benchmark of the lake with made-up batches shaped like the streams `modbus` and `reading`.
//!
//! `encode ROOT [modbus|reading|both] [none|lz4|zstd] [threads] [million rows] [arrow]`; with `arrow` the
//! Arrow writer of `parquet` encodes the same batches, for comparison.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Int64Array, ListArray, PrimitiveArray, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt64Array,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field};
use linewarden_lake::{Compression, Lake, Options};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression as Codec;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

const ROWS: usize = 32_768;
const ITEMS: usize = 30;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// xorshift64*: the same rows in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

fn dict(name: &str, distinct: u64, mut key: impl FnMut(usize) -> Option<u64>) -> Outcome<ArrayRef> {
    let values = StringArray::from_iter_values((0..distinct.max(1)).map(|i| format!("{name}-{i:05}")));
    let keys: PrimitiveArray<Int32Type> = (0..ROWS).map(|i| key(i).map(|k| k as i32)).collect();
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(values))?))
}

fn times(batch: usize, random: &mut Random) -> ArrayRef {
    let mut at = 1_700_000_000_000_000_000 + (batch * ROWS) as i64 * 500_000;
    let next = |_| {
        at += 1000 * random.below(1000) as i64;
        at
    };
    Arc::new(TimestampNanosecondArray::from_iter_values((0..ROWS).map(next)).with_timezone("UTC"))
}

fn modbus(batch: usize, random: &mut Random) -> Outcome<RecordBatch> {
    let flow: Vec<u64> = (0..ROWS).map(|_| random.below(40)).collect();
    let base = (batch * ROWS) as u64;
    let at = |i: usize| flow.get(i).copied();
    let mut some = |limit: u64, part: u64| -> ArrayRef {
        let one = |_| (random.below(4) < part).then(|| random.below(limit) as i64);
        Arc::new((0..ROWS).map(one).collect::<Int64Array>())
    };
    let (address, quantity, rtt) = (some(10_000, 3), some(120, 3), some(40_000_000, 2));
    let exceptions = (0..ROWS).map(|i| (i % 977 == 0).then_some(2_u8));
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("ts", times(batch, random), false),
        ("uid", dict("CUID", 40, at)?, false),
        ("id.orig_h", dict("10.0.0", 8, |i| at(i).map(|f| f % 8))?, false),
        (
            "id.orig_p",
            Arc::new(UInt16Array::from_iter_values(
                flow.iter().map(|f| 40_000 + *f as u16),
            )),
            false,
        ),
        ("id.resp_h", dict("10.0.1", 40, at)?, false),
        (
            "id.resp_p",
            Arc::new(UInt16Array::from_iter_values(flow.iter().map(|_| 502))),
            false,
        ),
        (
            "is_orig",
            Arc::new(BooleanArray::from_iter((0..ROWS).map(|i| Some(i % 2 == 0)))),
            false,
        ),
        ("sensor", dict("sensor", 1, |_| Some(0))?, false),
        ("capture", dict("capture", 1, |_| Some(0))?, false),
        (
            "frame",
            Arc::new(UInt64Array::from_iter_values(
                (0..ROWS as u64).map(|i| 3 * (base + i)),
            )),
            false,
        ),
        (
            "resp_frame",
            Arc::new(
                (0..ROWS as u64)
                    .map(|i| (i % 2 == 0).then_some(3 * (base + i) + 1))
                    .collect::<UInt64Array>(),
            ),
            true,
        ),
        (
            "tid",
            Arc::new(UInt16Array::from_iter_values((0..ROWS).map(|i| (i / 40) as u16))),
            false,
        ),
        (
            "unit",
            Arc::new(UInt8Array::from_iter_values(
                flow.iter().map(|f| 1 + *f as u8 % 4),
            )),
            false,
        ),
        (
            "func",
            Arc::new(UInt8Array::from_iter_values(
                (0..ROWS).map(|_| [3, 4, 1, 16][random.below(4) as usize]),
            )),
            false,
        ),
        ("address", address, true),
        ("quantity", quantity, true),
        ("exception", Arc::new(exceptions.collect::<UInt8Array>()), true),
        ("rtt_ns", rtt, true),
    ])?)
}

fn reading(batch: usize, random: &mut Random) -> Outcome<RecordBatch> {
    let lengths: Vec<usize> = (0..ROWS)
        .map(|_| ITEMS / 2 + random.below(ITEMS as u64 + 1) as usize)
        .collect();
    let mut items = Vec::with_capacity(ROWS * ITEMS * 2);
    for length in &lengths {
        let limit = [2, 256, 65_536, 65_536][random.below(4) as usize];
        items.extend((0..*length).map(|_| random.below(limit) as f64));
    }
    let items: PrimitiveArray<Float64Type> = PrimitiveArray::new(ScalarBuffer::from(items), None);
    let item = Arc::new(Field::new("item", DataType::Float64, false));
    let values = ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), Arc::new(items), None)?;
    let base = (batch * ROWS) as u64;
    let flow: Vec<u64> = (0..ROWS).map(|_| random.below(40)).collect();
    let at = |i: usize| flow.get(i).copied();
    let starts: Vec<i64> = (0..ROWS).map(|_| 100 * random.below(50) as i64).collect();
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("ts", times(batch, random), false),
        ("uid", dict("CUID", 40, at)?, false),
        ("sensor", dict("sensor", 1, |_| Some(0))?, false),
        ("capture", dict("capture", 1, |_| Some(0))?, false),
        (
            "frame",
            Arc::new(UInt64Array::from_iter_values(
                (0..ROWS as u64).map(|i| 3 * (base + i)),
            )),
            false,
        ),
        ("source", dict("10.0.1", 40, at)?, false),
        ("protocol", dict("modbus", 1, |_| Some(0))?, false),
        (
            "unit",
            Arc::new(Int64Array::from_iter_values(
                flow.iter().map(|f| 1 + *f as i64 % 4),
            )),
            false,
        ),
        ("area", dict("holding", 4, |i| at(i).map(|f| f % 4))?, false),
        ("start", Arc::new(Int64Array::from(starts)), false),
        (
            "name",
            dict("tag", 30, |i| (i % 3 == 0).then_some(i as u64 % 30))?,
            true,
        ),
        ("values", Arc::new(values), false),
        ("text", dict("text", 1, |_| None)?, true),
        (
            "quality",
            dict("good", 2, |i| Some(u64::from(i % 100 == 0)))?,
            false,
        ),
    ])?)
}

fn by_arrow(
    root: &Path,
    stream: &str,
    batches: &[RecordBatch],
    rounds: usize,
    how: Compression,
) -> Outcome<u64> {
    let codec = match how {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Lz4 => Codec::LZ4_RAW,
        Compression::Zstd(_) => Codec::ZSTD(Default::default()),
    };
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(131_072))
        .build();
    std::fs::create_dir_all(root)?;
    let path = root.join(format!("{stream}.parquet"));
    let schema = batches.first().ok_or("no batches")?.schema();
    let mut writer = ArrowWriter::try_new(File::create(&path)?, schema, Some(properties))?;
    for _ in 0..rounds {
        batches.iter().try_for_each(|b| writer.write(b))?;
    }
    writer.into_inner()?.sync_all()?;
    Ok(std::fs::metadata(path)?.len())
}

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize, default: &str| args.get(i).cloned().unwrap_or_else(|| default.to_owned());
    let (root, what, millions) = (arg(0, "/tmp/lake"), arg(1, "both"), arg(4, "2").parse::<f64>()?);
    let compression = match arg(2, "lz4").as_str() {
        "none" => Compression::None,
        "zstd" => Compression::Zstd(1),
        _ => Compression::Lz4,
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut streams: Vec<(&str, Vec<RecordBatch>)> = Vec::new();
    if what != "reading" {
        streams.push((
            "modbus",
            (0..8).map(|i| modbus(i, &mut random)).collect::<Outcome<_>>()?,
        ));
    }
    if what != "modbus" {
        streams.push((
            "reading",
            (0..8).map(|i| reading(i, &mut random)).collect::<Outcome<_>>()?,
        ));
    }
    let rounds = ((millions * 1e6) as usize / (ROWS * 8)).max(1);
    let begin = Instant::now();
    let (mut rows, mut bytes) = (0, 0);
    if args.iter().any(|a| a == "arrow") {
        for (stream, batches) in &streams {
            bytes += by_arrow(Path::new(&root), stream, batches, rounds, compression)?;
            rows += (rounds * batches.len() * ROWS) as u64;
        }
    } else {
        let options = Options {
            compression,
            threads: arg(3, "1").parse()?,
            ..Options::new("site-1", "bench")
        };
        let lake = Lake::create(Path::new(&root), options)?;
        for _ in 0..rounds {
            for i in 0..8 {
                for (stream, batches) in &streams {
                    lake.write(stream, batches.get(i).ok_or("no batch")?.clone())?;
                }
            }
        }
        for written in lake.finish()? {
            rows += written.rows;
            bytes += written.bytes;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let (speed, size) = (rows as f64 / seconds / 1e6, bytes as f64 / rows as f64);
    println!("{what} {args:?}: {rows} rows in {seconds:.2} s, {speed:.2} M rows/s, {size:.1} B/row");
    Ok(())
}
