//! Reading numbers out of bytes that may be too short.

#[inline]
pub(crate) fn be16(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk::<2>().map(|b| u16::from_be_bytes(*b))
}

#[inline]
pub(crate) fn be32(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk::<4>().map(|b| u32::from_be_bytes(*b))
}

/// What follows the first `n` bytes; empty when there are not so many.
#[inline]
pub(crate) fn after(data: &[u8], n: usize) -> &[u8] {
    data.get(n..).unwrap_or_default()
}
