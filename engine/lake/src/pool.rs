//! Worker threads: batches of one stream are written in order, by one worker at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;

use crate::error::LakeError;
use crate::store::{Store, lock};

/// Bytes of batches that wait at most; a single larger batch is let in alone.
const QUEUE_BYTES: usize = 24 << 20;

#[derive(Default)]
struct Stream {
    batches: VecDeque<(RecordBatch, usize)>,
    busy: bool,
}

#[derive(Default)]
struct Queue {
    streams: HashMap<String, Stream>,
    /// Batches waiting or being written, and their bytes.
    batches: usize,
    bytes: usize,
    closed: bool,
    /// Somebody waits until everything is written and closed.
    flush: bool,
    /// One worker is doing so; another that found nothing left to close would say too early that all is done.
    closing: bool,
    failed: Option<LakeError>,
}

/// What a worker does next.
enum Task {
    Write(String, RecordBatch, usize),
    /// Nothing waits: close all files.
    Close,
}

struct Shared {
    store: Store,
    limit: usize,
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// The workers of a lake.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    pub fn start(store: Store, threads: usize, queue_batches: usize) -> Result<Self, LakeError> {
        let shared = Arc::new(Shared {
            store,
            limit: queue_batches.max(1),
            queue: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut pool = Pool {
            shared,
            workers: Vec::new(),
        };
        for number in 0..threads.clamp(1, 256) {
            let shared = Arc::clone(&pool.shared);
            let worker = std::thread::Builder::new()
                .name(format!("lake-{number}"))
                .spawn(move || shared.work());
            // On an error the pool is dropped, which ends the workers that did start.
            pool.workers.push(worker.map_err(|e| LakeError::Worker {
                reason: e.to_string(),
            })?);
        }
        Ok(pool)
    }

    /// Queues a batch; where that is wished, waits while the queue is full.
    pub fn write(&self, stream: &str, batch: RecordBatch, waits: bool) -> Result<(), LakeError> {
        let bytes = batch.get_array_memory_size();
        let mut queue = lock(&self.shared.queue);
        loop {
            if let Some(error) = &queue.failed {
                return Err(error.clone());
            }
            if queue.closed {
                let reason = "it was told that nothing more would come".to_owned();
                return Err(LakeError::Worker { reason });
            }
            let full = queue.batches >= self.shared.limit || queue.bytes + bytes > QUEUE_BYTES;
            if queue.batches == 0 || !full || !waits {
                break;
            }
            queue = self.shared.wait(queue);
        }
        queue.batches += 1;
        queue.bytes += bytes;
        match queue.streams.get_mut(stream) {
            Some(known) => known.batches.push_back((batch, bytes)),
            None => {
                let first = Stream {
                    batches: VecDeque::from([(batch, bytes)]),
                    busy: false,
                };
                queue.streams.insert(stream.to_owned(), first);
            }
        }
        drop(queue);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Lets the workers write what is queued and close the files, and does not wait for them.
    pub fn seal(&self) {
        lock(&self.shared.queue).closed = true;
        self.shared.changed.notify_all();
    }

    /// Lets the workers write what is queued and close the files; gives the first error.
    pub fn finish(&mut self) -> Result<(), LakeError> {
        self.seal();
        self.join();
        match lock(&self.shared.queue).failed.clone() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Waits until what was queued is written and its files are visible.
    pub fn flush(&self) -> Result<(), LakeError> {
        let mut queue = lock(&self.shared.queue);
        queue.flush = true;
        self.shared.changed.notify_all();
        while queue.flush {
            if let Some(error) = &queue.failed {
                return Err(error.clone());
            }
            queue = self.shared.wait(queue);
        }
        queue.failed.clone().map_or(Ok(()), Err)
    }

    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    fn join(&mut self) {
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join(); // A panic has been noted by the worker's guard.
        }
    }
}

impl Drop for Pool {
    /// Ends the workers without writing what is queued and removes what is not finished.
    fn drop(&mut self) {
        let mut queue = lock(&self.shared.queue);
        queue.closed = true;
        queue.failed.get_or_insert(LakeError::Worker {
            reason: "it was told to stop".to_owned(),
        });
        drop(queue);
        self.join();
        self.shared.store.discard();
    }
}

/// Notes the end of a worker that panics, so that nobody waits for it.
struct Guard<'a>(&'a Shared);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(LakeError::Worker {
                reason: "it met an internal error".to_owned(),
            });
        }
    }
}

impl Shared {
    fn wait<'a>(&self, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, error: LakeError) {
        let error = self.store.explain(error);
        let mut queue = lock(&self.queue);
        queue.failed.get_or_insert(error);
        queue.streams.clear();
        drop(queue);
        self.changed.notify_all();
    }

    fn work(&self) {
        let _guard = Guard(self);
        while let Some(task) = self.next() {
            let Task::Write(stream, batch, bytes) = task else {
                self.close_all();
                let mut queue = lock(&self.queue);
                (queue.flush, queue.closing) = (false, false);
                drop(queue);
                self.changed.notify_all();
                continue;
            };
            let outcome = self.store.write(&stream, &batch);
            drop(batch);
            let mut queue = lock(&self.queue);
            queue.batches -= 1;
            queue.bytes -= bytes;
            if let Some(known) = queue.streams.get_mut(&stream) {
                known.busy = false;
            }
            drop(queue);
            match outcome {
                Ok(()) => self.changed.notify_all(),
                Err(error) => self.fail(error),
            }
        }
        self.close_all();
    }

    fn close_all(&self) {
        while lock(&self.queue).failed.is_none() {
            match self.store.close_one() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => self.fail(error),
            }
        }
    }

    /// The next task: a batch, from the stream with the longest queue that nobody else is writing.
    fn next(&self) -> Option<Task> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.failed.is_some() || (queue.closed && queue.batches == 0) {
                return None;
            }
            let free = queue
                .streams
                .iter_mut()
                .filter(|(_, s)| !s.busy && !s.batches.is_empty());
            if let Some((name, stream)) = free.max_by_key(|(_, s)| s.batches.len())
                && let Some((batch, bytes)) = stream.batches.pop_front()
            {
                stream.busy = true;
                return Some(Task::Write(name.clone(), batch, bytes));
            }
            if queue.flush && queue.batches == 0 && !queue.closing {
                queue.closing = true;
                return Some(Task::Close);
            }
            queue = self.wait(queue);
        }
    }
}
