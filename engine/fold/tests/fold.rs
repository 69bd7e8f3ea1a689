//! Batches in, distinct rows out. That the rows are those of `plant/frames.py`, `tests/plant/test_batches.py` holds.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use linewarden_fold::{Fold, Rows, Value};

/// One stream `said` of rows (ts, capture, frame, who, n), folded by `who`; three are kept.
const PLAN: &str = r#"{
    "streams": [{"name": "said", "feed": "rows", "table": "said", "columns": [
        {"source": "ts", "name": "ts", "kind": "number", "filled": true},
        {"source": "capture", "name": "capture", "kind": "text", "filled": true},
        {"source": "frame", "name": "frame", "kind": "number", "filled": true},
        {"source": "id.who", "name": "who", "kind": "lower", "filled": true},
        {"source": "count", "name": "n", "kind": "number", "filled": true},
        {"source": "what", "name": "what", "kind": "text", "filled": false}]}],
    "tables": [{"name": "rest", "keep": 10, "most": [], "beyond": null, "order": ["ts", "capture", "frame"], "fields": [
        {"name": "ts", "role": "first", "text": false}, {"name": "capture", "role": "first", "text": true},
        {"name": "frame", "role": "first", "text": false}, {"name": "who", "role": "absent", "text": true},
        {"name": "n", "role": "sum", "text": false}]},
        {"name": "said", "keep": 3, "most": [], "beyond": "rest", "order": ["ts", "capture", "frame", "what"], "fields": [
        {"name": "who", "role": "key", "text": true}, {"name": "ts", "role": "first", "text": false},
        {"name": "capture", "role": "first", "text": true}, {"name": "frame", "role": "first", "text": false},
        {"name": "n", "role": "sum", "text": false}, {"name": "what", "role": "first", "text": true}]}]
}"#;

fn batch(rows: &[(i64, u64, &str, u64, Option<&str>)]) -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "ts",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.0))),
        ),
        ("capture", Arc::new(StringArray::from(vec!["a.pcap"; rows.len()]))),
        (
            "frame",
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.1))),
        ),
        (
            "id.who",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.2))),
        ),
        (
            "count",
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.3))),
        ),
        ("what", Arc::new(StringArray::from_iter(rows.iter().map(|r| r.4)))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap()
}

fn shown(rows: &Rows) -> Vec<String> {
    let text = |value| match value {
        Value::None => "-".to_owned(),
        Value::Number(n) => n.to_string(),
        Value::Text(t) => rows.texts()[t].clone(),
    };
    rows.rows()
        .map(|row| row.map(text).collect::<Vec<_>>().join(" "))
        .collect()
}

fn table(fold: &mut Fold, name: &str) -> Vec<String> {
    shown(&fold.rows(&[name.to_owned()]))
}

#[test]
fn rows_of_a_key_are_one_with_the_sum_and_what_the_first_one_said() {
    let mut fold = Fold::new(PLAN).unwrap();
    fold.add(
        "said",
        &batch(&[(5, 50, "B", 1, Some("late")), (7, 70, "a", 1, None)]),
    );
    fold.add(
        "said",
        &batch(&[(1, 10, "b", 2, Some("early")), (9, 90, "A", 4, Some("x"))]),
    );
    fold.add("other", &batch(&[(1, 1, "c", 1, None)]));
    assert_eq!(
        table(&mut fold, "said"),
        ["a 7 a.pcap 70 5 -", "b 1 a.pcap 10 3 early"]
    );
    assert_eq!(fold.left("said").unwrap().records, 0);
}

#[test]
fn what_is_beyond_a_bound_is_counted_and_summed() {
    let mut fold = Fold::new(PLAN).unwrap();
    for (n, who) in ["e", "d", "c", "b", "a"].iter().enumerate() {
        fold.add("said", &batch(&[(10 - n as i64, n as u64, who, 2, None)]));
    }
    let kept: Vec<_> = table(&mut fold, "said")
        .iter()
        .map(|r| r[..1].to_owned())
        .collect();
    assert_eq!(kept, ["a", "b", "c"], "the first ones by time stay");
    let left = fold.left("said").unwrap();
    assert_eq!((left.records, &left.first), (2, &(9, "a.pcap".to_owned(), 1)));
    assert_eq!(table(&mut fold, "rest"), ["9 a.pcap 1 - 4"]);
}

#[test]
fn texts_that_no_row_holds_go_and_the_others_keep_their_meaning() {
    let mut fold = Fold::new(PLAN).unwrap();
    fold.add("said", &batch(&[(0, 0, "first", 1, Some("kept"))]));
    let long = "x".repeat(1 << 16);
    for n in 1..200 {
        let what = format!("{n} {long}");
        fold.add("said", &batch(&[(n, 0, "first", 1, Some(&what))]));
    }
    assert_eq!(table(&mut fold, "said"), ["first 0 a.pcap 0 200 kept"]);
}

#[test]
fn a_plan_without_a_packet_or_a_field_is_refused() {
    for (right, wrong) in [
        (r#""order": ["ts", "capture", "frame"]"#, r#""order": []"#),
        (r#""who", "role": "key""#, r#""who", "role": "no""#),
    ] {
        assert!(Fold::new(&PLAN.replace(right, wrong)).is_err());
    }
}
