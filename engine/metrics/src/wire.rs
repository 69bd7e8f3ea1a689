//! The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): fields one after the other.

/// What a field holds, as it stands on the wire.
#[derive(Debug, Clone, Copy)]
pub enum Held<'a> {
    Varint(u64),
    Eight(u64),
    Four(u32),
    Bytes(&'a [u8]),
}

/// The next field of a message, which `data` then is behind: its number, and what it holds. None where there is no whole
/// field, or a group, which nobody has used for years.
pub fn field<'a>(data: &mut &'a [u8]) -> Option<(u64, Held<'a>)> {
    let head = varint(data)?;
    let held = match head & 7 {
        0 => Held::Varint(varint(data)?),
        1 => Held::Eight(u64::from_le_bytes(*taken(data)?)),
        2 => {
            let length = usize::try_from(varint(data)?).ok()?;
            let (bytes, rest) = data.split_at_checked(length)?;
            *data = rest;
            Held::Bytes(bytes)
        }
        5 => Held::Four(u32::from_le_bytes(*taken(data)?)),
        _ => return None,
    };
    let number = head >> 3;
    (number > 0 && u32::try_from(head).is_ok()).then_some((number, held))
}

fn taken<'a, const N: usize>(data: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (bytes, rest) = data.split_first_chunk::<N>()?;
    *data = rest;
    Some(bytes)
}

fn varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (at, &byte) in data.iter().take(10).enumerate() {
        if at == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *data = &data[at + 1..];
            return Some(value);
        }
    }
    None
}
