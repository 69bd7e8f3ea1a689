//! Rights that are not needed once the sockets are open.

use rustix::io;
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities, set_no_new_privs,
};

/// Gives up every capability of the calling thread and of the threads that it will start, and the way back to them.
/// Call it before others are started.
///
/// # Errors
/// What the kernel says.
pub fn give_up_rights() -> io::Result<()> {
    set_no_new_privs(true)?;
    clear_ambient_capability_set()?;
    set_capabilities(
        None,
        CapabilitySets {
            effective: CapabilitySet::empty(),
            permitted: CapabilitySet::empty(),
            inheritable: CapabilitySet::empty(),
        },
    )
}
