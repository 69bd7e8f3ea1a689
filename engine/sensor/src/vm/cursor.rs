//! The part of a message that is looked at, and where.

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
