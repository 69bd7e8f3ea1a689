use proptest::prelude::*;
use serde_json::json;

use super::*;

/// One of each kind, as the protocol files write them.
fn framings() -> Vec<Framing> {
    [
        json!(["Dnp3Link"]),
        json!(["Lines", 12]),
        json!(["Head", [[72, 49], [71, 69, 84]], [13, 10], [110], 16]),
        json!(["Length", 4, 2, 1, 2, 1, false, 5, 20, [0, [3, 0]], 0]),
        json!(["Length", 3, 0, 2, 0, 1, true, 3, 600, null, 0]),
        json!(["Length", 5, 3, 2, 5, 1, false, 6, 700, [1, [3], [5]], 0]),
        json!(["Length", 4, 1, 2, 4, 1, false, 4, 900_000, null, 8]),
    ]
    .iter()
    .map(|value| Framing::parse(value).unwrap())
    .collect()
}

/// Where messages and bytes that are none begin, when the stream comes in pieces of this size.
fn cuts(framing: &Framing, stream: &[u8], piece: usize) -> Vec<(usize, Cut)> {
    let (mut cuts, mut progress, mut used, mut there) = (Vec::new(), Progress::default(), 0, 0);
    while there < stream.len() {
        there = (there + piece).min(stream.len());
        while used < there {
            let rest = &stream[used..there];
            let cut = framing.next(rest, &mut progress);
            match cut {
                Cut::Need => break,
                Cut::Skip(n) => used += n,
                Cut::Frame(n) => {
                    cuts.push((used, cut));
                    used += n;
                }
                Cut::Invalid => {
                    if used == 0 || cuts.last().is_some_and(|c| c.1 != cut) {
                        cuts.push((used, cut));
                    }
                    used += framing.resync(rest);
                }
            }
        }
    }
    cuts
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        words in proptest::collection::vec(prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..9),
            prop_oneof![
                Just("GET a"), Just("n:4\r\n"), Just("H1"), Just("\r\n"), Just("\x03\0\x07"), Just("\0\x06"),
                Just("\x05d\x08"), Just("\x01\x03\0\0"),
            ]
            .prop_map(|word| word.as_bytes().to_vec()),
        ], 0..40),
        piece in 1..9usize,
    ) {
        let stream = words.concat();
        for framing in framings() {
            prop_assert_eq!(
                cuts(&framing, &stream, piece),
                cuts(&framing, &stream, usize::MAX / 2),
                "{:?}",
                framing
            );
        }
    }
}

#[test]
fn what_would_never_end_is_refused() {
    assert!(Framing::parse(&json!(["Lines", 0])).is_err());
    assert!(Framing::parse(&json!(["Lines", MAX_MESSAGE + 1])).is_err());
    let choices = json!(["Length", 4, 2, 1, 2, 1, false, 5, 20, [0, [3], [4, 5]], 0]);
    assert!(Framing::parse(&choices).is_err());
}

#[test]
fn dnp3_length_counts_crcs() {
    let mut frame = vec![0x05, 0x64, 5 + 17];
    frame.resize(10 + 17 + 4, 0);
    assert_eq!(dnp3(&frame), Cut::Frame(31));
    assert_eq!(dnp3(&frame[..30]), Cut::Need);
    assert_eq!(dnp3(&[0x05, 0x64, 4]), Cut::Invalid);
}

#[test]
fn a_body_without_length_is_passed_over_to_the_next_head() {
    let starts = vec![b"HTTP/1.".to_vec()];
    let framing = Framing::Head {
        starts,
        end: b"\r\n\r\n".to_vec(),
        length_header: b"content-length".to_vec(),
        max: 1000,
    };
    let mut progress = Progress::default();
    let stream = b"xxxxxxxxxxHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(framing.next(stream, &mut progress), Cut::Skip(10));
    assert_eq!(framing.next(&stream[10..], &mut progress), Cut::Frame(19));
    assert_eq!(framing.next(b"xHTT", &mut progress), Cut::Skip(1));
    assert_eq!(framing.next(b"HTT", &mut progress), Cut::Need);
}

#[test]
fn header_names_ignore_case() {
    assert_eq!(
        header_value(b"GET / HTTP/1.1\r\nHOST:  plc \r\n", b"host"),
        Some(&b"plc"[..])
    );
    assert_eq!(header_value(b"GET /\r\nhostile: x\r\n", b"host"), None);
}
