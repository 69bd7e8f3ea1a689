//! The files that are open at a time, and the folders they go to.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::error::LakeError;
use crate::folder::{Folder, make};
use crate::options::Options;
use crate::part::Part;
use crate::{Written, dates};

/// Encoded bytes held over all open files before the largest row group is written out.
const MEMORY: usize = 40 << 20;
/// Files of one run; more means that times jump between dates at random.
const FILES: usize = 20_000;

/// Stream and UTC day.
type Key = (String, i64);
type Shared = Arc<Mutex<Option<Part>>>;

struct Slot {
    part: Shared,
    used: u64,
    memory: usize,
}

#[derive(Default)]
struct State {
    open: HashMap<Key, Slot>,
    folders: HashMap<Key, Folder>,
    made: Vec<PathBuf>,
    clock: u64,
    files: usize,
}

/// All files of a run.
pub struct Store {
    root: PathBuf,
    options: Options,
    state: Mutex<State>,
}

/// A lock that outlives a panic of another thread: the panic itself is reported by the pool.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Makes the root and shows that a file can be made in it.
    pub fn create(root: &Path, options: Options) -> Result<Self, LakeError> {
        let mut made = Vec::new();
        make(root, &mut made)?;
        let probe = root.join(format!(".{}-{}.tmp", options.prefix, std::process::id()));
        let outcome = fs::write(&probe, b"linewarden").and_then(|()| fs::remove_file(&probe));
        let store = Store {
            root: root.to_path_buf(),
            options,
            state: Mutex::new(State {
                made,
                ..State::default()
            }),
        };
        if let Err(error) = outcome {
            let _ = fs::remove_file(&probe);
            store.discard();
            return Err(LakeError::io(root, error));
        }
        Ok(store)
    }

    /// Writes a batch into the files of its days.
    pub fn write(&self, stream: &str, batch: &RecordBatch) -> Result<(), LakeError> {
        let pieces = dates::split(batch).map_err(|reason| LakeError::Batch {
            stream: stream.to_owned(),
            reason,
        })?;
        for (day, piece) in pieces {
            self.append(&(stream.to_owned(), day), &piece)?;
            self.relieve()?;
        }
        Ok(())
    }

    fn append(&self, key: &Key, piece: &RecordBatch) -> Result<(), LakeError> {
        loop {
            let shared = self.part(key, piece.schema_ref())?;
            let mut guard = lock(&shared);
            let Some(part) = guard.as_mut() else {
                continue; // Closed meanwhile to make room for another file.
            };
            if part.accepts(piece.schema_ref()) {
                part.push(piece)?;
                let memory = part.memory();
                drop(guard);
                self.note_memory(key, memory);
                return Ok(());
            }
            let full = guard.take();
            drop(guard);
            lock(&self.state).open.remove(key);
            self.close(key, full)?;
        }
    }

    /// The open file of a key; opens one, closing the least recently used where there are too many.
    fn part(&self, key: &Key, schema: &SchemaRef) -> Result<Shared, LakeError> {
        loop {
            let mut state = lock(&self.state);
            state.clock += 1;
            let now = state.clock;
            if let Some(slot) = state.open.get_mut(key) {
                slot.used = now;
                return Ok(Arc::clone(&slot.part));
            }
            if state.open.len() < self.options.max_open_files.max(1) {
                return self.open(&mut state, key, schema);
            }
            let oldest = state
                .open
                .iter()
                .min_by_key(|(_, slot)| slot.used)
                .map(|(key, _)| key.clone());
            let victim = oldest.and_then(|key| state.open.remove_entry(&key));
            drop(state);
            if let Some((key, slot)) = victim {
                let part = lock(&slot.part).take();
                self.close(&key, part)?;
            }
        }
    }

    fn open(&self, state: &mut State, key: &Key, schema: &SchemaRef) -> Result<Shared, LakeError> {
        let (stream, day) = key;
        if state.files >= FILES {
            let reason = format!("its times need more than {FILES} files; sort the rows by ts and run again");
            return Err(LakeError::Batch {
                stream: stream.clone(),
                reason,
            });
        }
        let State {
            folders,
            made,
            open,
            clock,
            files,
        } = state;
        if !folders.contains_key(key) {
            let path = self
                .root
                .join(format!("stream={stream}"))
                .join(format!("site={}", self.options.site))
                .join(format!("date={}", dates::name(*day)));
            folders.insert(
                key.clone(),
                Folder::open(
                    stream,
                    path,
                    &self.options.prefix,
                    self.options.keep_earlier,
                    made,
                )?,
            );
        }
        let Some(folder) = folders.get_mut(key) else {
            return Err(LakeError::Worker {
                reason: format!("the folder of {stream} is gone"),
            });
        };
        let (name, tmp) = folder.next_names(made)?;
        let part = Part::create(name, tmp, Arc::clone(schema), &self.options)?;
        let part = Arc::new(Mutex::new(Some(part)));
        *files += 1;
        open.insert(
            key.clone(),
            Slot {
                part: Arc::clone(&part),
                used: *clock,
                memory: 0,
            },
        );
        Ok(part)
    }

    fn note_memory(&self, key: &Key, memory: usize) {
        if let Some(slot) = lock(&self.state).open.get_mut(key) {
            slot.memory = memory;
        }
    }

    /// Writes out the largest row group when too much is held in memory.
    fn relieve(&self) -> Result<(), LakeError> {
        let state = lock(&self.state);
        if state.open.values().map(|slot| slot.memory).sum::<usize>() <= MEMORY {
            return Ok(());
        }
        let largest = state.open.iter().max_by_key(|(_, slot)| slot.memory);
        let Some((key, shared)) = largest.map(|(key, slot)| (key.clone(), Arc::clone(&slot.part))) else {
            return Ok(());
        };
        drop(state);
        let mut guard = lock(&shared);
        let Some(part) = guard.as_mut() else { return Ok(()) };
        part.end_group()?;
        let memory = part.memory();
        drop(guard);
        self.note_memory(&key, memory);
        Ok(())
    }

    fn close(&self, key: &Key, part: Option<Part>) -> Result<(), LakeError> {
        let Some(part) = part else { return Ok(()) };
        let finished = part.finish()?;
        match lock(&self.state).folders.get_mut(key) {
            Some(folder) => folder.add(finished),
            None => Ok(()),
        }
    }

    /// Closes one open file; false when there is none left.
    pub fn close_one(&self) -> Result<bool, LakeError> {
        let mut state = lock(&self.state);
        let key = state.open.keys().next().cloned();
        let Some((key, slot)) = key.and_then(|key| state.open.remove_entry(&key)) else {
            return Ok(false);
        };
        drop(state);
        let part = lock(&slot.part).take();
        self.close(&key, part)?;
        Ok(true)
    }

    /// Makes every closed file visible and lists them by path.
    pub fn commit(&self) -> Result<Vec<Written>, LakeError> {
        lock(&self.state)
            .folders
            .values_mut()
            .try_for_each(Folder::commit)?;
        let mut written = self.written();
        written.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(written)
    }

    /// After all open files are closed: lists what became visible since the last time, and forgets days that are past,
    /// so that a run of months holds no more than one of an hour. Not for a run that replaces files of an earlier one.
    pub fn settle(&self) -> Vec<Written> {
        let mut state = lock(&self.state);
        let mut written: Vec<_> = state
            .folders
            .values_mut()
            .flat_map(Folder::take_written)
            .collect();
        written.sort_by(|a, b| a.path.cmp(&b.path));
        let latest = state.folders.keys().map(|key| key.1).max().unwrap_or(0);
        state.folders.retain(|key, _| key.1 >= latest - 1);
        state.made.clear(); // They have files now, or another writer's.
        state.files = 0;
        written
    }

    fn written(&self) -> Vec<Written> {
        lock(&self.state)
            .folders
            .values()
            .flat_map(Folder::written)
            .cloned()
            .collect()
    }

    /// Adds to an error what stays in the lake.
    pub fn explain(&self, error: LakeError) -> LakeError {
        let written = self.written();
        error.with_kept(written.iter().map(|w| w.rows).sum(), written.len())
    }

    /// Removes temporary files, and folders that this run made and that are empty.
    pub fn discard(&self) {
        let mut state = lock(&self.state);
        state.open.clear();
        state.folders.clear();
        for folder in std::mem::take(&mut state.made).iter().rev() {
            let _ = fs::remove_dir(folder); // Fails, as it should, for a folder with files.
        }
    }
}
