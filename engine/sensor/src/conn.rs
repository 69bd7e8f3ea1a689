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
                .weird(&flow.info(), flow.first, name, Some(&text), 0, 1, &self.names);
        }
    }

    pub(crate) fn end_session(&mut self, flow: &Flow, session: &mut Session) {
        self.buffered -= session.counted;
        let info = flow.info();
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
        let info = flow.info();
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
        if self
            .emitter
            .begin(stream, &info, flow.first, &self.names)
            .is_none()
        {
            return;
        }
        let c = &mut self.emitter.streams[stream].columns;
        c[9].text(&proto);
        if flow.service_name == 0 {
            c[10].null()
        } else {
            c[10].name(flow.service_name, &self.names)
        }
        c[11].float(flow.last_ts.saturating_sub(flow.first.ts) as f64 / 1e9);
        for (column, value) in (12..).zip([
            o.bytes,
            r.bytes,
            o.packets,
            r.packets,
            o.wire_bytes,
            r.wire_bytes,
            flow.missed,
        ]) {
            c[column].number(value as i64);
        }
        if flow.proto == 6 {
            c[19].text(flow.state());
            c[20].text(&flow.history());
        } else {
            c[19].null();
            c[20].null();
        }
        if orig_mac.is_empty() {
            c[21].null()
        } else {
            c[21].text(&orig_mac)
        }
        if resp_mac.is_empty() {
            c[22].null()
        } else {
            c[22].text(&resp_mac)
        }
        for (column, vlan) in [(23, o.vlan.or(r.vlan)), (24, flow.inner_vlan)] {
            match vlan {
                Some(id) => c[column].number(i64::from(id)),
                None => c[column].null(),
            }
        }
        if flow.tunnel == 0 {
            c[25].null()
        } else {
            c[25].name(flow.tunnel, &self.names)
        }
        c[26].number(i64::from(flow.retransmissions));
        c[27].number(i64::from(flow.duplicates));
        c[28].number(i64::from(flow.bad_checksums));
        for (column, side) in [(29, o), (30, r)] {
            if side.packets > 0 && matches!(info.orig, Host::Ip(_)) {
                c[column].number(i64::from(side.ttl_min));
            } else {
                c[column].null();
            }
        }
        c[31].text(flow.settled.name());
        c[32].number(flow.last_ts);
        self.emitter.end(stream);
    }
}
