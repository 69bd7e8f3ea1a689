//! Reads real captures, where they are at hand, and compares with what tshark counted.

use linewarden_capture::{Addr, CaptureError, Decoded, LinkType, Reader, Transport, decode, parse_transport};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn captures() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [
        PathBuf::from("/work/shared/data/captures"),
        here.join("../../../shared/data/captures"),
    ]
    .into_iter()
    .find(|p| p.is_dir())
}

fn mac(bytes: [u8; 6]) -> String {
    bytes.map(|b| format!("{b:02x}")).join(":")
}

#[derive(Default)]
struct Seen {
    packets: u64,
    truncated: u64,
    damages: Vec<String>,
    macs: BTreeSet<[u8; 6]>,
    vlans: BTreeMap<String, u64>,
    mac_to_ip: BTreeSet<(String, String)>,
    ethernet: bool,
    tunnels: bool,
}

/// The sender in the packet that an ICMP error quotes: tshark puts it into the same field as the sender itself.
fn quoted_source(packet: &Decoded<'_>) -> Option<Addr> {
    let ip = packet.ip.as_ref()?;
    let Transport::Icmp { payload, .. } = parse_transport(ip.proto, ip.payload, ip.payload_len) else {
        return None;
    };
    let mut quoted = Decoded::default();
    decode(LinkType::RAW, payload, payload.len() as u32, &mut quoted);
    quoted.ip.map(|ip| ip.src)
}

fn read(path: &Path) -> Seen {
    let mut seen = Seen {
        ethernet: true,
        ..Seen::default()
    };
    let mut reader = Reader::open(path).unwrap();
    loop {
        let frame = match reader.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => return seen,
            Err(damage @ CaptureError::Damaged { .. }) => {
                seen.damages.push(damage.to_string());
                continue;
            }
            Err(e) => panic!("{}: {e}", path.display()),
        };
        seen.packets += 1;
        assert_eq!(frame.number, seen.packets);
        let mut packet = Decoded::default();
        decode(frame.linktype, frame.data, frame.origlen, &mut packet);
        seen.truncated += u64::from(packet.truncated);
        seen.ethernet &= frame.linktype.0 == 1;
        seen.tunnels |= packet.tunnel.is_some();
        let outer = packet.tunnel.map_or(packet.macs, |t| t.outer_macs);
        // tshark lists the addresses of outer and inner frames alike.
        seen.macs
            .extend([outer, packet.macs].into_iter().flatten().map(|(src, _)| src));
        if let Some((src, _)) = outer {
            if let Some(quoted) = quoted_source(&packet) {
                seen.mac_to_ip.insert((mac(src), quoted.to_string()));
            }
            if let Some(ip) = packet.ip.filter(|_| packet.tunnel.is_none()) {
                seen.mac_to_ip.insert((mac(src), ip.src.to_string()));
            }
        }
        let vlan = packet.tunnel.map_or(packet.vlan, |t| t.outer_vlan);
        let tags = [vlan, packet.inner_vlan].into_iter().flatten();
        let priority = packet.priority_tagged.then_some(0);
        for id in tags.chain(priority) {
            *seen.vlans.entry(id.to_string()).or_default() += 1;
        }
    }
}

fn compare(path: &Path, truth: &Value) -> Vec<String> {
    let seen = read(path);
    let mut wrong = Vec::new();
    let mut check = |what: &str, ours: Value, theirs: &Value| {
        if ours != *theirs {
            wrong.push(format!("{what}: {ours} here, {theirs} by tshark"));
        }
    };
    check("packets", seen.packets.into(), &truth["packets"]);
    check(
        "truncated_packets",
        seen.truncated.into(),
        &truth["truncated_packets"],
    );
    check("damaged places", seen.damages.into(), &Value::Array(vec![]));
    if seen.ethernet {
        check(
            "distinct_src_macs",
            seen.macs.len().into(),
            &truth["distinct_src_macs"],
        );
        check(
            "vlans",
            serde_json::to_value(&seen.vlans).unwrap(),
            &truth["vlans"],
        );
    }
    let pairs = truth["mac_to_ip"].as_object().into_iter().flatten();
    for (mac, ips) in pairs.filter(|_| seen.ethernet && !seen.tunnels) {
        for ip in ips.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !seen.mac_to_ip.contains(&(mac.clone(), ip.to_owned())) {
                wrong.push(format!("mac_to_ip: {mac} with {ip} not seen"));
            }
        }
    }
    wrong
}

#[test]
fn agrees_with_tshark_on_real_captures() {
    let Some(folder) = captures() else {
        println!("skipped: there are no shared captures here");
        return;
    };
    let (mut files, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let truth = PathBuf::from(format!("{}.truth.json", path.display()));
        let Ok(text) = std::fs::read_to_string(truth) else {
            continue;
        };
        files += 1;
        let truth = serde_json::from_str(&text).unwrap();
        wrong.extend(
            compare(&path, &truth)
                .into_iter()
                .map(|w| format!("{}: {w}", path.display())),
        );
    }
    println!("{files} captures compared");
    assert!(files > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}
