//! Reads a capture file and tells how fast that went: `cargo run --release --example rate FILE [ROUNDS]`.

use linewarden_capture::{CaptureError, Decoded, Reader, Transport, decode, parse_transport};
use std::path::Path;
use std::time::Instant;

#[derive(Debug, Default)]
struct Counts {
    packets: u64,
    bytes: u64,
    ip: u64,
    tcp: u64,
    udp: u64,
    payload: u64,
    malformed: u64,
    damaged: u64,
}

fn run(path: &Path) -> Result<Counts, CaptureError> {
    let mut reader = Reader::open(path)?;
    let mut counts = Counts::default();
    loop {
        let frame = match reader.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(counts),
            Err(damage @ CaptureError::Damaged { .. }) => {
                eprintln!("{damage}");
                counts.damaged += 1;
                continue;
            }
            Err(e) => return Err(e),
        };
        let mut packet = Decoded::default();
        decode(frame.linktype, frame.data, frame.origlen, &mut packet);
        counts.packets += 1;
        counts.bytes += u64::from(frame.origlen);
        counts.malformed += u64::from(packet.malformed.is_some());
        let Some(ip) = &packet.ip else { continue };
        counts.ip += 1;
        match parse_transport(ip.proto, ip.payload, ip.payload_len) {
            Transport::Tcp { payload, .. } => {
                counts.tcp += 1;
                counts.payload += payload.len() as u64;
            }
            Transport::Udp { payload, .. } => {
                counts.udp += 1;
                counts.payload += payload.len() as u64;
            }
            _ => {}
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: rate FILE [ROUNDS]");
        std::process::exit(2);
    };
    let rounds = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(5);
    for _ in 0..rounds {
        let start = Instant::now();
        match run(Path::new(&path)) {
            Ok(counts) => {
                let took = start.elapsed();
                let ns = took.as_secs_f64() * 1e9 / counts.packets.max(1) as f64;
                println!("{counts:?} {ns:.1} ns a packet, {:.1} Mpkt/s", 1000.0 / ns);
            }
            Err(e) => {
                eprintln!("{e}");
                std::process::exit(1);
            }
        }
    }
}
