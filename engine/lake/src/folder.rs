//! One folder `stream=/site=/date=` of the lake: names, earlier files, and how new files become visible.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::Written;
use crate::error::LakeError;
use crate::part::Finished;

/// A folder that this run writes to.
#[derive(Debug)]
pub struct Folder {
    stream: String,
    path: PathBuf,
    prefix: String,
    next: u64,
    /// Files of an earlier run with the same prefix.
    earlier: Vec<PathBuf>,
    /// Complete files that wait, because earlier ones are still there, until all are complete.
    held: Vec<Finished>,
    written: Vec<Written>,
}

impl Folder {
    /// Makes the folder; those that were missing are added to `made`, outermost first.
    pub fn open(
        stream: &str,
        path: PathBuf,
        prefix: &str,
        keep_earlier: bool,
        made: &mut Vec<PathBuf>,
    ) -> Result<Self, LakeError> {
        make(&path, made)?;
        let (mut earlier, mut next) = (Vec::new(), 0);
        for entry in fs::read_dir(&path)
            .map_err(|e| LakeError::io(&path, e))?
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            let visible = name.strip_prefix('.').and_then(|n| n.strip_suffix(".tmp"));
            if is_ours(visible.unwrap_or(&name), prefix) {
                if visible.is_some() {
                    let _ = fs::remove_file(entry.path()); // Left by a run that was killed.
                } else if keep_earlier {
                    next = next.max(last_number(&name).map_or(0, |n| n.saturating_add(1)));
                } else {
                    earlier.push(entry.path());
                }
            }
        }
        let (stream, prefix) = (stream.to_owned(), prefix.to_owned());
        Ok(Folder {
            stream,
            path,
            prefix,
            next,
            earlier,
            held: Vec::new(),
            written: Vec::new(),
        })
    }

    /// Final and temporary name of the next file. Makes the folder again if it went, as it does when it is too old.
    pub fn next_names(&mut self, made: &mut Vec<PathBuf>) -> Result<(PathBuf, PathBuf), LakeError> {
        make(&self.path, made)?;
        let name = format!("{}-{:05}.parquet", self.prefix, self.next);
        self.next = self.next.saturating_add(1);
        Ok((self.path.join(&name), self.path.join(format!(".{name}.tmp"))))
    }

    /// Takes a complete file: visible at once, or held back while an earlier run's files are there.
    pub fn add(&mut self, finished: Finished) -> Result<(), LakeError> {
        if self.earlier.is_empty() {
            self.publish(&finished)?;
            return sync(&self.path);
        }
        self.held.push(finished);
        Ok(())
    }

    /// Makes held files visible and removes what is left of the earlier run.
    pub fn commit(&mut self) -> Result<(), LakeError> {
        if self.held.is_empty() {
            return Ok(());
        }
        for finished in std::mem::take(&mut self.held) {
            self.publish(&finished)?;
        }
        for old in std::mem::take(&mut self.earlier) {
            if !self.written.iter().any(|w| w.path == old) {
                fs::remove_file(&old).map_err(|e| LakeError::io(&old, e))?;
            }
        }
        sync(&self.path)
    }

    fn publish(&mut self, finished: &Finished) -> Result<(), LakeError> {
        fs::rename(&finished.tmp, &finished.name).map_err(|e| LakeError::io(&finished.name, e))?;
        self.written.push(Written {
            stream: self.stream.clone(),
            path: finished.name.clone(),
            rows: finished.rows,
            bytes: finished.bytes,
        });
        Ok(())
    }

    pub fn written(&self) -> &[Written] {
        &self.written
    }

    /// What was written since the last time.
    pub fn take_written(&mut self) -> Vec<Written> {
        std::mem::take(&mut self.written)
    }
}

/// Whether a name is `<prefix>-<number>.parquet`, or `<prefix>-<first>~<last>.parquet` as compaction makes of many.
fn is_ours(name: &str, prefix: &str) -> bool {
    let is_number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
    name.strip_prefix(prefix)
        .and_then(|n| n.strip_prefix('-'))
        .and_then(|n| n.strip_suffix(".parquet"))
        .is_some_and(|n| match n.split_once('~') {
            Some((first, last)) => is_number(first) && is_number(last),
            None => is_number(n),
        })
}

/// The number of such a name, or the last of those that a merged file replaces: a new file with one of these would be
/// taken for replaced, too, and nobody would see its rows.
fn last_number(name: &str) -> Option<u64> {
    name.strip_suffix(".parquet")?
        .rsplit(['-', '~'])
        .next()?
        .parse()
        .ok()
}

/// Makes a folder and those above it; each new one is noted and its entry brought to the device.
pub fn make(path: &Path, made: &mut Vec<PathBuf>) -> Result<(), LakeError> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(parent) = parent {
        make(parent, made)?;
    }
    match fs::create_dir(path) {
        Ok(()) => made.push(path.to_path_buf()),
        Err(_) if path.is_dir() => return Ok(()), // Another writer was first.
        Err(error) => return Err(LakeError::io(path, error)),
    }
    sync(parent.unwrap_or(Path::new(".")))
}

/// Brings the entries of a folder to the device.
pub fn sync(folder: &Path) -> Result<(), LakeError> {
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| LakeError::io(folder, e))
}
