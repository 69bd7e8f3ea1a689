//! Announcements of more senders than a network has: somebody makes them up. Most are counted and not read, so that they
//! take no time from the rest. Whatever asks or commands, and all that is no announcement, is read as ever.

use crate::flow::Flow;
use crate::ops::Role;
use crate::probe::{Verdict, env_of, run_probe};
use crate::sensor::{Packet, Sensor};

impl Sensor {
    /// Counts the frame of a sender too many, which has no flow but this one; false if it has to be read.
    pub(crate) fn passes_over(&mut self, packet: &Packet<'_>, mut flow: Flow, list: &[usize]) -> bool {
        let side = flow.orig;
        flow.ethertype = packet.decoded.ethertype;
        let Some(index) = list
            .iter()
            .copied()
            .find(|&index| self.announces(&flow, index, packet))
        else {
            return false;
        };
        if self.table.crowd.is_sample() {
            return false;
        }
        flow.service_name = self.core.spec.protos[index].name;
        let sent = &mut flow.sides[side as usize & 1];
        (sent.packets, sent.wire_bytes) = (1, u64::from(packet.frame.origlen));
        sent.bytes = packet.decoded.l2_payload.len() as u64;
        self.stats.flows += 1;
        self.table.crowd.count(&flow);
        true
    }

    /// Whether this is a message of a protocol of announcements, and asks for nothing.
    fn announces(&mut self, flow: &Flow, index: usize, packet: &Packet<'_>) -> bool {
        if !self.core.spec.protos[index].announces {
            return false;
        }
        let core = &mut self.core;
        let env = env_of(&core.spec, index, flow, flow.orig, packet.stamp);
        let payload = packet.decoded.l2_payload;
        let (verdict, hint) = run_probe(env, &mut core.ctx, &mut core.emitter, &mut core.names, payload);
        verdict == Verdict::Ours && hint != Some(Role::Request)
    }
}
