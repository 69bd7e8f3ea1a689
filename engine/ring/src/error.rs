//! Why an interface cannot be listened to, in one plain line each.

use std::io;
use thiserror::Error;

/// Why an interface cannot be opened.
#[derive(Debug, Error)]
pub enum PortError {
    /// No such interface.
    #[error("{name}: no such interface; `ip link` lists them")]
    Missing {
        /// The interface.
        name: String,
    },
    /// The right to listen is missing.
    #[error(
        "{name}: listening needs the right CAP_NET_RAW; start as root (rights are given up once it is open), or by the \
         systemd unit"
    )]
    Right {
        /// The interface.
        name: String,
    },
    /// An interface of a kind whose frames are not read.
    #[error("{name}: frames of this kind of interface (ARPHRD {kind}) are not read")]
    Kind {
        /// The interface.
        name: String,
        /// Its `ARPHRD_` number.
        kind: u16,
    },
    /// The kernel refused the filter.
    #[error("{name}: the kernel refused the filter ({source})")]
    Filter {
        /// The interface.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// No memory for the ring.
    #[error("{name}: no memory for a ring of {mib} MiB ({source}); ask for a smaller one")]
    Memory {
        /// The interface.
        name: String,
        /// Size that was asked for.
        mib: usize,
        /// What the kernel said.
        source: io::Error,
    },
    /// Anything else.
    #[error("{name}: cannot be listened to ({source})")]
    Io {
        /// The interface.
        name: String,
        /// What the kernel said.
        source: io::Error,
    },
}

impl PortError {
    pub(crate) fn io(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Self::Right { name },
            Some(libc::ENODEV | libc::ENXIO) => Self::Missing { name },
            _ => Self::Io { name, source },
        }
    }
}
