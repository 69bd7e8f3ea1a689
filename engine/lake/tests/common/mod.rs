//! Folders, batches and readers for the tests of the lake.
#![allow(dead_code, reason = "each test crate uses its part")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, TimestampNanosecondArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

pub const DAY: i64 = 86_400_000_000_000;

/// An empty folder that is removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("linewarden-lake-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Rows with these times and the values 0, 1, 2, ...
pub fn rows(times: &[i64]) -> RecordBatch {
    let ts = TimestampNanosecondArray::from(times.to_vec()).with_timezone("UTC");
    let n = Int64Array::from_iter_values(0..times.len() as i64);
    RecordBatch::try_from_iter_with_nullable([
        ("ts", Arc::new(ts) as arrow_array::ArrayRef, false),
        ("n", Arc::new(n), true),
    ])
    .expect("a batch")
}

/// All batches of a file.
pub fn read(path: &Path) -> RecordBatch {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a file")).expect("Parquet");
    let schema = builder.schema().clone();
    let batches: Vec<_> = builder
        .with_batch_size(4096)
        .build()
        .expect("a reader")
        .map(|b| b.expect("a batch"))
        .collect();
    arrow_select::concat::concat_batches(&schema, &batches).expect("one batch")
}

/// Files and folders below `root`, relative, sorted.
pub fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![root.to_path_buf()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            found.push(
                path.strip_prefix(root)
                    .expect("below")
                    .to_string_lossy()
                    .into_owned(),
            );
            if path.is_dir() {
                todo.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Just the files of [`tree`].
pub fn files(root: &Path) -> Vec<String> {
    tree(root)
        .into_iter()
        .filter(|p| root.join(p).is_file())
        .collect()
}

/// A mounted tmpfs that is unmounted at the end; none when this user may not mount.
pub struct Mount(pub Folder);

impl Mount {
    pub fn new(name: &str, options: &str) -> Option<Self> {
        let folder = Folder::new(name);
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&folder.0)
            .status();
        if mounted.is_ok_and(|s| s.success()) {
            return Some(Mount(folder));
        }
        println!("skipped: this user may not mount a tmpfs");
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0.0).status();
    }
}
