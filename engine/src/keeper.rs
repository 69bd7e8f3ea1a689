//! What was heard, kept on disk for a while: a ring of pcapng files, so that a record can show its packets.
//!
//! A record names the file and the number of its packet in it. The files are written by a thread of their own: when the
//! disk is slow or full, packets are not kept, which is said; that they are read does not wait for it.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, unbounded};
use linewarden_capture::{Interface, LinkType, PcapNgWriter};

use crate::run::Block;

/// Blocks that wait for the disk.
const QUEUE: usize = 16;
/// A ring has about so many files: the oldest part of that size goes at a time.
const FILES: u64 = 16;
const SUFFIX: &str = ".pcapng";

/// Where to keep packets, how many bytes of them, and how long.
#[derive(Debug, Clone)]
pub struct Keep {
    pub folder: PathBuf,
    pub bytes: u64,
    pub age: Duration,
}

impl Keep {
    /// A file ends at so many bytes,
    pub fn file_bytes(&self) -> u64 {
        (self.bytes / FILES).clamp(64 << 10, 256 << 20)
    }

    /// or after so long.
    pub fn file_age(&self) -> Duration {
        (self.age / FILES as u32).clamp(Duration::from_secs(1), Duration::from_secs(600))
    }
}

/// The way to the thread that writes.
pub struct Keeper {
    blocks: Option<Sender<Arc<Block>>>,
    said: Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub fn start(keep: Keep, ports: Vec<(String, u16)>) -> std::io::Result<Self> {
        let (blocks, from_reader) = bounded::<Arc<Block>>(QUEUE);
        let (say, said) = unbounded();
        let port = |(name, linktype)| Interface {
            name: Some(name),
            linktype: LinkType(linktype),
            ..Interface::default()
        };
        let mut writer = Writer {
            keep,
            ports: ports.into_iter().map(port).collect(),
            say,
            file: None,
            full: false,
        };
        let thread = std::thread::Builder::new()
            .name("linewarden-keep".into())
            .spawn(move || {
                while let Ok(block) = from_reader.recv() {
                    writer.block(&block);
                }
            })?;
        Ok(Self {
            blocks: Some(blocks),
            said,
            thread: Some(thread),
        })
    }

    /// Hands a block over; false if the disk is too far behind.
    pub fn take(&self, block: &Arc<Block>) -> bool {
        let Some(blocks) = &self.blocks else { return true };
        !matches!(blocks.try_send(block.clone()), Err(TrySendError::Full(_)))
    }

    /// What is to be said since the last time.
    pub fn said(&self) -> Vec<String> {
        self.said.try_iter().collect()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.blocks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Open {
    writer: PcapNgWriter<BufWriter<File>>,
    path: PathBuf,
    /// Bytes that are whole packets on disk.
    good: u64,
}

struct Writer {
    keep: Keep,
    ports: Vec<Interface>,
    say: Sender<String>,
    file: Option<Open>,
    /// Something went wrong, and was said.
    full: bool,
}

impl Writer {
    fn block(&mut self, block: &Block) {
        if let Some(name) = &block.begins {
            self.file = None;
            let opened = self.open(name);
            let outcome = opened.map(|file| self.file = Some(file));
            self.note(outcome);
            self.make_room();
        }
        let outcome = match &mut self.file {
            Some(file) => write(file, block),
            None => return,
        };
        if outcome.is_err()
            && let Some(file) = self.file.take()
        {
            // Nothing half-written: the file ends with its last whole packet.
            let path = file.path.clone();
            drop(file.writer.into_inner().into_parts());
            let _ = File::options()
                .write(true)
                .open(path)
                .and_then(|f| f.set_len(file.good));
        }
        if outcome.is_err() {
            self.note(outcome);
        }
    }

    fn open(&self, name: &str) -> std::io::Result<Open> {
        fs::create_dir_all(&self.keep.folder)?;
        let path = self.keep.folder.join(name);
        let out = BufWriter::with_capacity(1 << 20, File::create_new(&path)?);
        let mut writer = PcapNgWriter::new(out, &self.ports)?;
        writer.flush()?;
        let good = writer.written();
        Ok(Open { writer, path, good })
    }

    /// Says what went wrong, once until it is well again.
    fn note(&mut self, outcome: std::io::Result<()>) {
        let folder = self.keep.folder.display();
        match outcome {
            Err(error) if !self.full => {
                self.full = true;
                let _ = self.say.send(format!(
                    "{folder}: packets cannot be kept ({error}); records go on, tried again with the next file"
                ));
            }
            Ok(()) if self.full => {
                self.full = false;
                let _ = self.say.send(format!("{folder}: packets are kept again"));
            }
            _ => {}
        }
    }

    /// Deletes the oldest files until the others are within the limits.
    fn make_room(&self) {
        let current = self.file.as_ref().map(|f| f.path.as_path());
        let mut files: Vec<(SystemTime, u64, PathBuf)> = kept(&self.keep.folder)
            .filter_map(|path| {
                let meta = path.metadata().ok()?;
                Some((meta.modified().ok()?, meta.len(), path))
            })
            .collect();
        files.sort();
        let mut total: u64 = files.iter().map(|f| f.1).sum::<u64>() + self.keep.file_bytes();
        for (written, bytes, path) in files {
            let old = written.elapsed().is_ok_and(|age| age > self.keep.age);
            if (old || total > self.keep.bytes)
                && Some(path.as_path()) != current
                && fs::remove_file(&path).is_ok()
            {
                total -= bytes;
            }
        }
    }
}

fn kept(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.path()).filter(|p| {
        let name = p.file_name().and_then(|n| n.to_str()).unwrap_or("");
        name.starts_with("watch-") && name.ends_with(SUFFIX)
    })
}

fn write(file: &mut Open, block: &Block) -> std::io::Result<()> {
    for packet in block.in_order() {
        file.writer
            .packet(packet.interface, packet.ts_ns, packet.origlen, packet.data)?;
    }
    file.writer.flush()?;
    file.good = file.writer.written();
    Ok(())
}
