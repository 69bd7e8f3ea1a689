//! The packets of one file to write: all that were named, and the nearest of those around.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Around;
use crate::reader::{Frame, Interface, Reader};
use crate::writer::PcapNgWriter;

/// What a capture says about itself, as far as it was read.
#[derive(Default)]
pub(super) struct Notes {
    interfaces: Vec<Interface>,
    comments: HashMap<u64, Vec<String>>,
}

impl Notes {
    /// It may be read to different places: the most is kept.
    pub(super) fn learn(&mut self, reader: &Reader) {
        if reader.interfaces().len() >= self.interfaces.len() {
            self.interfaces = reader.interfaces().to_vec();
        }
        for comment in reader.comments() {
            if let Some(packet) = comment.packet {
                let said = self.comments.entry(packet).or_default();
                if !said.contains(&comment.text) {
                    said.push(comment.text.clone());
                }
            }
        }
    }
}

/// A packet that was found; files that want the same one share it.
#[derive(Debug)]
pub(super) struct Piece {
    capture: usize,
    pub(super) number: u64,
    pub(super) ts_ns: i64,
    origlen: u32,
    interface: u32,
    data: Box<[u8]>,
}

impl Piece {
    pub(super) fn of(capture: usize, frame: &Frame<'_>) -> Self {
        Self {
            capture,
            number: frame.number,
            ts_ns: frame.ts_ns,
            origlen: frame.origlen,
            interface: frame.interface,
            data: frame.data.into(),
        }
    }
}

/// A packet around a mark; the greatest one is that which goes first when there are too many.
struct Near(u64, Arc<Piece>);

impl Near {
    fn key(&self) -> (u64, usize, u64) {
        (self.0, self.1.capture, self.1.number)
    }
}

impl PartialEq for Near {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Near {}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[derive(Default)]
pub(super) struct Pieces {
    /// By capture and number, with what is to be said of each.
    marks: BTreeMap<(usize, u64), (Arc<Piece>, Vec<String>)>,
    near: BinaryHeap<Near>,
    room: usize,
    numbered: bool,
    left_out: u64,
}

impl Pieces {
    pub(super) fn mark(&mut self, piece: &Arc<Piece>, comment: &str) {
        let at = (piece.capture, piece.number);
        let (_, said) = self
            .marks
            .entry(at)
            .or_insert_with(|| (piece.clone(), Vec::new()));
        if !comment.is_empty() && !said.iter().any(|s| s == comment) {
            said.push(comment.to_owned());
        }
    }

    /// The file may have so many packets.
    pub(super) fn room(&mut self, around: Around) {
        self.numbered = around.numbered;
        self.room = around.most.saturating_sub(self.marks.len());
    }

    /// A packet that is so far from a mark: it stays if it is among the nearest.
    pub(super) fn near(&mut self, far: u64, capture: usize, number: u64, piece: impl FnOnce() -> Arc<Piece>) {
        if self.marks.contains_key(&(capture, number)) {
            return;
        }
        if self.near.len() >= self.room {
            self.left_out += 1;
            if self.near.peek().is_none_or(|n| n.key() <= (far, capture, number)) {
                return;
            }
            self.near.pop();
        }
        self.near.push(Near(far, piece()));
    }

    pub(super) fn named(&self) -> usize {
        self.marks.len()
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Writes them, in the order of their capture; by time where they are of several. Says how many.
    pub(super) fn write(self, captures: &[PathBuf], notes: &[Notes], out: &Path) -> io::Result<usize> {
        let said = |piece: &Piece| self.numbered.then(|| format!("#{}", piece.number));
        let near = self.near.into_iter().map(|n| {
            let said = said(&n.1).into_iter().collect();
            (n.1, said)
        });
        let mut all: Vec<_> = self.marks.into_values().chain(near).collect();
        if all.is_empty() {
            return Ok(0);
        }
        all.sort_unstable_by_key(|(p, _)| (p.capture, p.number));
        if all.first().map(|(p, _)| p.capture) != all.last().map(|(p, _)| p.capture) {
            all.sort_by_key(|(p, _)| p.ts_ns);
        }
        let mut places: BTreeMap<(usize, u32), u32> = BTreeMap::new();
        let mut used = Vec::new();
        for (piece, _) in &all {
            places.entry((piece.capture, piece.interface)).or_insert_with(|| {
                let interface = notes[piece.capture].interfaces.get(piece.interface as usize);
                used.push(described(interface, &captures[piece.capture]));
                used.len() as u32 - 1
            });
        }
        whole(out, |file| {
            let mut writer = PcapNgWriter::new(file, &used)?;
            for (piece, said) in &all {
                let before = notes[piece.capture].comments.get(&piece.number);
                let said: Vec<&str> = before
                    .into_iter()
                    .flatten()
                    .chain(said)
                    .map(String::as_str)
                    .collect();
                let interface = places[&(piece.capture, piece.interface)];
                writer.commented(interface, piece.ts_ns, piece.origlen, &piece.data, &said)?;
            }
            Ok(writer.into_inner())
        })?;
        Ok(all.len())
    }
}

/// An interface as the cut has it: with its capture, where it is not described. No snaplen: it may be a false promise.
fn described(interface: Option<&Interface>, capture: &Path) -> Interface {
    let interface = interface.cloned().unwrap_or_default();
    let name = || capture.file_name().map(|n| n.to_string_lossy().into_owned());
    Interface {
        description: interface.description.or_else(name),
        snaplen: 0,
        drops: None,
        ..interface
    }
}

/// A file that appears whole or not at all.
fn whole(out: &Path, write: impl FnOnce(BufWriter<File>) -> io::Result<BufWriter<File>>) -> io::Result<()> {
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(out.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    hidden.push(format!(".{}.tmp", std::process::id()));
    let hidden = out.with_file_name(hidden);
    let done = File::create(&hidden)
        .and_then(|file| write(BufWriter::new(file)))
        .and_then(|file| file.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&hidden, out));
    if done.is_err() {
        let _ = fs::remove_file(&hidden);
    }
    done
}
