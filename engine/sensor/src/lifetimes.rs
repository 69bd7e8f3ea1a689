//! The end of flows: time-outs, a full table, the end of the capture; and which MAC had which IP address.

use crate::sensor::{Binding, Sensor};
use crate::tables::{Host, Stamp};

/// With more than this share of the table in use, it is swept faster, and of flows that were never answered.
const PRESSED: usize = 4;
/// So long, in ns, an answer is waited for then.
const PATIENCE: i64 = 2_000_000_000;
/// Pairs of MAC and IP address that are kept before they are told.
const MAX_BINDINGS: usize = 50_000;

impl Sensor {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn bind(
        &mut self,
        mac: [u8; 6],
        host: Option<Host>,
        vlan: Option<u16>,
        first: Stamp,
        until: i64,
        frames: u64,
        ttl: u8,
        uid: u64,
    ) {
        let entry = self.bindings.entry((mac, host, vlan)).or_insert(Binding {
            first,
            until,
            frames: 0,
            ttl,
            uid,
        });
        if (first.ts, first.frame) < (entry.first.ts, entry.first.frame) {
            (entry.first, entry.uid) = (first, uid);
        }
        entry.frames += frames;
        entry.until = entry.until.max(until);
        entry.ttl = entry.ttl.max(ttl);
        if self.bindings.len() > MAX_BINDINGS {
            self.flush_bindings();
        }
    }

    pub(crate) fn flush_bindings(&mut self) {
        let mut all: Vec<_> = self.bindings.drain().collect();
        all.sort_unstable_by_key(|(key, b)| (b.first.ts, b.first.frame, *key));
        for ((mac, host, vlan), b) in all {
            self.core.emitter.binding(
                mac,
                host,
                vlan,
                b.first,
                b.until,
                b.frames,
                b.ttl,
                b.uid,
                &mut self.core.names,
            );
        }
    }

    /// Ends flows that are over: a few at each call. A scan or a flood of made-up addresses fills the table with flows
    /// that nobody answers; these do not stay until it is full.
    pub(crate) fn sweep(&mut self) {
        let pressed = self.table.len() > self.options.max_flows / PRESSED;
        let n = (self.table.flows.len() / if pressed { 8 } else { 16 }).max(64);
        for place in self.table.next_places(n) {
            let flow = &self.table.flows[place];
            let silent = self.now.saturating_sub(flow.last_ts);
            let over = flow.alive && silent >= self.timeout(flow);
            let early = flow.alive && !over && pressed && silent >= PATIENCE && flow.is_lone();
            self.stats.flows_evicted += u64::from(early);
            if over || early {
                self.end_flow(place);
            }
        }
    }

    /// The table is full: the longest silent one of a sample has to go.
    pub(crate) fn evict(&mut self) {
        let places = self.table.next_places(64);
        let oldest = places
            .filter(|&p| self.table.flows[p].alive)
            .min_by_key(|&p| self.table.flows[p].last_ts);
        if let Some(place) = oldest {
            self.stats.flows_evicted += 1;
            self.end_flow(place);
        }
    }

    pub(crate) fn end_flow(&mut self, place: usize) {
        self.core.end(&mut self.table.flows[place]);
        if self.table.crowd.takes(&self.table.flows[place]) {
            return self.table.remove(place);
        }
        let flow = &self.table.flows[place];
        self.core.conn(flow);
        let (uid, first, until) = (flow.info.uid, flow.first, flow.last_ts);
        for side in [0usize, 1] {
            let s = &self.table.flows[place].sides[side];
            let hidden = self.core.hides_macs(self.table.flows[place].tunnel);
            let (mac, vlan, frames, ttl) = (s.mac, s.vlan, s.packets, s.ttl_max);
            let host = match self.table.flows[place].hosts[side] {
                Host::Ip(addr) => Some(Host::Ip(addr)),
                Host::Mac(_) => None,
            };
            if let (Some(mac), true, false) = (mac, frames > 0, hidden) {
                self.bind(mac, host, vlan, first, until, frames, ttl, uid);
            }
        }
        self.table.remove(place);
    }

    pub(crate) fn finish_flows(&mut self) {
        for place in 0..self.table.flows.len() {
            if self.table.flows[place].alive {
                self.end_flow(place);
            }
        }
    }

    /// What lone senders too many sent, as one conversation, and a weird that says how many it stands for.
    pub(crate) fn flush_crowd(&mut self) {
        let names =
            ["lone_conversations_summed", "announcements_left_out"].map(|n| self.core.names.intern(n));
        for sum in self.table.crowd.take() {
            let flow = &sum.flow;
            self.core.conn(flow);
            for (name, count) in names.into_iter().zip([sum.conversations, sum.unread]) {
                if count > 0 {
                    let (info, protocol) = (flow.info, flow.service_name);
                    self.core
                        .emitter
                        .weird(&info, flow.first, name, None, protocol, count, &self.core.names);
                }
            }
        }
    }

    /// The end of everything: open flows are told, all rows become batches.
    pub fn finish(&mut self) {
        self.finish_flows();
        self.flush_crowd();
        self.flush_bindings();
        self.core.emitter.tell_untold(&self.core.names);
        self.core.emitter.flush();
    }
}
