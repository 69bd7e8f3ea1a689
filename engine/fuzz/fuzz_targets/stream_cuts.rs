//! A dialogue gives the same records however TCP cuts it, also one that makes no sense.
//!
//! Input: server port (2 bytes, little endian), cuts (1), then turns: side (1), length (2, little endian), bytes.
//! The dialogue is told twice: a segment a turn, and each turn in pieces at places that the cut byte chooses.
//! Left out are dialogues of a protocol without framing: there a segment's payload is the message.
#![no_main]
#![forbid(unsafe_code)]

#[path = "common/mod.rs"]
mod common;

use std::cell::RefCell;

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, RecordBatch};
use common::{Lent, Packet, Wire, without_framing};
use libfuzzer_sys::fuzz_target;
use linewarden_sensor::{Options, RichMessage, Sensor};

const START: i64 = 1_700_000_000_000_000_000;
const MAX_TURNS: usize = 64;
/// What fits into an IPv4 packet.
const MAX_TURN: usize = 65_000;
/// Pieces of a turn; more teach nothing and take long.
const MAX_PIECES: usize = 200;
/// Packets and their numbers differ, of course; so do the streams that tell of packets.
const OF_PACKETS: [&str; 3] = ["frame", "resp_frame", "uid"];
const STREAMS_OF_PACKETS: [&str; 2] = ["conn", "binding"];

struct Turn<'a> {
    from_client: bool,
    data: &'a [u8],
}

struct Told {
    services: Vec<Option<String>>,
    rows: Vec<(String, RecordBatch)>,
    rich: Vec<RichMessage>,
}

impl Told {
    fn is_framed(&self) -> bool {
        WITHOUT_FRAMING.with(|names| {
            self.services
                .iter()
                .flatten()
                .all(|service| !names.contains(service))
        })
    }
}

fn options() -> Options {
    Options {
        max_flows: 1_000,
        ..Options::default()
    }
}

thread_local! {
    static SENSORS: RefCell<[Lent; 2]> = RefCell::new([Lent::new(options()), Lent::new(options())]);
    static WITHOUT_FRAMING: HashSet<String> = without_framing();
}

fuzz_target!(|input: &[u8]| {
    let Some((&[low, high, cuts], rest)) = input.split_first_chunk::<3>() else {
        return;
    };
    let (port, turns) = (u16::from_le_bytes([low, high]), turns(rest));
    if port == 0 || turns.is_empty() {
        return;
    }
    SENSORS.with_borrow_mut(|[one, two]| {
        let whole = tell(one.get(), port, &turns, None);
        let cut = tell(two.get(), port, &turns, Some(cuts));
        if whole.is_framed() && cut.is_framed() {
            compare(&whole, &cut);
        }
    });
});

fn turns(mut data: &[u8]) -> Vec<Turn<'_>> {
    let mut turns = Vec::new();
    while let Some((&[side, low, high], rest)) = data.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([low, high]))
            .clamp(1, MAX_TURN)
            .min(rest.len());
        let (bytes, rest) = rest.split_at(length);
        if bytes.is_empty() || turns.len() == MAX_TURNS {
            break;
        }
        turns.push(Turn {
            from_client: side & 1 == 0,
            data: bytes,
        });
        data = rest;
    }
    turns
}

fn tell(sensor: &mut Sensor, server_port: u16, turns: &[Turn<'_>], cuts: Option<u8>) -> Told {
    let mut wire = Wire::new(sensor);
    let mut next = [1_000u32, 9_000];
    let mut now = START;
    let mut send = |now: i64, from_client: bool, flags: u8, payload: &[u8]| {
        let seq = &mut next[usize::from(!from_client)];
        wire.packet(
            now,
            &Packet {
                flow: 1,
                server_port,
                from_client,
                tcp: true,
                flags,
                seq: *seq,
                payload,
            },
        );
        *seq = seq.wrapping_add(payload.len() as u32 + u32::from(flags & 2 != 0));
    };
    send(now, true, 0x02, &[]);
    send(now, false, 0x12, &[]);
    for turn in turns {
        // Pieces of a turn share its time, so that times of records can be compared.
        now += 1_000_000;
        let mut rest = turn.data;
        for size in sizes(cuts, turn.data.len()) {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            if !piece.is_empty() {
                send(now, turn.from_client, 0x18, piece);
            }
        }
    }
    sensor.finish();
    gather(sensor)
}

/// Of pieces of the same size, of a small and a large one in turn, or of a few that end oddly.
fn sizes(cuts: Option<u8>, length: usize) -> Vec<usize> {
    let least = length / MAX_PIECES + 1;
    match cuts.map(usize::from) {
        None => vec![length],
        Some(c) if c < 64 => repeated(&[least.max(c + 1)], length),
        Some(c) if c < 128 => repeated(&[c % 7 + 1, least.max(c % 5) * 2], length),
        Some(c) if c < 192 => vec![length.saturating_sub(c % 16 + 1).max(1), length],
        Some(c) => vec![length * (c % 9 + 1) / 16 + 1, 1, c % 3 + 1, length],
    }
}

fn repeated(pattern: &[usize], length: usize) -> Vec<usize> {
    let rounds = length / pattern.iter().sum::<usize>() + 1;
    pattern.repeat(rounds)
}

fn texts(column: &dyn Array) -> Vec<Option<String>> {
    let keys = column.as_dictionary::<Int32Type>();
    let values = keys.values().as_string::<i32>();
    keys.keys()
        .iter()
        .map(|key| key.map(|k| values.value(k as usize).to_owned()))
        .collect()
}

fn gather(sensor: &mut Sensor) -> Told {
    let ready = sensor.take_ready();
    let named: Vec<_> = ready
        .into_iter()
        .map(|(i, batch)| (sensor.stream_name(i).to_owned(), batch))
        .collect();
    let services = named
        .iter()
        .filter(|(name, _)| name == "conn")
        .filter_map(|(_, batch)| batch.column_by_name("service"))
        .flat_map(|column| texts(column.as_ref()))
        .collect();
    let rows = named
        .into_iter()
        .filter(|(name, _)| !STREAMS_OF_PACKETS.contains(&name.as_str()))
        .collect();
    Told {
        services,
        rows,
        rich: sensor.take_rich(),
    }
}

fn compare(whole: &Told, cut: &Told) {
    let names = |told: &Told| -> Vec<(String, usize)> {
        let mut all: Vec<_> = told.rows.iter().map(|(n, b)| (n.clone(), b.num_rows())).collect();
        all.sort();
        all
    };
    assert_eq!(whole.services, cut.services);
    assert_eq!(names(whole), names(cut), "rows by stream");
    for (name, batch) in &whole.rows {
        let Some((_, other)) = cut.rows.iter().find(|(n, _)| n == name) else {
            continue;
        };
        for (i, field) in batch.schema().fields().iter().enumerate() {
            if !OF_PACKETS.contains(&field.name().as_str()) {
                assert_eq!(batch.column(i), other.column(i), "{name}.{}", field.name());
            }
        }
    }
    let said = |told: &Told| -> Vec<_> {
        told.rich
            .iter()
            .map(|m| {
                (
                    m.proto,
                    m.tag,
                    m.from_orig,
                    m.response,
                    m.numbers.clone(),
                    m.data.clone(),
                )
            })
            .collect()
    };
    assert_eq!(said(whole), said(cut), "rich messages");
}
