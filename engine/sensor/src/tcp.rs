//! TCP: signals, reassembly, gaps; in-order bytes go on to the messages.

use linewarden_capture::tcp_flags;
use linewarden_stream::tcp::Event;

use crate::core::Core;
use crate::flow::{self, Body, Flow, Service, Settled};
use crate::names::NameId;
use crate::tables::Stamp;
use crate::trace::speaker;

impl Core {
    pub(crate) fn hides_macs(&self, tunnel: NameId) -> bool {
        matches!(self.names.get(tunnel), "gre" | "ip_in_ip")
    }

    #[allow(clippy::too_many_arguments)]
    #[inline]
    pub(crate) fn tcp(
        &mut self,
        flow: &mut Flow,
        side: u8,
        stamp: Stamp,
        seq: u32,
        ack: u32,
        flags: u8,
        payload: &[u8],
        missing: u32,
        again: bool,
    ) {
        if flags & (tcp_flags::SYN | tcp_flags::FIN | tcp_flags::RST) != 0 {
            self.tcp_signals(flow, side, stamp, seq, flags);
        }
        if flags & tcp_flags::ACK != 0 {
            flow.note(side, flow::ACK);
            self.acked(flow, side ^ 1, ack, stamp);
        }
        if !payload.is_empty() || missing > 0 {
            flow.note(side, flow::DATA);
            // Data in a SYN begin after it (RFC 9293 3.4).
            let seq = seq.wrapping_add(u32::from(flags & tcp_flags::SYN != 0));
            self.segment(flow, side, stamp, seq, payload, missing, again);
        }
        if flags & tcp_flags::FIN != 0 {
            let after = seq.wrapping_add(payload.len() as u32 + missing);
            flow.sides[side as usize & 1].half.fin(after);
            if flow.sides.iter().all(|s| s.seen & flow::FIN != 0) {
                flow.closed_at.get_or_insert(stamp.ts);
            }
        }
    }

    pub(crate) fn tcp_signals(&mut self, flow: &mut Flow, side: u8, stamp: Stamp, seq: u32, flags: u8) {
        // A SYN with FIN or RST opens nothing: a scan, or garbage.
        if flags & tcp_flags::SYN != 0 && flags & (tcp_flags::FIN | tcp_flags::RST) == 0 {
            let answers = flags & tcp_flags::ACK != 0;
            flow.note(side, if answers { flow::SYN_ACK } else { flow::SYN });
            flow.settle(if answers { side ^ 1 } else { side }, Settled::Syn);
            flow.sides[side as usize & 1].half.syn(seq);
        }
        if flags & tcp_flags::FIN != 0 {
            flow.note(side, flow::FIN);
        }
        if flags & tcp_flags::RST != 0 {
            flow.note(side, flow::RST);
            flow.closed_at.get_or_insert(stamp.ts);
        }
    }

    pub(crate) fn acked(&mut self, flow: &mut Flow, side: u8, ack: u32, stamp: Stamp) {
        let s = &mut flow.sides[side as usize & 1];
        if s.half.is_expected(ack) {
            return;
        }
        let mut half = std::mem::take(&mut s.half);
        let mut events = Events::default();
        half.acked(ack, stamp.frame, stamp.ts, &mut self.memory, &mut |e| {
            events.push(e)
        });
        flow.sides[side as usize & 1].half = half;
        self.play(flow, side, stamp.capture, &events);
    }

    #[allow(clippy::too_many_arguments)]
    #[inline]
    pub(crate) fn segment(
        &mut self,
        flow: &mut Flow,
        side: u8,
        stamp: Stamp,
        seq: u32,
        payload: &[u8],
        missing: u32,
        again: bool,
    ) {
        if let Some(trace) = &mut self.trace {
            trace.segment(stamp.frame, seq, payload);
        }
        let s = &mut flow.sides[side as usize & 1];
        if s.half.is_expected(seq) {
            s.half.advance(payload.len() as u32);
            s.body = Body::of(seq, payload);
            if let Some(trace) = &mut self.trace {
                trace.delivered(speaker(flow.info.serial, side), stamp.frame, seq, payload.len());
            }
            self.stream(flow, side, stamp, payload);
        } else {
            let other = s.body.is_contradicted_by(seq, payload);
            let mut half = std::mem::take(&mut s.half);
            let mut events = Events::default();
            let seen = half.push(
                seq,
                payload,
                stamp.frame,
                stamp.ts,
                &self.limits,
                &mut self.memory,
                &mut |e| {
                    events.push(e);
                },
            );
            flow.sides[side as usize & 1].half = half;
            if seen.retransmitted && !again {
                flow.retransmissions += 1;
                flow.note(side, flow::RETRANSMIT);
            }
            if seen.conflicting || other {
                self.flow_weird(flow, stamp, "data_mismatch");
            }
            self.play(flow, side, stamp.capture, &events);
        }
        // The hole is known only where the stream has come to this segment's end.
        let end = seq.wrapping_add(payload.len() as u32);
        if missing > 0
            && flow.sides[side as usize & 1]
                .half
                .next_seq()
                .is_none_or(|next| next == end)
        {
            // The capture holds less than was sent (snaplen).
            flow.sides[side as usize & 1].half.advance(missing);
            self.gap(flow, side, u64::from(missing), stamp);
        }
    }

    pub(crate) fn play(&mut self, flow: &mut Flow, side: u8, capture: NameId, events: &Events) {
        for event in &events.list {
            let stamp = Stamp {
                ts: event.ts,
                frame: event.frame,
                capture,
            };
            match event.gap {
                Some(bytes) => self.gap(flow, side, bytes, stamp),
                None => {
                    let bytes = events.data.get(event.start..event.end).unwrap_or(&[]);
                    if let Some(trace) = &mut self.trace {
                        trace.delivered(
                            speaker(flow.info.serial, side),
                            event.frame,
                            event.seq,
                            bytes.len(),
                        );
                    }
                    self.stream(flow, side, stamp, bytes);
                }
            }
        }
    }

    pub(crate) fn gap(&mut self, flow: &mut Flow, side: u8, bytes: u64, stamp: Stamp) {
        flow.missed += bytes;
        flow.note(side, flow::GAP);
        match &mut flow.service {
            Service::Known(session) => {
                let direction = &mut session.directions[side as usize & 1];
                direction.partial.clear();
                direction.progress = Default::default();
                direction.lost = true;
                self.buffered = self.buffered + session.held() - session.counted;
                session.counted = session.held();
            }
            Service::Undecided(waiting) => {
                self.buffered -= waiting.held();
                waiting.forget();
            }
            _ => {}
        }
        // What comes after is joined in the middle.
        if flow.settled == Settled::Syn && !matches!(flow.service, Service::Known(_)) {
            self.flow_weird(flow, stamp, "content_gap");
        }
    }

    pub(crate) fn flow_weird(&mut self, flow: &mut Flow, stamp: Stamp, name: &str) {
        let id = self.names.intern(name);
        let new = match &mut flow.service {
            Service::Known(session) => session.weird_is_new(id),
            _ => true,
        };
        if new {
            let proto = flow.service_name;
            self.emitter
                .weird(&flow.info, stamp, id, None, proto, 1, &self.names);
        }
    }
}

/// Events of a reassembled stream, kept until the flow can be borrowed again.
#[derive(Default)]
pub(crate) struct Events {
    pub list: Vec<Played>,
    pub data: Vec<u8>,
}

pub(crate) struct Played {
    pub gap: Option<u64>,
    pub start: usize,
    pub end: usize,
    /// Of the first byte.
    pub seq: u32,
    pub frame: u64,
    pub ts: i64,
}

impl Events {
    pub(crate) fn push(&mut self, event: Event<'_>) {
        let start = self.data.len();
        match event {
            Event::Data {
                bytes,
                seq,
                frame,
                ts_ns,
            } => {
                self.data.extend_from_slice(bytes);
                self.list.push(Played {
                    gap: None,
                    start,
                    end: self.data.len(),
                    seq,
                    frame,
                    ts: ts_ns,
                });
            }
            Event::Gap { bytes, frame, ts_ns } => {
                self.list.push(Played {
                    gap: Some(bytes),
                    start,
                    end: start,
                    seq: 0,
                    frame,
                    ts: ts_ns,
                });
            }
        }
    }
}
