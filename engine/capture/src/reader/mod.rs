//! Capture files: pcap and pcapng, plain or compressed, read in large pieces into one buffer.

mod detect;
mod pcap;
mod pcapng;
mod source;
mod zstd;

pub use detect::unpacked;

use crate::error::CaptureError;
use source::Source;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A packet longer than this is taken for damage (libpcap and Wireshark draw the line at the same place).
const MAX_PACKET: u32 = 256 * 1024;
/// How far to look for the next packet after damage.
const RESYNC_BYTES: u64 = 1024 * 1024;
/// After so many damaged places the rest of a file is not worth reading.
const MAX_DAMAGES: u32 = 1000;
/// Bounds on what is kept of a pcapng file's own notes.
const MAX_COMMENTS: usize = 256;
const MAX_TEXT: usize = 1024;
const MAX_INTERFACES: usize = 65_536;

/// The kind of a frame: a LINKTYPE number of <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Raw IP.
    pub const RAW: Self = Self(101);
    /// Linux cooked capture.
    pub const LINUX_SLL: Self = Self(113);
}

/// One packet of a capture file; it borrows the reader's buffer until the next call of [`Reader::next`].
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Number in the file, from 1.
    pub number: u64,
    /// Time of capture in nanoseconds since 1970 (UTC); 0 for pcapng's simple packets, which have none.
    pub ts_ns: i64,
    /// Length on the wire, in bytes; `data` is shorter when the capture was cut (snaplen).
    pub origlen: u32,
    /// How to read `data`.
    pub linktype: LinkType,
    /// Index into [`Reader::interfaces`].
    pub interface: u32,
    /// What was captured.
    pub data: &'a [u8],
}

/// An interface that packets were captured on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name, where the file tells it (`if_name`).
    pub name: Option<String>,
    /// Its description (`if_description`).
    pub description: Option<String>,
    /// Kind of its frames.
    pub linktype: LinkType,
    /// Longest piece of a frame that was kept, in bytes; 0 for no limit.
    pub snaplen: u32,
    /// Frames that the interface lost for want of resources (`isb_ifdrop`), where the file tells it.
    pub drops: Option<u64>,
}

/// A comment that somebody wrote into a pcapng file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The packet that it is about; `None` when it is about the file or an interface.
    pub packet: Option<u64>,
    /// The text, cut at 1 KiB.
    pub text: String,
}

/// What a file says about itself, beside its packets.
#[derive(Debug, Default)]
struct Notes {
    interfaces: Vec<Interface>,
    comments: Vec<Comment>,
    comment_count: u64,
}

/// Where a packet lies in the source's buffer.
#[derive(Clone, Copy, Debug)]
struct Record {
    start: usize,
    len: usize,
    ts_ns: i64,
    origlen: u32,
    linktype: LinkType,
    interface: u32,
}

/// A damaged place. With `end`, nothing after it can be read.
#[derive(Clone, Copy, Debug)]
struct Damage {
    at_byte: u64,
    what: &'static str,
    end: bool,
}

enum Format {
    Pcap(pcap::Pcap),
    PcapNg(pcapng::PcapNg),
}

/// Reads the packets of a capture file, one after the other.
///
/// The format is found by content, never by name. A packet borrows the reader's buffer, so this is no `Iterator`:
/// write `while let Some(frame) = reader.next()?`.
pub struct Reader {
    source: Source,
    format: Format,
    notes: Notes,
    name: String,
    number: u64,
    damages: u32,
    done: bool,
    total: Option<u64>,
    /// Bytes taken from the file, when it is compressed.
    compressed: Option<Arc<AtomicU64>>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("name", &self.name)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a capture file.
    ///
    /// # Errors
    /// When the file cannot be opened, is empty, is no capture, or is damaged in its very header.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|source| CaptureError::Unreadable {
            name: name.clone(),
            source,
        })?;
        read_ahead(&file);
        let total = file
            .metadata()
            .ok()
            .filter(std::fs::Metadata::is_file)
            .map(|m| m.len());
        Self::new(Box::new(file), &name, total)
    }

    /// Reads a capture from anything that gives bytes; `name` is used in messages.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn from_read(input: Box<dyn Read + Send>, name: &str) -> Result<Self, CaptureError> {
        Self::new(input, name, None)
    }

    fn new(input: Box<dyn Read + Send>, name: &str, total: Option<u64>) -> Result<Self, CaptureError> {
        let (mut source, compressed) = detect::uncompressed(input, name)?;
        let mut notes = Notes::default();
        let format = detect::format(&mut source, &mut notes, name, compressed.is_some())?;
        let name = name.to_owned();
        Ok(Self {
            source,
            format,
            notes,
            name,
            number: 0,
            damages: 0,
            done: false,
            total,
            compressed,
        })
    }

    /// The next packet, or `None` at the end.
    ///
    /// # Errors
    /// [`CaptureError::Damaged`] tells of a damaged place, once; call again to go on behind it. After
    /// [`CaptureError::Unreadable`] there is nothing more.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "a frame borrows the reader, which Iterator cannot say"
    )]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        if self.done {
            return Ok(None);
        }
        let found = match &mut self.format {
            Format::Pcap(pcap) => pcap.next(&mut self.source),
            Format::PcapNg(pcapng) => pcapng.next(&mut self.source, &mut self.notes, self.number),
        };
        match found {
            Ok(Some(record)) => {
                self.number += 1;
                let data = self.source.slice(record.start, record.len);
                let Record {
                    ts_ns,
                    origlen,
                    linktype,
                    interface,
                    ..
                } = record;
                Ok(Some(Frame {
                    number: self.number,
                    ts_ns,
                    origlen,
                    linktype,
                    interface,
                    data,
                }))
            }
            Ok(None) => self.end(None),
            Err(damage) => self.end(Some(damage)),
        }
    }

    /// The end of the file, or a damaged place; an error of the input below explains either.
    #[cold]
    fn end(&mut self, damage: Option<Damage>) -> Result<Option<Frame<'_>>, CaptureError> {
        self.damages += u32::from(damage.is_some());
        let at_end = damage.is_none_or(|d| d.end);
        self.done = at_end || self.damages >= MAX_DAMAGES;
        let input_error = if at_end { self.source.take_error() } else { None };
        let packet = self.number;
        match (input_error, damage) {
            (Some(_), _) if self.compressed.is_some() => Err(CaptureError::Damaged {
                at_byte: damage.map_or(self.source.offset(), |d| d.at_byte),
                packet,
                what: detect::BAD_COMPRESSION,
            }),
            (Some(source), _) => Err(CaptureError::Unreadable {
                name: self.name.clone(),
                source,
            }),
            (None, Some(d)) => Err(CaptureError::Damaged {
                at_byte: d.at_byte,
                packet,
                what: d.what,
            }),
            (None, None) => Ok(None),
        }
    }

    /// How much of the file has been used, in bytes of the file as it lies on disk, and how long it is when known.
    #[must_use]
    pub fn progress(&self) -> (u64, Option<u64>) {
        let used = match &self.compressed {
            Some(count) => count.load(Ordering::Relaxed),
            None => self.source.offset(),
        };
        (used, self.total)
    }

    /// The interfaces described so far; pcapng files describe them before their first packet, or later.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.notes.interfaces
    }

    /// The comments met so far; the first 256 are kept.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        &self.notes.comments
    }

    /// How many comments were met so far, kept or not.
    #[must_use]
    pub fn comment_count(&self) -> u64 {
        self.notes.comment_count
    }

    /// Packets lost while capturing, over all interfaces; `None` when the file does not tell (so far).
    #[must_use]
    pub fn drops(&self) -> Option<u64> {
        self.notes
            .interfaces
            .iter()
            .filter_map(|i| i.drops)
            .reduce(u64::saturating_add)
    }
}

/// Tells the kernel that the file is read from its beginning to its end, so that it reads further ahead, in fewer steps:
/// an eighth of the system time where the file is not in memory yet (`docs/benchmarks.md`). No matter if it does not.
fn read_ahead(file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

#[cfg(test)]
mod tests;
