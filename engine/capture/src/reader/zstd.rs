//! Zstandard (RFC 8878) files of one or more frames.

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, Read};

/// An empty last block (RFC 8878, 3.1.1.2) and room for a checksum: the end of a frame that has lost its own.
const END: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// Decompresses frame after frame and steps over skippable ones. The window is limited to 128 MiB.
pub(super) struct ZstdFrames<R> {
    input: BufReader<R>,
    decoder: FrameDecoder,
    in_frame: bool,
    /// Why the frame has no good end; told when all that was decoded before is given out.
    damage: Option<io::Error>,
}

impl<R: Read> ZstdFrames<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(128 * 1024, input),
            decoder: FrameDecoder::new(),
            in_frame: false,
            damage: None,
        }
    }

    /// Begins the next frame; false at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.init(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut self.input.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(e) => return Err(io::Error::other(e)),
            }
        }
    }

    /// Decodes until there is something to give out, or the frame is at its end.
    fn decode(&mut self) -> io::Result<()> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let block = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.decoder.decode_blocks(&mut self.input, block) {
                self.damage = Some(io::Error::other(error));
                // The decoder holds its window, up to 8 MiB as a rule, back for blocks to come: there are none.
                self.decoder
                    .decode_blocks(END.as_slice(), BlockDecodingStrategy::All)
                    .map_err(io::Error::other)?;
            }
        }
        Ok(())
    }

    /// All of the frame is given out: whether it was whole.
    fn end(&mut self) -> io::Result<()> {
        self.in_frame = false;
        if let Some(damage) = self.damage.take() {
            return Err(damage);
        }
        match self.decoder.get_checksum_from_data() {
            Some(told) if self.decoder.get_calculated_checksum() != Some(told) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "wrong checksum"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for ZstdFrames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame && !self.begin()? {
                return Ok(0);
            }
            self.in_frame = true;
            self.decode()?;
            let n = self.decoder.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            self.end()?;
        }
    }
}
