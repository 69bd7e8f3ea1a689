//! The part of the sensor that messages need.

use std::sync::Arc;

use linewarden_stream::tcp::{Limits, Memory};

use crate::ctx::Ctx;
use crate::detect::Undecided;
use crate::emit::Emitter;
use crate::names::Names;
use crate::spec::Spec;
use crate::trace::Trace;
use crate::ways::Ways;

/// The part of the sensor that messages need, apart from the flows themselves.
pub struct Core {
    /// Shared by all sensors of a run.
    pub spec: Arc<Spec>,
    pub names: Names,
    pub emitter: Emitter,
    pub ctx: Ctx,
    pub ways: Ways,
    pub limits: Limits,
    pub memory: Memory,
    /// Follows bytes, if somebody looks at packets.
    pub trace: Option<Box<Trace>>,
    /// Bytes of unfinished messages and of payloads not yet recognised, over all flows.
    pub buffered: usize,
    /// Of flows that are decided, to be used again: the lists of candidates are long.
    #[allow(clippy::vec_box)] // they go into flows as they are
    pub spare: Vec<Box<Undecided>>,
}
