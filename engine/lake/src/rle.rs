//! Bit packing and the RLE / bit-packed hybrid of Parquet (format specification, "Encodings").

/// Bits that hold `max`.
pub fn width_of(max: u64) -> u32 {
    64 - max.leading_zeros()
}

/// Appends an unsigned LEB128 number.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Packs values of `width` bits, least significant bit first; the last group of 8 is padded with 0.
pub fn pack<T: Copy + Into<u64>>(out: &mut Vec<u8>, values: &[T], width: u32) {
    if width == 0 {
        return;
    }
    let end = out.len() + values.len().div_ceil(8) * width as usize;
    out.reserve(end - out.len() + 256);
    let (blocks, rest) = values.as_chunks::<32>();
    for block in blocks {
        pack_words(out, block, width);
    }
    if !rest.is_empty() {
        pack_words(out, rest, width);
    }
    out.resize(end, 0);
}

/// Packs up to 32 values into whole words; bits after the last value are 0.
fn pack_words<T: Copy + Into<u64>>(out: &mut Vec<u8>, values: &[T], width: u32) {
    let mut words = [0_u8; 264];
    let (slots, _) = words.as_chunks_mut::<8>();
    let mut slot = slots.iter_mut();
    let (mut acc, mut fill) = (0_u64, 0_u32);
    for &value in values {
        let value: u64 = value.into();
        acc |= value << fill;
        fill += width;
        if fill >= 64 {
            if let Some(s) = slot.next() {
                *s = acc.to_le_bytes();
            }
            fill -= 64;
            acc = if fill == 0 { 0 } else { value >> (width - fill) };
        }
    }
    if let Some(s) = slot.next() {
        *s = acc.to_le_bytes();
    }
    let bytes = (values.len() * width as usize).div_ceil(8);
    if let Some(packed) = words.get(..bytes) {
        out.extend_from_slice(packed);
    }
}

/// Appends the hybrid encoding of `values` (all below 2^width), without a length or width before it.
pub fn hybrid(out: &mut Vec<u8>, values: &[u32], width: u32) {
    let mut literal = 0;
    let mut at = 0;
    while let Some(group) = values.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let first = group[0];
        if group.iter().fold(0, |diff, v| diff | (v ^ first)) != 0 {
            at += 8;
            continue;
        }
        let same = values
            .get(at + 8..)
            .unwrap_or_default()
            .iter()
            .take_while(|v| **v == first)
            .count();
        if same < 8 && width < 16 && literal < at {
            at += 8; // A short run inside literals costs two more headers than it saves.
            continue;
        }
        literals(out, values.get(literal..at).unwrap_or_default(), width);
        run(out, u64::from(first), same + 8, width);
        at += same + 8;
        literal = at;
    }
    let rest = values.get(literal..).unwrap_or_default();
    match rest.first() {
        Some(first) if rest.iter().all(|v| v == first) => run(out, u64::from(*first), rest.len(), width),
        _ => literals(out, rest, width),
    }
}

fn literals(out: &mut Vec<u8>, values: &[u32], width: u32) {
    if values.is_empty() {
        return;
    }
    put_varint(out, (values.len().div_ceil(8) as u64) << 1 | 1);
    pack(out, values, width);
}

/// Appends one run of `count` times `value`.
pub fn run(out: &mut Vec<u8>, value: u64, count: usize, width: u32) {
    if count == 0 {
        return;
    }
    put_varint(out, (count as u64) << 1);
    let bytes = value.to_le_bytes();
    out.extend_from_slice(bytes.get(..width.div_ceil(8) as usize).unwrap_or(&bytes));
}

/// Appends the hybrid encoding of `count` one-bit levels given as a bitmap.
pub fn hybrid_bits(out: &mut Vec<u8>, bits: &[u8], count: usize) {
    let whole = bits.get(..count / 8).unwrap_or(bits);
    let mut literal = 0;
    let mut at = 0;
    while let Some(&byte) = whole.get(at) {
        if byte != 0 && byte != 0xff {
            at += 1;
            continue;
        }
        let same = whole
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| **b == byte)
            .count();
        if same >= 8 {
            bit_literals(out, whole.get(literal..at).unwrap_or_default());
            run(out, u64::from(byte & 1), same * 8, 1);
            literal = at + same;
        }
        at += same;
    }
    let tail = count % 8;
    let mut rest = whole.get(literal..).unwrap_or_default().to_vec();
    if tail > 0 {
        let last = bits.get(count / 8).copied().unwrap_or(0);
        rest.push(last & ((1 << tail) - 1));
    }
    bit_literals(out, &rest);
}

fn bit_literals(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        put_varint(out, (bytes.len() as u64) << 1 | 1);
        out.extend_from_slice(bytes);
    }
}
