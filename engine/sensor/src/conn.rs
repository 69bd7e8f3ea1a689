//! The end of a flow: its open requests and counts, and its own row.

use crate::core::Core;
use crate::flow::{Flow, Service};
use crate::session::Session;
use crate::tables::{Host, Stamp};
use crate::tcp::Events;

impl Core {
    /// A flow is over: its open requests and counts. Its own row is for the caller to tell.
    pub(crate) fn end(&mut self, flow: &mut Flow) {
        for side in [0u8, 1] {
            let mut half = std::mem::take(&mut flow.sides[side as usize].half);
            let mut events = Events::default();
            half.finish(&mut self.memory, &mut |e| events.push(e));
            for event in &mut events.list {
                if event.frame == 0 {
                    event.frame = flow.first.frame;
                    event.ts = flow.last_ts;
                }
            }
            self.play(flow, side, flow.first.capture, &events);
        }
        let mut service = std::mem::take(&mut flow.service);
        if let Service::Undecided(waiting) = &service {
            self.buffered -= waiting.held();
        }
        if let Service::Known(session) = &mut service {
            self.end_session(flow, session);
        }
        if flow.sides.iter().all(|s| s.packets > 0) && flow.sides[0].vlan != flow.sides[1].vlan {
            let name = self.names.intern("vlan_differs_by_direction");
            let text = format!("{:?} / {:?}", flow.sides[0].vlan, flow.sides[1].vlan);
            self.emitter
                .weird(&flow.info, flow.first, name, Some(&text), 0, 1, &self.names);
        }
    }

    pub(crate) fn end_session(&mut self, flow: &Flow, session: &mut Session) {
        self.buffered -= session.counted;
        let info = flow.info;
        let proto = &self.spec.protos[session.proto];
        session.finish(flow.orig, proto, &info, &mut self.emitter, &mut self.names);
        let stamp = Stamp {
            ts: flow.last_ts,
            ..flow.first
        };
        for (id, count) in session.repeated_weirds() {
            self.emitter
                .weird(&info, stamp, id, None, proto.name, count, &self.names);
        }
    }

    pub(crate) fn conn(&mut self, flow: &Flow) {
        let stream = self.emitter.common.conn;
        let info = flow.info;
        let (o, r) = (flow.orig_side(), flow.resp_side());
        let proto = match (flow.proto, matches!(info.orig, Host::Mac(_))) {
            (_, true) => "eth".to_owned(),
            (6, _) => "tcp".to_owned(),
            (17, _) => "udp".to_owned(),
            (1, _) => "icmp".to_owned(),
            (58, _) => "icmp6".to_owned(),
            (n, _) => format!("ip/{n}"),
        };
        let (mut orig_mac, mut resp_mac) = (String::new(), String::new());
        if let Some(mac) = o.mac {
            crate::text::mac(mac, &mut orig_mac);
        }
        if let Some(mac) = r.mac {
            crate::text::mac(mac, &mut resp_mac);
        }
        let Some(mut row) = self.emitter.begin(stream, &info, flow.first, &self.names) else {
            return;
        };
        row.text(9, &proto);
        row.name(10, flow.service_name, &self.names);
        row.float(11, flow.last_ts.saturating_sub(flow.first.ts) as f64 / 1e9);
        for (column, value) in (12..).zip([
            o.bytes,
            r.bytes,
            o.packets,
            r.packets,
            o.wire_bytes,
            r.wire_bytes,
            flow.missed,
        ]) {
            row.number(column, value as i64);
        }
        if flow.proto == 6 {
            row.text(19, flow.state());
            row.text(20, &flow.history());
        }
        row.filled(21, &orig_mac);
        row.filled(22, &resp_mac);
        row.optional(23, o.vlan.or(r.vlan).map(i64::from));
        row.optional(24, flow.inner_vlan.map(i64::from));
        row.name(25, flow.tunnel, &self.names);
        row.number(26, i64::from(flow.retransmissions));
        row.number(27, i64::from(flow.duplicates));
        row.number(28, i64::from(flow.bad_checksums));
        for (column, side) in [(29, o), (30, r)] {
            if side.packets > 0 && matches!(info.orig, Host::Ip(_)) {
                row.number(column, i64::from(side.ttl_min));
            }
        }
        row.text(31, flow.settled.name());
        row.number(32, flow.last_ts);
        self.emitter.end(stream);
    }
}
