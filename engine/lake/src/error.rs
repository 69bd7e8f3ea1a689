//! Errors: one line each, naming the path and what to do.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the lake could not be written.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LakeError {
    /// The device is full; finished files stay.
    NoSpace { path: PathBuf, rows: u64, files: usize },
    /// No right to write here.
    Permission { path: PathBuf },
    /// Something that is not a folder is where a folder must be.
    NotAFolder { path: PathBuf },
    /// Any other failure of the file system.
    Io {
        path: PathBuf,
        source: Arc<std::io::Error>,
    },
    /// The batch cannot be written: `reason` says why and what is expected.
    Batch { stream: String, reason: String },
    /// A setting or stream name that cannot be used.
    Setting { reason: String },
    /// A worker thread is gone.
    Worker { reason: String },
}

impl LakeError {
    /// What a failure of the file system at `path` means.
    pub(crate) fn io(path: &Path, error: std::io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LakeError::NoSpace {
                path,
                rows: 0,
                files: 0,
            },
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => LakeError::Permission { path },
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => LakeError::NotAFolder { path },
            _ => LakeError::Io {
                path,
                source: Arc::new(error),
            },
        }
    }

    /// Adds what was kept to the report of a full device.
    pub(crate) fn with_kept(self, kept_rows: u64, kept_files: usize) -> Self {
        match self {
            LakeError::NoSpace { path, .. } => LakeError::NoSpace {
                path,
                rows: kept_rows,
                files: kept_files,
            },
            other => other,
        }
    }
}

impl fmt::Display for LakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LakeError::NoSpace { path, rows, files } => write!(
                f,
                "no space left on the device of {}: {rows} rows kept in {files} finished {}; free space and run again",
                path.display(),
                if *files == 1 { "file" } else { "files" }
            ),
            LakeError::Permission { path } => write!(
                f,
                "no permission to write to {}: give this user the right to write there or choose another folder",
                path.display()
            ),
            LakeError::NotAFolder { path } => write!(
                f,
                "{} is not a folder: choose another folder for the lake or move that file away",
                path.display()
            ),
            LakeError::Io { path, source } => {
                write!(
                    f,
                    "cannot write {}: {source}; check the device and run again",
                    path.display()
                )
            }
            LakeError::Batch { stream, reason } => {
                write!(f, "cannot write a batch of stream {stream}: {reason}")
            }
            LakeError::Setting { reason } => write!(f, "{reason}"),
            LakeError::Worker { reason } => {
                write!(f, "a writer thread of the lake stopped: {reason}; run again")
            }
        }
    }
}

impl std::error::Error for LakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LakeError::Io { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}
