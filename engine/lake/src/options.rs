//! What the caller can choose.

use crate::error::LakeError;

/// Compression of column chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Encodings only.
    None,
    /// LZ4_RAW: fast, fair size.
    Lz4,
    /// Zstandard at this level (1 to 22).
    Zstd(i32),
}

/// Settings of a [`crate::Lake`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Site in the partition path: letters, digits, `-`, `_`, `.`.
    pub site: String,
    /// Start of every file name; the same prefix replaces the files of an earlier run.
    pub prefix: String,
    /// Worker threads, at least 1.
    pub threads: usize,
    /// Rows of a row group.
    pub row_group_rows: usize,
    /// Compression where it pays.
    pub compression: Compression,
    /// Batches that wait at most, over all workers, before `write` blocks.
    pub queue_batches: usize,
    /// Files open at the same time at most, over all workers.
    pub max_open_files: usize,
    /// Files of an earlier run with the same prefix stay, and new ones count on behind them. Without it they are
    /// replaced.
    pub keep_earlier: bool,
}

impl Options {
    /// Settings that suit a capture of any size.
    #[must_use]
    pub fn new(site: impl Into<String>, prefix: impl Into<String>) -> Self {
        Options {
            site: site.into(),
            prefix: prefix.into(),
            threads: 1,
            row_group_rows: 131_072,
            compression: Compression::Lz4,
            queue_batches: 4,
            max_open_files: 64,
            keep_earlier: false,
        }
    }

    /// Checks what would otherwise fail late or outside the lake.
    pub(crate) fn check(&self) -> Result<(), LakeError> {
        check_name("site", &self.site)?;
        check_name("prefix", &self.prefix)?;
        match self.compression {
            Compression::Zstd(level) if !(1..=22).contains(&level) => {
                let reason = format!("zstd level {level} does not exist; use 1 to 22");
                Err(LakeError::Setting { reason })
            }
            _ => Ok(()),
        }
    }
}

/// Checks a name that becomes part of a path.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), LakeError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.chars().all(allowed) {
        return Ok(());
    }
    let reason = format!(
        "{what} {name:?} cannot be part of a path; use 1 to 128 letters, digits, '-', '_' or '.', not '.' first"
    );
    Err(LakeError::Setting { reason })
}
