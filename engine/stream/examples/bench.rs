//! Nanoseconds per segment: `cargo run --release -p linewarden-stream --example bench`.

use std::hint::black_box;
use std::time::Instant;

use linewarden_stream::tcp::{Event, Half, Limits, Memory};

const ROUNDS: u32 = 20_000_000;

fn measure(name: &str, mut step: impl FnMut(u32)) {
    let start = Instant::now();
    for round in 0..ROUNDS {
        step(round);
    }
    println!(
        "{name}: {:.2} ns",
        start.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
    );
}

fn main() {
    let payload = [0u8; 12];
    let (limits, mut memory) = (Limits::default(), Memory::new(1 << 20));
    let mut bytes = 0u64;
    let mut sink = |event: Event<'_>| {
        if let Event::Data { bytes: data, .. } = event {
            bytes += data.len() as u64;
        }
    };

    // Many flows in turn, as packets come.
    let mut halves: Vec<Half> = (0..1024).map(|_| Half::new()).collect();
    halves.iter_mut().for_each(|half| half.syn(0));
    let mut taken = 0u64;
    measure("is_expected + advance, 1024 flows", |round| {
        if let Some(half) = halves.get_mut(round as usize % 1024)
            && half.is_expected((round / 1024).wrapping_mul(12).wrapping_add(1))
        {
            half.advance(12);
            taken += 1;
        }
    });
    assert_eq!(taken, u64::from(ROUNDS));

    let mut half = Half::new();
    half.syn(0);
    let mut seq = 1u32;
    measure("push in order", |round| {
        half.push(
            seq,
            black_box(&payload),
            round.into(),
            0,
            &limits,
            &mut memory,
            &mut sink,
        );
        seq = seq.wrapping_add(12);
    });

    measure("acked, nothing missing", |round| {
        black_box(half.acked(black_box(seq), round.into(), 0, &mut memory, &mut sink));
    });

    measure("push, each pair swapped", |round| {
        let at = seq.wrapping_add(if round % 2 == 0 { 12 } else { 0 });
        half.push(
            at,
            black_box(&payload),
            round.into(),
            0,
            &limits,
            &mut memory,
            &mut sink,
        );
        seq = seq.wrapping_add(if round % 2 == 0 { 0 } else { 24 });
    });
    half.finish(&mut memory, &mut sink);
    println!("half: {} bytes; {bytes} bytes delivered", size_of::<Half>());
}
