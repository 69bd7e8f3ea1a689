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
                let _ = write!(out, "{}{b:02x}", if i > 0 { ":" } else { "" });
            }
        }
        Render::Ip4 | Render::Ip if value.len() == 4 => {
            let _ = write!(out, "{}.{}.{}.{}", value[0], value[1], value[2], value[3]);
        }
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
    for c in text
        .trim_matches(|c: char| c == '\0' || c.is_whitespace())
        .chars()
    {
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
    for b in value {
        let _ = write!(out, "{b:02x}");
    }
}

/// A number as text.
pub fn number(value: i64, render: Render, out: &mut String) {
    out.clear();
    let _ = match render {
        Render::HexNumber(2) => write!(out, "0x{value:02x}"),
        Render::HexNumber(4) => write!(out, "0x{value:04x}"),
        Render::HexNumber(_) => write!(out, "0x{value:08x}"),
        Render::Mac => {
            let b = (value as u64).to_be_bytes();
            write!(
                out,
                "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}",
                b[2], b[3], b[4], b[5], b[6], b[7]
            )
        }
        Render::Ip4 => {
            let b = (value as u32).to_be_bytes();
            write!(out, "{}.{}.{}.{}", b[0], b[1], b[2], b[3])
        }
        _ => write!(out, "{value}"),
    };
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
    fn hostile_names_become_printable() {
        let mut out = String::new();
        bytes(b"PLC\x1b[31m\x00\x00", Render::Text, &mut out);
        assert_eq!(out, "PLC\\u{1b}[31m");
        bytes(&[0xc4, b'n'], Render::Text, &mut out);
        assert_eq!(out, "Än");
    }
}
