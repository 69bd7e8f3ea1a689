//! What is written is read back, for every type, encoding and compression.

mod common;

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, Int32Builder, ListBuilder, StringBuilder};
use arrow_array::types::{Int32Type, UInt64Type};
use arrow_array::*;
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};
use common::{DAY, Folder, read, rows};
use linewarden_lake::{Compression, Lake, Options};

fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |limit| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit.max(1)
    }
}

fn times(count: usize) -> ArrayRef {
    Arc::new(
        TimestampNanosecondArray::from_iter_values((0..count as i64).map(|i| i * 7)).with_timezone("UTC"),
    )
}

/// Writes the columns beside a `ts`, in two batches, and compares what is read with `expected`.
fn check(name: &str, options: Options, columns: &[(&str, ArrayRef, ArrayRef)]) {
    let folder = Folder::new(name);
    let count = columns[0].1.len();
    let mut fields: Vec<(&str, ArrayRef, bool)> = vec![("ts", times(count), false)];
    fields.extend(columns.iter().map(|(n, a, _)| {
        (
            *n,
            a.clone(),
            a.logical_null_count() > 0 || count.is_multiple_of(2),
        )
    }));
    let batch = RecordBatch::try_from_iter_with_nullable(fields).unwrap();
    let lake = Lake::create(&folder.0, options).unwrap();
    let cut = count / 3 + usize::from(count > 1);
    lake.write("s", batch.slice(0, cut)).unwrap();
    lake.write("s", batch.slice(cut, count - cut)).unwrap();
    let written = lake.finish().unwrap();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].rows, count as u64);
    assert_eq!(
        written[0].bytes,
        std::fs::metadata(&written[0].path).unwrap().len()
    );
    let got = read(&written[0].path);
    for (n, _, expected) in columns {
        assert_eq!(got.column_by_name(n).unwrap(), expected, "column {n} of {name}");
    }
}

fn options(compression: Compression, row_group_rows: usize) -> Options {
    Options {
        compression,
        row_group_rows,
        ..Options::new("site-1", "p")
    }
}

fn same(name: &'static str, array: impl Array + 'static) -> (&'static str, ArrayRef, ArrayRef) {
    let array: ArrayRef = Arc::new(array);
    (name, array.clone(), array)
}

#[test]
fn numbers_of_every_width_and_spread() {
    for (round, compression) in [Compression::None, Compression::Lz4, Compression::Zstd(1)]
        .into_iter()
        .enumerate()
    {
        for count in [1_usize, 9, 1025, 70_001] {
            let mut below = random(round as u64 + count as u64);
            let mut wide = || below(u64::MAX).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let spread: Vec<i64> = (0..count)
                .map(|i| if i % 5 == 0 { i64::MIN } else { wide() as i64 })
                .collect();
            let some = |i: usize, part: usize| !i.is_multiple_of(part);
            let columns = [
                same("i64", Int64Array::from(spread.clone())),
                same(
                    "i64n",
                    spread
                        .iter()
                        .enumerate()
                        .map(|(i, v)| some(i, 3).then_some(*v))
                        .collect::<Int64Array>(),
                ),
                same(
                    "i32",
                    Int32Array::from_iter_values(spread.iter().map(|v| *v as i32)),
                ),
                same("i8", Int8Array::from_iter_values(spread.iter().map(|v| *v as i8))),
                same(
                    "i16",
                    Int16Array::from_iter_values(spread.iter().map(|v| *v as i16 / 1000)),
                ),
                same(
                    "u64",
                    UInt64Array::from_iter_values(spread.iter().map(|v| *v as u64)),
                ),
                same(
                    "u32",
                    UInt32Array::from_iter_values(spread.iter().map(|v| *v as u32)),
                ),
                same(
                    "u16",
                    UInt16Array::from_iter_values(spread.iter().map(|v| *v as u16)),
                ),
                same(
                    "u8n",
                    (0..count)
                        .map(|i| some(i, 2).then_some(i as u8))
                        .collect::<UInt8Array>(),
                ),
                same(
                    "runs",
                    Int64Array::from_iter_values((0..count).map(|i| (i / 700) as i64 % 3 - 1)),
                ),
                same(
                    "bool",
                    BooleanArray::from_iter(spread.iter().map(|v| Some(*v > 0))),
                ),
                same(
                    "booln",
                    BooleanArray::from_iter((0..count).map(|i| some(i, 7).then_some(i % 3 == 0))),
                ),
                same("none", Int64Array::new_null(count)),
                same(
                    "f64",
                    Float64Array::from_iter_values(spread.iter().map(|v| *v as f64 / 3.0)),
                ),
                same(
                    "few",
                    Float64Array::from_iter_values(
                        (0..count).map(|i| [0.0, -0.0, f64::NAN, 1.5, -7.0, 65_536.0, f64::INFINITY][i % 7]),
                    ),
                ),
                same(
                    "f32",
                    Float32Array::from_iter_values((0..count).map(|i| i as f32 / 7.0)),
                ),
            ];
            check(
                &format!("numbers-{round}-{count}"),
                options(compression, 30_000),
                &columns,
            );
        }
    }
}

#[test]
fn text_bytes_and_dictionaries() {
    for (round, count) in [5_usize, 3_000, 90_000].into_iter().enumerate() {
        let unique: Vec<String> = (0..count).map(|i| format!("text number {i} ünïcode")).collect();
        let keys: Int32Array = (0..count)
            .map(|i| (i % 11 != 3).then_some((i / 9 % 4) as i32))
            .collect();
        let values = StringArray::from(vec![Some("a"), None, Some(""), Some("longer")]);
        let plain: StringArray = keys
            .iter()
            .map(|k| k.and_then(|k| (k != 1).then(|| values.value(k as usize))))
            .collect();
        let dictionary = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values)).unwrap();
        let all = Int32Array::from_iter_values((0..count as i32).rev());
        let wide =
            DictionaryArray::<Int32Type>::try_new(all, Arc::new(StringArray::from(unique.clone()))).unwrap();
        let columns = [
            same("unique", StringArray::from(unique.clone())),
            same(
                "few",
                StringArray::from_iter_values((0..count).map(|i| ["x", "yy", ""][i / 50 % 3])),
            ),
            same(
                "nulls",
                (0..count)
                    .map(|i| (i % 4 == 0).then(|| format!("n{}", i % 100)))
                    .collect::<StringArray>(),
            ),
            same(
                "bytes",
                BinaryArray::from_iter_values((0..count).map(|i| vec![i as u8; i % 40])),
            ),
            (
                "dictionary",
                Arc::new(dictionary) as ArrayRef,
                Arc::new(plain) as ArrayRef,
            ),
            (
                "wide",
                Arc::new(wide),
                Arc::new(StringArray::from_iter_values(unique.iter().rev())),
            ),
        ];
        check(
            &format!("text-{round}"),
            options(Compression::Lz4, 40_000),
            &columns,
        );
    }
}

#[test]
fn a_dictionary_is_given_up_inside_a_row_group() {
    let count = 120_000;
    let late = |i: usize| if i < 50_000 { i % 3 } else { i * 7_919 + 100_000 };
    let columns = [
        same(
            "text",
            StringArray::from_iter_values((0..count).map(|i| format!("value {}", late(i)))),
        ),
        same(
            "int",
            Int64Array::from_iter_values(
                (0..count).map(|i| late(i) as i64 * if i % 2 == 0 { 1 } else { -1 }),
            ),
        ),
        same(
            "float",
            Float64Array::from_iter_values((0..count).map(|i| late(i) as f64 + 0.5)),
        ),
    ];
    check("given-up", options(Compression::Lz4, count), &columns);
}

#[test]
fn lists_empty_null_and_long() {
    let mut below = random(5);
    let mut nullable = ListBuilder::new(Float64Builder::new());
    let mut words = ListBuilder::new(StringBuilder::new());
    let mut numbers = ListBuilder::new(Int32Builder::new());
    let count = 6_000;
    for row in 0..count {
        for item in 0..below(30) {
            nullable
                .values()
                .append_option((item % 5 != 4).then_some(below(70_000) as f64 / 2.0));
            words.values().append_value(format!("w{}", below(50)));
        }
        for _ in 0..if row == 2_500 { 100_000 } else { below(3) } {
            numbers.values().append_value(below(9) as i32);
        }
        nullable.append(row % 13 != 0);
        words.append(true);
        numbers.append(row < 2_000 || row % 3 != 0);
    }
    // A null row may still have items behind it, which are not its value.
    let item = Arc::new(Field::new("item", DataType::Float64, false));
    let hidden = |nulls: Option<NullBuffer>| {
        let values = Arc::new(Float64Array::from_iter_values(
            (0..count * 3).map(|i| f64::from(i % 1000)),
        ));
        ListArray::new(
            item.clone(),
            OffsetBuffer::from_repeated_length(3, count as usize),
            values,
            nulls,
        )
    };
    let half = NullBuffer::from((0..count).map(|i| i % 2 == 0).collect::<Vec<_>>());
    let columns = [
        same("nullable", nullable.finish()),
        same("words", words.finish()),
        same("numbers", numbers.finish()),
        same("full", hidden(None)),
        same("hidden", hidden(Some(half))),
    ];
    check("lists", options(Compression::Lz4, 2_500), &columns);
}

#[test]
fn rows_without_nulls_may_be_in_required_columns() {
    let folder = Folder::new("required");
    let item = Arc::new(Field::new("item", DataType::Float64, false));
    let lengths = (0..5_000).map(|i| i % 4);
    let offsets = OffsetBuffer::from_lengths(lengths);
    let items =
        Float64Array::from_iter_values((0..*offsets.last().unwrap()).map(|i| f64::from(i * 13 % 65_536)));
    let values = ListArray::new(item, offsets, Arc::new(items), None);
    let frames: PrimitiveArray<UInt64Type> = (0..5_000).map(|i| u64::MAX - i).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("ts", times(5_000), false),
        ("values", Arc::new(values) as ArrayRef, false),
        ("frame", Arc::new(frames) as ArrayRef, false),
    ])
    .unwrap();
    let lake = Lake::create(&folder.0, Options::new("a", "p")).unwrap();
    lake.write("s", batch.clone()).unwrap();
    let written = lake.finish().unwrap();
    let got = read(&written[0].path);
    assert_eq!(got.columns(), batch.columns());
    assert!(!got.schema().field(1).is_nullable());
}

#[test]
fn each_utc_day_has_its_folder_and_keeps_the_order_of_its_rows() {
    let folder = Folder::new("dates");
    let lake = Lake::create(&folder.0, Options::new("plant", "c0ffee")).unwrap();
    let at = 19_675 * DAY; // 2023-11-14
    lake.write("conn", rows(&[at, at + DAY, at + DAY - 1, -1, at + DAY + 5]))
        .unwrap();
    lake.write("conn", rows(&[])).unwrap();
    let written = lake.finish().unwrap();
    let found: Vec<_> = written
        .iter()
        .map(|w| {
            let n = read(&w.path).column(1).to_data();
            let path = w
                .path
                .strip_prefix(&folder.0)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            (path, Int64Array::from(n).values().to_vec())
        })
        .collect();
    let path = |date: &str| format!("stream=conn/site=plant/date={date}/c0ffee-00000.parquet");
    assert_eq!(
        found,
        [
            (path("1969-12-31"), vec![3]),
            (path("2023-11-14"), vec![0, 2]),
            (path("2023-11-15"), vec![1, 4]),
        ]
    );
}

#[test]
fn the_footer_has_limits_for_pruning() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let folder = Folder::new("limits");
    let names =
        DictionaryArray::<Int32Type>::from_iter(["10.0.0.9", "10.0.0.2"].into_iter().cycle().take(100));
    let big: PrimitiveArray<UInt64Type> = (0..100).map(|i| if i == 7 { u64::MAX } else { 5 + i }).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("ts", times(100), false),
        ("host", Arc::new(names) as ArrayRef, false),
        ("frame", Arc::new(big) as ArrayRef, false),
    ])
    .unwrap();
    let lake = Lake::create(&folder.0, Options::new("a", "p")).unwrap();
    lake.write("s", batch).unwrap();
    let written = lake.finish().unwrap();
    let reader = SerializedFileReader::new(std::fs::File::open(&written[0].path).unwrap()).unwrap();
    let limits = |i: usize| {
        let statistics = reader.metadata().row_group(0).column(i).statistics().unwrap();
        (
            statistics.min_bytes_opt().unwrap().to_vec(),
            statistics.max_bytes_opt().unwrap().to_vec(),
        )
    };
    assert_eq!(
        limits(0),
        (0_i64.to_le_bytes().to_vec(), 693_i64.to_le_bytes().to_vec())
    );
    assert_eq!(limits(1), (b"10.0.0.2".to_vec(), b"10.0.0.9".to_vec()));
    assert_eq!(
        limits(2),
        (5_u64.to_le_bytes().to_vec(), u64::MAX.to_le_bytes().to_vec())
    );
}
