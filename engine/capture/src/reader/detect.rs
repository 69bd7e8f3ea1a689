//! What a file is, by its first bytes.

use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::source::Source;
use super::zstd::ZstdFrames;
use super::{Format, Notes};
use crate::error::CaptureError;
use flate2::read::MultiGzDecoder;
use std::io::{self, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) const BAD_COMPRESSION: &str =
    "the compressed data is damaged or cut short; what came before it was read";

/// Counts the bytes that go through it.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// A source of uncompressed bytes, and the count of compressed ones when there is compression.
pub(super) fn uncompressed(
    mut input: Box<dyn Read + Send>,
    name: &str,
) -> Result<(Source, Option<Arc<AtomicU64>>), CaptureError> {
    let first = first_bytes(&mut input).map_err(|source| CaptureError::Unreadable {
        name: name.to_owned(),
        source,
    })?;
    if first.is_empty() {
        return Err(CaptureError::Empty {
            name: name.to_owned(),
        });
    }
    let packing = Packing::of(&first);
    let whole = Cursor::new(first).chain(input);
    if packing == Packing::None {
        return Ok((Source::new(Box::new(whole)), None));
    }
    let count = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        inner: whole,
        count: Arc::clone(&count),
    };
    Ok((Source::new(packing.undone(counted)), Some(count)))
}

/// The bytes of a file of any kind: unpacked, if its first bytes say that it is gzip or zstd.
///
/// # Errors
/// The file cannot be read. What is wrong with the packed data is an error of the reader that is given.
pub fn unpacked(mut input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let first = first_bytes(&mut input)?;
    Ok(Packing::of(&first).undone(Cursor::new(first).chain(input)))
}

/// How a file is compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    /// By the first bytes; zstd may begin with a frame that is to be skipped (RFC 8878, 3.1.2).
    fn of(first: &[u8]) -> Self {
        if first.starts_with(&[0x1f, 0x8b, 0x08]) {
            Self::Gzip
        } else if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
            || matches!(first, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
        {
            Self::Zstd
        } else {
            Self::None
        }
    }

    fn undone(self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match self {
            Self::None => Box::new(input),
            Self::Gzip => Box::new(MultiGzDecoder::new(input)),
            Self::Zstd => Box::new(ZstdFrames::new(input)),
        }
    }
}

/// The first four bytes, or fewer when there are not so many.
fn first_bytes(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(4);
    let mut byte = [0u8; 1];
    while first.len() < 4 {
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => first.extend(byte),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(first)
}

/// Reads the file header and finds the format.
pub(super) fn format(
    source: &mut Source,
    notes: &mut Notes,
    name: &str,
    compressed: bool,
) -> Result<Format, CaptureError> {
    source.ensure(512);
    let damaged = |what| CaptureError::Damaged {
        at_byte: 0,
        packet: 0,
        what,
    };
    let data = source.available();
    if PcapNg::recognises(data) {
        return Ok(Format::PcapNg(PcapNg::default()));
    }
    if Pcap::recognises(data) {
        return match Pcap::new(source, notes) {
            Some(pcap) => Ok(Format::Pcap(pcap)),
            None => Err(damaged("the file header is cut short; there are no packets")),
        };
    }
    if compressed && source.has_error() {
        return Err(damaged(
            "the compressed data is damaged in its first bytes; nothing could be read",
        ));
    }
    if data.is_empty() {
        return Err(CaptureError::Empty {
            name: name.to_owned(),
        });
    }
    Err(CaptureError::NotACapture {
        name: name.to_owned(),
        looks_like: looks_like(data),
    })
}

/// First bytes of files that people take for captures.
const KINDS: &[(&[u8], &str)] = &[
    (b"\x7fELF", "a Linux program (ELF)"),
    (b"MZ", "a Windows program"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x04\x22\x4d\x18", "an LZ4 file; unpack it first"),
    (
        b"snoop\0\0\0",
        "a Solaris snoop capture; convert it with: editcap -F pcapng",
    ),
    (
        b"GMBU",
        "a Microsoft Network Monitor capture; convert it with: editcap -F pcapng",
    ),
    (
        b"XCP\0",
        "a NetXRay or Sniffer capture; convert it with: editcap -F pcapng",
    ),
    (
        b"TRSNIFF data",
        "a Sniffer capture; convert it with: editcap -F pcapng",
    ),
    (
        b"ObserverPktBuffe",
        "an Observer capture; convert it with: editcap -F pcapng",
    ),
    (b"\x0a\x0d\x0d\x0a", "a pcapng file whose first block is damaged"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (
        b"\x1f\x8b",
        "gzip data inside gzip or of an unknown kind; unpack it first",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "zstd data inside another compression; unpack it first",
    ),
    (
        b"version https://git-lfs",
        "a Git LFS pointer; fetch the file itself with: git lfs pull",
    ),
];

fn looks_like(data: &[u8]) -> &'static str {
    if let Some((_, kind)) = KINDS.iter().find(|(magic, _)| data.starts_with(magic)) {
        return kind;
    }
    let head = data.get(..512).unwrap_or(data);
    if head.iter().all(|b| *b == 0) {
        return "zero bytes only; the copy may have failed";
    }
    if head.get(257..262) == Some(b"ustar") {
        return "a tar archive; unpack it first";
    }
    let printable = |b: &u8| *b >= 0x80 || (0x20..0x7f).contains(b) || b"\t\r\n".contains(b);
    // A character may be cut at the end of what was looked at.
    let utf8 = std::str::from_utf8(head).map_or_else(|e| e.error_len().is_none(), |_| true);
    match head.trim_ascii_start().first() {
        Some(b'<') if head.iter().all(printable) => "XML or HTML",
        Some(b'{' | b'[') if utf8 && head.iter().all(printable) => "JSON text",
        Some(_) if utf8 && head.iter().all(printable) => "text",
        _ => "data of an unknown kind",
    }
}
