//! Payloads as edge nodes send them, and bytes that nobody should.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use linewarden_metrics::{Columns, Entry, Form, Metrics, Payload};
use proptest::prelude::*;

fn form() -> Form {
    let mut form = Form::new(1, 2, 3);
    let fields = [
        (1, "name"),
        (2, "alias"),
        (3, "time"),
        (4, "unused"),
        (7, "mark"),
        (10, "uint32"),
        (13, "double"),
    ];
    assert!(fields.iter().all(|&(field, word)| form.say(field, word)));
    form
}

fn metric(body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    [&[0x12, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}

fn double(value: f64) -> Vec<u8> {
    [&[0x69], &value.to_le_bytes()[..]].concat()
}

fn births() -> Metrics {
    let mut metrics = Metrics::default();
    let entry = |tag, datatype| Entry { tag, datatype };
    metrics.alias(1, entry(Some(5), 10));
    metrics.alias(2, entry(Some(6), 1));
    metrics.alias(3, entry(None, 11));
    metrics.name(b"T", entry(Some(7), 9));
    metrics
}

#[test]
fn numbers_are_found_by_name_and_alias_with_their_times() {
    // Sent at 2 ms, number 4; alias 1 at 1 ms, `T` without a time, -1 as eight bits of 32, and one that is not kept.
    let parts = [
        vec![0x08, 2],
        metric(&[&[0x10, 1, 0x18, 1], &double(1.5)]),
        metric(&[&[0x0a, 1, b'T'], &double(2.5)]),
        metric(&[&[0x10, 2, 0x50, 0xff, 0xff, 0xff, 0xff, 0x0f]]),
        metric(&[&[0x10, 3, 0x50, 1]]),
        vec![0x18, 4],
    ];
    let payload = Payload::read(&form(), &parts.concat()).unwrap();
    assert_eq!((payload.time, payload.seq), (2, Some(4)));
    let mut columns = Columns::default();
    assert!(columns.add(&payload, &births()));
    let batch = columns.take();
    assert_eq!(batch.column(0).as_primitive::<UInt32Type>().values(), &[5, 7, 6]);
    assert_eq!(
        batch.column(1).as_primitive::<Float64Type>().values(),
        &[1.5, 2.5, -1.0]
    );
    assert_eq!(
        batch.column(2).as_primitive::<Int64Type>().values(),
        &[1_000_000, 2_000_000, 2_000_000]
    );
    assert_eq!(
        batch.column(3).as_primitive::<Int64Type>().values(),
        &[2_000_000; 3]
    );
    assert!(columns.is_empty());
}

#[test]
fn a_message_goes_in_whole_or_not_at_all() {
    let known = metric(&[&[0x10, 1], &double(1.5)]);
    let others = [
        metric(&[&[0x10, 9], &double(1.5)]),      // nobody said what 9 is
        metric(&[&[0x10, 1], &double(f64::NAN)]), // no number
        metric(&[&[0x10, 2], &double(1.5)]),      // a whole number is said to be there
        metric(&[&double(1.5)]),                  // of what?
        metric(&[
            &[
                0x10, 1, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
            ],
            &double(1.5),
        ]), // when?
    ];
    for other in others {
        let payload = Payload::read(&form(), &[known.clone(), other].concat()).unwrap();
        let mut columns = Columns::default();
        assert!(!columns.add(&payload, &births()) && columns.is_empty());
        assert!(
            columns.add(&Payload::read(&form(), &known).unwrap(), &births())
                && columns.take().num_rows() == 1
        );
    }
}

#[test]
fn what_is_not_plain_is_left_to_python() {
    let bodies: [&[u8]; 5] = [
        &[0x10, 1],                   // no value
        &[0x10, 1, 0x38, 1, 0x50, 1], // marked
        &[0x10, 1, 0x4a, 0, 0x50, 1], // a field that the form does not have
        &[0x10, 1, 0x50],             // cut off
        &[0x10, 1, 0x53, 0x50, 1],    // a group
    ];
    assert!(
        bodies
            .iter()
            .all(|body| Payload::read(&form(), &metric(&[body])).is_none())
    );
    assert!(Payload::read(&form(), &[0x22, 1, b'x']).is_none()); // a payload that is packed
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_left(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(payload) = Payload::read(&form(), &data) {
            let mut columns = Columns::default();
            let added = columns.add(&payload, &births());
            prop_assert!(added || columns.is_empty());
        }
    }
}
