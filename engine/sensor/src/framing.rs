//! How messages are cut out of a byte stream.
//!
//! What a cut says of some bytes it says also when more of the stream is there, so that segments do not matter: only
//! `Need` may become something else.

use memchr::memmem;
use serde_json::Value;

/// A framing may ask for messages of so many bytes at most.
const MAX_MESSAGE: usize = 1 << 20;
/// After a loss, so many places are tried for a message of ours; then the direction is given up.
const MAX_REFUSED: u32 = 16_384;

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
    magic: Option<Magic>,
    /// Longer messages are read up to here, the rest is passed over (0: none are).
    keep: usize,
}

/// What stands at one place in every message.
#[derive(Debug, Clone)]
struct Magic {
    at: usize,
    /// Bytes of one choice.
    width: usize,
    /// The choices, one after the other.
    choices: Vec<u8>,
    /// The same as numbers, where they are of eight bytes at most: quicker to compare. Bytes that do not count are 0.
    words: Vec<u64>,
    /// The bytes that count of eight; 0 where a choice has more.
    mask: u64,
}

impl Magic {
    /// Whether the message may begin here, as far as it is there.
    #[inline]
    fn fits(&self, data: &[u8]) -> bool {
        let eight = data.get(self.at..).and_then(|there| there.first_chunk());
        if let (Some(bytes), true) = (eight, self.mask != 0) {
            return self.words.contains(&(u64::from_le_bytes(*bytes) & self.mask));
        }
        let there = data.get(self.at..).unwrap_or(&[]);
        let n = there.len().min(self.width);
        self.choices
            .chunks(self.width)
            .any(|choice| choice[..n] == there[..n])
    }

    /// The next place after the first where a message may begin.
    fn next(&self, data: &[u8]) -> usize {
        (1..data.len())
            .find(|&i| self.fits(&data[i..]))
            .unwrap_or(data.len())
    }
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
    /// Places that were tried since the loss, and held no message of ours.
    refused: u32,
}

impl Progress {
    /// Whether nothing was tried yet since the loss.
    pub fn is_fresh(&self) -> bool {
        self.refused == 0
    }

    /// What looked like a message was none, nor is there a body behind it.
    pub fn refuse(&mut self) {
        self.refused += 1;
        self.skip = if self.refused < MAX_REFUSED { 0 } else { u64::MAX };
    }

    /// A message of ours was found.
    pub fn found(&mut self) {
        self.refused = 0;
    }
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
        let framing = match value[0].as_str() {
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
            Some("Length") => {
                let magic = value[9].as_array().map(|m| magic(m)).transpose()?;
                Self::Length(Length {
                    header: number(1)?,
                    at: number(2)?,
                    width: number(3)?,
                    add: number(4)?,
                    times: number(5)?,
                    le: value[6].as_bool().unwrap_or(false),
                    // A message holds all of its magic: what follows it is not asked.
                    min: number(7)?.max(magic.as_ref().map_or(1, |m| m.at + m.width)),
                    max: number(8)?,
                    magic,
                    keep: value[10].as_u64().unwrap_or(0) as usize,
                })
            }
            _ => return Err(format!("no framing {}", value[0])),
        };
        match framing.longest() {
            1..=MAX_MESSAGE => Ok(framing),
            n => Err(format!(
                "framing: messages of {n} bytes; 1 to {MAX_MESSAGE} can be"
            )),
        }
    }

    /// The most bytes that it asks for.
    fn longest(&self) -> usize {
        match self {
            Self::Datagram | Self::Dnp3 => MAX_MESSAGE,
            Self::Length(Length { keep, max, .. }) if *keep == 0 => *max,
            Self::Length(Length { keep, .. }) => *keep,
            Self::Head { max, .. } | Self::Lines { max } => *max,
        }
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
            Self::Lines { max } => line(data, *max).map_or(Cut::Need, Cut::Frame),
            Self::Head {
                starts,
                end,
                length_header,
                max,
            } => head(data, starts, end, length_header, *max, progress),
        }
    }

    /// Where the next message may begin, when there is none of ours at the beginning of `data` (not empty).
    pub fn resync(&self, data: &[u8]) -> usize {
        match self {
            Self::Datagram => data.len(),
            Self::Dnp3 => (1..data.len())
                .find(|&i| !matches!(dnp3(&data[i..]), Cut::Invalid))
                .unwrap_or(data.len()),
            Self::Length(Length {
                magic: Some(magic), ..
            }) => magic.next(data),
            Self::Lines { max } => line(data, *max).unwrap_or(data.len()),
            Self::Length(_) | Self::Head { .. } => 1,
        }
    }

    pub fn is_datagram(&self) -> bool {
        matches!(self, Self::Datagram)
    }
}

impl Length {
    #[inline]
    fn next(&self, data: &[u8], progress: &mut Progress) -> Cut {
        if self.magic.as_ref().is_some_and(|magic| !magic.fits(data)) {
            return Cut::Invalid;
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

fn bytes(value: &Value) -> Vec<u8> {
    value
        .as_array()
        .map(|a| a.iter().filter_map(|b| b.as_u64().map(|b| b as u8)).collect())
        .unwrap_or_default()
}

/// An offset, then the choices of bytes that may stand there.
fn magic(list: &[Value]) -> Result<Magic, String> {
    let choices: Vec<Vec<u8>> = list.iter().skip(1).map(bytes).collect();
    let width = choices.first().map_or(0, Vec::len);
    if width == 0 || choices.iter().any(|c| c.len() != width) {
        return Err("framing: the choices of magic must be of one length".into());
    }
    let word = |choice: &Vec<u8>| {
        choice
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte))
    };
    let short = width <= 8;
    Ok(Magic {
        at: list[0].as_u64().unwrap_or(0) as usize,
        width,
        words: choices.iter().filter(|_| short).map(word).collect(),
        mask: if short { u64::MAX >> (64 - 8 * width) } else { 0 },
        choices: choices.concat(),
    })
}

/// Bytes of a line with its end; one that is too long is cut.
fn line(data: &[u8], max: usize) -> Option<usize> {
    match memchr::memchr(b'\n', data.get(..max).unwrap_or(data)) {
        Some(i) => Some(i + 1),
        None => (data.len() >= max).then_some(max),
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
    // A body of unknown length: on to the next start. Where one may begin in what is there is a new question.
    let next = starts.iter().filter_map(|s| memmem::find(data, s)).min();
    let longest = starts.iter().map(Vec::len).max().unwrap_or(1);
    let sure = (data.len() + 1).saturating_sub(longest).max(1);
    Cut::Skip(next.map_or(sure, |i| i.min(sure)))
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
mod tests;
