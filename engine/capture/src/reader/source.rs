//! One reused buffer over a stream of bytes.

use std::io::{ErrorKind, Read};

/// Holds the longest block, and the header after it.
const CAPACITY: usize = 1024 * 1024;
/// Bytes asked for at a time. Small enough that they are still in the processor's cache when they are parsed.
const READ_SIZE: usize = 128 * 1024;

pub(super) struct Source {
    input: Box<dyn Read + Send>,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the stream `buf` begins.
    base: u64,
    ended: bool,
    error: Option<std::io::Error>,
}

impl Source {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            buf: vec![0; CAPACITY],
            start: 0,
            end: 0,
            base: 0,
            ended: false,
            error: None,
        }
    }

    /// What is in the buffer and not used yet.
    #[inline]
    pub(super) fn available(&self) -> &[u8] {
        self.buf.get(self.start..self.end).unwrap_or_default()
    }

    #[inline]
    pub(super) fn slice(&self, start: usize, len: usize) -> &[u8] {
        self.buf
            .get(start..)
            .and_then(|tail| tail.get(..len))
            .unwrap_or_default()
    }

    /// Index in the buffer of the first byte not used yet.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.start
    }

    /// Offset in the stream of the first byte not used yet.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Marks `n` bytes as used; their content stays where it is until [`Self::ensure`] is called.
    #[inline]
    pub(super) fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
    }

    /// Reads on until `n` bytes are there (at most the buffer's capacity) or the input ends; gives how many there are.
    #[inline]
    pub(super) fn ensure(&mut self, n: usize) -> usize {
        let have = self.end - self.start;
        if have >= n || self.ended {
            have
        } else {
            self.fill(n)
        }
    }

    #[cold]
    fn fill(&mut self, n: usize) -> usize {
        let n = n.min(CAPACITY);
        // Moving little to the front keeps the work in a small piece of memory; much is moved only when it must be.
        if self.end - self.start < 4096 || self.start + n > CAPACITY {
            self.buf.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        let wanted = self.start + n;
        while self.end < wanted && !self.ended {
            let until = (self.end + READ_SIZE).min(CAPACITY);
            let Some(room) = self.buf.get_mut(self.end..until) else {
                break;
            };
            match self.input.read(room) {
                Ok(0) => self.ended = true,
                Ok(got) => self.end = (self.end + got).min(until),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.ended = true;
                    self.error = Some(e);
                }
            }
        }
        self.end - self.start
    }

    /// Steps over `n` bytes that may be more than the buffer holds; false when the input ends before.
    pub(super) fn skip(&mut self, mut n: u64) -> bool {
        while n > 0 {
            let have = self.ensure(1);
            if have == 0 {
                return false;
            }
            let step = usize::try_from(n).unwrap_or(usize::MAX).min(have);
            self.consume(step);
            n -= step as u64;
        }
        true
    }

    /// Why the input ended, when that was an error.
    pub(super) fn take_error(&mut self) -> Option<std::io::Error> {
        self.error.take()
    }

    pub(super) fn has_error(&self) -> bool {
        self.error.is_some()
    }
}
