//! The whole ear, twice: with shortcuts (headers that were seen, ways of earlier messages) and without, which must tell
//! the same. An input that begins like a capture file is read as one; any other is a list of segments: flow, service,
//! control, sequence step, time step (1 byte each), length (2, little endian), then the payload.
#![no_main]
#![forbid(unsafe_code)]

#[path = "common/mod.rs"]
mod common;

use std::cell::RefCell;
use std::io::Cursor;

use arrow_array::RecordBatch;
use common::{Lent, Packet, Wire, places};
use libfuzzer_sys::fuzz_target;
use linewarden_capture::{CaptureError, LinkType, Reader};
use linewarden_sensor::{Options, RichMessage, Sensor};

const MAX_FLOWS: usize = 32;
/// Reassembly, unfinished messages and IP fragments may hold so much together (`Options`, options.rs).
const MAX_HELD: usize = (64 + 64 + 16) << 20;
const MAX_PACKETS: u64 = 20_000;
const START: i64 = 1_700_000_000_000_000_000;
/// A port that no protocol is at home on.
const STRANGE: u64 = 40_404;

thread_local! {
    static SENSORS: RefCell<[Lent; 2]> = RefCell::new([true, false].map(|shortcuts| Lent::new(Options {
        max_flows: MAX_FLOWS,
        shortcuts,
        ..Options::default()
    })));
    static PORTS: Vec<u16> = ports();
    static BELOW: Vec<(String, u64)> = places(&["eth", "llc", "snap", "ip"]);
}

/// All ports that protocols are at home on, and one that none is.
fn ports() -> Vec<u16> {
    let named = places(&["tcp", "udp"]).into_iter().map(|(_, port)| port);
    named
        .chain([STRANGE])
        .filter_map(|port| u16::try_from(port).ok())
        .collect()
}

fuzz_target!(|data: &[u8]| {
    SENSORS.with_borrow_mut(|lent| {
        let [with, without] = lent;
        let (with, without) = (hear(with.get(), data), hear(without.get(), data));
        assert_eq!(with.0, without.0, "the rows");
        assert_eq!(with.1, without.1, "the rich messages");
    });
});

/// Rows by stream, and the rich messages.
type Heard = (Vec<(usize, RecordBatch)>, Vec<RichMessage>);

fn hear(sensor: &mut Sensor, data: &[u8]) -> Heard {
    match Reader::from_read(Box::new(Cursor::new(data.to_vec())), "fuzz") {
        Ok(reader) => capture(&mut Wire::new(sensor), reader),
        Err(_) => segments(&mut Wire::new(sensor), data),
    }
    check(sensor);
    sensor.finish();
    assert_eq!(sensor.stats().flows_open, 0);
    (sensor.take_ready(), sensor.take_rich())
}

fn check(sensor: &Sensor) {
    let stats = sensor.stats();
    assert!(
        stats.flows_open <= MAX_FLOWS,
        "{} flows are open",
        stats.flows_open
    );
    assert!(
        stats.held_bytes <= MAX_HELD,
        "{} bytes are held",
        stats.held_bytes
    );
}

fn capture(wire: &mut Wire<'_>, mut reader: Reader) {
    for _ in 0..MAX_PACKETS {
        match reader.next() {
            Ok(Some(f)) => wire.frame(f.ts_ns, f.linktype, f.origlen, f.data),
            Ok(None) | Err(CaptureError::Unreadable { .. }) => break,
            Err(_) => {}
        }
    }
}

fn segments(wire: &mut Wire<'_>, mut data: &[u8]) {
    let mut next = [[1_000u32; 2]; 256];
    let mut now = START;
    while let Some((&[flow, service, control, step, wait, low, high], rest)) = data.split_first_chunk::<7>() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (payload, rest) = rest.split_at(length);
        data = rest;
        // From a millisecond to about ten minutes: time-outs count too.
        now += i64::from(wait).pow(4) * 150 + 1_000_000;
        if control & 2 != 0 {
            let frame = BELOW.with(|places| {
                below(
                    &places[usize::from(service) % places.len()],
                    flow,
                    control,
                    payload,
                )
            });
            wire.frame(now, LinkType::ETHERNET, frame.len() as u32, &frame);
            continue;
        }
        let tcp = control & 4 == 0;
        let side = usize::from(control & 1);
        let at = next[usize::from(flow)][side];
        // Usually the expected place; else a retransmission, an overlap or a hole.
        let seq =
            at.wrapping_add_signed(i32::from(step.cast_signed()) * i32::from(payload.len() as u16).max(1));
        next[usize::from(flow)][side] = seq.wrapping_add(payload.len() as u32);
        // SYN, FIN and RST from the control byte; ACK on all but the first SYN.
        let flags = (control >> 4 & 7) | if control & 0x20 != 0 && side == 0 { 0 } else { 0x10 };
        let server_port = PORTS.with(|ports| ports[usize::from(service) % ports.len()]);
        wire.packet(
            now,
            &Packet {
                flow,
                server_port,
                from_client: side == 0,
                tcp,
                flags,
                seq,
                payload,
            },
        );
    }
}

/// An Ethernet frame with this payload at a place without ports.
fn below((kind, number): &(String, u64), flow: u8, control: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, flow, 2, 0, 0, 0, 1, control];
    let low = *number as u8;
    let length = |header: usize| ((payload.len() + header) as u16).to_be_bytes();
    match kind.as_str() {
        "llc" => {
            frame.extend(length(3));
            frame.extend([low, low, 3]);
        }
        "snap" => {
            frame.extend(length(8));
            frame.extend([0xaa, 0xaa, 3]);
            frame.extend(&number.to_be_bytes()[3..]);
        }
        "ip" => {
            frame.extend([0x08, 0x00, 0x45, 0]);
            frame.extend(length(20));
            frame.extend([0, 0, 0x40, 0, 64, low, 0, 0, 10, 0, 1, flow, 10, 0, 0, control]);
        }
        _ => frame.extend((*number as u16).to_be_bytes()),
    }
    frame.extend(payload);
    frame
}
