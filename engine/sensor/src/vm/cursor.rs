//! The part of a message that is looked at, and where.

use crate::bits::read;
use crate::tape::View;

/// A slice with a cursor.
pub(super) struct Cursor<'d> {
    pub data: &'d [u8],
    pub pos: usize,
    /// Where the slice begins in the message.
    pub base: usize,
}

impl<'d> Cursor<'d> {
    #[inline]
    pub fn left(&self) -> usize {
        self.data.len() - self.pos
    }

    #[inline]
    pub fn rest(&self) -> &'d [u8] {
        &self.data[self.pos..]
    }

    #[inline]
    pub fn take(&mut self, n: usize) -> Option<&'d [u8]> {
        let (head, _) = self.data[self.pos..].split_at_checked(n)?;
        self.pos += n;
        Some(head)
    }

    /// A length in BER (X.690 8.1.3), of four octets at most; the indefinite form gives what is left.
    pub fn ber_length(&mut self) -> Option<i64> {
        match *self.take(1)?.first()? {
            0x80 => Some(self.left() as i64),
            short @ 0..0x80 => Some(i64::from(short)),
            octets if octets & 0x7f <= 4 => Some(read(self.take((octets & 0x7f) as usize)?, false, false)),
            _ => None,
        }
    }

    /// Place of the cursor in the message.
    pub fn at(&self) -> usize {
        self.base + self.pos
    }

    pub fn view(&self) -> View {
        View {
            start: self.base,
            end: self.base + self.data.len(),
            pos: self.pos,
        }
    }

    pub fn of(message: &'d [u8], view: View) -> Self {
        Self {
            data: message.get(view.start..view.end).unwrap_or(&[]),
            pos: view.pos,
            base: view.start,
        }
    }
}
