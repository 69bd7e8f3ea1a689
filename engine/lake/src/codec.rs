//! Compression of pages, given up for a while where it does not pay.

use lz4_flex::block::{compress_into, get_maximum_output_size};
use parquet::basic::{Compression as Codec, ZstdLevel};

use crate::options::Compression;

/// Chunks after which a decision not to compress is looked at again.
const RETRY: u32 = 8;

/// Compressor of one column.
#[derive(Debug)]
pub struct Squeeze {
    wanted: Compression,
    /// What this chunk uses, once its first page is known.
    chosen: Option<Codec>,
    /// Chunks left that are not compressed without a try.
    skip: u32,
    buffer: Vec<u8>,
}

impl Squeeze {
    pub fn new(wanted: Compression) -> Self {
        Squeeze {
            wanted,
            chosen: None,
            skip: 0,
            buffer: Vec::new(),
        }
    }

    /// Forgets the choice of the last chunk and gives it.
    pub fn end_chunk(&mut self) -> Codec {
        self.skip = self.skip.saturating_sub(1);
        self.buffer = Vec::new();
        self.chosen.take().unwrap_or(Codec::UNCOMPRESSED)
    }

    /// The page as the chunk's codec has it. The first page decides: compression must save a tenth.
    pub fn page<'a>(&'a mut self, raw: &'a [u8]) -> Result<&'a [u8], String> {
        match self.chosen {
            Some(Codec::UNCOMPRESSED) => return Ok(raw),
            None if self.skip > 0 || self.wanted == Compression::None => {
                self.chosen = Some(Codec::UNCOMPRESSED);
                return Ok(raw);
            }
            _ => {}
        }
        compress(self.wanted, raw, &mut self.buffer)?;
        if self.chosen.is_none() {
            if self.buffer.len() > raw.len() / 10 * 9 {
                self.chosen = Some(Codec::UNCOMPRESSED);
                self.skip = RETRY;
                return Ok(raw);
            }
            self.chosen = Some(match self.wanted {
                Compression::Zstd(level) => {
                    Codec::ZSTD(ZstdLevel::try_new(level).map_err(|e| e.to_string())?)
                }
                _ => Codec::LZ4_RAW,
            });
        }
        Ok(&self.buffer)
    }
}

/// Compresses `raw` into `out`, which is cleared first.
pub fn compress(how: Compression, raw: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    out.clear();
    match how {
        Compression::None => out.extend_from_slice(raw),
        Compression::Lz4 => {
            out.resize(get_maximum_output_size(raw.len()), 0);
            let length = compress_into(raw, out).map_err(|e| e.to_string())?;
            out.truncate(length);
        }
        Compression::Zstd(level) => {
            out.resize(zstd::zstd_safe::compress_bound(raw.len()), 0);
            let length = zstd::bulk::compress_to_buffer(raw, out, level).map_err(|e| e.to_string())?;
            out.truncate(length);
        }
    }
    Ok(())
}
