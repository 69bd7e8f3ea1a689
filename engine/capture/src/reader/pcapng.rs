//! pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each with its length before and behind.

use super::source::Source;
use super::{
    Comment, Damage, Interface, LinkType, MAX_COMMENTS, MAX_INTERFACES, MAX_PACKET, MAX_TEXT, Notes,
    RESYNC_BYTES, Record,
};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const PACKET: u32 = 6;

/// The longest block that is looked into.
const MAX_BLOCK: usize = 512 * 1024;
/// The longest block that is stepped over.
const MAX_SKIPPED: u32 = 256 * 1024 * 1024;

/// What the timestamps of an interface mean.
#[derive(Clone, Copy, Debug)]
struct Clock {
    unit: Unit,
    /// Added to each timestamp, in ns.
    offset_ns: i64,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    /// So many nanoseconds.
    Times(u64),
    /// So many of them make a nanosecond.
    Parts(u64),
    /// 2 to the power of -n seconds.
    Binary(u8),
}

impl Clock {
    /// From an `if_tsresol` byte: a power of 10, or of 2 with the high bit set.
    fn unit(resolution: u8) -> Unit {
        let power = u32::from(resolution & 0x7f);
        match power {
            _ if resolution & 0x80 != 0 => Unit::Binary(resolution & 0x7f),
            0..=9 => Unit::Times(10u64.pow(9 - power)),
            _ => Unit::Parts(10u64.checked_pow(power - 9).unwrap_or(u64::MAX)),
        }
    }

    #[inline]
    fn ns(&self, ticks: u64) -> i64 {
        let ns = match self.unit {
            Unit::Times(n) => ticks.saturating_mul(n),
            Unit::Parts(n) => ticks / n.max(1),
            Unit::Binary(n) => u64::try_from((u128::from(ticks) * 1_000_000_000) >> n).unwrap_or(u64::MAX),
        };
        i64::try_from(ns)
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset_ns)
    }
}

/// What is needed of an interface for each of its packets.
#[derive(Clone, Copy, Debug)]
struct Port {
    linktype: LinkType,
    snaplen: u32,
    clock: Clock,
}

/// Reads blocks; byte order and interfaces are those of the current section.
#[derive(Debug, Default)]
pub(super) struct PcapNg {
    big_endian: bool,
    ports: Vec<Port>,
    /// Number of the section's first interface in the file.
    first_port: u32,
}

/// Numbers in a section's byte order.
#[derive(Clone, Copy)]
struct Block<'a> {
    data: &'a [u8],
    big_endian: bool,
}

impl<'a> Block<'a> {
    #[inline]
    fn u16(self, at: usize) -> Option<u16> {
        let b = *self.data.get(at..)?.first_chunk::<2>()?;
        Some(if self.big_endian {
            u16::from_be_bytes(b)
        } else {
            u16::from_le_bytes(b)
        })
    }

    #[inline]
    fn u32(self, at: usize) -> Option<u32> {
        let b = *self.data.get(at..)?.first_chunk::<4>()?;
        Some(if self.big_endian {
            u32::from_be_bytes(b)
        } else {
            u32::from_le_bytes(b)
        })
    }

    fn u64(self, at: usize) -> Option<u64> {
        let b = *self.data.get(at..)?.first_chunk::<8>()?;
        Some(if self.big_endian {
            u64::from_be_bytes(b)
        } else {
            u64::from_le_bytes(b)
        })
    }

    /// The options from `at` on, up to the length behind the block.
    fn options(self, mut at: usize) -> impl Iterator<Item = (u16, Block<'a>)> {
        std::iter::from_fn(move || {
            let (code, len) = (self.u16(at)?, usize::from(self.u16(at + 2)?));
            let end = at + 4 + len;
            if code == 0 || end + 4 > self.data.len() {
                return None;
            }
            let data = self.data.get(at + 4..end)?;
            at = end.next_multiple_of(4);
            Some((code, Block { data, ..self }))
        })
    }

    fn text(self) -> String {
        String::from_utf8_lossy(self.data.get(..MAX_TEXT).unwrap_or(self.data)).into_owned()
    }
}

/// Byte order of a section header: whether it is big-endian.
fn section_order(data: &[u8]) -> Option<bool> {
    match *data.get(8..)?.first_chunk::<4>()? {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(true),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(false),
        _ => None,
    }
}

/// What a packet block says, and how many bytes into the block the packet lies.
struct Packet {
    port: u32,
    ticks: Option<u64>,
    caplen: u32,
    origlen: u32,
    at: usize,
}

impl PcapNg {
    pub(super) fn recognises(data: &[u8]) -> bool {
        data.starts_with(&SECTION.to_be_bytes()) && section_order(data).is_some()
    }

    /// The next packet; other blocks on the way to it are taken in or stepped over.
    #[inline]
    pub(super) fn next(
        &mut self,
        source: &mut Source,
        notes: &mut Notes,
        number: u64,
    ) -> Result<Option<Record>, Damage> {
        loop {
            let have = source.ensure(12);
            if have == 0 {
                return Ok(None);
            }
            let at_byte = source.offset();
            if have < 12 {
                return Err(Damage {
                    at_byte,
                    what: "the last block is cut short",
                    end: true,
                });
            }
            let Some(size) = self.whole_block(source) else {
                if self.stepped_over(source) {
                    continue;
                }
                return Err(self.resync(at_byte, source));
            };
            let start = source.position();
            let block = Block {
                data: source.slice(start, size),
                big_endian: self.big_endian,
            };
            let kind = block.u32(0).unwrap_or(0);
            let packet = match kind {
                PACKET | OLD_PACKET | SIMPLE_PACKET => self.packet(kind, block, notes, number),
                _ => self.other(kind, block, notes),
            };
            source.consume(size);
            match packet {
                Ok(Some((packet, port))) => {
                    return Ok(Some(Record {
                        start: start + packet.at,
                        len: packet.caplen as usize,
                        ts_ns: packet.ticks.map_or(0, |t| port.clock.ns(t)),
                        origlen: packet.origlen.max(packet.caplen),
                        linktype: port.linktype,
                        interface: self.first_port.saturating_add(packet.port),
                    }));
                }
                Ok(None) => {}
                Err(what) => {
                    return Err(Damage {
                        at_byte,
                        what,
                        end: false,
                    });
                }
            }
        }
    }

    /// The size of the block at the front, when it is whole, looks right and fits the buffer. A section header sets
    /// the byte order.
    #[inline]
    fn whole_block(&mut self, source: &mut Source) -> Option<usize> {
        let data = source.available();
        let mut block = Block {
            data,
            big_endian: self.big_endian,
        };
        if block.u32(0)? == SECTION {
            block.big_endian = section_order(data)?;
        }
        let size = usize::try_from(block.u32(4)?)
            .ok()
            .filter(|n| (12..=MAX_BLOCK).contains(n) && n % 4 == 0)?;
        let big_endian = block.big_endian;
        if source.ensure(size) < size {
            return None;
        }
        let behind = Block {
            data: source.available(),
            big_endian,
        }
        .u32(size - 4)?;
        if behind as usize != size {
            return None;
        }
        self.big_endian = big_endian;
        Some(size)
    }

    /// Steps over a block that is too long for the buffer and holds no packet.
    fn stepped_over(&self, source: &mut Source) -> bool {
        let block = Block {
            data: source.available(),
            big_endian: self.big_endian,
        };
        let (Some(kind), Some(size)) = (block.u32(0), block.u32(4)) else {
            return false;
        };
        // Names, systemd journal, secrets, custom blocks.
        let known = matches!(kind, 4 | 9 | 10 | 0x0bad | 0x4000_0bad);
        known
            && size as usize > MAX_BLOCK
            && size <= MAX_SKIPPED
            && size % 4 == 0
            && source.skip(u64::from(size))
    }

    #[inline]
    fn packet(
        &self,
        kind: u32,
        block: Block<'_>,
        notes: &mut Notes,
        number: u64,
    ) -> Result<Option<(Packet, Port)>, &'static str> {
        const SHORT: &str = "a packet block is too short";
        let packet = match kind {
            SIMPLE_PACKET => self.simple(block),
            _ => timed(kind, block),
        };
        let packet = packet.ok_or(SHORT)?;
        let port = self
            .ports
            .get(packet.port as usize)
            .ok_or("a packet names an interface that is not described")?;
        if packet.caplen > MAX_PACKET || packet.at + packet.caplen as usize + 4 > block.data.len() {
            return Err("a packet is longer than its block");
        }
        let options = packet.at + (packet.caplen as usize).next_multiple_of(4);
        if kind != SIMPLE_PACKET && options + 4 < block.data.len() {
            comments(block, options, Some(number + 1), notes);
        }
        Ok(Some((packet, *port)))
    }

    /// A simple packet: no time, the first interface, cut at that interface's limit.
    fn simple(&self, block: Block<'_>) -> Option<Packet> {
        let origlen = block.u32(8)?;
        let limit = self.ports.first().map_or(0, |p| p.snaplen);
        let room = u32::try_from(block.data.len().checked_sub(16)?).ok()?;
        let caplen = origlen.min(room).min(if limit == 0 { u32::MAX } else { limit });
        Some(Packet {
            port: 0,
            ticks: None,
            caplen,
            origlen,
            at: 12,
        })
    }

    /// A block without a packet.
    fn other<T>(
        &mut self,
        kind: u32,
        block: Block<'_>,
        notes: &mut Notes,
    ) -> Result<Option<T>, &'static str> {
        match kind {
            SECTION => {
                self.ports.clear();
                self.first_port = u32::try_from(notes.interfaces.len()).unwrap_or(u32::MAX);
                comments(block, 24, None, notes);
            }
            INTERFACE => self.interface(block, notes)?,
            STATISTICS => self.statistics(block, notes),
            _ => {}
        }
        Ok(None)
    }

    fn interface(&mut self, block: Block<'_>, notes: &mut Notes) -> Result<(), &'static str> {
        let (Some(linktype), Some(snaplen)) =
            (block.u16(8), block.u32(12).filter(|_| block.data.len() >= 20))
        else {
            return Err("an interface block is too short");
        };
        if notes.interfaces.len() >= MAX_INTERFACES {
            return Err("there are too many interfaces; the packets of the others are not read");
        }
        let linktype = LinkType(linktype);
        let mut clock = Clock {
            unit: Unit::Times(1000),
            offset_ns: 0,
        };
        let mut interface = Interface {
            linktype,
            snaplen,
            ..Interface::default()
        };
        for (code, value) in block.options(16) {
            match code {
                2 => interface.name = Some(value.text()),
                3 => interface.description = Some(value.text()),
                9 => clock.unit = value.data.first().map_or(clock.unit, |r| Clock::unit(*r)),
                14 => {
                    let seconds = value.u64(0).map_or(0, u64::cast_signed);
                    clock.offset_ns = seconds.saturating_mul(1_000_000_000);
                }
                _ => {}
            }
        }
        comments(block, 16, None, notes);
        notes.interfaces.push(interface);
        self.ports.push(Port {
            linktype,
            snaplen,
            clock,
        });
        Ok(())
    }

    /// The last statistics of an interface count from its beginning, so they replace earlier ones.
    fn statistics(&self, block: Block<'_>, notes: &mut Notes) {
        let Some(port) = block.u32(8).filter(|p| (*p as usize) < self.ports.len()) else {
            return;
        };
        let drops = block
            .options(20)
            .find(|(code, _)| *code == 5)
            .and_then(|(_, value)| value.u64(0));
        let at = self.first_port.saturating_add(port) as usize;
        if let (Some(drops), Some(interface)) = (drops, notes.interfaces.get_mut(at)) {
            interface.drops = Some(drops);
        }
    }

    /// Looks for the next block after damage, and leaves the source there.
    fn resync(&mut self, at_byte: u64, source: &mut Source) -> Damage {
        let limit = at_byte + RESYNC_BYTES;
        source.consume(1);
        while source.offset() < limit {
            let have = source.ensure(12);
            if have < 12 {
                break;
            }
            let found = source.available().windows(12).position(|w| self.likely(w));
            match found {
                None => source.consume(have - 11),
                Some(n) => {
                    source.consume(n);
                    if source.offset() < limit && self.whole_block(source).is_some() {
                        return Damage {
                            at_byte,
                            what: "bytes that are no block were stepped over",
                            end: false,
                        };
                    }
                    source.consume(1);
                }
            }
        }
        Damage {
            at_byte,
            what: "what follows is cut short or no block; the rest of the file was not read",
            end: true,
        }
    }

    fn likely(&self, data: &[u8]) -> bool {
        let block = Block {
            data,
            big_endian: self.big_endian,
        };
        match (block.u32(0), block.u32(4)) {
            (Some(SECTION), _) => section_order(data).is_some(),
            (Some(1..=6), Some(n)) => (16..=MAX_BLOCK as u32).contains(&n) && n % 4 == 0,
            _ => false,
        }
    }
}

/// An enhanced packet block, or its forerunner, which has 16 bits each for the interface and for lost packets.
#[inline]
fn timed(kind: u32, block: Block<'_>) -> Option<Packet> {
    let port = if kind == OLD_PACKET {
        u32::from(block.u16(8)?)
    } else {
        block.u32(8)?
    };
    let ticks = u64::from(block.u32(12)?) << 32 | u64::from(block.u32(16)?);
    Some(Packet {
        port,
        ticks: Some(ticks),
        caplen: block.u32(20)?,
        origlen: block.u32(24)?,
        at: 28,
    })
}

fn comments(block: Block<'_>, at: usize, packet: Option<u64>, notes: &mut Notes) {
    for (_, value) in block.options(at).filter(|(code, _)| *code == 1) {
        notes.comment_count += 1;
        if notes.comments.len() < MAX_COMMENTS {
            notes.comments.push(Comment {
                packet,
                text: value.text(),
            });
        }
    }
}
