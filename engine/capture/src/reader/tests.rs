use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::{Cursor, Write};

mod compressed;

/// What a test keeps of a frame.
type Kept = (u64, i64, u32, u16, u32, Vec<u8>);

/// Gives at most so many bytes at a time.
struct Drip(Cursor<Vec<u8>>, usize);

impl Read for Drip {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = buf.len().min(self.1);
        self.0.read(&mut buf[..n])
    }
}

fn open(bytes: &[u8]) -> Result<Reader, CaptureError> {
    Reader::from_read(Box::new(Cursor::new(bytes.to_vec())), "test")
}

fn drain(reader: &mut Reader) -> (Vec<Kept>, Vec<String>) {
    let (mut frames, mut faults) = (Vec::new(), Vec::new());
    loop {
        match reader.next() {
            Ok(Some(f)) => frames.push((
                f.number,
                f.ts_ns,
                f.origlen,
                f.linktype.0,
                f.interface,
                f.data.to_vec(),
            )),
            Ok(None) => break,
            Err(e) => faults.push(e.to_string()),
        }
    }
    assert!(matches!(reader.next(), Ok(None)), "the end stays the end");
    (frames, faults)
}

fn read(bytes: &[u8]) -> (Vec<Kept>, Vec<String>) {
    drain(&mut open(bytes).unwrap())
}

fn word(value: u32, big: bool) -> [u8; 4] {
    if big {
        value.to_be_bytes()
    } else {
        value.to_le_bytes()
    }
}

fn half(value: u16, big: bool) -> [u8; 2] {
    if big {
        value.to_be_bytes()
    } else {
        value.to_le_bytes()
    }
}

fn pcap_header(magic: u32, linktype: u32, big: bool) -> Vec<u8> {
    let version = if big { [0, 2, 0, 4] } else { [2, 0, 4, 0] };
    [
        word(magic, big),
        version,
        [0; 4],
        [0; 4],
        word(65535, big),
        word(linktype, big),
    ]
    .concat()
}

fn pcap_record(sec: u32, frac: u32, data: &[u8], big: bool) -> Vec<u8> {
    let len = data.len() as u32;
    let mut all = [
        word(sec, big),
        word(frac, big),
        word(len, big),
        word(len + 5, big),
    ]
    .concat();
    all.extend(data);
    all
}

fn pcap(packets: usize) -> Vec<u8> {
    let mut file = pcap_header(0xa1b2_c3d4, 1, false);
    for i in 0..packets {
        file.extend(pcap_record(
            1_700_000_000 + i as u32,
            i as u32,
            &vec![i as u8 ^ 0x5a; 40 + i % 60],
            false,
        ));
    }
    file
}

fn block(kind: u32, body: &[u8], big: bool) -> Vec<u8> {
    let len = word(body.len().next_multiple_of(4) as u32 + 12, big);
    let mut all = [word(kind, big), len].concat();
    all.extend(body);
    all.resize(all.len().next_multiple_of(4), 0);
    all.extend(len);
    all
}

fn option(code: u16, value: &[u8], big: bool) -> Vec<u8> {
    let mut all = [half(code, big), half(value.len() as u16, big)].concat();
    all.extend(value);
    all.resize(all.len().next_multiple_of(4), 0);
    all
}

fn section(big: bool) -> Vec<u8> {
    let mut body = word(0x1a2b_3c4d, big).to_vec();
    body.extend([half(1, big), half(0, big)].concat());
    body.extend([0xff; 8]);
    body.extend(option(1, b"from the line", big));
    block(0x0a0d_0d0a, &body, big)
}

fn interface(linktype: u16, options: &[Vec<u8>], big: bool) -> Vec<u8> {
    let mut body = [half(linktype, big).to_vec(), vec![0; 2], word(96, big).to_vec()].concat();
    body.extend(options.concat());
    block(1, &body, big)
}

fn packet_body(interface: u32, ticks: u64, data: &[u8], big: bool) -> Vec<u8> {
    let (high, low, len) = ((ticks >> 32) as u32, ticks as u32, data.len() as u32);
    let mut body = [interface, high, low, len, len + 1]
        .map(|w| word(w, big))
        .concat();
    body.extend(data);
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

fn packet(interface: u32, ticks: u64, data: &[u8], big: bool) -> Vec<u8> {
    block(6, &packet_body(interface, ticks, data, big), big)
}

fn pcapng(packets: usize) -> Vec<u8> {
    let mut file = [section(false), interface(1, &[], false)].concat();
    for i in 0..packets {
        file.extend(packet(
            0,
            1_700_000_000_000_000 + i as u64,
            &vec![i as u8 ^ 0x5a; 40 + i % 60],
            false,
        ));
    }
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn pcap_of_every_magic_and_byte_order() {
    for (magic, ns) in [(0xa1b2_c3d4, 7_000i64), (0xa1b2_3c4d, 7)] {
        for big in [false, true] {
            // The upper half of the link type tells of a frame check sequence.
            let mut file = pcap_header(magic, 0x2400_0001, big);
            file.extend(pcap_record(1_700_000_000, 7, b"abc", big));
            let (frames, faults) = read(&file);
            assert_eq!(
                frames,
                [(1, 1_700_000_000_000_000_000 + ns, 8, 1, 0, b"abc".to_vec())]
            );
            assert!(faults.is_empty());
        }
    }
}

#[test]
fn pcap_with_kuznetzovs_longer_records() {
    let mut file = pcap_header(0xa1b2_cd34, 1, false);
    for i in 0..3u8 {
        let mut record = pcap_record(1_700_000_000, 0, &[i; 20], false);
        record.splice(16..16, [0xee; 8]);
        file.extend(record);
    }
    let (frames, faults) = read(&file);
    assert_eq!(
        frames.iter().map(|f| f.5.clone()).collect::<Vec<_>>(),
        [[0; 20], [1; 20], [2; 20]]
    );
    assert!(faults.is_empty());
}

#[test]
fn odd_but_whole_records_are_kept() {
    // Longer than the snaplen, a jump over years, nanoseconds under the magic of microseconds, a length of 0 on the wire.
    let mut file = pcap(1);
    file.extend(pcap_record(1_700_000_001, 5, &[1; 70_000], false));
    file.extend(pcap_record(1_300_000_000, 5, &[2; 60], false));
    file.extend(pcap_record(1_300_000_001, 999_999_999, &[3; 60], false));
    let mut record = pcap_record(1_300_000_002, 0, &[4; 60], false);
    record[12..16].fill(0);
    file.extend(record);
    let (frames, faults) = read(&file);
    assert_eq!(frames.len(), 5);
    assert_eq!(frames[4].2, 60);
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn what_is_left_of_a_packet_whose_length_shrank_is_no_packet() {
    for last in [0, 0xff] {
        // The length lost 16: the end of the packet stands where a header should, and names an empty packet.
        let mut shrunk = pcap_record(1_700_000_000, 0, &[0xb5; 60], false);
        shrunk[8..12].copy_from_slice(&44u32.to_le_bytes());
        shrunk[16 + 52..].fill(0);
        shrunk[16 + 59] = last;
        let good = pcap_record(1_700_000_000, 1, &[7; 60], false);
        let file = [pcap(0), shrunk, good.clone(), good].concat();
        let (frames, faults) = read(&file);
        let lengths: Vec<usize> = frames.iter().map(|f| f.5.len()).collect();
        assert_eq!(lengths, [44, 60, 60]);
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
}

#[test]
fn pcap_cut_in_the_middle() {
    let file = pcap(3);
    for cut in [1, 30, 50] {
        let (frames, faults) = read(&file[..file.len() - cut]);
        assert_eq!(frames.len(), 2);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].contains("after packet 2") && faults[0].contains("cut short"),
            "{faults:?}"
        );
    }
}

#[test]
fn pcap_with_garbage_between_records() {
    let garbage: Vec<Vec<u8>> = vec![
        vec![0; 999],
        vec![0xff; 50_001],
        b"not a packet at all ".repeat(20),
        vec![7; 3],
    ];
    for junk in garbage {
        let (head, tail) = (pcap(20), pcap(40));
        let resume = pcap(30).len();
        let file = [head.clone(), junk.clone(), tail[resume..].to_vec()].concat();
        let (frames, faults) = read(&file);
        assert_eq!(frames.len(), 30, "{} bytes of junk", junk.len());
        assert_eq!(faults.len(), 1);
        assert!(faults[0].contains(&format!("byte {}", head.len())), "{faults:?}");
        assert_eq!(frames[29].5, vec![39 ^ 0x5a; 79]);
    }
}

#[test]
fn pcap_whose_rest_is_garbage_ends() {
    let mut file = pcap(5);
    file.extend(vec![0xab; 2_000_000]);
    let (frames, faults) = read(&file);
    assert_eq!((frames.len(), faults.len()), (5, 1));
    assert!(faults[0].contains("rest of the file was not read"));
}

#[test]
fn pcap_with_one_bad_length() {
    let mut file = pcap(10);
    let third = pcap(2).len();
    file[third + 8..third + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    let (frames, faults) = read(&file);
    assert_eq!((frames.len(), faults.len()), (9, 1));
}

#[test]
fn pcapng_in_both_byte_orders_and_several_sections() {
    let mut file = Vec::new();
    for big in [false, true] {
        file.extend(section(big));
        file.extend(interface(1, &[option(2, b"eth0", big)], big));
        file.extend(interface(
            113,
            &[option(2, b"any", big), option(9, &[9], big)],
            big,
        ));
        file.extend(packet(0, 1_700_000_000_000_001, b"first", big));
        file.extend(packet(1, 1_700_000_000_000_000_002, b"second", big));
        file.extend(block(4, &[0; 8], big));
        file.extend(block(0x0bad_cafe, &[1, 2, 3, 4, 5], big));
        let mut statistics = [word(1, big), [0; 4], [0; 4]].concat();
        let drops = if big {
            11u64.to_be_bytes()
        } else {
            11u64.to_le_bytes()
        };
        statistics.extend(option(5, &drops, big));
        file.extend(block(5, &statistics, big));
    }
    let mut reader = open(&file).unwrap();
    let (frames, faults) = drain(&mut reader);
    assert!(faults.is_empty(), "{faults:?}");
    let want = |n: u64, second: bool, interface| {
        let (ts, link, data) = if second {
            (2, 113, "second")
        } else {
            (1000, 1, "first")
        };
        (
            n,
            1_700_000_000_000_000_000 + ts,
            data.len() as u32 + 1,
            link,
            interface,
            data.as_bytes().to_vec(),
        )
    };
    assert_eq!(
        frames,
        [
            want(1, false, 0),
            want(2, true, 1),
            want(3, false, 2),
            want(4, true, 3)
        ]
    );
    let names: Vec<_> = reader
        .interfaces()
        .iter()
        .filter_map(|i| i.name.as_deref())
        .collect();
    assert_eq!(names, ["eth0", "any", "eth0", "any"]);
    assert_eq!(reader.drops(), Some(22));
    assert_eq!(reader.comment_count(), 2);
    assert_eq!(
        reader.comments()[0],
        Comment {
            packet: None,
            text: "from the line".to_owned()
        }
    );
}

#[test]
fn pcapng_clocks() {
    let offset = option(14, &100i64.to_le_bytes(), false);
    let cases: [(Vec<Vec<u8>>, u64, i64); 6] = [
        (vec![], 5, 5_000),
        (vec![option(9, &[0], false)], 5, 5_000_000_000),
        (vec![option(9, &[12], false)], 5_000, 5),
        (vec![option(9, &[0x80 | 10], false)], 1536, 1_500_000_000),
        (vec![option(9, &[9], false), offset], 7, 100_000_000_007),
        (vec![option(9, &[0], false)], u64::MAX, i64::MAX),
    ];
    for (options, ticks, want) in cases {
        let file = [
            section(false),
            interface(1, &options, false),
            packet(0, ticks, b"x", false),
        ]
        .concat();
        assert_eq!(read(&file).0[0].1, want, "{options:?} {ticks}");
    }
}

#[test]
fn pcapng_simple_and_old_packets_and_comments() {
    let mut old = [half(0, false), half(3, false)].concat();
    old.extend([0, 9, 4, 60].map(|w| word(w, false)).concat());
    old.extend(b"old!");
    let long = [0xaa; 120];
    let simple = [word(120, false).to_vec(), long[..96].to_vec()].concat();
    let mut noted = packet_body(0, 1, b"odd", false);
    noted.extend(option(1, b"look here", false));
    let blocks = [
        block(2, &old, false),
        block(3, &simple, false),
        block(6, &noted, false),
    ]
    .concat();
    let mut reader = open(&[section(false), interface(1, &[], false), blocks].concat()).unwrap();
    let (frames, faults) = drain(&mut reader);
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(frames[0], (1, 9_000, 60, 1, 0, b"old!".to_vec()));
    assert_eq!(frames[1], (2, 0, 120, 1, 0, long[..96].to_vec()));
    assert_eq!(
        reader.comments()[1],
        Comment {
            packet: Some(3),
            text: "look here".to_owned()
        }
    );
}

#[test]
fn pcapng_damage_is_stepped_over() {
    let whole = pcapng(10);
    let (third, eighth) = (pcapng(2).len(), pcapng(7).len());
    let mut bad_length = whole.clone();
    bad_length[third + 4..third + 8].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    assert_eq!((read(&bad_length).0.len(), read(&bad_length).1.len()), (9, 1));
    let junk = [
        whole[..eighth].to_vec(),
        vec![0x11; 777],
        whole[eighth..].to_vec(),
    ]
    .concat();
    assert_eq!((read(&junk).0.len(), read(&junk).1.len()), (10, 1));
    let (frames, faults) = read(&whole[..whole.len() - 7]);
    assert_eq!((frames.len(), faults.len()), (9, 1));
    let unknown = [
        whole.clone(),
        packet(5, 0, b"?", false),
        packet(0, 0, b"!", false),
    ]
    .concat();
    let (frames, faults) = read(&unknown);
    assert_eq!((frames.len(), faults.len()), (11, 1));
    assert!(faults[0].contains("not described"));
}

#[test]
fn pcapng_long_blocks_without_packets_are_stepped_over() {
    let file = [
        pcapng(1),
        block(10, &vec![9; 3_000_000], false),
        packet(0, 0, b"end", false),
    ]
    .concat();
    let (frames, faults) = read(&file);
    assert_eq!((frames.len(), faults), (2, vec![]));
}

#[test]
fn other_files_are_named() {
    let told = |bytes: &[u8]| open(bytes).unwrap_err().to_string();
    assert!(matches!(open(b""), Err(CaptureError::Empty { .. })));
    assert!(matches!(open(&gzip(b"")), Err(CaptureError::Empty { .. })));
    assert!(told(b"\x7fELF\x02\x01\x01").contains("ELF"));
    assert!(told(b"PK\x03\x04....").contains("ZIP"));
    assert!(told("ts,src,dst\n1,2,3 f\u{fc}r\n".as_bytes()).contains("looks like text"));
    assert!(told(b"<?xml version='1.0'?>").contains("XML"));
    assert!(told(&gzip(b"hello")).contains("text"));
    assert!(told(&[0; 100]).contains("zero bytes"));
    assert!(told(&[0xfe, 3, 2]).contains("unknown kind"));
    assert!(told(&pcap(0)[..20]).contains("header is cut short"));
    assert!(
        Reader::open("/no/such/file.pcap".as_ref())
            .unwrap_err()
            .to_string()
            .contains("cannot be read")
    );
    assert_eq!(read(&pcap(0)), (vec![], vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_never_panic(kind in 0..6usize, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let heads = [
            vec![],
            pcap_header(0xa1b2_c3d4, 1, false),
            pcap_header(0xa1b2_3c4d, 1, true),
            pcapng(1),
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff],
            vec![0x28, 0xb5, 0x2f, 0xfd],
        ];
        if let Ok(mut reader) = open(&[heads[kind].clone(), bytes].concat()) {
            drain(&mut reader);
        }
    }

    #[test]
    fn changed_bytes_never_panic(
        kind in 0..4usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = match kind {
            0 => pcap(30),
            1 => pcapng(30),
            2 => gzip(&pcap(30)),
            _ => compress_to_vec(pcap(30).as_slice(), CompressionLevel::Fastest),
        };
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        file.truncate(file.len() - cut.index(file.len()) / 4);
        if let Ok(mut reader) = open(&file) {
            let (frames, _) = drain(&mut reader);
            prop_assert!(kind > 1 || frames.len() <= 31);
        }
    }

    #[test]
    fn any_split_of_reads_gives_the_same_frames(size in 1..3000usize, ng in any::<bool>(), junk in 0..200usize) {
        let make = if ng { pcapng } else { pcap };
        let (head, all) = (make(12), make(60));
        let rest = all[make(12).len()..].to_vec();
        let file = [head, vec![0xfe; junk], rest].concat();
        let mut dripping = Reader::from_read(Box::new(Drip(Cursor::new(file.clone()), size)), "drip").unwrap();
        prop_assert_eq!(drain(&mut dripping), read(&file));
    }
}
