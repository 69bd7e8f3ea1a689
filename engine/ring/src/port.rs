//! One interface that is listened to.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::error::PortError;
use crate::sys::{self, Map};
use crate::walk::{Packet, walk};

/// One block of the ring. The kernel hands over whole blocks, those that are not full after `retire_ms`: their number
/// says how long a reader may stand still, so they are small (32 MiB: 256 of them, 13 s at 50 ms). An offloaded frame
/// of 64 KiB fits.
const BLOCK: usize = 128 << 10;
/// Of blocks: 4 GiB.
const MOST_BLOCKS: usize = 32_768;
/// A nominal size: with TPACKET_V3 packets lie end to end in a block, whatever their length.
const FRAME: usize = 2_048;

/// An instruction of classic BPF, as `tcpdump -ddd` prints it: code, jump if true, jump if false, operand.
pub type Instruction = (u16, u8, u8, u32);

/// How to listen.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of the ring; rounded up to whole blocks of 128 KiB, at least two.
    pub ring_bytes: usize,
    /// A block that is not full is handed over after so many ms.
    pub retire_ms: u32,
    /// Hear what is addressed to others, too.
    pub promiscuous: bool,
    /// Only what this program lets through; empty for everything.
    pub filter: Vec<Instruction>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ring_bytes: 32 << 20,
            retire_ms: 50,
            promiscuous: true,
            filter: Vec::new(),
        }
    }
}

/// What happened to an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was switched off, or its cable or driver was.
    Down,
    /// It hears again.
    Up,
    /// It is no more.
    Gone,
    /// There is one of that name again, and it is listened to.
    Back,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    Down,
    Gone,
}

/// An interface that is listened to.
#[derive(Debug)]
pub struct Port {
    name: String,
    // The map goes before the socket: fields are dropped in order.
    map: Map,
    socket: OwnedFd,
    index: u32,
    block: usize,
    linktype: u16,
    loopback: bool,
    promiscuous: bool,
    state: State,
    drops: u64,
}

impl Port {
    /// Begins to listen. Needs `CAP_NET_RAW`, this once.
    ///
    /// # Errors
    /// No such interface, no right, no memory, or frames of a kind that is not read.
    pub fn open(name: &str, options: &Options) -> Result<Self, PortError> {
        let wrong = |e: io::Error| PortError::io(name, e);
        // Protocol 0 hears nothing until `bind`, so nothing gets past a filter that is not there yet.
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None).map_err(|e| wrong(e.into()))?;
        let fd = socket.as_fd();
        let index = name_to_index(fd, name).map_err(|e| wrong(e.into()))?;
        attach(name, fd, &options.filter)?;
        let map = ring(name, fd, options)?;
        sys::bind(fd, index.cast_signed()).map_err(wrong)?;
        let kind = sys::hardware(fd).map_err(wrong)?;
        let Some(linktype) = linktype(kind) else {
            let name = name.to_owned();
            return Err(PortError::Kind { name, kind });
        };
        let mut port = Self {
            name: name.to_owned(),
            map,
            index,
            block: 0,
            linktype,
            loopback: kind == libc::ARPHRD_LOOPBACK,
            promiscuous: options.promiscuous,
            state: State::Up,
            drops: 0,
            socket,
        };
        port.be_promiscuous().map_err(wrong)?;
        Ok(port)
    }

    fn be_promiscuous(&mut self) -> io::Result<()> {
        if !self.promiscuous {
            return Ok(());
        }
        let request = libc::packet_mreq {
            mr_ifindex: self.index.cast_signed(),
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        sys::set(
            self.socket.as_fd(),
            libc::SOL_PACKET,
            libc::PACKET_ADD_MEMBERSHIP,
            &request,
        )
    }

    /// The interface's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of its frames: a LINKTYPE number.
    #[must_use]
    pub fn linktype(&self) -> u16 {
        self.linktype
    }

    /// Whether it can hear now, as far as `check` knows.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// Calls `each` for every packet of the next block; false if there is none now. On the loopback interface, where
    /// each packet passes twice, it is told once.
    pub fn block(&mut self, mut each: impl FnMut(Packet<'_>)) -> bool {
        let loopback = self.loopback;
        let Some(lease) = self.map.take(self.block) else {
            return false;
        };
        walk(lease.bytes(), |packet| {
            if !(loopback && packet.outgoing) {
                each(packet);
            }
        });
        drop(lease);
        self.block = (self.block + 1) % self.map.blocks();
        true
    }

    /// Packets that found no room since the beginning, as the kernel counts them (`PACKET_STATISTICS`).
    pub fn drops(&mut self) -> u64 {
        if let Ok((_, dropped)) = sys::statistics(self.socket.as_fd()) {
            self.drops += u64::from(dropped);
        }
        self.drops
    }

    /// Looks whether the interface went or came back, and takes it up again; `None` where nothing changed.
    pub fn check(&mut self) -> Option<Change> {
        let fd = self.socket.as_fd();
        let _ = sys::pending_error(fd); // Only wakes us; what is so now is asked for below.
        let Ok(index) = name_to_index(fd, &self.name) else {
            return self.became(State::Gone, Change::Gone);
        };
        if index != self.index || self.state == State::Gone {
            if sys::bind(fd, index.cast_signed()).is_err() {
                return None;
            }
            self.index = index;
            let _ = self.be_promiscuous(); // It hears what is for everybody, at least.
            self.state = State::Up;
            return Some(Change::Back);
        }
        let up = sys::flags(fd, &self.name).is_ok_and(|f| f & libc::IFF_UP != 0);
        if up {
            self.became(State::Up, Change::Up)
        } else {
            self.became(State::Down, Change::Down)
        }
    }

    fn became(&mut self, state: State, change: Change) -> Option<Change> {
        let old = std::mem::replace(&mut self.state, state);
        (old != state).then_some(change)
    }
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Waits until one of the ports has something, at most so long; false if the time passed, or an interface is down (which
/// would wake us for ever, so it is slept through).
pub fn wait(ports: &[Port], at_most: Duration) -> bool {
    let mut fds: Vec<_> = ports.iter().map(|p| PollFd::new(p, PollFlags::IN)).collect();
    let time = Timespec {
        tv_sec: at_most.as_secs().cast_signed(),
        tv_nsec: at_most.subsec_nanos().into(),
    };
    let woken = poll(&mut fds, Some(&time)).unwrap_or(0);
    let heard = fds.iter().any(|f| f.revents().contains(PollFlags::IN));
    if woken > 0 && !heard {
        std::thread::sleep(at_most.min(Duration::from_millis(20)));
    }
    heard
}

fn attach(name: &str, fd: BorrowedFd<'_>, filter: &[Instruction]) -> Result<(), PortError> {
    if filter.is_empty() {
        return Ok(());
    }
    let mut program: Vec<_> = filter
        .iter()
        .map(|&(code, jt, jf, k)| libc::sock_filter { code, jt, jf, k })
        .collect();
    sys::filter(fd, &mut program).map_err(|source| PortError::Filter {
        name: name.to_owned(),
        source,
    })
}

fn ring(name: &str, fd: BorrowedFd<'_>, options: &Options) -> Result<Map, PortError> {
    let blocks = options.ring_bytes.div_ceil(BLOCK).clamp(2, MOST_BLOCKS);
    let request = libc::tpacket_req3 {
        tp_block_size: BLOCK as u32,
        tp_block_nr: blocks as u32,
        tp_frame_size: FRAME as u32,
        tp_frame_nr: (BLOCK / FRAME * blocks) as u32,
        tp_retire_blk_tov: options.retire_ms,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    };
    let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
    sys::set(fd, libc::SOL_PACKET, libc::PACKET_VERSION, &version)
        .and_then(|()| sys::set(fd, libc::SOL_PACKET, libc::PACKET_RX_RING, &request))
        .and_then(|()| Map::new(fd, BLOCK, blocks))
        .map_err(|source| PortError::Memory {
            name: name.to_owned(),
            mib: (blocks * BLOCK) >> 20,
            source,
        })
}

/// The LINKTYPE of an `ARPHRD_` number.
fn linktype(hardware: u16) -> Option<u16> {
    match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Some(1),
        libc::ARPHRD_NONE | libc::ARPHRD_TUNNEL | libc::ARPHRD_SIT | libc::ARPHRD_IPGRE => Some(101),
        libc::ARPHRD_IEEE80211 => Some(105),
        libc::ARPHRD_IEEE80211_RADIOTAP => Some(127),
        _ => None,
    }
}
