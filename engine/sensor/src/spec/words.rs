//! Single values and words of the tables.

use serde_json::Value;

use super::{Result, SpecError, wrong};
use crate::ops::{Ask, Bin, Kind, Role};
use crate::text::Render;

pub(super) fn list(value: &Value) -> Result<&Vec<Value>> {
    value
        .as_array()
        .ok_or_else(|| SpecError(format!("expected a list, not {value}")))
}

pub(super) fn int(value: &Value) -> Result<i64> {
    value
        .as_i64()
        .or_else(|| value.as_u64().map(|v| v as i64))
        .ok_or_else(|| SpecError(format!("expected a number, not {value}")))
}

pub(super) fn text_of(value: &Value) -> Result<&str> {
    value
        .as_str()
        .ok_or_else(|| SpecError(format!("expected text, not {value}")))
}

pub(super) fn bytes_of(value: &Value) -> Result<Box<[u8]>> {
    list(value)?.iter().map(|v| int(v).map(|n| n as u8)).collect()
}

pub(super) fn width(value: &Value) -> Result<u8> {
    match int(value)? {
        w @ 1..=8 => Ok(w as u8),
        w => wrong(format!("a number has 1 to 8 bytes, not {w}")),
    }
}

pub(super) fn role(value: &Value) -> Result<Role> {
    Ok(match text_of(value)? {
        "request" => Role::Request,
        "response" => Role::Response,
        "report" => Role::Report,
        "notify" => Role::Notify,
        other => return wrong(format!("no role {other}")),
    })
}

pub(super) fn value_kind(text: &str) -> Result<Kind> {
    let bits = |t: &str| {
        t.parse::<u8>()
            .ok()
            .filter(|b| b % 8 == 0 && *b <= 64)
            .map(|b| b / 8)
    };
    match (text, text.split_at_checked(1)) {
        ("bit", _) => Ok(Kind::Bit),
        ("f32", _) => Ok(Kind::F32),
        ("f64", _) => Ok(Kind::F64),
        (_, Some(("u", n))) if bits(n).is_some_and(|w| w > 0) => Ok(Kind::Unsigned(bits(n).unwrap_or(1))),
        (_, Some(("i", n))) if bits(n).is_some_and(|w| w > 0) => Ok(Kind::Signed(bits(n).unwrap_or(1))),
        _ => wrong(format!("no value kind {text}")),
    }
}

pub(super) fn render(text: &str, fallback: &str) -> Result<Render> {
    Ok(match (text, fallback) {
        ("text", _) => Render::Text,
        ("utf16le", _) => Render::Utf16Le,
        ("hex", _) => Render::Hex,
        ("mac", _) => Render::Mac,
        ("ip4", _) => Render::Ip4,
        ("ip", _) => Render::Ip,
        ("oid", _) => Render::Oid,
        ("netbios", _) => Render::Netbios,
        ("hex2", _) | ("", "hex2") => Render::HexNumber(2),
        ("hex4", _) | ("", "hex4") => Render::HexNumber(4),
        ("hex8", _) | ("", "hex8") => Render::HexNumber(8),
        ("dec" | "", _) => Render::Dec,
        (other, _) => return wrong(format!("no rendering {other}")),
    })
}

pub(super) fn binary(text: &str) -> Result<Bin> {
    Ok(match text {
        "+" => Bin::Add,
        "-" => Bin::Sub,
        "*" => Bin::Mul,
        "/" => Bin::Div,
        "%" => Bin::Mod,
        "&" => Bin::And,
        "|" => Bin::Or,
        "^" => Bin::Xor,
        "<<" => Bin::Shl,
        ">>" => Bin::Shr,
        "<" => Bin::Lt,
        "<=" => Bin::Le,
        ">" => Bin::Gt,
        ">=" => Bin::Ge,
        "==" => Bin::Eq,
        "!=" => Bin::Ne,
        other => return wrong(format!("no operator {other}")),
    })
}

pub(super) fn ask(text: &str) -> Result<Ask> {
    Ok(match text {
        "left" => Ask::Left,
        "size" => Ask::Size,
        "pos" => Ask::Pos,
        "from_orig" => Ask::FromOrig,
        "on_port" => Ask::OnPort,
        "to_port" => Ask::ToPort,
        "dst_port" => Ask::DstPort,
        "src_port" => Ask::SrcPort,
        "is_response" => Ask::IsResponse,
        "item" => Ask::Item,
        "ethertype" => Ask::EtherType,
        other => return wrong(format!("nothing to ask about {other}")),
    })
}
