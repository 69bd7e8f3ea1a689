//! How messages are cut out of a byte stream.

use memchr::memmem;
use serde_json::Value;

#[derive(Debug, Clone)]
pub enum Framing {
    Datagram,
    Length(Length),
    Dnp3,
    Head {
        starts: Vec<Vec<u8>>,
        end: Vec<u8>,
        length_header: Vec<u8>,
        max: usize,
    },
    Lines {
        max: usize,
    },
}

#[derive(Debug, Clone)]
pub struct Length {
    header: usize,
    at: usize,
    width: usize,
    add: usize,
    times: usize,
    le: bool,
    min: usize,
    max: usize,
    magic: Option<(usize, Vec<u8>)>,
    /// Longer messages are read up to here, the rest is passed over (0: none are).
    keep: usize,
}

/// What the next bytes of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Not enough bytes to tell.
    Need,
    /// A message of this many bytes, all there.
    Frame(usize),
    /// Bytes that belong to no message (a body).
    Skip(usize),
    /// Not this protocol's framing.
    Invalid,
}

/// What a direction must remember between messages.
#[derive(Debug, Default, Clone)]
pub struct Progress {
    /// Bytes of a body still to be skipped.
    skip: u64,
}

impl Framing {
    /// Reads the list that `compile.py` makes.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let number = |i: usize| {
            value[i]
                .as_u64()
                .map(|v| v as usize)
                .ok_or(format!("framing: number expected at {i}"))
        };
        let bytes = |v: &Value| -> Vec<u8> {
            v.as_array()
                .map(|a| a.iter().filter_map(|b| b.as_u64().map(|b| b as u8)).collect())
                .unwrap_or_default()
        };
        Ok(match value[0].as_str() {
            Some("Datagram") => Self::Datagram,
            Some("Dnp3Link") => Self::Dnp3,
            Some("Lines") => Self::Lines { max: number(1)? },
            Some("Head") => Self::Head {
                starts: value[1]
                    .as_array()
                    .map(|a| a.iter().map(bytes).collect())
                    .unwrap_or_default(),
                end: bytes(&value[2]),
                length_header: bytes(&value[3]),
                max: number(4)?,
            },
            Some("Length") => Self::Length(Length {
                header: number(1)?,
                at: number(2)?,
                width: number(3)?,
                add: number(4)?,
                times: number(5)?,
                le: value[6].as_bool().unwrap_or(false),
                min: number(7)?,
                max: number(8)?,
                magic: value[9]
                    .as_array()
                    .map(|m| (m[0].as_u64().unwrap_or(0) as usize, bytes(&m[1]))),
                keep: value[10].as_u64().unwrap_or(0) as usize,
            }),
            _ => return Err(format!("no framing {}", value[0])),
        })
    }

    /// The next cut at the beginning of `data` (not empty).
    #[inline]
    pub fn next(&self, data: &[u8], progress: &mut Progress) -> Cut {
        if progress.skip > 0 {
            let n = progress.skip.min(data.len() as u64);
            progress.skip -= n;
            return Cut::Skip(n as usize);
        }
        match self {
            Self::Datagram => Cut::Frame(data.len()),
            Self::Length(length) => length.next(data, progress),
            Self::Dnp3 => dnp3(data),
            Self::Lines { max } => match memchr::memchr(b'\n', data.get(..*max).unwrap_or(data)) {
                Some(i) => Cut::Frame(i + 1),
                None if data.len() >= *max => Cut::Frame(*max),
                None => Cut::Need,
            },
            Self::Head {
                starts,
                end,
                length_header,
                max,
            } => head(data, starts, end, length_header, *max, progress),
        }
    }

    /// Where the next message may begin after garbage, if messages begin with something to look for.
    pub fn resync(&self, data: &[u8]) -> Option<usize> {
        let magic = match self {
            Self::Dnp3 => &[0x05, 0x64][..],
            Self::Length(Length {
                magic: Some((0, magic)),
                ..
            }) => magic,
            _ => return None,
        };
        memmem::find(data.get(1..)?, magic).map(|i| i + 1)
    }

    pub fn is_datagram(&self) -> bool {
        matches!(self, Self::Datagram)
    }
}

impl Length {
    #[inline]
    fn next(&self, data: &[u8], progress: &mut Progress) -> Cut {
        if let Some((at, magic)) = &self.magic {
            let there = data.get(*at..).unwrap_or(&[]);
            let n = there.len().min(magic.len());
            if there[..n] != magic[..n] {
                return Cut::Invalid;
            }
        }
        let Some(field) = data.get(self.at..self.at + self.width) else {
            return Cut::Need;
        };
        let mut value = 0usize;
        if self.le {
            for &b in field.iter().rev() {
                value = value << 8 | b as usize;
            }
        } else {
            for &b in field {
                value = value << 8 | b as usize;
            }
        }
        let total = value.saturating_mul(self.times).saturating_add(self.add);
        if total < self.min || total > self.max {
            Cut::Invalid
        } else if self.keep > 0 && total > self.keep && data.len() >= self.keep {
            progress.skip = (total - self.keep) as u64;
            Cut::Frame(self.keep)
        } else if data.len() < total.max(self.header) {
            Cut::Need
        } else {
            Cut::Frame(total)
        }
    }
}

/// IEEE 1815 9.2: start octets, length (control to the end of user data), then blocks with a CRC each.
fn dnp3(data: &[u8]) -> Cut {
    match data {
        [0x05] => Cut::Need,
        [0x05, 0x64] => Cut::Need,
        [0x05, 0x64, length, ..] => {
            let Some(user) = (*length as usize).checked_sub(5) else {
                return Cut::Invalid;
            };
            let total = 10 + user + user.div_ceil(16) * 2;
            if data.len() < total {
                Cut::Need
            } else {
                Cut::Frame(total)
            }
        }
        _ => Cut::Invalid,
    }
}

fn head(
    data: &[u8],
    starts: &[Vec<u8>],
    end: &[u8],
    length: &[u8],
    max: usize,
    progress: &mut Progress,
) -> Cut {
    let begins = starts.iter().any(|s| data.starts_with(s));
    if begins {
        return match memmem::find(data.get(..max).unwrap_or(data), end) {
            Some(i) => {
                let total = i + end.len();
                progress.skip = body_length(&data[..total], length);
                Cut::Frame(total)
            }
            None if data.len() >= max => Cut::Invalid,
            None => Cut::Need,
        };
    }
    if starts.iter().any(|s| s.starts_with(data)) {
        return Cut::Need;
    }
    // A body of unknown length: on to the next start, wherever the segments are cut.
    let next = starts.iter().filter_map(|s| memmem::find(data, s)).min();
    let longest = starts.iter().map(Vec::len).max().unwrap_or(1);
    match next {
        Some(i) => Cut::Skip(i),
        None if data.len() < longest => Cut::Need,
        None => Cut::Skip(data.len() + 1 - longest),
    }
}

fn body_length(head: &[u8], name: &[u8]) -> u64 {
    header_value(head, name)
        .and_then(|v| std::str::from_utf8(v).ok())
        .and_then(|v| v.trim().parse().ok())
        .unwrap_or(0)
}

/// The trimmed value of a header line, ASCII case ignored (RFC 9110 5.1).
pub fn header_value<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    for line in head.split(|&b| b == b'\n') {
        if let Some((key, rest)) = line.split_at_checked(name.len())
            && key.eq_ignore_ascii_case(name)
            && rest.first() == Some(&b':')
        {
            return Some(rest[1..].trim_ascii());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dnp3_length_counts_crcs() {
        let mut frame = vec![0x05, 0x64, 5 + 17];
        frame.resize(10 + 17 + 4, 0);
        assert_eq!(dnp3(&frame), Cut::Frame(31));
        assert_eq!(dnp3(&frame[..30]), Cut::Need);
        assert_eq!(dnp3(&[0x05, 0x64, 4]), Cut::Invalid);
    }

    #[test]
    fn a_body_without_length_is_passed_over_to_the_next_head() {
        let starts = vec![b"HTTP/1.".to_vec()];
        let framing = Framing::Head {
            starts,
            end: b"\r\n\r\n".to_vec(),
            length_header: b"content-length".to_vec(),
            max: 1000,
        };
        let mut progress = Progress::default();
        let stream = b"xxxxxxxxxxHTTP/1.1 200 OK\r\n\r\n";
        assert_eq!(framing.next(stream, &mut progress), Cut::Skip(10));
        assert_eq!(framing.next(&stream[10..], &mut progress), Cut::Frame(19));
        assert_eq!(framing.next(b"xHTT", &mut progress), Cut::Need);
    }

    #[test]
    fn header_names_ignore_case() {
        assert_eq!(
            header_value(b"GET / HTTP/1.1\r\nHOST:  plc \r\n", b"host"),
            Some(&b"plc"[..])
        );
        assert_eq!(header_value(b"GET /\r\nhostile: x\r\n", b"host"), None);
    }
}
