//! The frames of a worker's share of a block, brought together by group of addresses.
//!
//! The flows of a few addresses fit into the cache, those of all do not: a worker reads group by group. Going through the
//! block in that order would wait for memory at every frame, which took a fifth of a worker's time. So the block is gone
//! through once as it lies, which the processor reads ahead of, and the frames are copied to where they will be read.

use linewarden_capture::{Frame, LinkType};

use crate::run::{Block, Meta};

/// Longer frames stay where they are: within them the processor reads ahead anyway.
const SHORT: usize = 512;
const GROUPS: usize = 256;

/// A frame of the turn, and whether its bytes are in the turn or still in the block.
#[derive(Clone, Default)]
struct Place {
    meta: Meta,
    here: bool,
}

/// Room for the frames of one turn, used again for each.
#[derive(Default)]
pub(crate) struct Turn {
    places: Vec<Place>,
    bytes: Vec<u8>,
}

/// Where the next frame of a group, and its bytes, go.
#[derive(Clone, Copy, Default)]
struct Next {
    place: usize,
    byte: usize,
}

impl Turn {
    /// The frames group by group, each group in its order.
    pub fn frames<'a>(&'a mut self, block: &'a Block, frames: &[Meta]) -> impl Iterator<Item = Frame<'a>> {
        let mut next = self.lay_out(frames);
        for meta in frames {
            let to = &mut next[usize::from(meta.group)];
            let (length, mut meta) = (meta.length as usize, meta.clone());
            let here = length <= SHORT;
            if let (true, Some(room)) = (here, self.bytes.get_mut(to.byte..to.byte + length))
                && let Some(data) = block
                    .bytes
                    .get(meta.start as usize..)
                    .and_then(|d| d.get(..length))
            {
                room.copy_from_slice(data);
                meta.start = to.byte as u32;
                to.byte += length;
            }
            if let Some(place) = self.places.get_mut(to.place) {
                *place = Place { meta, here };
            }
            to.place += 1;
        }
        let places = self.places.get(..frames.len()).unwrap_or_default();
        places.iter().map(|place| {
            let bytes = if place.here { &self.bytes } else { &block.bytes };
            place.meta.frame(bytes)
        })
    }

    /// Makes room, and says where each group begins.
    fn lay_out(&mut self, frames: &[Meta]) -> [Next; GROUPS] {
        let mut next = [Next::default(); GROUPS];
        for meta in frames {
            let size = &mut next[usize::from(meta.group)];
            size.place += 1;
            size.byte += if meta.length as usize <= SHORT {
                meta.length as usize
            } else {
                0
            };
        }
        let mut all = Next::default();
        for group in &mut next {
            let size = std::mem::replace(group, all);
            all.place += size.place;
            all.byte += size.byte;
        }
        if self.places.len() < all.place {
            self.places.resize(all.place, Place::default());
        }
        if self.bytes.len() < all.byte {
            self.bytes.resize(all.byte, 0);
        }
        next
    }
}

impl Meta {
    /// The frame, whose bytes are among these.
    #[inline]
    pub fn frame<'a>(&self, bytes: &'a [u8]) -> Frame<'a> {
        let start = self.start as usize;
        Frame {
            number: self.number,
            ts_ns: self.ts_ns,
            origlen: self.origlen,
            linktype: LinkType(self.linktype),
            interface: u32::from(self.interface),
            data: bytes.get(start..start + self.length as usize).unwrap_or(&[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lengths: &[usize]) -> (Block, Vec<Meta>) {
        let (mut block, mut frames) = (Block::default(), Vec::new());
        for (i, &length) in (0u8..).zip(lengths) {
            frames.push(Meta {
                number: u64::from(i) + 1,
                start: block.bytes.len() as u32,
                length: length as u32,
                group: i % 3,
                ..Meta::default()
            });
            block.bytes.extend(std::iter::repeat_n(i, length));
        }
        (block, frames)
    }

    #[test]
    fn frames_come_group_by_group_with_their_own_bytes() {
        let lengths = [60, 1_500, 0, 512, 513, 80, 64, 1];
        let (block, frames) = block(&lengths);
        let mut turn = Turn::default();
        for _ in 0..2 {
            let read: Vec<u64> = turn
                .frames(&block, &frames)
                .map(|frame| {
                    let i = frame.number as usize - 1;
                    assert_eq!(frame.data, vec![i as u8; lengths[i]]);
                    frame.number
                })
                .collect();
            assert_eq!(read, [1, 4, 7, 2, 5, 8, 3, 6]);
        }
    }
}
