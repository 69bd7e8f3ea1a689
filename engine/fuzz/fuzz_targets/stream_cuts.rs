//! A dialogue gives the same records, however TCP cuts it.
//!
//! Input: server port (2 bytes, little endian), cuts (1), then turns: side (1), length (2, little endian), bytes.
//! The dialogue is told twice: a segment a turn, and each turn in pieces at places that the cut byte chooses.
#![no_main]
#![forbid(unsafe_code)]

#[path = "common/mod.rs"]
mod common;

use std::cell::RefCell;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use common::{Lent, Packet, Wire};
use libfuzzer_sys::fuzz_target;
use linewarden_sensor::{RichMessage, Sensor};

const START: i64 = 1_700_000_000_000_000_000;
const MAX_TURNS: usize = 64;
/// What fits into an IPv4 packet.
const MAX_TURN: usize = 65_000;
/// Number of the packet that follows the two of the handshake.
const FIRST_DATA: u64 = 3;
/// Packets and their numbers differ, of course; so do the streams that tell of packets.
const OF_PACKETS: [&str; 3] = ["frame", "resp_frame", "uid"];
const STREAMS_OF_PACKETS: [&str; 3] = ["conn", "binding", "weird"];

struct Turn<'a> {
    from_client: bool,
    data: &'a [u8],
}

struct Told {
    rows: Vec<(String, RecordBatch)>,
    weirds: usize,
    rich: Vec<RichMessage>,
}

impl Told {
    /// The protocol was recognised with the first turn, so that nothing was passed over.
    fn from_the_start(&self) -> bool {
        self.rows
            .iter()
            .filter_map(|(_, batch)| batch.column_by_name("frame"))
            .any(|column| {
                column
                    .as_primitive_opt::<UInt64Type>()
                    .is_some_and(|frames| frames.values().contains(&FIRST_DATA))
            })
    }
}

thread_local! {
    static SENSORS: RefCell<[Lent; 2]> = RefCell::new([Lent::new(1_000), Lent::new(1_000)]);
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
        // What is recognised where garbage follows, and where reading goes on after it, are guesses: only dialogues
        // that make sense are held to the promise.
        if whole.weirds == 0 && whole.from_the_start() {
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

/// At most four pieces: the sensor looks at a bounded number of segments to recognise a protocol.
fn sizes(cuts: Option<u8>, length: usize) -> Vec<usize> {
    match cuts.map(usize::from) {
        None => vec![length],
        Some(c) if c < 64 => vec![c + 1, length],
        Some(c) if c < 128 => vec![c % 7 + 1, c % 5 + 1, length],
        Some(c) if c < 192 => vec![length.saturating_sub(c % 16 + 1).max(1), length],
        Some(c) => vec![length * (c % 9 + 1) / 16 + 1, 1, c % 3 + 1, length],
    }
}

fn gather(sensor: &mut Sensor) -> Told {
    let ready = sensor.take_ready();
    let named: Vec<_> = ready
        .into_iter()
        .map(|(i, batch)| (sensor.stream_name(i).to_owned(), batch))
        .collect();
    let weirds = named
        .iter()
        .filter(|(name, _)| name == "weird")
        .map(|(_, b)| b.num_rows())
        .sum();
    let rows = named
        .into_iter()
        .filter(|(name, _)| !STREAMS_OF_PACKETS.contains(&name.as_str()))
        .collect();
    Told {
        rows,
        weirds,
        rich: sensor.take_rich(),
    }
}

fn compare(whole: &Told, cut: &Told) {
    let names = |told: &Told| -> Vec<(String, usize)> {
        let mut all: Vec<_> = told.rows.iter().map(|(n, b)| (n.clone(), b.num_rows())).collect();
        all.sort();
        all
    };
    assert_eq!(
        names(whole),
        names(cut),
        "rows by stream; {} weirds when cut",
        cut.weirds
    );
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
