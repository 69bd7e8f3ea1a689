//! A sensor that listens for months: what a capture tells at its end is told as time passes.
//!
//! Without this, a conversation that never ends would never be told, nor polling whose poller stopped, nor who has
//! which address; and what is told only so many times a run would be silent after the first day.

use crate::core::Core;
use crate::flow::{Flow, Service};
use crate::sensor::Sensor;
use crate::tables::{Host, Stamp};

/// Flows are looked through, and bindings told, every so many ns.
const ROUND: i64 = 5_000_000_000;
/// A conversation is told in parts: the first after so long, so that it is seen at all,
const FIRST_PART: i64 = 10_000_000_000;
/// and the others after so long each.
const PART: i64 = 3_600_000_000_000;
/// What is told only so many times, is so often in each of these.
const EPOCH: i64 = 3_600_000_000_000;

/// When the next things are due.
#[derive(Debug, Default)]
pub(crate) struct Due {
    round: i64,
    epoch: i64,
}

impl Sensor {
    /// It is `now` (ns UTC). Ends flows that are over, tells parts of those that last, and makes batches of all rows.
    pub fn tick(&mut self, now: i64) {
        self.now = self.now.max(now);
        if self.due.epoch == 0 {
            self.due.epoch = now + EPOCH;
        }
        if now >= self.due.round {
            self.due.round = now + ROUND;
            self.round(now);
        }
        if now >= self.due.epoch {
            self.due.epoch = now + EPOCH;
            self.flush_crowd();
            self.core.emitter.tell_untold(&self.core.names);
        }
        self.core.emitter.flush();
    }

    /// The clock was set: to time flows out, or keep them, by the old one would be wrong. They end, and begin anew.
    pub fn clock_jumped(&mut self, now: i64) {
        self.finish_flows();
        self.fragments.expire(i64::MAX);
        self.now = now;
        self.due = Due::default();
    }

    fn round(&mut self, now: i64) {
        for place in 0..self.table.flows.len() {
            let flow = &mut self.table.flows[place];
            if !flow.alive {
                continue;
            }
            if now.saturating_sub(flow.last_ts) >= self.timeout(&self.table.flows[place]) {
                self.end_flow(place);
                continue;
            }
            let flow = &mut self.table.flows[place];
            self.core.catch_up(flow, now);
            if flow.has_part(now) {
                self.part(place);
            }
        }
        self.fragments.expire(now);
        self.flush_bindings();
    }

    fn part(&mut self, place: usize) {
        let flow = &mut self.table.flows[place];
        // One packet each way is left for the next part, so that no part has a direction without a packet.
        let was_there = [0usize, 1].map(|i| flow.sides[i].packets > 0);
        for side in &mut flow.sides {
            side.packets = side.packets.saturating_sub(1);
        }
        self.core.conn(flow);
        let flow = &mut self.table.flows[place];
        let (first, last, uid, tunnel, hosts) =
            (flow.first, flow.last_ts, flow.info.uid, flow.tunnel, flow.hosts);
        let told = [0usize, 1].map(|i| {
            (
                flow.sides[i].mac,
                flow.sides[i].vlan,
                flow.sides[i].packets,
                flow.sides[i].ttl_max,
            )
        });
        flow.next_part(was_there);
        if self.core.hides_macs(tunnel) {
            return;
        }
        for (host, (mac, vlan, frames, ttl)) in hosts.into_iter().zip(told) {
            let host = matches!(host, Host::Ip(_)).then_some(host);
            if let (Some(mac), true) = (mac, frames > 0) {
                self.bind(mac, host, vlan, first, last, frames, ttl, uid);
            }
        }
    }
}

impl Flow {
    /// Whether it is time to tell a part, and there is something to tell: at first in both directions, and after so
    /// long in any.
    fn has_part(&self, now: i64) -> bool {
        let age = now.saturating_sub(self.first.ts);
        let any = self.sides.iter().any(|s| s.packets > 1);
        let all = self.sides.iter().all(|s| s.packets != 1);
        any && (age >= PART || self.parts == 0 && all && age >= FIRST_PART)
    }

    fn next_part(&mut self, was_there: [bool; 2]) {
        for (side, was_there) in self.sides.iter_mut().zip(was_there) {
            side.packets = u64::from(was_there);
            (side.bytes, side.wire_bytes) = (0, 0);
        }
        (self.retransmissions, self.duplicates) = (0, 0);
        (self.bad_checksums, self.missed) = (0, 0);
        self.first.ts = self.last_ts;
        self.parts = self.parts.saturating_add(1);
    }
}

impl Core {
    /// Counted polling whose interval is past, requests that nobody answers any more, and weirds that came again.
    fn catch_up(&mut self, flow: &mut Flow, now: i64) {
        let mut service = std::mem::take(&mut flow.service);
        if let Service::Known(session) = &mut service {
            let (info, orig) = (flow.info, flow.orig);
            let proto = &self.spec.protos[session.proto];
            session.catch_up(orig, proto, &info, now, &mut self.emitter, &mut self.names);
            let stamp = Stamp {
                ts: flow.last_ts,
                ..flow.first
            };
            for (id, count) in session.new_repeats() {
                self.emitter
                    .weird(&info, stamp, id, None, proto.name, count, &self.names);
            }
        }
        flow.service = service;
    }
}
