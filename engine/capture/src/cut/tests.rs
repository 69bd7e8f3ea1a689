use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::{Interface, LinkType, PcapNgWriter};

const SECOND: i64 = 1_000_000_000;
const BEGAN: i64 = 1_700_000_000 * SECOND;

/// A folder of one test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("linewarden-cut-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn capture(&self, name: &str, packets: &[(i64, u8, bool)]) -> PathBuf {
        let linktypes = [LinkType::ETHERNET, LinkType::RAW];
        let interfaces = linktypes.map(|linktype| Interface {
            linktype,
            name: Some(format!("port{}", linktype.0)),
            ..Interface::default()
        });
        let path = self.0.join(name);
        let mut writer = PcapNgWriter::new(fs::File::create(&path).unwrap(), &interfaces).unwrap();
        for (ts, client, raw) in packets {
            let data = udp(*client, *raw);
            writer
                .packet(u32::from(*raw), *ts, data.len() as u32, &data)
                .unwrap();
        }
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A datagram between 10.0.0.`client` and 10.0.0.0; as an Ethernet frame it is the answer.
fn udp(client: u8, raw: bool) -> Vec<u8> {
    let (a, b) = ([10, 0, 0, client], [10, 0, 0, 0]);
    let (from, to, ports) = if raw {
        (a, b, [0x40, client, 0, 53])
    } else {
        (b, a, [0, 53, 0x40, client])
    };
    let mut ip = vec![0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0];
    ip.extend([from, to].concat());
    ip.extend(ports);
    ip.extend([0, 12, 0, 0, 1, 2, 3, 4]);
    if raw {
        return ip;
    }
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend(ip);
    frame
}

fn mark(capture: usize, frame: u64) -> Mark {
    Mark {
        capture,
        frame,
        ts_ns: None,
        comment: format!("frame {frame}"),
    }
}

fn job(folder: &Folder, marks: Vec<Mark>) -> Job {
    Job {
        out: folder.0.join("cut.pcapng"),
        marks,
        beside: Vec::new(),
    }
}

/// Time, whether raw, and the data.
type Packet = (i64, bool, Vec<u8>);

/// The packets, and what was said of which.
fn read(path: &Path) -> (Vec<Packet>, Vec<(Option<u64>, String)>) {
    let mut reader = Reader::open(path).unwrap();
    let mut packets = Vec::new();
    while let Some(frame) = reader.next().unwrap() {
        packets.push((frame.ts_ns, frame.linktype == LinkType::RAW, frame.data.to_vec()));
    }
    let said = reader.comments().iter().map(|c| (c.packet, c.text.clone()));
    (packets, said.collect())
}

fn around(seconds: i64, most: usize) -> Option<Around> {
    Some(Around {
        ns: seconds * SECOND,
        most,
        numbered: false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is cut is exactly the conversation of the mark within the time, in the order of the capture, unchanged.
    #[test]
    fn the_conversation_around_a_mark(
        steps in prop::collection::vec((0..4 * SECOND, 1u8..4, any::<bool>()), 1..60),
        marked in any::<prop::sample::Index>(),
        seconds in 0i64..12,
    ) {
        let folder = Folder::new(&format!("conversation-{seconds}-{}", steps.len()));
        let mut ts = BEGAN;
        let packets: Vec<_> = steps.iter().map(|(step, client, raw)| { ts += step; (ts, *client, *raw) }).collect();
        let capture = folder.capture("a.pcapng", &packets);
        let at = marked.index(packets.len());
        let wanted = job(&folder, vec![mark(0, at as u64 + 1)]);
        let cuts = cut(&[capture], std::slice::from_ref(&wanted), around(seconds, 1_000), &|| false).unwrap();
        let (ts, client, _) = packets[at];
        let expected: Vec<_> = packets
            .iter()
            .filter(|p| p.1 == client && p.0.abs_diff(ts) <= (seconds * SECOND).unsigned_abs())
            .map(|(ts, client, raw)| (*ts, *raw, udp(*client, *raw)))
            .collect();
        let (found, said) = read(&wanted.out);
        prop_assert_eq!(cuts[0].packets, expected.len());
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(said.len(), 1);
        let commented = said[0].0.unwrap() as usize - 1;
        prop_assert_eq!(found[commented].0, ts);
        prop_assert_eq!(&said[0].1, &format!("frame {}", at + 1));
    }

    /// Of too many, the nearest stay, and the mark always.
    #[test]
    fn the_nearest_stay(count in 2usize..80, at in any::<prop::sample::Index>(), most in 0usize..30) {
        let folder = Folder::new(&format!("nearest-{count}-{most}"));
        let packets: Vec<_> = (0..count as i64).map(|n| (BEGAN + n * n * 1_000_000, 1, true)).collect();
        let capture = folder.capture("a.pcapng", &packets);
        let at = at.index(count);
        let wanted = job(&folder, vec![mark(0, at as u64 + 1)]);
        let cuts = cut(&[capture], std::slice::from_ref(&wanted), around(60, most), &|| false).unwrap();
        let (found, _) = read(&wanted.out);
        prop_assert_eq!(found.len(), most.clamp(1, count));
        prop_assert_eq!(cuts[0].left_out as usize, count - found.len());
        let mut far: Vec<_> = packets.iter().map(|p| p.0.abs_diff(packets[at].0)).collect();
        far.sort_unstable();
        let mut kept: Vec<_> = found.iter().map(|p| p.0.abs_diff(packets[at].0)).collect();
        kept.sort_unstable();
        prop_assert_eq!(&kept, &far[..kept.len()]);
    }
}

#[test]
fn what_has_changed_is_told_and_not_cut() {
    let folder = Folder::new("changed");
    let capture = folder.capture("a.pcapng", &[(BEGAN, 1, true), (BEGAN + SECOND, 1, true)]);
    let timed = |frame, ts| Mark {
        ts_ns: Some(ts),
        ..mark(0, frame)
    };
    let marks = vec![timed(1, BEGAN + 999), timed(2, BEGAN), mark(0, 9), mark(0, 9)];
    let wanted = job(&folder, marks);
    let cuts = cut(&[capture], std::slice::from_ref(&wanted), None, &|| false).unwrap();
    assert_eq!((cuts[0].named, cuts[0].packets), (1, 1));
    assert_eq!(cuts[0].missing, [(0, 9, 2)]);
    assert_eq!(cuts[0].differing, [(0, 2, BEGAN + SECOND)]);
    assert_eq!(read(&wanted.out).0.len(), 1);
}

#[test]
fn of_a_capture_that_has_changed_nothing_is_taken_on_trust() {
    let folder = Folder::new("trust");
    let capture = folder.capture("a.pcapng", &[(BEGAN, 1, true), (BEGAN + SECOND, 1, true)]);
    let wrong = Mark {
        ts_ns: Some(BEGAN + 7 * SECOND),
        ..mark(0, 2)
    };
    let wanted = job(&folder, vec![mark(0, 1), wrong]);
    let cuts = cut(
        &[capture],
        std::slice::from_ref(&wanted),
        around(10, 100),
        &|| false,
    )
    .unwrap();
    assert_eq!((cuts[0].named, cuts[0].packets), (0, 0));
    assert!(!wanted.out.exists());
}

#[test]
fn nothing_found_writes_nothing_and_leaves_what_was_there() {
    let folder = Folder::new("nothing");
    let capture = folder.capture("a.pcapng", &[(BEGAN, 1, true)]);
    let wanted = job(&folder, vec![mark(0, 2)]);
    fs::write(&wanted.out, "before").unwrap();
    let cuts = cut(
        &[capture],
        std::slice::from_ref(&wanted),
        around(10, 100),
        &|| false,
    )
    .unwrap();
    assert_eq!(cuts[0].packets, 0);
    assert_eq!(fs::read_to_string(&wanted.out).unwrap(), "before");
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        2,
        "a temporary file stayed"
    );
}

#[test]
fn several_captures_are_put_in_order_and_keep_their_interfaces() {
    let folder = Folder::new("several");
    let late = folder.capture("late.pcapng", &[(BEGAN + SECOND, 1, true), (BEGAN, 2, false)]);
    let early = folder.capture("early.pcapng", &[(BEGAN, 1, false), (BEGAN - SECOND, 2, false)]);
    let mut wanted = job(&folder, vec![mark(0, 1)]);
    let captures = [late, early];
    cut(&captures, std::slice::from_ref(&wanted), around(10, 100), &|| {
        false
    })
    .unwrap();
    assert_eq!(read(&wanted.out).0.len(), 1, "a capture that was not asked for");
    wanted.beside = vec![1];
    cut(&captures, std::slice::from_ref(&wanted), around(10, 100), &|| {
        false
    })
    .unwrap();
    let (found, said) = read(&wanted.out);
    let times: Vec<_> = found.iter().map(|p| (p.0, p.1)).collect();
    assert_eq!(times, [(BEGAN, false), (BEGAN + SECOND, true)]);
    assert_eq!(said, [(Some(2), "frame 1".to_owned())]);
    let mut reader = Reader::open(&wanted.out).unwrap();
    while reader.next().unwrap().is_some() {}
    let described: Vec<_> = reader
        .interfaces()
        .iter()
        .map(|i| i.description.as_deref())
        .collect();
    assert_eq!(described, [Some("early.pcapng"), Some("late.pcapng")]);
}

#[test]
fn a_clock_that_jumps_ahead_for_a_moment_ends_nothing() {
    let folder = Folder::new("jump");
    let capture = folder.capture(
        "a.pcapng",
        &[
            (BEGAN, 1, true),
            (BEGAN + 9_000 * SECOND, 2, true),
            (BEGAN + SECOND, 1, true),
        ],
    );
    let wanted = job(&folder, vec![mark(0, 1)]);
    let cuts = cut(&[capture], &[wanted], around(10, 100), &|| false).unwrap();
    assert_eq!(cuts[0].packets, 2);
}

#[test]
fn what_was_said_of_a_packet_before_is_kept() {
    let folder = Folder::new("before");
    let capture = folder.capture("a.pcapng", &[(BEGAN, 1, true), (BEGAN + 1, 1, true)]);
    let first = job(&folder, vec![mark(0, 2)]);
    cut(&[capture], std::slice::from_ref(&first), around(1, 100), &|| {
        false
    })
    .unwrap();
    let second = Job {
        out: folder.0.join("again.pcapng"),
        ..job(&folder, vec![mark(0, 1)])
    };
    cut(
        &[first.out],
        std::slice::from_ref(&second),
        around(1, 100),
        &|| false,
    )
    .unwrap();
    let said = [(Some(1), "frame 1".to_owned()), (Some(2), "frame 2".to_owned())];
    assert_eq!(read(&second.out).1, said);
}

#[test]
fn one_reading_serves_several_files() {
    let folder = Folder::new("files");
    let packets: Vec<_> = (0..40).map(|n| (BEGAN + n, 1 + (n % 2) as u8, true)).collect();
    let capture = folder.capture("a.pcapng", &packets);
    let jobs: Vec<_> = (0..4u64)
        .map(|n| Job {
            out: folder.0.join(format!("{n}.pcapng")),
            ..job(&folder, vec![mark(0, n + 1)])
        })
        .collect();
    let cuts = cut(&[capture], &jobs, around(1, 100), &|| false).unwrap();
    assert!(cuts.iter().all(|c| c.packets == 20), "{cuts:?}");
    for (n, job) in jobs.iter().enumerate() {
        let (found, _) = read(&job.out);
        assert!(found.iter().all(|p| p.2 == udp(1 + (n % 2) as u8, true)));
    }
}

#[test]
fn it_can_be_stopped() {
    let folder = Folder::new("stopped");
    let packets: Vec<_> = (0..70_000).map(|n| (BEGAN + n, 1, true)).collect();
    let capture = folder.capture("a.pcapng", &packets);
    let wanted = job(&folder, vec![mark(0, 70_000)]);
    let ended = cut(&[capture], std::slice::from_ref(&wanted), None, &|| true);
    assert!(matches!(ended, Err(CutError::Stopped)));
    assert!(!wanted.out.exists());
}
