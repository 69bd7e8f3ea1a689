//! The system calls that no well-kept crate offers safely: a packet socket's options, its address, its shared memory.
//!
//! Everything `unsafe` of the ring is in this file. What goes out is safe to use in any order.
#![allow(unsafe_code)]

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{c_int, c_void, socklen_t};

/// Where the kernel says whose a block is (`tpacket_hdr_v1.block_status`, behind version and offset).
const STATUS: usize = 8;

/// Values that are nothing but numbers, which the kernel may read byte by byte.
pub trait Plain: Copy {}
impl Plain for c_int {}
impl Plain for libc::tpacket_req3 {}
impl Plain for libc::packet_mreq {}

fn done(code: c_int) -> io::Result<()> {
    if code < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Sets an option of the socket.
pub fn set<T: Plain>(fd: BorrowedFd<'_>, level: c_int, option: c_int, value: &T) -> io::Result<()> {
    let at = std::ptr::from_ref(value).cast::<c_void>();
    // SAFETY: the kernel reads `size_of::<T>()` bytes at `at`, which is a whole, plain `T`, and keeps no pointer.
    done(unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, at, size_of::<T>() as socklen_t) })
}

/// Attaches a classic BPF program; the kernel checks and copies it.
pub fn filter(fd: BorrowedFd<'_>, program: &mut [libc::sock_filter]) -> io::Result<()> {
    let Ok(len) = u16::try_from(program.len()) else {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    };
    let whole = libc::sock_fprog {
        len,
        filter: program.as_mut_ptr(),
    };
    let at = std::ptr::from_ref(&whole).cast::<c_void>();
    // SAFETY: `whole` points to `len` instructions that live until the call returns; the kernel only reads them.
    done(unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            at,
            size_of::<libc::sock_fprog>() as socklen_t,
        )
    })
}

/// Packets that passed the filter, and those of them that found no room, since the last call.
pub fn statistics(fd: BorrowedFd<'_>) -> io::Result<(u32, u32)> {
    let mut counts = libc::tpacket_stats_v3 {
        tp_packets: 0,
        tp_drops: 0,
        tp_freeze_q_cnt: 0,
    };
    let mut size = size_of::<libc::tpacket_stats_v3>() as socklen_t;
    let at = std::ptr::from_mut(&mut counts).cast::<c_void>();
    // SAFETY: the kernel writes at most `size` bytes at `at`, which is a plain value of that size.
    done(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            at,
            &raw mut size,
        )
    })?;
    Ok((counts.tp_packets, counts.tp_drops))
}

/// The error that waits at the socket (`ENETDOWN` after its interface went down), and takes it away.
pub fn pending_error(fd: BorrowedFd<'_>) -> io::Result<c_int> {
    let mut error: c_int = 0;
    let mut size = size_of::<c_int>() as socklen_t;
    let at = std::ptr::from_mut(&mut error).cast::<c_void>();
    // SAFETY: the kernel writes at most `size` bytes at `at`, which is a plain value of that size.
    done(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ERROR,
            at,
            &raw mut size,
        )
    })?;
    Ok(error)
}

/// Listens to all packets of an interface from now on.
pub fn bind(fd: BorrowedFd<'_>, interface: c_int) -> io::Result<()> {
    // SAFETY: all bytes zero is a value of this plain struct.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = interface;
    let at = std::ptr::from_ref(&address).cast::<libc::sockaddr>();
    // SAFETY: `at` is an address of the size that is said, which the kernel copies.
    done(unsafe { libc::bind(fd.as_raw_fd(), at, size_of::<libc::sockaddr_ll>() as socklen_t) })
}

/// What kind of interface the socket is bound to: an `ARPHRD_` number.
pub fn hardware(fd: BorrowedFd<'_>) -> io::Result<u16> {
    // SAFETY: all bytes zero is a value of this plain struct.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    let mut size = size_of::<libc::sockaddr_ll>() as socklen_t;
    let at = std::ptr::from_mut(&mut address).cast::<libc::sockaddr>();
    // SAFETY: the kernel writes at most `size` bytes at `at`, which is a plain value of that size.
    done(unsafe { libc::getsockname(fd.as_raw_fd(), at, &raw mut size) })?;
    Ok(address.sll_hatype)
}

/// The flags (`IFF_UP` and others) of an interface.
pub fn flags(fd: BorrowedFd<'_>, name: &str) -> io::Result<c_int> {
    // SAFETY: all bytes zero is a value of this plain struct.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    // SAFETY: the kernel reads the name and writes the flags within `request`, which outlives the call.
    done(unsafe { libc::ioctl(fd.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) })?;
    // SAFETY: after SIOCGIFFLAGS the flags are what the union holds.
    Ok(c_int::from(unsafe { request.ifr_ifru.ifru_flags }))
}

/// The memory that a packet socket shares with us, in blocks that belong to the kernel or to us.
#[derive(Debug)]
pub struct Map {
    start: NonNull<u8>,
    block: usize,
    blocks: usize,
}

// SAFETY: the memory belongs to this value alone, whichever thread holds it.
unsafe impl Send for Map {}

impl Map {
    /// Maps the ring of a socket whose `PACKET_RX_RING` was set to so many blocks of this many bytes (a multiple of
    /// the page).
    pub fn new(fd: BorrowedFd<'_>, block: usize, blocks: usize) -> io::Result<Self> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address that the kernel chooses touches nothing of ours.
        let at = unsafe {
            libc::mmap(
                null_mut(),
                block * blocks,
                access,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                0,
            )
        };
        match NonNull::new(at.cast::<u8>()) {
            Some(start) if at != libc::MAP_FAILED => Ok(Self { start, block, blocks }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub fn blocks(&self) -> usize {
        self.blocks
    }

    fn status(&self, index: usize) -> &AtomicU32 {
        let at = (index % self.blocks) * self.block + STATUS;
        // SAFETY: within the mapping, which lives as long as `self`; aligned, since blocks begin at pages. The kernel
        // changes this word while we look, so it is only ever touched as an atomic, or while the block is ours.
        unsafe { AtomicU32::from_ptr(self.start.add(at).as_ptr().cast::<u32>()) }
    }

    /// A block that the kernel has filled; None while it is not ours. It goes back when it is dropped.
    pub fn take(&mut self, index: usize) -> Option<Lease<'_>> {
        let ours = self.status(index).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0;
        ours.then_some(Lease { map: self, index })
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: exactly what `new` mapped; no lease can be left, since it would borrow `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast::<c_void>(), self.block * self.blocks) };
    }
}

/// A block that is ours for now. `Map::take` borrows the map, so there is one at a time.
pub struct Lease<'a> {
    map: &'a mut Map,
    index: usize,
}

impl Lease<'_> {
    pub fn bytes(&self) -> &[u8] {
        let at = (self.index % self.map.blocks) * self.map.block;
        // SAFETY: within the mapping; the kernel does not write to a block until its status is given back, which only
        // dropping the lease does, and this slice cannot outlive the lease.
        unsafe { std::slice::from_raw_parts(self.map.start.add(at).as_ptr(), self.map.block) }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.map
            .status(self.index)
            .store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}
