//! The packets of a block (`include/uapi/linux/if_packet.h`). All offsets are checked: a slice is a slice.

/// `tpacket_block_desc`: number of packets, and where the first one is.
const COUNT: usize = 12;
const FIRST: usize = 16;
/// `tpacket3_hdr`.
const SECONDS: usize = 4;
const NANOSECONDS: usize = 8;
const CAPTURED: usize = 12;
const LENGTH: usize = 16;
const STATUS: usize = 20;
const DATA: usize = 24;
const VLAN: usize = 32;
const VLAN_KIND: usize = 36;
/// `sockaddr_ll.sll_pkttype`, behind the header.
const DIRECTION: usize = 48 + 10;

const VLAN_VALID: u32 = 1 << 4;
const VLAN_KIND_VALID: u32 = 1 << 6;
const OUTGOING: u8 = 4;
const DOT1Q: u16 = 0x8100;

/// One packet; it borrows the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// ns since 1970 (UTC).
    pub ts_ns: i64,
    /// Bytes on the wire, without a tag that the kernel took out.
    pub origlen: u32,
    /// The VLAN tag that the kernel (or the network card) took out: it stood behind the two addresses.
    pub tag: Option<[u8; 4]>,
    /// Sent by this machine.
    pub outgoing: bool,
    /// What was captured, without that tag.
    pub data: &'a [u8],
}

fn u16_at(block: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*block.get(at..)?.first_chunk()?))
}

fn u32_at(block: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*block.get(at..)?.first_chunk()?))
}

fn packet(block: &[u8], at: usize) -> Option<Packet<'_>> {
    let header = block.get(at..)?;
    let captured = u32_at(header, CAPTURED)? as usize;
    let start = usize::from(u16_at(header, DATA)?);
    let status = u32_at(header, STATUS)?;
    let tag = (status & VLAN_VALID != 0).then(|| {
        let kind = u16_at(header, VLAN_KIND).filter(|_| status & VLAN_KIND_VALID != 0);
        let [a, b] = kind.unwrap_or(DOT1Q).to_be_bytes();
        let [c, d] = (u32_at(header, VLAN).unwrap_or(0) as u16).to_be_bytes();
        [a, b, c, d]
    });
    Some(Packet {
        ts_ns: i64::from(u32_at(header, SECONDS)?) * 1_000_000_000 + i64::from(u32_at(header, NANOSECONDS)?),
        origlen: u32_at(header, LENGTH)?,
        tag,
        outgoing: *header.get(DIRECTION)? == OUTGOING,
        data: header.get(start..start + captured)?,
    })
}

/// Calls `each` for every packet of the block.
pub fn walk<'a>(block: &'a [u8], mut each: impl FnMut(Packet<'a>)) {
    let (Some(count), Some(first)) = (u32_at(block, COUNT), u32_at(block, FIRST)) else {
        return;
    };
    let mut at = first as usize;
    for _ in 0..count {
        let Some(found) = packet(block, at) else { return };
        each(found);
        let Some(next) = u32_at(block, at).filter(|n| *n > 0) else {
            return;
        };
        at += next as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Vec<u8> {
        let mut block = vec![0u8; 512];
        let mut put = |at: usize, value: &[u8]| block[at..at + value.len()].copy_from_slice(value);
        put(COUNT, &2u32.to_ne_bytes());
        put(FIRST, &48u32.to_ne_bytes());
        for (at, next, tagged) in [(48usize, 128u32, true), (176, 0, false)] {
            put(at, &next.to_ne_bytes());
            put(at + SECONDS, &7u32.to_ne_bytes());
            put(at + NANOSECONDS, &9u32.to_ne_bytes());
            put(at + CAPTURED, &20u32.to_ne_bytes());
            put(at + LENGTH, &60u32.to_ne_bytes());
            put(at + DATA, &82u16.to_ne_bytes());
            put(at + 82, &[0xab; 20]);
            if tagged {
                put(at + STATUS, &(VLAN_VALID | VLAN_KIND_VALID).to_ne_bytes());
                put(at + VLAN, &5u32.to_ne_bytes());
                put(at + VLAN_KIND, &0x88a8u16.to_ne_bytes());
            } else {
                put(at + DIRECTION, &[OUTGOING]);
            }
        }
        block
    }

    #[test]
    fn packets_come_with_their_tag_time_and_direction() {
        let block = block();
        let mut found = Vec::new();
        walk(&block, |p| found.push(p));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].tag, Some([0x88, 0xa8, 0, 5]));
        assert_eq!(
            (found[0].ts_ns, found[0].origlen, found[0].data.len()),
            (7_000_000_009, 60, 20)
        );
        assert!(!found[0].outgoing && found[1].outgoing && found[1].tag.is_none());
    }

    #[test]
    fn a_block_that_lies_gives_fewer_packets_and_no_panic() {
        let whole = block();
        for at in 0..whole.len() {
            let mut lying = whole.clone();
            lying[at] = 0xff;
            walk(&lying, |p| assert!(p.data.len() <= lying.len()));
            walk(&whole[..at], |_| {});
        }
    }
}
