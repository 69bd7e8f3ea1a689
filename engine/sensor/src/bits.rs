//! Numbers, names and blocks in bytes.

use crate::ops::{Bin, Kind};

#[inline(always)]
pub fn read(bytes: &[u8], le: bool, signed: bool) -> i64 {
    let value = match (bytes, le) {
        ([a], _) => u64::from(*a),
        ([a, b], false) => u64::from(u16::from_be_bytes([*a, *b])),
        ([a, b], true) => u64::from(u16::from_le_bytes([*a, *b])),
        ([a, b, c, d], false) => u64::from(u32::from_be_bytes([*a, *b, *c, *d])),
        ([a, b, c, d], true) => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        (_, false) => bytes.iter().fold(0, |v, &b| v << 8 | u64::from(b)),
        (_, true) => bytes.iter().rev().fold(0, |v, &b| v << 8 | u64::from(b)),
    };
    if signed && bytes.len() < 8 {
        let shift = 64 - 8 * bytes.len() as u32;
        return ((value << shift) as i64) >> shift;
    }
    value as i64
}

/// Where in a slice of `length` bytes a look from `pos` falls: `at` counts from there, or from the start or (negative)
/// the end of the slice.
#[inline]
pub fn peek_at(length: usize, pos: usize, width: u8, at: i64, from_start: bool) -> Option<usize> {
    let base = if !from_start {
        pos as i64
    } else if at < 0 {
        length as i64
    } else {
        0
    };
    let start = usize::try_from(base + at).ok()?;
    (start + width as usize <= length).then_some(start)
}

#[inline(always)]
pub fn binary(op: Bin, a: i64, b: i64) -> i64 {
    match op {
        Bin::Add => a.wrapping_add(b),
        Bin::Sub => a.wrapping_sub(b),
        Bin::Mul => a.wrapping_mul(b),
        Bin::Div => a.checked_div(b).unwrap_or(0),
        Bin::Mod => a.checked_rem(b).unwrap_or(0),
        Bin::And => a & b,
        Bin::Or => a | b,
        Bin::Xor => a ^ b,
        Bin::Shl => a << (b & 63),
        Bin::Shr => a >> (b & 63),
        Bin::Lt => (a < b) as i64,
        Bin::Le => (a <= b) as i64,
        Bin::Gt => (a > b) as i64,
        Bin::Ge => (a >= b) as i64,
        Bin::Eq => (a == b) as i64,
        Bin::Ne => (a != b) as i64,
    }
}

/// How values stand in a message.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    pub kind: Kind,
    pub le: bool,
    pub stride: usize,
    pub shift: u32,
    /// 0: the whole value.
    pub mask: u64,
}

#[inline]
pub fn fill(out: &mut Vec<f64>, data: &[u8], layout: Layout, step: usize, n: usize) {
    let Layout {
        kind,
        le,
        shift,
        mask,
        ..
    } = layout;
    match (kind, le) {
        (Kind::Bit, _) => out.extend((0..n).map(|i| f64::from(data[i / 8] >> (i % 8) & 1))),
        (Kind::Unsigned(1), _) if step == 1 && mask == 0 => {
            out.extend(data[..n].iter().map(|&b| f64::from(b)))
        }
        (Kind::Unsigned(2), false) if step == 2 && mask == 0 => {
            out.extend(
                data.as_chunks::<2>()
                    .0
                    .iter()
                    .take(n)
                    .map(|&b| f64::from(u16::from_be_bytes(b))),
            );
        }
        _ => {
            let width = kind.width();
            for value in data.chunks(step).take(n).filter_map(|chunk| chunk.get(..width)) {
                out.push(match kind {
                    Kind::F32 => f64::from(f32::from_bits(read(value, le, false) as u32)),
                    Kind::F64 => f64::from_bits(read(value, le, false) as u64),
                    _ if mask != 0 => (read(value, le, false) as u64 >> shift & mask) as f64,
                    Kind::Signed(_) => read(value, le, true) as f64,
                    _ => read(value, le, false) as u64 as f64,
                });
            }
        }
    }
}

/// Room for most names.
const NAME_ROOM: usize = 64;

/// A DNS name (RFC 1035 4.1.4) at `at`: the dotted name, and where the cursor goes on.
pub fn labels(data: &[u8], at: usize) -> Option<(String, usize)> {
    let (mut pos, mut next, mut name) = (at, None, String::with_capacity(NAME_ROOM));
    for _ in 0..128 {
        let length = *data.get(pos)? as usize;
        match length >> 6 {
            0 if length == 0 => return Some((name, next.unwrap_or(pos + 1))),
            0 => {
                if !name.is_empty() {
                    name.push('.');
                }
                let label = data.get(pos + 1..pos + 1 + length)?;
                match std::str::from_utf8(label) {
                    Ok(text) if label.is_ascii() => name.push_str(text),
                    _ => name.extend(label.iter().map(|&b| b as char)),
                }
                pos += 1 + length;
            }
            3 => {
                let low = *data.get(pos + 1)? as usize;
                next.get_or_insert(pos + 2);
                pos = (length & 0x3f) << 8 | low;
            }
            _ => return None,
        }
    }
    None
}

/// User bytes without their CRCs, and whether all CRCs were right.
pub fn crc_blocks(data: &[u8], size: usize) -> (Vec<u8>, bool) {
    let (mut user, mut good, mut rest) = (Vec::with_capacity(size.min(256)), true, data);
    let mut left = size;
    while left > 0 {
        let n = left.min(16);
        let Some((block, after)) = rest.split_at_checked(n) else {
            return (user, false);
        };
        user.extend_from_slice(block);
        let Some((crc, after)) = after.split_at_checked(2) else {
            return (user, false);
        };
        good &= crc_dnp(block) == u16::from_le_bytes([crc[0], crc[1]]);
        rest = after;
        left -= n;
    }
    (user, good)
}

/// CRC-16/DNP: polynomial 0x3D65 reflected, inverted (IEEE 1815 annex E).
fn crc_dnp(data: &[u8]) -> u16 {
    let next = |crc: u16, b: &u8| crc >> 8 ^ CRC_DNP[usize::from(crc as u8 ^ b)];
    !data.iter().fold(0, next)
}

/// What a byte makes of the CRC.
static CRC_DNP: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let (mut crc, mut bit) = (byte as u16, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_matches_the_check_value_of_the_catalogue() {
        // CRC-16/DNP of "123456789" is 0xEA82 in the usual CRC catalogues.
        assert_eq!(crc_dnp(b"123456789"), 0xea82);
    }

    #[test]
    fn a_dns_name_that_points_at_itself_ends() {
        assert_eq!(labels(&[0xc0, 0x00], 0), None);
        assert_eq!(labels(b"\x03plc\x04line\x00", 0), Some(("plc.line".into(), 10)));
    }

    #[test]
    fn numbers_of_odd_widths_are_signed_right() {
        assert_eq!(read(&[0xff, 0xff, 0xfe], false, true), -2);
        assert_eq!(read(&[0xfe, 0xff, 0xff], true, true), -2);
        assert_eq!(read(&[0x01, 0x02, 0x03], false, false), 0x010203);
    }
}
