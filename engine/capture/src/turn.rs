//! Frames that lie in a block of bytes, brought together by group of addresses.
//!
//! The flows of a few addresses fit into the cache, those of all do not: a worker reads group by group. Going through the
//! block in that order would wait for memory at every frame, which took a fifth of a worker's time. So the block is gone
//! through once as it lies, which the processor reads ahead of, and the frames are copied to where they will be read.

use crate::reader::{Frame, LinkType};

/// Longer frames stay where they are: within them the processor reads ahead anyway.
const SHORT: usize = 512;
const GROUPS: usize = 256;

/// A frame's place in its block.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// As in [`Frame`].
    pub number: u64,
    /// As in [`Frame`].
    pub ts_ns: i64,
    /// Index in the block's bytes.
    pub start: u32,
    /// Bytes from there on.
    pub length: u32,
    /// As in [`Frame`].
    pub origlen: u32,
    /// As in [`Frame`]; a capture has 65,536 interfaces at most.
    pub interface: u16,
    /// As in [`Frame`].
    pub linktype: u16,
    /// Both directions of a pair of addresses are in one group.
    pub group: u8,
}

/// A frame of the turn, and whether its bytes are in the turn or still in the block.
#[derive(Clone, Debug, Default)]
struct Place {
    meta: Meta,
    here: bool,
}

/// Room for the frames of one turn, used again for each.
#[derive(Debug, Default)]
pub struct Turn {
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
    pub fn frames<'a>(&'a mut self, block: &'a [u8], frames: &[Meta]) -> impl Iterator<Item = Frame<'a>> {
        let mut next = self.lay_out(frames);
        for meta in frames {
            let to = &mut next[usize::from(meta.group)];
            let mut place = Place {
                meta: meta.clone(),
                here: false,
            };
            let data = meta.frame(block).data;
            if data.len() <= SHORT
                && let Some(room) = self.bytes.get_mut(to.byte..to.byte + data.len())
            {
                room.copy_from_slice(data);
                place.meta.start = to.byte as u32;
                place.here = true;
                to.byte += data.len();
            }
            if let Some(slot) = self.places.get_mut(to.place) {
                *slot = place;
            }
            to.place += 1;
        }
        let places = self.places.get(..frames.len()).unwrap_or_default();
        let here = self.bytes.as_slice();
        places.iter().map(move |place| {
            let bytes = if place.here { here } else { block };
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
    #[must_use]
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

    fn block(lengths: &[usize]) -> (Vec<u8>, Vec<Meta>) {
        let (mut block, mut frames) = (Vec::new(), Vec::new());
        for (i, &length) in (0u8..).zip(lengths) {
            frames.push(Meta {
                number: u64::from(i) + 1,
                start: block.len() as u32,
                length: length as u32,
                group: i % 3,
                ..Meta::default()
            });
            block.extend(std::iter::repeat_n(i, length));
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
