//! DELTA_BINARY_PACKED (Parquet format specification, "Encodings"): blocks of 128, miniblocks of 32.

use crate::rle::{pack, put_varint, width_of};

const BLOCK: usize = 128;
const MINI: usize = 32;

fn put_zigzag(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends `values`; with `narrow` they are 32-bit values and so are their differences.
pub fn encode(out: &mut Vec<u8>, values: &[i64], narrow: bool) {
    put_varint(out, BLOCK as u64);
    put_varint(out, (BLOCK / MINI) as u64);
    put_varint(out, values.len() as u64);
    let Some((&first, rest)) = values.split_first() else {
        put_zigzag(out, 0);
        return;
    };
    put_zigzag(out, if narrow { i64::from(first as i32) } else { first });
    let mut before = first;
    for block in rest.chunks(BLOCK) {
        let mut deltas = [0_i64; BLOCK];
        if let Some(d) = deltas.first_mut() {
            *d = block.first().copied().unwrap_or(0).wrapping_sub(before);
        }
        for (delta, pair) in deltas.iter_mut().skip(1).zip(block.windows(2)) {
            if let [a, b] = pair {
                *delta = b.wrapping_sub(*a);
            }
        }
        before = block.last().copied().unwrap_or(before);
        if narrow {
            deltas.iter_mut().for_each(|d| *d = i64::from(*d as i32));
        }
        put_block(out, deltas.get(..block.len()).unwrap_or(&deltas), narrow);
    }
}

fn put_block(out: &mut Vec<u8>, deltas: &[i64], narrow: bool) {
    let least = deltas.iter().copied().min().unwrap_or(0);
    put_zigzag(out, least);
    let mut above = [0_u64; BLOCK];
    for (a, d) in above.iter_mut().zip(deltas) {
        *a = d.wrapping_sub(least) as u64;
    }
    if narrow {
        above.iter_mut().for_each(|a| *a &= 0xffff_ffff);
    }
    let widths = out.len();
    out.extend_from_slice(&[0; BLOCK / MINI]);
    for (i, mini) in above.chunks(MINI).take(deltas.len().div_ceil(MINI)).enumerate() {
        let width = width_of(mini.iter().fold(0, |all, v| all | v));
        if let Some(w) = out.get_mut(widths + i) {
            *w = width as u8;
        }
        pack(out, mini, width);
    }
}
