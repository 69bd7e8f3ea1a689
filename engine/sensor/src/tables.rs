//! Small types that flows, sessions and records share.

use std::sync::Arc;

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

/// Numbers below this find their name by their place.
const SMALL: i64 = 1_024;
/// No name stands for this number.
const UNNAMED: NameId = NameId::MAX;

/// Names of numbers, such as function codes. A copy is another way to the same table.
#[derive(Debug, Clone, Default)]
pub struct Labels(Arc<Table>);

#[derive(Debug, Default)]
struct Table {
    /// Of small numbers, by their place.
    small: Box<[NameId]>,
    /// Of the others, sorted by number.
    others: Box<[(i64, NameId)]>,
}

impl Labels {
    pub fn new(names: impl IntoIterator<Item = (i64, NameId)>) -> Self {
        let (few, mut others): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|(n, _)| (0..SMALL).contains(n));
        let places = few.iter().map(|(n, _)| *n as usize + 1).max().unwrap_or(0);
        let mut small = vec![UNNAMED; places];
        for (n, id) in few {
            small[n as usize] = id;
        }
        others.sort_unstable();
        Self(Arc::new(Table {
            small: small.into(),
            others: others.into(),
        }))
    }

    /// Whether it names no number.
    pub fn is_empty(&self) -> bool {
        self.0.small.is_empty() && self.0.others.is_empty()
    }

    /// The name of a number.
    #[inline]
    pub fn get(&self, number: i64) -> Option<NameId> {
        let small = usize::try_from(number).ok().and_then(|i| self.0.small.get(i));
        match small {
            Some(&id) => (id != UNNAMED).then_some(id),
            None => self.far(number),
        }
    }

    fn far(&self, number: i64) -> Option<NameId> {
        let others = &self.0.others;
        let found = others.binary_search_by_key(&number, |e| e.0).ok();
        found.and_then(|i| others.get(i)).map(|e| e.1)
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;

    #[test]
    fn numbers_near_and_far_are_found() {
        let names = Labels::new([
            (i64::MAX, 3),
            (-5, 2),
            (i64::MIN + 1, 1),
            (0, 4),
            (7, 0),
            (1_024, 5),
        ]);
        for (number, id) in [
            (i64::MAX, 3),
            (-5, 2),
            (i64::MIN + 1, 1),
            (0, 4),
            (7, 0),
            (1_024, 5),
        ] {
            assert_eq!(names.get(number), Some(id));
        }
        for number in [1, 6, 8, 1_023, 1_025, -1, i64::MIN] {
            assert_eq!(names.get(number), None);
        }
        assert_eq!(Labels::default().get(0), None);
    }
}
