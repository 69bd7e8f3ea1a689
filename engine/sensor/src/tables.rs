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
            Self::Ip(addr) => {
                let _ = write!(out, "{addr}");
            }
            Self::Mac(mac) => crate::text::mac(mac, out),
        }
    }
}

/// What records say of their flow.
#[derive(Debug, Clone, Copy)]
pub struct FlowInfo {
    /// Number of the flow in this run: key of caches.
    pub serial: u32,
    pub uid: u64,
    pub orig: Host,
    pub resp: Host,
    pub ports: Option<(u16, u16)>,
}

/// When and in which packet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stamp {
    pub ts: i64,
    pub frame: u64,
    pub capture: NameId,
}

/// Looks a number up in a sorted table of names.
pub fn lookup(table: &[(i64, NameId)], number: i64) -> Option<NameId> {
    // Most tables are dense from 0 or 1: try the place where it would stand then.
    let guess = number
        .checked_sub(table.first()?.0)
        .and_then(|i| usize::try_from(i).ok())?;
    if let Some(&(n, id)) = table.get(guess)
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
