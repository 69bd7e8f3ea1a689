//! The part of the sensor that messages need.

use linewarden_stream::tcp::{Limits, Memory};

use crate::ctx::Ctx;
use crate::emit::Emitter;
use crate::names::Names;
use crate::spec::Spec;

/// The part of the sensor that messages need, apart from the flows themselves.
pub struct Core {
    pub spec: Spec,
    pub names: Names,
    pub emitter: Emitter,
    pub ctx: Ctx,
    pub limits: Limits,
    pub memory: Memory,
    /// Bytes of unfinished messages and of payloads not yet recognised, over all flows.
    pub buffered: usize,
}
