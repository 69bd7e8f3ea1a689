//! IEEE 802.11 data frames, with or without a radiotap header.

use super::{Decoded, ethernet};
use crate::bytes::after;

/// A radiotap header (radiotap.org): little-endian, its length in bytes 2 and 3.
pub(super) fn radiotap<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    let &[0, _, low, high, ..] = data else {
        return out.weird("truncated_radiotap_header");
    };
    let length = usize::from(u16::from_le_bytes([low, high]));
    let (Some(header), Some(mut frame)) = (data.get(..length), data.get(length..)) else {
        return out.weird("truncated_radiotap_header");
    };
    if length < 8 {
        return out.weird("truncated_radiotap_header");
    }
    let flags = radiotap_flags(header).unwrap_or(0);
    out.l2_payload = frame;
    if flags & 0x40 != 0 {
        return out.weird("bad_wlan_fcs");
    }
    // The check sequence is at the end of the frame, so it is only there when the frame is whole.
    if flags & 0x10 != 0 && !out.truncated {
        frame = frame.get(..frame.len().saturating_sub(4)).unwrap_or_default();
    }
    data_frame(frame, flags & 0x20 != 0, out);
}

/// The flags field: it follows the row of presence words and, aligned to 8 bytes, the time stamp.
fn radiotap_flags(header: &[u8]) -> Option<u8> {
    let word = |at: usize| {
        header
            .get(at..)?
            .first_chunk::<4>()
            .map(|b| u32::from_le_bytes(*b))
    };
    let present = word(4)?;
    let mut at = 4;
    while word(at)? & 0x8000_0000 != 0 {
        at += 4;
    }
    at += 4;
    if present & 1 != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    if present & 2 != 0 {
        header.get(at).copied()
    } else {
        None
    }
}

/// A bare 802.11 frame. Whether a check sequence follows is not told; what is inside brings its own length.
pub(super) fn frame<'a>(data: &'a [u8], out: &mut Decoded<'a>) {
    data_frame(data, false, out);
}

fn mac(data: &[u8], at: usize) -> Option<[u8; 6]> {
    data.get(at..)?.first_chunk::<6>().copied()
}

fn data_frame<'a>(data: &'a [u8], padded: bool, out: &mut Decoded<'a>) {
    out.l2_payload = data;
    let &[control, flags, ..] = data else {
        return out.weird("truncated_802_11_header");
    };
    let (kind, subtype) = ((control >> 2) & 3, control >> 4);
    if kind != 2 {
        if kind == 0 {
            // Management frames: receiver, sender.
            out.macs = mac(data, 10).zip(mac(data, 4));
        }
        return;
    }
    let (to_ds, from_ds) = (flags & 1 != 0, flags & 2 != 0);
    let four_addresses = to_ds && from_ds;
    let qos = subtype & 8 != 0;
    let mut length = 24;
    let (src, dst) = match (to_ds, from_ds) {
        (false, false) => (mac(data, 10), mac(data, 4)),
        (false, true) => (mac(data, 16), mac(data, 4)),
        (true, false) => (mac(data, 10), mac(data, 16)),
        (true, true) => (mac(data, 24), mac(data, 16)),
    };
    length += if four_addresses { 6 } else { 0 };
    let aggregated = qos && data.get(length).is_some_and(|b| b & 0x80 != 0);
    length += if qos { 2 } else { 0 };
    length += if qos && flags & 0x80 != 0 { 4 } else { 0 };
    if padded {
        length = length.next_multiple_of(4);
    }
    let (Some(macs), Some(body)) = (src.zip(dst), data.get(length..)) else {
        return out.weird("truncated_802_11_header");
    };
    out.macs = Some(macs);
    out.l2_payload = body;
    let (no_data, protected) = (subtype & 4 != 0, flags & 0x40 != 0);
    if no_data || protected {
        return;
    }
    if aggregated {
        first_of_aggregate(body, out)
    } else {
        ethernet::llc(body, 0, out)
    }
}

/// An aggregate (A-MSDU) holds several frames; the first one is taken.
fn first_of_aggregate<'a>(body: &'a [u8], out: &mut Decoded<'a>) {
    let Some((h, rest)) = body.split_first_chunk::<14>() else {
        return out.weird("truncated_802_11_header");
    };
    out.macs = mac(h, 6).zip(mac(h, 0));
    let length = usize::from(u16::from_be_bytes([h[12], h[13]]));
    ethernet::llc(rest.get(..length).unwrap_or_else(|| after(rest, 0)), 0, out);
}
