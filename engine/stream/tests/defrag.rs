//! IP fragments: what becomes of datagrams that come in pieces.

use linewarden_stream::defrag::{Defragmenter, Key, Outcome};
use proptest::prelude::*;

const SECOND: i64 = 1_000_000_000;

fn key(id: u32, ipv6: bool) -> Key {
    Key {
        src: [1; 16],
        dst: [2; 16],
        proto: 17,
        id,
        vlan: 0,
        ipv6,
    }
}

fn defragmenter() -> Defragmenter {
    Defragmenter::new(16, 1 << 20, 60 * SECOND)
}

#[test]
fn fragments_in_any_order_become_the_datagram() {
    let mut defrag = defragmenter();
    assert_eq!(
        defrag.push(key(1, false), 16, false, b"end", 2),
        Outcome::Incomplete
    );
    assert_eq!(
        defrag.push(key(1, false), 0, true, b"01234567", 3),
        Outcome::Incomplete
    );
    let whole = defrag.push(key(1, false), 8, true, b"89abcdef", 4);
    assert_eq!(whole, Outcome::Whole(b"0123456789abcdefend".to_vec()));
    assert!(defrag.is_empty() && defrag.bytes() == 0);
}

#[test]
fn datagrams_are_kept_apart_by_identifier_and_vlan() {
    let mut defrag = defragmenter();
    defrag.push(key(1, false), 0, true, &[1; 8], 0);
    defrag.push(key(2, false), 0, true, &[2; 8], 0);
    let tagged = Key {
        vlan: 5,
        ..key(1, false)
    };
    assert_eq!(defrag.push(tagged, 8, false, &[3; 8], 0), Outcome::Incomplete);
    let whole = defrag.push(key(2, false), 8, false, &[2; 1], 0);
    assert_eq!(whole, Outcome::Whole(vec![2; 9]));
}

#[test]
fn ipv4_keeps_the_first_bytes_and_reports_overlap() {
    let mut defrag = defragmenter();
    defrag.push(key(1, false), 8, true, &[b'b'; 8], 0);
    assert_eq!(defrag.weird(), None);
    defrag.push(key(1, false), 0, true, &[b'a'; 16], 0);
    assert_eq!(defrag.weird(), Some("fragment_inconsistency"));
    let whole = defrag.push(key(1, false), 8, false, &[b'b'; 16], 0);
    assert_eq!(defrag.weird(), Some("fragment_overlap"));
    assert_eq!(whole, Outcome::Whole(b"aaaaaaaabbbbbbbbbbbbbbbb".to_vec()));
}

#[test]
fn ipv6_overlap_costs_the_datagram_and_what_comes_later() {
    let mut defrag = defragmenter();
    defrag.push(key(1, true), 0, true, &[0; 16], 0);
    let overlap = defrag.push(key(1, true), 8, true, &[0; 16], 0);
    assert_eq!(overlap, Outcome::Dropped("fragment_overlap"));
    assert_eq!(
        defrag.push(key(1, true), 0, true, &[0; 16], 0),
        Outcome::Incomplete
    );
    assert_eq!(
        defrag.push(key(1, true), 16, false, &[0; 8], 0),
        Outcome::Incomplete
    );
}

#[test]
fn an_exact_copy_is_no_overlap() {
    for ipv6 in [false, true] {
        let mut defrag = defragmenter();
        defrag.push(key(1, ipv6), 0, true, &[7; 16], 0);
        assert_eq!(
            defrag.push(key(1, ipv6), 0, true, &[7; 16], 0),
            Outcome::Incomplete
        );
        assert_eq!(defrag.weird(), None);
        let whole = defrag.push(key(1, ipv6), 16, false, &[7], 0);
        assert_eq!(whole, Outcome::Whole(vec![7; 17]));
    }
}

#[test]
fn two_ends_cost_the_datagram() {
    for (offset, more) in [(16, false), (24, true), (0, true)] {
        let mut defrag = defragmenter();
        defrag.push(key(1, false), 8, false, &[0; 4], 0);
        let outcome = defrag.push(key(1, false), offset, more, &[0; 16], 0);
        assert_eq!(outcome, Outcome::Dropped("fragment_size_inconsistency"));
        assert!(defrag.is_empty());
    }
}

#[test]
fn sizes_that_ip_does_not_know_are_refused() {
    let mut defrag = defragmenter();
    let death = defrag.push(key(1, false), 65_528, false, &[0; 100], 0);
    assert_eq!(death, Outcome::Dropped("excessively_large_fragment"));
    assert_eq!(
        defrag.push(key(2, true), 0, true, &[0; 9], 0),
        Outcome::Dropped("excessively_small_fragment")
    );
    assert_eq!(
        defrag.push(key(3, false), 0, true, &[1; 9], 0),
        Outcome::Incomplete
    );
    assert_eq!(defrag.weird(), Some("fragment_size_inconsistency"));
    assert_eq!(
        defrag.push(key(3, false), 8, false, &[1], 0),
        Outcome::Whole(vec![1; 9])
    );
}

#[test]
fn a_fragment_that_is_the_whole_datagram_stands_for_itself() {
    let mut defrag = defragmenter();
    defrag.push(key(1, true), 0, true, &[0; 8], 0);
    assert_eq!(
        defrag.push(key(1, true), 0, false, b"atomic", 0),
        Outcome::Whole(b"atomic".to_vec())
    );
    assert_eq!(
        defrag.push(key(1, true), 8, false, &[0; 1], 0),
        Outcome::Whole(vec![0; 9])
    );
}

#[test]
fn a_fragment_that_comes_too_late_is_of_another_datagram() {
    let mut defrag = Defragmenter::new(4, 1 << 20, 60 * SECOND);
    defrag.push(key(1, false), 0, true, &[1; 8], 0);
    // Nobody has called `expire`: time may stand still for this pair of addresses while others are read.
    assert_eq!(
        defrag.push(key(1, false), 8, false, &[2; 8], 61 * SECOND),
        Outcome::Incomplete
    );
    assert_eq!((defrag.len(), defrag.expired()), (1, 1));
}

#[test]
fn time_and_room_are_bounded_and_counted() {
    let mut defrag = Defragmenter::new(2, 1 << 20, 60 * SECOND);
    for id in 0..3 {
        defrag.push(key(id, false), 0, true, &[0; 8], i64::from(id));
    }
    assert_eq!((defrag.len(), defrag.evicted(), defrag.expired()), (2, 1, 0));
    defrag.expire(61 * SECOND);
    assert_eq!((defrag.len(), defrag.expired()), (0, 2));

    let mut small = Defragmenter::new(100, 4000, SECOND);
    for id in 0..50 {
        small.push(key(id, true), 0, true, &[0; 1000], 0);
        assert!(small.bytes() <= 4000);
    }
    assert!(small.evicted() >= 47);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_and_order_gives_the_datagram_back(
        (payload, order) in prop::collection::vec(any::<u8>(), 17..300).prop_flat_map(|payload| {
            let order: Vec<usize> = (0..payload.len().div_ceil(16)).collect();
            (Just(payload), Just(order).prop_shuffle())
        }),
        ipv6 in any::<bool>(),
    ) {
        let mut defrag = defragmenter();
        let mut last = Outcome::Incomplete;
        for piece in order {
            prop_assert_eq!(last, Outcome::Incomplete);
            let end = (piece * 16 + 16).min(payload.len());
            let offset = u32::try_from(piece * 16).unwrap();
            last = defrag.push(key(1, ipv6), offset, end < payload.len(), &payload[piece * 16..end], 0);
        }
        prop_assert_eq!(last, Outcome::Whole(payload));
    }

    #[test]
    fn hostile_fragments_neither_panic_nor_grow(
        steps in prop::collection::vec(
            (0u32..4, any::<bool>(), prop_oneof![0u32..200, any::<u32>()], any::<bool>(), 0usize..120, any::<i64>()), 0..200),
    ) {
        let mut defrag = Defragmenter::new(3, 2000, 10);
        for (id, ipv6, offset, more, len, ts_ns) in steps {
            defrag.push(key(id, ipv6), offset, more, &vec![id as u8; len], ts_ns % 20);
            prop_assert!(defrag.len() <= 3 && defrag.bytes() <= 2000);
        }
    }

    #[test]
    fn ipv4_overlap_never_changes_a_byte_that_came_first(
        pieces in prop::collection::vec((0u32..12, 1usize..6), 1..20),
    ) {
        let mut defrag = defragmenter();
        let mut expected: Vec<Option<u8>> = vec![None; 200];
        for (mark, (block, blocks)) in (1u8..).zip(pieces) {
            defrag.push(key(1, false), block * 8, true, &vec![mark; blocks * 8], 0);
            for byte in expected.iter_mut().skip(block as usize * 8).take(blocks * 8) {
                byte.get_or_insert(mark);
            }
        }
        // Fill what is missing, so that the datagram becomes whole.
        let mut outcome = defrag.push(key(1, false), 192, false, &[0; 8], 0);
        for block in 0..24usize {
            if !matches!(outcome, Outcome::Whole(_)) {
                outcome = defrag.push(key(1, false), block as u32 * 8, true, &[0; 8], 0);
            }
        }
        let whole: Vec<u8> = expected.into_iter().map(|byte| byte.unwrap_or(0)).collect();
        prop_assert_eq!(outcome, Outcome::Whole(whole));
    }
}
