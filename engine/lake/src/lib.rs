//! The event lake: Arrow record batches in, a Hive-partitioned Parquet lake out.
//!
//! Layout: `<root>/stream=<name>/site=<site>/date=YYYY-MM-DD/<prefix>-<seq>.parquet`, where the date
//! is the UTC day of the column `ts`.
//!
//! A file is written under a temporary name (`.<name>.tmp`), synced and renamed, so that a reader never
//! sees half a file. Files of an earlier run with the same prefix are replaced when the new files of their
//! folder are complete: reading a capture twice gives the same lake. One writer at a time may use a prefix.
//!
//! The pages are encoded here and not by the Arrow writer of `parquet`, which took four to five times as
//! long: Arrow dictionary keys become Parquet indices without a look at the strings, and numbers get a
//! dictionary, DELTA_BINARY_PACKED or BYTE_STREAM_SPLIT, whichever a sample shows to be smaller.

mod codec;
mod column;
mod dates;
mod delta;
mod dict;
mod error;
mod folder;
mod levels;
mod numbers;
mod options;
mod part;
mod pool;
mod rle;
mod store;
mod strings;

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;

pub use error::LakeError;
pub use options::{Compression, Options};
use pool::Pool;
use store::Store;

/// One finished file of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Stream (table) the file belongs to.
    pub stream: String,
    /// Where the file is.
    pub path: PathBuf,
    /// Rows in the file.
    pub rows: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// A writer into the lake. Dropped without [`Lake::finish`], it behaves like [`Lake::abort`].
pub struct Lake {
    pool: Pool,
}

impl Lake {
    /// Makes the root folder, checks that it can be written to and starts the worker threads.
    ///
    /// # Errors
    /// A setting that cannot be used, or a folder that cannot be made or written to.
    pub fn create(root: &Path, options: Options) -> Result<Lake, LakeError> {
        options.check()?;
        let (threads, queue) = (options.threads, options.queue_batches);
        let store = Store::create(root, options)?;
        Ok(Lake {
            pool: Pool::start(store, threads, queue)?,
        })
    }

    /// Hands a batch to the worker threads; waits while their queue is full.
    ///
    /// Batches of a stream keep their order. A batch whose columns differ from those before begins a new file.
    ///
    /// # Errors
    /// A batch that cannot be stored, or the error that a worker met with an earlier batch.
    pub fn write(&self, stream: &str, batch: RecordBatch) -> Result<(), LakeError> {
        self.hand_over(stream, batch, true)
    }

    /// The same for one of the last batches, which are all in memory: does not wait, so that the caller may go on.
    ///
    /// # Errors
    /// As [`Lake::write`].
    pub fn write_last(&self, stream: &str, batch: RecordBatch) -> Result<(), LakeError> {
        self.hand_over(stream, batch, false)
    }

    fn hand_over(&self, stream: &str, batch: RecordBatch, waits: bool) -> Result<(), LakeError> {
        options::check_name("stream", stream)?;
        part::check_schema(stream, batch.schema_ref())?;
        self.pool.write(stream, batch, waits)
    }

    /// Writes what was handed over and makes its files visible; writing goes on in new files. Lists those that became
    /// visible since the last time. For a lake that keeps earlier files ([`Options::keep_earlier`]).
    ///
    /// # Errors
    /// The first error of a worker; then nothing more can be written.
    pub fn flush(&self) -> Result<Vec<Written>, LakeError> {
        self.pool.flush()?;
        Ok(self.pool.store().settle())
    }

    /// Nothing more will come: what is left is written from now on, without waiting for it. Nothing becomes visible
    /// before [`Lake::finish`], and [`Lake::abort`] leaves nothing of it.
    pub fn seal(&self) {
        self.pool.seal();
    }

    /// Writes what is left, makes all files visible and lists them by path.
    ///
    /// # Errors
    /// The first error of a worker; then temporary files are removed and files already visible stay.
    pub fn finish(mut self) -> Result<Vec<Written>, LakeError> {
        self.pool.finish()?;
        let store = self.pool.store();
        store.commit().map_err(|error| store.explain(error))
    }

    /// Drops what is not finished; files that are already visible stay.
    pub fn abort(self) {}
}
