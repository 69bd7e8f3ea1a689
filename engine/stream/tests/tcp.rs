//! One direction of TCP: what comes out of the segments that a tap sees.

use linewarden_stream::tcp::{Event, Half, Limits, Memory, Seen};
use proptest::prelude::*;

const ISN: u32 = 0xffff_fff0; // every test crosses the wrap of sequence numbers

/// A half with its memory, and the stream that came out: bytes, or None for each lost byte.
struct Tap {
    half: Half,
    limits: Limits,
    memory: Memory,
    stream: Vec<Option<u8>>,
    gaps: Vec<(u64, u64)>,
    data: Vec<(Vec<u8>, u64, i64)>,
}

impl Tap {
    fn new() -> Self {
        Self {
            half: Half::new(),
            limits: Limits::default(),
            memory: Memory::new(1 << 20),
            stream: Vec::new(),
            gaps: Vec::new(),
            data: Vec::new(),
        }
    }

    fn opened() -> Self {
        let mut tap = Self::new();
        tap.half.syn(ISN);
        tap
    }

    /// Calls the half with a sink that records events.
    fn with<R>(
        &mut self,
        call: impl FnOnce(&mut Half, &Limits, &mut Memory, &mut dyn FnMut(Event<'_>)) -> R,
    ) -> R {
        let Self {
            half,
            limits,
            memory,
            stream,
            gaps,
            data,
        } = self;
        call(half, limits, memory, &mut |event| match event {
            Event::Data {
                bytes, frame, ts_ns, ..
            } => {
                stream.extend(bytes.iter().copied().map(Some));
                data.push((bytes.to_vec(), frame, ts_ns));
            }
            Event::Gap { bytes, frame, .. } => {
                gaps.push((bytes, frame));
                stream.extend((0..bytes.min(4096)).map(|_| None));
            }
        })
    }

    /// A segment whose first byte has this offset in the stream (after the SYN).
    fn push(&mut self, offset: u32, payload: &[u8], frame: u64) -> Seen {
        self.push_seq(at(offset), payload, frame)
    }

    fn push_seq(&mut self, seq: u32, payload: &[u8], frame: u64) -> Seen {
        let ts_ns = i64::try_from(frame).unwrap() * 1000;
        self.push_at(seq, payload, frame, ts_ns)
    }

    fn push_at(&mut self, seq: u32, payload: &[u8], frame: u64, ts_ns: i64) -> Seen {
        self.with(|half, limits, memory, sink| half.push(seq, payload, frame, ts_ns, limits, memory, sink))
    }

    fn acked(&mut self, ack: u32, frame: u64) -> bool {
        self.with(|half, _, memory, sink| half.acked(ack, frame, 0, memory, sink))
    }

    fn finish(&mut self) {
        self.with(|half, _, memory, sink| half.finish(memory, sink));
        assert_eq!(self.memory.used, 0);
    }

    fn text(&self) -> String {
        self.stream
            .iter()
            .map(|byte| byte.map_or('.', char::from))
            .collect()
    }
}

fn at(offset: u32) -> u32 {
    ISN.wrapping_add(1).wrapping_add(offset)
}

#[test]
fn segments_in_order_come_out_as_they_are() {
    let mut tap = Tap::opened();
    assert_eq!(
        tap.push(0, b"abc", 7),
        Seen {
            delivered: 3,
            ..Seen::default()
        }
    );
    assert!(tap.half.is_expected(at(3)));
    tap.half.advance(2);
    tap.push(5, b"f", 9);
    assert_eq!(tap.data, [(b"abc".to_vec(), 7, 7000), (b"f".to_vec(), 9, 9000)]);
    assert_eq!(tap.half.next_seq(), Some(at(6)));
}

#[test]
fn held_bytes_keep_the_frame_and_time_they_came_in() {
    let mut tap = Tap::opened();
    let seen = tap.push(3, b"def", 2);
    assert!(seen.out_of_order && seen.delivered == 0);
    assert!(!tap.half.is_expected(at(0)), "held data needs the slow path");
    assert_eq!(tap.push(0, b"abc", 3).delivered, 6);
    assert_eq!(tap.data, [(b"abc".to_vec(), 3, 3000), (b"def".to_vec(), 2, 2000)]);
    assert!(tap.half.is_expected(at(6)));
    assert_eq!(tap.memory.used, 0);
}

#[test]
fn a_retransmission_is_named_and_its_new_part_alone_delivered() {
    let mut tap = Tap::opened();
    tap.push(0, b"abcd", 1);
    let again = tap.push(1, b"bcd", 2);
    assert!(again.retransmitted && again.delivered == 0);
    let partly = tap.push(2, b"cdef", 3);
    assert!(partly.overlap && !partly.retransmitted && partly.delivered == 2);
    assert_eq!(tap.text(), "abcdef");
}

#[test]
fn the_first_copy_of_held_bytes_wins_and_a_differing_one_is_reported() {
    let mut tap = Tap::opened();
    tap.push(2, b"cd", 1);
    let same = tap.push(1, b"bcd", 2);
    assert!(same.overlap && !same.conflicting);
    assert!(tap.push(2, b"XX", 3).conflicting);
    let across = tap.push(0, b"a!!!ef", 4);
    assert!(across.conflicting && across.overlap);
    assert_eq!(tap.text(), "abcdef");
}

#[test]
fn a_keep_alive_is_not_data() {
    let mut tap = Tap::opened();
    tap.push(0, b"abc", 1);
    assert!(tap.push(2, b"\0", 2).keep_alive);
    assert!(tap.push(2, b"", 3).keep_alive);
    assert_eq!(tap.push(3, b"", 4), Seen::default());
    assert_eq!(tap.text(), "abc");
}

#[test]
fn a_keep_alive_does_not_start_a_stream_joined_in_the_middle() {
    let mut tap = Tap::new();
    tap.acked(1001, 1);
    assert!(tap.push_seq(1000, b"\0", 2).keep_alive);
    tap.push_seq(1001, b"ab", 3);
    assert_eq!(tap.text(), "ab");
}

#[test]
fn a_stream_joined_in_the_middle_starts_with_its_first_segment() {
    let mut tap = Tap::new();
    assert!(!tap.half.started());
    tap.push_seq(500, b"", 1);
    assert!(!tap.half.started());
    tap.push_seq(500, b"ab", 2);
    assert!(!tap.half.is_new_syn(499), "the SYN before these bytes, seen late");
    assert!(tap.half.is_new_syn(9000));
    assert_eq!(tap.text(), "ab");
}

#[test]
fn a_repeated_syn_changes_nothing() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    tap.half.syn(ISN);
    assert!(!tap.half.is_new_syn(ISN) && tap.half.is_new_syn(77));
    tap.push(2, b"c", 2);
    assert_eq!(tap.text(), "abc");
}

#[test]
fn an_acknowledged_hole_with_data_beyond_is_a_gap_at_once() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    tap.push(5, b"fg", 2);
    assert!(!tap.acked(at(2), 3));
    assert!(!tap.acked(at(4), 4), "part of the hole may still be on its way");
    assert!(tap.acked(at(5), 5));
    assert_eq!(
        (tap.text().as_str(), tap.gaps.as_slice()),
        ("ab...fg", &[(3, 2)][..])
    );
    assert!(tap.half.is_expected(at(7)));
}

#[test]
fn data_beyond_a_hole_that_was_acknowledged_before_flows_without_delay() {
    let mut tap = Tap::opened();
    assert!(!tap.acked(at(3), 1));
    let seen = tap.push(3, b"de", 2);
    assert!(seen.gap && seen.delivered == 2);
    assert_eq!(tap.text(), "...de");
}

#[test]
fn an_acknowledgement_captured_before_its_data_hides_nothing() {
    let mut tap = Tap::opened();
    for frame in 1..5 {
        assert!(!tap.acked(at(4), frame));
    }
    tap.push(0, b"ab", 5);
    tap.push(2, b"cd", 6);
    tap.finish();
    assert_eq!((tap.text().as_str(), tap.gaps.len()), ("abcd", 0));
}

#[test]
fn a_stream_of_which_only_acknowledgements_were_seen_ends_in_one_gap() {
    let mut tap = Tap::opened();
    tap.acked(at(10), 1);
    tap.acked(at(30), 2);
    tap.finish();
    assert_eq!(tap.gaps, [(30, 2)]);
}

#[test]
fn acknowledgements_alone_say_nothing_about_a_stream_that_was_never_seen() {
    let mut tap = Tap::new();
    tap.acked(500_000_000, 1);
    tap.acked(500_000_100, 2);
    tap.finish();
    assert!(tap.gaps.is_empty() && !tap.half.started());
}

#[test]
fn a_fin_takes_a_number_and_is_no_loss() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    tap.half.fin(at(2));
    assert!(!tap.acked(at(3), 2));
    tap.half.fin(at(2));
    tap.finish();
    assert!(tap.gaps.is_empty());

    let mut lost = Tap::opened();
    lost.push(0, b"ab", 1);
    lost.acked(at(3), 2);
    lost.finish();
    assert!(
        lost.gaps.is_empty(),
        "the extra number is that of a FIN that was not captured"
    );
}

#[test]
fn bytes_lost_before_a_fin_are_a_gap() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    tap.half.fin(at(6));
    assert!(tap.acked(at(7), 9));
    assert_eq!(tap.gaps, [(4, 9)]);
    tap.finish();
    assert_eq!(tap.gaps.len(), 1);
}

#[test]
fn data_goes_on_after_a_forged_fin() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    tap.half.fin(at(2));
    assert!(tap.push(2, b"cd", 2).conflicting);
    tap.push(4, b"ef", 3);
    tap.finish();
    assert_eq!((tap.text().as_str(), tap.gaps.len()), ("abcdef", 0));
}

#[test]
fn a_jump_of_the_numbers_is_followed_once_a_second_segment_confirms_it() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    let far = 3 << 20;
    assert!(tap.push(far, b"xy", 2).out_of_order);
    let seen = tap.push(far + 2, b"z", 3);
    assert!(seen.gap && seen.delivered == 3);
    assert_eq!(tap.gaps, [(u64::from(far) - 2, 2)]);
    assert!(tap.half.is_expected(at(far + 3)));
}

#[test]
fn a_jump_back_is_followed_once_the_receiver_acknowledges_it() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    let restart = ISN.wrapping_sub(1 << 28);
    tap.push_seq(restart, b"xy", 2);
    assert!(tap.acked(restart.wrapping_add(2), 3));
    assert_eq!(
        (tap.text().as_str(), tap.gaps.as_slice()),
        ("abxy", &[(0, 2)][..])
    );
}

#[test]
fn a_single_forged_far_segment_does_not_move_the_stream() {
    let mut tap = Tap::opened();
    tap.push(0, b"ab", 1);
    tap.push(1 << 29, b"evil", 2);
    tap.push(2, b"cd", 3);
    tap.finish();
    assert_eq!((tap.text().as_str(), tap.gaps.len()), ("abcd", 0));
}

#[test]
fn a_full_half_gives_up_its_oldest_hole_and_loses_no_held_byte() {
    let mut tap = Tap::opened();
    tap.limits.held_segments = 2;
    tap.push(1, b"b", 1);
    tap.push(3, b"d", 2);
    assert!(tap.push(5, b"f", 3).gap);
    tap.finish();
    assert_eq!((tap.text().as_str(), tap.gaps.len()), (".b.d.f", 3));
}

#[test]
fn held_bytes_are_bounded_too() {
    let mut tap = Tap::opened();
    tap.limits.held_bytes = 4;
    assert!(!tap.push(1, b"bcd", 1).gap);
    assert!(tap.push(5, b"fg", 2).gap);
    assert_eq!(tap.text(), ".bcd");
}

#[test]
fn without_shared_memory_data_beyond_a_hole_still_flows() {
    let mut tap = Tap::opened();
    tap.memory = Memory::new(0);
    let seen = tap.push(3, b"de", 1);
    assert!(seen.gap && seen.delivered == 2);
    assert_eq!((tap.text().as_str(), tap.memory.used), ("...de", 0));
}

#[test]
fn a_hole_that_nobody_acknowledges_is_given_up_after_ten_seconds() {
    let mut tap = Tap::opened();
    tap.push_at(at(1), b"b", 1, 0);
    assert!(!tap.push_at(at(2), b"c", 2, 9_000_000_000).gap);
    assert!(tap.push_at(at(3), b"d", 3, 11_000_000_000).gap);
    assert_eq!(tap.text(), ".bcd");
}

#[test]
fn a_half_stays_small() {
    assert!(size_of::<Half>() <= 48);
}

/// A stream, and segments (start, end) that cover it, some twice or overlapping, in some order.
fn shuffled() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, usize)>)> {
    (1usize..400)
        .prop_flat_map(|len| {
            (
                prop::collection::vec(any::<u8>(), len),
                prop::collection::btree_set(1..=len, 0..12),
                prop::collection::vec((0..len, 1usize..60), 0..16),
            )
        })
        .prop_flat_map(|(stream, mut cuts, extra)| {
            let len = stream.len();
            cuts.insert(len);
            let starts = std::iter::once(0).chain(cuts.iter().copied());
            let mut segments: Vec<_> = starts.zip(cuts.iter().copied()).filter(|(a, b)| a < b).collect();
            segments.extend(
                extra
                    .into_iter()
                    .map(|(start, size)| (start, (start + size).min(len))),
            );
            (Just(stream), Just(segments).prop_shuffle())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_and_order_gives_the_stream_back((stream, segments) in shuffled()) {
        let mut tap = Tap::opened();
        let mut delivered = 0;
        for (frame, (start, end)) in (1..).zip(&segments) {
            let seen = tap.push(u32::try_from(*start).unwrap(), &stream[*start..*end], frame);
            prop_assert!(!seen.conflicting && !seen.gap);
            delivered += seen.delivered as usize;
        }
        prop_assert_eq!(tap.memory.used, 0);
        tap.finish();
        prop_assert_eq!(delivered, stream.len());
        prop_assert!(tap.gaps.is_empty());
        prop_assert_eq!(tap.stream, stream.into_iter().map(Some).collect::<Vec<_>>());
        for (bytes, frame, ts_ns) in &tap.data {
            let (start, end) = segments[usize::try_from(*frame).unwrap() - 1];
            prop_assert!(bytes.len() <= end - start && *ts_ns == i64::try_from(*frame).unwrap() * 1000);
        }
    }

    #[test]
    fn lost_segments_leave_every_byte_at_its_offset(
        (stream, segments) in shuffled(),
        lost in prop::collection::vec(any::<bool>(), 64),
        acks in prop::collection::vec(0u32..500, 64),
        held in 1usize..8,
    ) {
        let mut tap = Tap::opened();
        tap.limits.held_segments = held;
        for (frame, ((start, end), (lost, ack))) in (1..).zip(segments.iter().zip(lost.iter().zip(&acks))) {
            if !lost {
                tap.push(u32::try_from(*start).unwrap(), &stream[*start..*end], frame);
                if frame % 3 == 0 {
                    tap.acked(at(*ack), frame);
                }
            }
        }
        tap.finish();
        for (offset, byte) in tap.stream.iter().enumerate() {
            if byte.is_some() {
                prop_assert_eq!(*byte, stream.get(offset).copied());
            }
        }
    }

    #[test]
    fn with_room_enough_only_what_was_lost_is_missing(
        (stream, segments) in shuffled(),
        lost in prop::collection::vec(any::<bool>(), 64),
    ) {
        let mut tap = Tap::opened();
        let mut expected = vec![None; stream.len()];
        for (frame, ((start, end), _)) in (1..).zip(segments.iter().zip(&lost).filter(|(_, lost)| !**lost)) {
            tap.push(u32::try_from(*start).unwrap(), &stream[*start..*end], frame);
            for offset in *start..*end {
                expected[offset] = Some(stream[offset]);
            }
        }
        tap.finish();
        expected.truncate(expected.iter().rposition(Option::is_some).map_or(0, |last| last + 1));
        prop_assert_eq!(&tap.stream, &expected);
    }

    #[test]
    fn hostile_segments_neither_panic_nor_grow(
        start in any::<u32>(),
        steps in prop::collection::vec((0u8..8, any::<u32>(), -3000i32..3000, 0usize..90), 0..200),
        limit in 0usize..4000,
    ) {
        let mut tap = Tap::new();
        tap.limits = Limits { held_segments: 6, held_bytes: 300 };
        tap.memory = Memory::new(limit);
        for (frame, (kind, wild, near, len)) in (0..).zip(steps) {
            let base = tap.half.next_seq().unwrap_or(start);
            let seq = base.wrapping_add_signed(near);
            let before = tap.data.iter().map(|(bytes, ..)| bytes.len()).sum::<usize>();
            match kind {
                0 => { tap.push_seq(wild, &vec![1; len], frame); }
                1 => { tap.acked(seq, frame); }
                2 => { tap.acked(wild, frame); }
                3 => tap.half.fin(seq),
                4 => tap.half.syn(wild),
                _ => {
                    let seen = tap.push_seq(seq, &vec![2; len], frame);
                    let after = tap.data.iter().map(|(bytes, ..)| bytes.len()).sum::<usize>();
                    prop_assert_eq!(after - before, seen.delivered as usize);
                }
            }
            prop_assert!(tap.memory.used <= limit);
            prop_assert!(tap.memory.used <= 300 + 90 + 7 * 64);
        }
        tap.finish();
        prop_assert_eq!(tap.memory.used, 0);
    }
}
