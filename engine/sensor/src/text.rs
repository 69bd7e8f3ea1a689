//! How numbers and bytes become text.

use std::fmt::Write;

use crate::spec::Render;

/// Bytes as text: UTF-8, or Latin-1 where they are not; control characters escaped, padding trimmed.
pub fn bytes(value: &[u8], render: Render, out: &mut String) {
    out.clear();
    match render {
        Render::Utf16Le => {
            let units = value.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
            let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
            push_clean(&text, out);
        }
        Render::Hex => hex(value, out),
        Render::Mac if value.len() == 6 => {
            for (i, b) in value.iter().enumerate() {
                let _ = write!(out, "{}{b:02x}", if i > 0 { ":" } else { "" });
            }
        }
        Render::Ip4 if value.len() == 4 => {
            let _ = write!(out, "{}.{}.{}.{}", value[0], value[1], value[2], value[3]);
        }
        _ => match std::str::from_utf8(value) {
            Ok(text) => push_clean(text, out),
            Err(_) => push_clean(&value.iter().map(|&b| b as char).collect::<String>(), out),
        },
    }
}

fn push_clean(text: &str, out: &mut String) {
    for c in text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
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
            write!(out, "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", b[2], b[3], b[4], b[5], b[6], b[7])
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
