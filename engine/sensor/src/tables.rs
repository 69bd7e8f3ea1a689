//! Small types that flows, sessions and records share.

use linewarden_capture::Addr;

use crate::names::NameId;

/// One end of a flow: an IP address, or a MAC address below IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    Ip(Addr),
    Mac([u8; 6]),
}

impl Host {
    pub fn write(self, out: &mut String) {
        use std::fmt::Write;
        out.clear();
        match self {
            Self::Ip(addr) if addr.is_v4() => crate::text::quad(&addr.0[12..], out),
            Self::Ip(addr) => {
                let _ = write!(out, "{addr}");
            }
            Self::Mac(mac) => crate::text::mac(mac, out),
        }
    }
}

/// What records say of their flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowInfo {
    /// Number of the flow in this run: key of caches.
    pub serial: u32,
    pub uid: u64,
    pub orig: Host,
    pub resp: Host,
    pub ports: Option<(u16, u16)>,
}

impl FlowInfo {
    /// Of no flow in particular.
    pub fn nobody() -> Self {
        Self {
            serial: 0,
            uid: 0,
            orig: NOBODY,
            resp: NOBODY,
            ports: None,
        }
    }
}

/// Nobody in particular.
pub const NOBODY: Host = Host::Mac([0; 6]);

/// When and in which packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    pub ts: i64,
    pub frame: u64,
    pub capture: NameId,
}

/// Looks a number up in a sorted table of names.
pub fn lookup(table: &[(i64, NameId)], number: i64) -> Option<NameId> {
    // Most tables are dense from 0 or 1: try the place where it would stand then.
    let guess = number.wrapping_sub(table.first()?.0);
    if let Some(&(n, id)) = usize::try_from(guess).ok().and_then(|i| table.get(i))
        && n == number
    {
        return Some(id);
    }
    table
        .binary_search_by_key(&number, |e| e.0)
        .ok()
        .and_then(|i| table.get(i))
        .map(|e| e.1)
}

#[cfg(test)]
mod tests {
    use super::lookup;

    #[test]
    fn a_number_far_from_the_first_is_found() {
        let table = [(i64::MIN + 1, 1), (-5, 2), (i64::MAX, 3)];
        assert_eq!(lookup(&table, i64::MAX), Some(3));
        assert_eq!(lookup(&table, -5), Some(2));
        assert_eq!(lookup(&table, 0), None);
    }
}
