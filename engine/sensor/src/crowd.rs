//! Frames below IP from more addresses than a network has: somebody makes them up. They are summed, not told one by one.

use hashbrown::{HashMap, HashSet};

use crate::flow::{Flow, Key};
use crate::names::NameId;
use crate::tables::{Host, NOBODY};

/// Lone senders below IP that are told one by one. Four sensors read together; the mix of all captures that we have
/// has 247. Which of a flood are first is not asked within a block of frames, as each sender's are read together.
const MAX_SENDERS: usize = 1_024;
/// Of the announcements of senders beyond that, one of so many is read.
const SAMPLE: u64 = 64;

/// The senders that are known, and what all others sent, by capture and kind of traffic.
#[derive(Debug, Default)]
pub struct Crowd {
    known: HashSet<[u8; 6]>,
    /// Open flows below IP.
    open: usize,
    /// Announcements of senders too many.
    beyond: u64,
    sums: HashMap<(NameId, NameId), Sum>,
}

/// Conversations that are told as one, from nobody to nobody.
#[derive(Debug)]
pub struct Sum {
    pub flow: Flow,
    pub conversations: u64,
    /// Announcements among them that were only counted.
    pub unread: u64,
}

impl Crowd {
    /// A flow begins.
    pub fn begins(&mut self, key: &Key) {
        self.open += usize::from(key.is_below_ip());
    }

    /// A flow is over.
    pub fn ends(&mut self, key: &Key) {
        self.open -= usize::from(key.is_below_ip());
    }

    /// Whether a sender that has no flow is one too many.
    pub fn is_beyond(&self, sender: [u8; 6]) -> bool {
        self.open.max(self.known.len()) >= MAX_SENDERS && !self.known.contains(&sender)
    }

    /// Adds up a flow that is over if it is of a lone sender too many; false if it has to be told by itself.
    pub fn takes(&mut self, flow: &Flow) -> bool {
        let Host::Mac(sender) = flow.info.orig else {
            return false;
        };
        if !flow.is_lone() || self.known.contains(&sender) {
            return false;
        }
        if self.known.len() < MAX_SENDERS {
            self.known.insert(sender);
            return false;
        }
        self.add(flow);
        true
    }

    /// Whether an announcement of a sender too many is to be read: some are, so that it can be seen what they say.
    pub fn is_sample(&mut self) -> bool {
        self.beyond += 1;
        self.beyond % SAMPLE == 1
    }

    /// Adds up a flow whose only frame was not read.
    pub fn count(&mut self, flow: &Flow) {
        self.add(flow).unread += 1;
    }

    fn add(&mut self, flow: &Flow) -> &mut Sum {
        let sum = self
            .sums
            .entry((flow.first.capture, flow.service_name))
            .or_insert_with(|| Sum::new(flow));
        sum.add(flow);
        sum
    }

    /// The sums so far, in the order of their first packets.
    pub fn take(&mut self) -> Vec<Sum> {
        let mut all: Vec<Sum> = self.sums.drain().map(|(_, sum)| sum).collect();
        all.sort_unstable_by_key(|s| (s.flow.first.ts, s.flow.first.frame, s.flow.info.serial));
        all
    }
}

impl Sum {
    fn new(first: &Flow) -> Self {
        let (key, side) = Key::new(NOBODY, NOBODY, 0, 0, first.key.kind());
        let mut flow = Flow::new(key, side, NOBODY, NOBODY, first.info.serial, first.first);
        flow.ethertype = first.ethertype;
        flow.service_name = first.service_name;
        Self {
            flow,
            conversations: 0,
            unread: 0,
        }
    }

    fn add(&mut self, flow: &Flow) {
        self.conversations += 1;
        if (flow.first.ts, flow.first.frame) < (self.flow.first.ts, self.flow.first.frame) {
            self.flow.first = flow.first;
        }
        self.flow.last_ts = self.flow.last_ts.max(flow.last_ts);
        self.flow.duplicates += flow.duplicates;
        let from = flow.orig_side();
        let to = &mut self.flow.sides[self.flow.orig as usize & 1];
        to.packets += from.packets;
        to.bytes += from.bytes;
        to.wire_bytes += from.wire_bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Stamp;

    fn frame(sender: u32, packets: u64) -> Flow {
        let [a, b, c, d] = sender.to_be_bytes();
        let (src, dst) = (Host::Mac([2, 0, a, b, c, d]), Host::Mac([1; 6]));
        let (key, side) = Key::new(src, dst, 0, 0, Key::BELOW_IP | 0x88cc);
        let first = Stamp {
            ts: i64::from(sender),
            frame: u64::from(sender),
            capture: 1,
        };
        let mut flow = Flow::new(key, side, src, dst, sender, first);
        flow.sides[side as usize].packets = packets;
        flow.sides[side as usize].wire_bytes = 60 * packets;
        flow
    }

    #[test]
    fn senders_beyond_the_bound_are_summed_and_the_known_go_on() {
        let mut crowd = Crowd::default();
        let many = MAX_SENDERS as u32;
        let told = (0..many + 1_000).filter(|&n| !crowd.takes(&frame(n, 1))).count();
        assert_eq!(told, MAX_SENDERS);
        assert!(
            !crowd.takes(&frame(7, 1)),
            "a sender that is known is told for ever"
        );
        assert!(
            !crowd.takes(&frame(many + 5, 9)),
            "who sends often is no lone sender"
        );
        let sums = crowd.take();
        assert_eq!(sums.len(), 1);
        assert_eq!(sums[0].conversations, 1_000);
        assert_eq!(sums[0].flow.orig_side().wire_bytes, 60_000);
        assert_eq!(sums[0].flow.first.frame, u64::from(many));
    }

    #[test]
    fn a_sender_is_one_too_many_while_many_flows_are_open_or_many_were_lone() {
        let mut crowd = Crowd::default();
        let many = MAX_SENDERS as u32;
        let flows: Vec<_> = (0..many).map(|n| frame(n, 1)).collect();
        flows.iter().for_each(|f| crowd.begins(&f.key));
        assert!(crowd.is_beyond([2; 6]));
        crowd.ends(&flows[0].key);
        assert!(!crowd.is_beyond([2; 6]));
        assert!(flows.iter().all(|f| !crowd.takes(f)));
        assert!(crowd.is_beyond([2; 6]));
        assert!(!crowd.is_beyond([2, 0, 0, 0, 0, 7]), "one of the first goes on");
    }

    #[test]
    fn conversations_of_ip_are_never_summed() {
        let mut crowd = Crowd::default();
        let ip = |n: u8| Host::Ip(linewarden_capture::Addr([n; 16]));
        let (key, side) = Key::new(ip(1), ip(2), 1, 2, 17);
        let flow = Flow::new(key, side, ip(1), ip(2), 1, Stamp::default());
        assert!((0..5_000).all(|_| !crowd.takes(&flow)));
    }
}
