//! What a conversation's record says without saying it (`conn_batch` in `plant/frames.py` says the same to polars).

use crate::frame::Frame;
use crate::texts::Texts;
use crate::{Cell, NULL};

/// Packets at most of one that knocks and is not heard: TCP asks three times.
const FEW: Cell = 3;

/// Adds the counts that the tap check needs, and sums for the capture; says which conversations only knocked: one end
/// sent a packet or few and nobody answered.
pub fn derive(frame: &mut Frame, texts: &mut Texts) -> Vec<bool> {
    let words = Words {
        tcp: texts.id("tcp"),
        udp: texts.id("udp"),
        oth: texts.id("OTH"),
        rej: texts.id("REJ"),
    };
    let conns = Conns::of(frame);
    let said: Vec<Said> = (0..frame.len())
        .map(|row| conns.look(row, &words, texts))
        .collect();
    let column = |value: fn(&Said) -> Cell| said.iter().map(value).collect::<Vec<_>>();
    let name = conns.capture.to_vec();
    frame.put("conns", vec![1; said.len()]);
    frame.put("name", name);
    frame.put("port", column(|s| s.port));
    frame.put("two_way", column(|s| s.two_way.into()));
    frame.put("one_way", column(|s| s.one_way.into()));
    frame.put("unanswered", column(|s| s.unanswered.into()));
    frame.put("packets", column(|s| s.packets));
    frame.put("bytes", column(|s| s.bytes));
    said.iter().map(|s| s.lone).collect()
}

struct Words {
    tcp: Cell,
    udp: Cell,
    oth: Cell,
    rej: Cell,
}

/// The columns that are looked at.
struct Conns<'a> {
    capture: &'a [Cell],
    proto: &'a [Cell],
    service: &'a [Cell],
    port: &'a [Cell],
    state: &'a [Cell],
    history: &'a [Cell],
    orig_bytes: &'a [Cell],
    packets: [&'a [Cell]; 2],
    wire: [&'a [Cell]; 2],
}

/// What one record says.
struct Said {
    port: Cell,
    packets: Cell,
    bytes: Cell,
    two_way: bool,
    one_way: bool,
    unanswered: bool,
    lone: bool,
}

impl<'a> Conns<'a> {
    fn of(frame: &'a Frame) -> Self {
        let column = |name: &str| frame.get(name).unwrap_or(&[]);
        Self {
            capture: column("capture"),
            proto: column("proto"),
            service: column("service"),
            port: column("port"),
            state: column("conn_state"),
            history: column("history"),
            orig_bytes: column("orig_bytes"),
            packets: [column("orig_pkts"), column("resp_pkts")],
            wire: [column("orig_wire"), column("resp_wire")],
        }
    }

    fn look(&self, row: usize, words: &Words, texts: &Texts) -> Said {
        let at = |column: &[Cell]| column.get(row).copied().unwrap_or(NULL);
        let [sent, answered] = self.packets.map(at);
        let [out, back] = self.wire.map(at);
        let (proto, state) = (at(self.proto), at(self.state));
        let tcp = proto == words.tcp;
        let history = texts.get(at(self.history));
        let begun = history.contains(['A', 'D']) || at(self.orig_bytes) > 0 || state == words.oth;
        let silent = sent > 0 && answered == 0;
        let backward = sent == 0 && answered > 0;
        let refused = state == words.rej;
        let known = answered > 0 || at(self.service) != NULL || (tcp && begun);
        let keeps_port = (tcp || proto == words.udp) && !refused && known;
        let packets = sent.saturating_add(answered);
        Said {
            port: if keeps_port { at(self.port) } else { NULL },
            packets,
            bytes: out.saturating_add(back),
            two_way: sent > 0 && answered > 0 && !refused,
            one_way: tcp && ((silent && begun) || backward),
            unanswered: (silent && !(tcp && begun)) || refused,
            lone: (sent == 0 || answered == 0) && packets <= FEW,
        }
    }
}
