//! How numbers and bytes become text.

use std::fmt::Write;
use std::net::Ipv6Addr;

/// How a number or bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Render {
    Text,
    Utf16Le,
    Hex,
    Mac,
    Ip4,
    /// 4 or 16 bytes.
    Ip,
    /// Content of a BER object identifier (X.690 8.19).
    Oid,
    /// A half-ASCII name of 32 bytes (RFC 1001 14.1).
    Netbios,
    Dec,
    HexNumber(usize),
}

/// Bytes as text: UTF-8, or Latin-1 where they are not; control characters escaped, padding trimmed.
pub fn bytes(value: &[u8], render: Render, out: &mut String) {
    out.clear();
    match render {
        Render::Utf16Le => {
            let units = value.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
            let text: String = char::decode_utf16(units)
                .map(|c| c.unwrap_or('\u{fffd}'))
                .collect();
            push_clean(&text, out);
        }
        Render::Hex => hex(value, out),
        Render::Mac if value.len() == 6 => {
            for (i, b) in value.iter().enumerate() {
                if i > 0 {
                    out.push(':');
                }
                push_hex(*b, out);
            }
        }
        Render::Ip4 | Render::Ip if value.len() == 4 => quad(value, out),
        Render::Ip if value.len() == 16 => {
            let octets: [u8; 16] = value.try_into().unwrap_or_default();
            let _ = write!(out, "{}", Ipv6Addr::from(octets));
        }
        Render::Oid => oid(value, out),
        Render::Netbios if value.len() == 32 => netbios(value, out),
        _ => match std::str::from_utf8(value) {
            Ok(text) => push_clean(text, out),
            Err(_) => push_clean(&value.iter().map(|&b| b as char).collect::<String>(), out),
        },
    }
}

fn push_clean(text: &str, out: &mut String) {
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return out.push_str(text);
    }
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
}

fn oid(value: &[u8], out: &mut String) {
    let (mut number, mut first) = (0u64, true);
    for &b in value {
        number = number.wrapping_shl(7) | u64::from(b & 0x7f);
        if b & 0x80 != 0 {
            continue;
        }
        let _ = if first {
            let head = (number / 40).min(2);
            write!(out, "{head}.{}", number - head * 40)
        } else {
            write!(out, ".{number}")
        };
        (number, first) = (0, false);
    }
}

fn netbios(value: &[u8], out: &mut String) {
    let letters: Vec<u8> = value
        .chunks_exact(2)
        .map(|p| p[0].wrapping_sub(b'A') << 4 | p[1].wrapping_sub(b'A') & 0x0f)
        .collect();
    let Some((suffix, name)) = letters.split_last() else {
        return;
    };
    push_clean(&name.iter().map(|&b| b as char).collect::<String>(), out);
    let _ = write!(out, "<{suffix:02x}>");
}

pub fn hex(value: &[u8], out: &mut String) {
    out.reserve(2 * value.len());
    value.iter().for_each(|b| push_hex(*b, out));
}

// These are called for every row, and several times as quick as the formatting of the standard library.

fn push_hex(byte: u8, out: &mut String) {
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
    }
}

/// A byte in decimal.
fn push_byte(byte: u8, out: &mut String) {
    if byte >= 100 {
        out.push((b'0' + byte / 100) as char);
    }
    if byte >= 10 {
        out.push((b'0' + byte / 10 % 10) as char);
    }
    out.push((b'0' + byte % 10) as char);
}

/// An IPv4 address as dotted quad.
pub fn quad(bytes: &[u8], out: &mut String) {
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            out.push('.');
        }
        push_byte(*byte, out);
    }
}

/// A number in decimal, behind what is there.
pub fn push_number(value: i64, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    let (mut left, mut digits, mut n) = (value.unsigned_abs(), [0u8; 20], 0);
    loop {
        digits[n] = b'0' + (left % 10) as u8;
        left /= 10;
        n += 1;
        if left == 0 || n == digits.len() {
            break;
        }
    }
    out.extend(digits[..n].iter().rev().map(|&d| d as char));
}

/// A number as text.
pub fn number(value: i64, render: Render, out: &mut String) {
    out.clear();
    match render {
        Render::HexNumber(least) => hex_number(value as u64, least, out),
        Render::Mac => bytes(&(value as u64).to_be_bytes()[2..], Render::Mac, out),
        Render::Ip4 => quad(&(value as u32).to_be_bytes(), out),
        _ => push_number(value, out),
    }
}

/// `0x` and at least so many digits: 2, 4 or 8.
fn hex_number(value: u64, least: usize, out: &mut String) {
    let least = if matches!(least, 2 | 4) { least } else { 8 };
    let needed = (64 - value.leading_zeros() as usize).div_ceil(4);
    out.push_str("0x");
    for place in (0..needed.max(least)).rev() {
        let digit = (value >> (4 * place) & 15) as u32;
        out.push(char::from_digit(digit, 16).unwrap_or('?'));
    }
}

pub fn mac(value: [u8; 6], out: &mut String) {
    bytes(&value, Render::Mac, out);
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A flow's uid in Zeek's form: `C` and base 62.
pub fn uid(mut value: u64, out: &mut String) {
    out.clear();
    out.push('C');
    for _ in 0..11 {
        out.push(DIGITS[(value % 62) as usize] as char);
        value /= 62;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        let mut out = String::new();
        for value in [0, 9, 10, 99, 100, 255, -1, 65_536, i64::MAX, i64::MIN] {
            number(value, Render::Dec, &mut out);
            assert_eq!(out, value.to_string());
            for width in [2usize, 4, 8] {
                number(value, Render::HexNumber(width), &mut out);
                assert_eq!(out, format!("0x{value:0width$x}"));
            }
        }
        number(0x0a0b_0c0d_0e0f, Render::Mac, &mut out);
        assert_eq!(out, "0a:0b:0c:0d:0e:0f");
        for byte in 0..=255u8 {
            out.clear();
            quad(&[byte, 1, 22, 0], &mut out);
            assert_eq!(out, format!("{byte}.1.22.0"));
        }
    }

    #[test]
    fn hostile_names_become_printable() {
        let mut out = String::new();
        bytes(b"PLC\x1b[31m\x00\x00", Render::Text, &mut out);
        assert_eq!(out, "PLC\\u{1b}[31m");
        bytes(&[0xc4, b'n'], Render::Text, &mut out);
        assert_eq!(out, "Än");
    }
}
