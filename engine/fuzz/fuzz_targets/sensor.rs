//! The whole ear. An input that begins like a capture file is read as one; any other is a list of segments:
//! flow, service, control, sequence step, time step (1 byte each), length (2, little endian), then the payload.
#![no_main]
#![forbid(unsafe_code)]

#[path = "common/mod.rs"]
mod common;

use std::cell::RefCell;
use std::io::Cursor;

use common::{Lent, Packet, Wire};
use libfuzzer_sys::fuzz_target;
use linewarden_capture::{CaptureError, LinkType, Reader};
use linewarden_sensor::Sensor;

const MAX_FLOWS: usize = 32;
/// Reassembly, unfinished messages and IP fragments may hold so much together (`Options`, sensor.rs).
const MAX_HELD: usize = (64 + 64 + 16) << 20;
const MAX_PACKETS: u64 = 20_000;
const START: i64 = 1_700_000_000_000_000_000;
/// Ports that protocols are at home on, and one that none is.
const PORTS: [u16; 24] = [
    502, 102, 44818, 2222, 20000, 2404, 4840, 47808, 53, 67, 80, 443, 161, 123, 445, 139, 138, 1883, 5007,
    34964, 5094, 9600, 18245, 40404,
];
const ETHERTYPES: [u16; 6] = [0x8892, 0x88cc, 0x0806, 0x88a4, 0x88b8, 0x88ba];

thread_local! {
    static SENSOR: RefCell<Lent> = RefCell::new(Lent::new(MAX_FLOWS));
}

fuzz_target!(|data: &[u8]| {
    SENSOR.with_borrow_mut(|lent| {
        let sensor = lent.get();
        match Reader::from_read(Box::new(Cursor::new(data.to_vec())), "fuzz") {
            Ok(reader) => capture(&mut Wire::new(sensor), reader),
            Err(_) => segments(&mut Wire::new(sensor), data),
        }
        check(sensor);
        sensor.finish();
        assert_eq!(sensor.stats().flows_open, 0);
    });
});

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
            let kind = ETHERTYPES[usize::from(service) % ETHERTYPES.len()];
            let mut frame = vec![2, 0, 0, 0, 0, flow, 2, 0, 0, 0, 1, control];
            frame.extend(kind.to_be_bytes());
            frame.extend(payload);
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
        let server_port = PORTS[usize::from(service) % PORTS.len()];
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
