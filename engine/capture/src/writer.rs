//! pcapng files out (draft-ietf-opsawg-pcapng), for what is kept of live traffic and for packets that are handed out.

use std::io::{self, Write};

use crate::reader::Interface;

const SECTION: u32 = 0x0a0d_0d0a;
const ORDER: u32 = 0x1a2b_3c4d;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const COMMENT: u16 = 1;
const NAME: u16 = 2;
const DESCRIPTION: u16 = 3;
const RESOLUTION: u16 = 9;
const NANOSECONDS: u8 = 9;
/// A text that is longer is cut: the length of an option has 16 bits, and nobody reads so much of a comment.
const MAX_TEXT: usize = 4096;

/// Writes packets; each call hands whole blocks to the writer below.
#[derive(Debug)]
pub struct PcapNgWriter<W: Write> {
    out: W,
    room: Vec<u8>,
    written: u64,
}

impl<W: Write> PcapNgWriter<W> {
    /// Begins a file whose packets come from these interfaces (what they lost is not written).
    ///
    /// # Errors
    /// What `out` says.
    pub fn new(out: W, interfaces: &[Interface]) -> io::Result<Self> {
        let mut writer = Self {
            out,
            room: Vec::new(),
            written: 0,
        };
        let mut head = Vec::from(ORDER.to_le_bytes());
        head.extend_from_slice(&[1, 0, 0, 0]); // version 1.0
        head.extend_from_slice(&u64::MAX.to_le_bytes()); // length of the section: not said
        writer.block(SECTION, &[&head])?;
        for interface in interfaces {
            let mut body = Vec::from(interface.linktype.0.to_le_bytes());
            body.extend_from_slice(&[0; 2]); // reserved
            body.extend_from_slice(&interface.snaplen.to_le_bytes());
            for (code, text) in [(NAME, &interface.name), (DESCRIPTION, &interface.description)] {
                if let Some(text) = text {
                    option(&mut body, code, shortened(text).as_bytes());
                }
            }
            option(&mut body, RESOLUTION, &[NANOSECONDS]);
            option(&mut body, 0, &[]);
            writer.block(INTERFACE, &[&body])?;
        }
        Ok(writer)
    }

    /// Adds a packet.
    ///
    /// # Errors
    /// What `out` says.
    pub fn packet(&mut self, interface: u32, ts_ns: i64, origlen: u32, data: &[u8]) -> io::Result<()> {
        self.commented(interface, ts_ns, origlen, data, &[])
    }

    /// The same, with what is to be said about the packet.
    ///
    /// # Errors
    /// What `out` says.
    pub fn commented(
        &mut self,
        interface: u32,
        ts_ns: i64,
        origlen: u32,
        data: &[u8],
        comments: &[&str],
    ) -> io::Result<()> {
        let ticks = ts_ns.max(0).cast_unsigned();
        let mut head = [0u8; 20];
        for (to, value) in head.as_chunks_mut::<4>().0.iter_mut().zip([
            interface,
            (ticks >> 32) as u32,
            ticks as u32,
            data.len() as u32,
            origlen,
        ]) {
            *to = value.to_le_bytes();
        }
        let mut options = Vec::new();
        for text in comments {
            option(&mut options, COMMENT, shortened(text).as_bytes());
        }
        if !options.is_empty() {
            option(&mut options, 0, &[]);
        }
        let padding = data.len().next_multiple_of(4) - data.len();
        self.block(PACKET, &[&head, data, &[0; 3][..padding], &options])
    }

    /// Bytes so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Hands on what waits below.
    ///
    /// # Errors
    /// What `out` says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The writer below.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn block(&mut self, kind: u32, parts: &[&[u8]]) -> io::Result<()> {
        let body: usize = parts.iter().map(|p| p.len()).sum();
        let total = (body.next_multiple_of(4) + 12) as u32;
        self.room.clear();
        self.room.extend_from_slice(&kind.to_le_bytes());
        self.room.extend_from_slice(&total.to_le_bytes());
        for part in parts {
            self.room.extend_from_slice(part);
        }
        self.room.resize(total as usize - 4, 0);
        self.room.extend_from_slice(&total.to_le_bytes());
        self.out.write_all(&self.room)?;
        self.written += u64::from(total);
        Ok(())
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&(value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinkType, Reader};

    #[test]
    fn what_is_written_is_read_again() {
        let port = |name: &str, linktype| Interface {
            name: Some(name.to_owned()),
            description: Some(format!("the {name} of a test")),
            linktype,
            snaplen: 4_000,
            drops: None,
        };
        let ports = [port("mirror0", LinkType::ETHERNET), port("tun0", LinkType::RAW)];
        let mut writer = PcapNgWriter::new(Vec::new(), &ports).unwrap();
        let packets: Vec<(u32, i64, u32, Vec<u8>)> = (0..9u32)
            .map(|n| {
                (
                    n % 2,
                    1_700_000_000_123_456_789 + i64::from(n),
                    900 + n,
                    vec![n as u8; n as usize * 3],
                )
            })
            .collect();
        for (interface, ts, origlen, data) in &packets {
            if origlen % 3 == 0 {
                let comments = ["what it is: \u{e4}", &"x".repeat(9_000)];
                writer
                    .commented(*interface, *ts, *origlen, data, &comments)
                    .unwrap();
            } else {
                writer.packet(*interface, *ts, *origlen, data).unwrap();
            }
        }
        let length = writer.written();
        let bytes = writer.into_inner();
        assert_eq!(bytes.len() as u64, length);
        let mut reader = Reader::from_read(Box::new(io::Cursor::new(bytes)), "test").unwrap();
        for (interface, ts, origlen, data) in &packets {
            let frame = reader.next().unwrap().unwrap();
            assert_eq!(
                (frame.interface, frame.ts_ns, frame.origlen),
                (*interface, *ts, *origlen)
            );
            assert_eq!(frame.data, &data[..]);
        }
        assert!(reader.next().unwrap().is_none());
        assert_eq!(reader.interfaces(), &ports);
        let said: Vec<_> = reader
            .comments()
            .iter()
            .map(|c| (c.packet, &c.text[..1]))
            .collect();
        assert_eq!(said.len(), 6, "{said:?}");
        assert_eq!(said[..3], [(Some(1), "w"), (Some(1), "x"), (Some(4), "w")]);
    }
}
