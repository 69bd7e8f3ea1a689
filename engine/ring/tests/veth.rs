//! Real packets over a veth pair in a network namespace of our own; skipped where that cannot be made.
#![cfg(target_os = "linux")]

use std::os::fd::AsFd;
use std::process::Command;
use std::time::{Duration, Instant};

use linewarden_ring::{Change, Options, Port, PortError, wait};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

fn ip(arguments: &str) -> bool {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    output.is_ok_and(|o| o.status.success())
}

/// A pair of interfaces in a network namespace that goes when this does. The test's thread moves into it.
struct Pair {
    space: String,
    ends: (String, String),
}

impl Pair {
    fn new(name: &str) -> Option<Self> {
        let space = format!("{name}-{}", std::process::id());
        ip(&format!("netns add {space}")).then_some(())?;
        let pair = Self {
            space,
            ends: ("lw0".into(), "lw1".into()),
        };
        let file = std::fs::File::open(format!("/run/netns/{}", pair.space)).ok()?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).ok()?;
        ip("link add lw0 type veth peer name lw1").then_some(())?;
        (ip("link set lw0 up") && ip("link set lw1 up")).then_some(pair)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        ip(&format!("netns del {}", self.space));
    }
}

fn opened(pair: &Option<Pair>) -> Option<(&Pair, Port)> {
    let Some(pair) = pair else {
        eprintln!("skipped: needs root and `ip`");
        return None;
    };
    Some((
        pair,
        Port::open(&pair.ends.1, &Options::default()).expect("opens"),
    ))
}

#[test]
fn an_interface_that_is_not_there_is_said() {
    match Port::open("no-such-port", &Options::default()) {
        Err(PortError::Missing { .. } | PortError::Right { .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_of_the_other_end_are_heard() {
    let pair = Pair::new("lwa");
    let Some((pair, mut port)) = opened(&pair) else {
        return;
    };
    // An address makes the kernel say so (IPv6 duplicate address detection, router solicitation): frames for free.
    ip(&format!("link set {} down", pair.ends.0));
    ip(&format!("link set {} up", pair.ends.0));
    ip(&format!("addr add 192.0.2.1/30 dev {}", pair.ends.0));
    let _ = Command::new("ping").args(["-c1", "-W1", "192.0.2.2"]).output();
    let end = Instant::now() + Duration::from_secs(10);
    let mut heard = 0;
    while heard == 0 && Instant::now() < end {
        wait(std::slice::from_ref(&port), Duration::from_millis(200));
        while port.block(|p| {
            assert!(p.data.len() >= 14 && p.ts_ns > 1_600_000_000_000_000_000);
            heard += 1;
        }) {}
    }
    assert!(heard > 0);
    assert_eq!(port.drops(), 0);
}

#[test]
fn an_interface_may_go_and_come_back() {
    let pair = Pair::new("lwb");
    let Some((pair, mut port)) = opened(&pair) else {
        return;
    };
    assert_eq!(port.check(), None);
    ip(&format!("link set {} down", pair.ends.1));
    assert_eq!(port.check(), Some(Change::Down));
    assert_eq!(port.check(), None);
    ip(&format!("link set {} up", pair.ends.1));
    assert_eq!(port.check(), Some(Change::Up));
    ip(&format!("link del {}", pair.ends.0));
    assert_eq!(port.check(), Some(Change::Gone));
    ip(&format!(
        "link add {} type veth peer name {}",
        pair.ends.0, pair.ends.1
    ));
    ip(&format!("link set {} up", pair.ends.1));
    assert_eq!(port.check(), Some(Change::Back));
}

/// The kernel hands over blocks after a while, full or not: at low rates it is their number that says how long a reader
/// may stand still.
#[test]
fn a_reader_may_stand_still_though_blocks_are_not_full() {
    let pair = Pair::new("lwc");
    let Some((pair, mut port)) = opened(&pair) else {
        return;
    };
    ip(&format!("addr add 192.0.2.1/30 dev {}", pair.ends.0));
    ip(&format!(
        "neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev {}",
        pair.ends.0
    ));
    let socket = std::net::UdpSocket::bind("192.0.2.1:0").expect("binds");
    for _ in 0..200 {
        socket.send_to(b"linewarden", "192.0.2.2:9").expect("sends");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(150));
    let mut heard = 0;
    while port.block(|p| heard += u32::from(p.data.ends_with(b"linewarden"))) {}
    assert_eq!((heard, port.drops()), (200, 0));
}
