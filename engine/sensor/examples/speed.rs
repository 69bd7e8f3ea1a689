//! One sensor over a capture, without threads, Python and the lake: what a profiler should see.
//!
//! usage: cargo run --release -p linewarden-sensor --example speed -- SPEC.json CAPTURE [FRAMES [no-shortcuts]]
//! SPEC.json is what `linewarden` keeps in ~/.cache/linewarden.

use std::sync::Arc;
use std::time::Instant;

use linewarden_capture::Reader;
use linewarden_sensor::{Options, Sensor, Spec};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(spec), Some(capture)) = (args.next(), args.next()) else {
        return Err("usage: speed SPEC.json CAPTURE [FRAMES]".into());
    };
    let most = args.next().map_or(Ok(u64::MAX), |n| n.parse::<u64>())?;
    let spec = Arc::new(Spec::from_json(&std::fs::read_to_string(spec)?)?);
    let options = Options {
        shortcuts: args.next().is_none_or(|a| a != "no-shortcuts"),
        ..Options::default()
    };
    let mut sensor = Sensor::new(spec, options)?;
    let mut reader = Reader::open(capture.as_ref())?;
    sensor.begin_capture("speed");
    let start = Instant::now();
    let (mut rows, mut rich) = (0, 0);
    while let Some(frame) = reader.next()? {
        sensor.packet(&frame);
        if frame.number % 16_384 == 0 {
            rows += sensor.take_ready().iter().map(|b| b.1.num_rows()).sum::<usize>();
            rich += sensor.take_rich().len();
        }
        if frame.number >= most {
            break;
        }
    }
    sensor.finish();
    rows += sensor.take_ready().iter().map(|b| b.1.num_rows()).sum::<usize>();
    let (took, packets) = (start.elapsed(), sensor.stats().packets);
    println!(
        "{packets} packets, {rows} rows, {rich} rich messages, {:.0} ns a packet",
        took.as_nanos() as f64 / packets.max(1) as f64
    );
    Ok(())
}
