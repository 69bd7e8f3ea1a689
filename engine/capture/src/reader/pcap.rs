//! The classic format (draft-ietf-opsawg-pcap): a file header of 24 bytes, then records.

use super::source::Source;
use super::{Damage, Interface, LinkType, MAX_PACKET, Notes, RESYNC_BYTES, Record};

const HEADER: usize = 16;
const DAY: u32 = 86_400;

/// Reads records; the byte order and the unit of time are those of the file's magic number.
#[derive(Debug)]
pub(super) struct Pcap {
    swapped: bool,
    /// Nanoseconds in the unit of the second time field.
    unit_ns: u32,
    /// Units in a second.
    units: u32,
    snaplen: u32,
    linktype: LinkType,
    /// Bytes between the usual record header and the data: 8 in Kuznetzov's variant.
    extra: usize,
    /// Seconds of the last good record.
    last: Option<u32>,
}

#[derive(Clone, Copy)]
struct Header {
    sec: u32,
    frac: u32,
    caplen: u32,
    origlen: u32,
}

/// Whether the magic number is in the other byte order, the file's unit of time in ns, and extra header bytes.
fn magic(data: &[u8]) -> Option<(bool, u32, usize)> {
    let magic = u32::from_le_bytes(*data.first_chunk::<4>()?);
    let known = |m| match m {
        0xa1b2_c3d4 => Some((1000, 0)),
        0xa1b2_3c4d => Some((1, 0)),
        0xa1b2_cd34 => Some((1000, 8)),
        _ => None,
    };
    let with = |swapped| move |(unit, extra)| (swapped, unit, extra);
    known(magic)
        .map(with(false))
        .or_else(|| known(magic.swap_bytes()).map(with(true)))
}

impl Pcap {
    pub(super) fn recognises(data: &[u8]) -> bool {
        magic(data).is_some()
    }

    /// Reads the file header; `None` when it is cut short.
    pub(super) fn new(source: &mut Source, notes: &mut Notes) -> Option<Self> {
        let data = source.available().first_chunk::<24>()?;
        let (swapped, unit_ns, extra) = magic(data)?;
        let word = |at: usize| {
            let b = data.get(at..)?.first_chunk::<4>()?;
            Some(if swapped {
                u32::from_be_bytes(*b)
            } else {
                u32::from_le_bytes(*b)
            })
        };
        let (snaplen, network) = (word(16)?, word(20)?);
        // The upper half tells the length of a frame check sequence.
        let linktype = LinkType((network & 0xffff) as u16);
        notes.interfaces.push(Interface {
            linktype,
            snaplen,
            ..Interface::default()
        });
        source.consume(24);
        let snaplen = if snaplen == 0 {
            MAX_PACKET
        } else {
            snaplen.min(MAX_PACKET)
        };
        Some(Self {
            swapped,
            unit_ns,
            units: 1_000_000_000 / unit_ns,
            snaplen,
            linktype,
            extra,
            last: None,
        })
    }

    #[inline]
    fn header(&self, b: &[u8; HEADER]) -> Header {
        let word = |a, b, c, d| {
            let le = u32::from_le_bytes([a, b, c, d]);
            if self.swapped { le.swap_bytes() } else { le }
        };
        Header {
            sec: word(b[0], b[1], b[2], b[3]),
            frac: word(b[4], b[5], b[6], b[7]),
            caplen: word(b[8], b[9], b[10], b[11]),
            origlen: word(b[12], b[13], b[14], b[15]),
        }
    }

    fn header_at(&self, data: &[u8], at: usize) -> Option<Header> {
        data.get(at..)?.first_chunk::<HEADER>().map(|b| self.header(b))
    }

    /// All that a well-made record header obeys. (All zero is what a hole in a file looks like.)
    #[inline]
    fn well_made(&self, h: &Header) -> bool {
        h.caplen <= self.snaplen && h.caplen <= h.origlen && h.frac < self.units && (h.origlen | h.sec) != 0
    }

    /// Within a day of the last record.
    #[inline]
    fn near_last(&self, h: &Header) -> bool {
        self.last.is_none_or(|last| last.abs_diff(h.sec) <= DAY)
    }

    #[inline]
    fn take(&mut self, h: &Header, source: &mut Source) -> Record {
        let before = HEADER + self.extra;
        let record = Record {
            start: source.position() + before,
            len: h.caplen as usize,
            ts_ns: i64::from(h.sec) * 1_000_000_000 + i64::from(h.frac) * i64::from(self.unit_ns),
            origlen: h.origlen.max(h.caplen),
            linktype: self.linktype,
            interface: 0,
        };
        self.last = Some(h.sec);
        source.consume(before + record.len);
        record
    }

    /// The next record. Well-made ones that lie in the buffer go straight through.
    #[inline]
    pub(super) fn next(&mut self, source: &mut Source) -> Result<Option<Record>, Damage> {
        if let Some((b, rest)) = source.available().split_first_chunk::<HEADER>() {
            let h = self.header(b);
            if self.well_made(&h) && self.near_last(&h) && rest.len() >= self.extra + h.caplen as usize {
                return Ok(Some(self.take(&h, source)));
            }
        }
        self.next_with_care(source)
    }

    #[inline(never)]
    fn next_with_care(&mut self, source: &mut Source) -> Result<Option<Record>, Damage> {
        let before = HEADER + self.extra;
        let have = source.ensure(before);
        if have == 0 {
            return Ok(None);
        }
        let at_byte = source.offset();
        let Some(h) = self.header_at(source.available(), 0).filter(|_| have >= before) else {
            return Err(Damage {
                at_byte,
                what: "the last packet's header is cut short",
                end: true,
            });
        };
        if h.caplen <= MAX_PACKET {
            let size = before + h.caplen as usize;
            let whole = source.ensure(size) >= size;
            let usual = self.well_made(&h) && self.near_last(&h);
            if whole && (usual || self.followed(&h, size, source)) {
                return Ok(Some(self.take(&h, source)));
            }
            if usual {
                source.consume(usize::MAX);
                return Err(Damage {
                    at_byte,
                    what: "the last packet is cut short",
                    end: true,
                });
            }
        }
        Err(self.resync(at_byte, source))
    }

    /// Whether an odd record is made likely by what comes after it: the end, or another record.
    fn followed(&self, h: &Header, size: usize, source: &mut Source) -> bool {
        // Nothing at no time, or an odd header for not a byte, is no packet, whatever follows.
        if (h.origlen | h.sec) == 0 || h.caplen == 0 {
            return false;
        }
        source.ensure(size + HEADER);
        match self.header_at(source.available(), size) {
            None => true,
            Some(f) => {
                let near =
                    f.sec.abs_diff(h.sec) <= DAY && f.caplen <= MAX_PACKET && (f.caplen | f.origlen) > 0;
                self.well_made(&f) || near
            }
        }
    }

    /// Looks for the next record after damage, and leaves the source there.
    fn resync(&self, at_byte: u64, source: &mut Source) -> Damage {
        let limit = at_byte + RESYNC_BYTES;
        source.consume(1);
        while source.offset() < limit {
            let have = source.ensure(HEADER);
            if have < HEADER {
                break;
            }
            let data = source.available();
            let found = data
                .windows(HEADER)
                .position(|w| w.first_chunk().is_some_and(|b| self.likely(&self.header(b))));
            match found {
                None => source.consume(have - HEADER + 1),
                Some(n) => {
                    source.consume(n);
                    if source.offset() < limit && self.surely_here(source) {
                        return Damage {
                            at_byte,
                            what: "bytes that are no packet were stepped over",
                            end: false,
                        };
                    }
                    source.consume(1);
                }
            }
        }
        Damage {
            at_byte,
            what: "what follows is no packet; the rest of the file was not read",
            end: true,
        }
    }

    fn likely(&self, h: &Header) -> bool {
        h.caplen > 0 && self.well_made(h) && self.near_last(h)
    }

    /// Whether a likely record is followed by another one, or by the end.
    fn surely_here(&self, source: &mut Source) -> bool {
        let Some(h) = self.header_at(source.available(), 0) else {
            return false;
        };
        let size = HEADER + self.extra + h.caplen as usize;
        let have = source.ensure(size + HEADER);
        match self.header_at(source.available(), size) {
            Some(f) => self.well_made(&f) && f.sec.abs_diff(h.sec) <= DAY,
            None => have == size,
        }
    }
}
