//! Packets made by hand, and a sensor with the real tables.

use std::collections::HashSet;
use std::sync::Arc;

use linewarden_capture::{Frame, LinkType};
use linewarden_sensor::{Options, Sensor, Spec};
use serde_json::Value;

/// Written by `scripts/fuzz.sh` from the protocol files.
const SPEC: &str = include_str!("../../spec.json");
/// So many inputs share a sensor: making one takes longer than most inputs.
const REUSE: u32 = 64;

/// Where protocols live (`tcp`, `udp`, `eth`, `llc`, `snap`, `ip`) and the numbers there, of these kinds.
#[allow(dead_code, reason = "not every target asks")]
pub fn places(kinds: &[&str]) -> Vec<(String, u64)> {
    let spec: Value = serde_json::from_str(SPEC).expect("spec.json is JSON");
    let protocols = spec["protocols"].as_array().into_iter().flatten();
    let mut all: Vec<(String, u64)> = protocols
        .flat_map(|p| p["on"].as_array().into_iter().flatten())
        .filter_map(|on| Some((on[0].as_str()?.to_owned(), on[1].as_array()?)))
        .filter(|(kind, _)| kinds.contains(&kind.as_str()))
        .flat_map(|(kind, numbers)| {
            numbers
                .iter()
                .filter_map(serde_json::Value::as_u64)
                .map(move |n| (kind.clone(), n))
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Names of the protocols that take a payload for a message.
#[allow(dead_code, reason = "not every target asks")]
pub fn without_framing() -> HashSet<String> {
    let spec: Value = serde_json::from_str(SPEC).expect("spec.json is JSON");
    let protocols = spec["protocols"].as_array().into_iter().flatten();
    protocols
        .filter(|p| p["framing"][0] == "Datagram")
        .filter_map(|p| p["name"].as_str().map(str::to_owned))
        .collect()
}

/// A sensor that is used for many inputs, and made anew now and then so that a finding can be repeated alone.
pub struct Lent {
    sensor: Sensor,
    options: Options,
    used: u32,
}

impl Lent {
    pub fn new(options: Options) -> Self {
        Self {
            sensor: sensor(options.clone()),
            options,
            used: 0,
        }
    }

    /// The sensor, without flows, rows or messages of earlier inputs.
    pub fn get(&mut self) -> &mut Sensor {
        self.used += 1;
        if self.used >= REUSE {
            *self = Self::new(self.options.clone());
        }
        self.sensor.finish();
        drop(self.sensor.take_ready());
        drop(self.sensor.take_rich());
        &mut self.sensor
    }
}

fn sensor(options: Options) -> Sensor {
    let spec = Spec::from_json(SPEC).expect("spec.json is what scripts/fuzz.sh writes");
    let mut sensor = Sensor::new(Arc::new(spec), options).expect("the engine takes its tables");
    sensor.begin_capture("fuzz");
    sensor
}

/// Gives frames to a sensor, numbered from 1.
pub struct Wire<'a> {
    pub sensor: &'a mut Sensor,
    number: u64,
}

/// One packet between two made-up hosts.
pub struct Packet<'a> {
    /// Picks the pair of hosts and the client's port.
    pub flow: u8,
    pub server_port: u16,
    pub from_client: bool,
    pub tcp: bool,
    pub flags: u8,
    pub seq: u32,
    pub payload: &'a [u8],
}

impl<'a> Wire<'a> {
    pub fn new(sensor: &'a mut Sensor) -> Self {
        Self { sensor, number: 0 }
    }

    pub fn frame(&mut self, ts_ns: i64, linktype: LinkType, origlen: u32, data: &[u8]) {
        self.number += 1;
        self.sensor.packet(&Frame {
            number: self.number,
            ts_ns,
            origlen,
            linktype,
            interface: 0,
            data,
        });
    }

    pub fn packet(&mut self, ts_ns: i64, packet: &Packet<'_>) {
        let data = packet.to_bytes();
        self.frame(ts_ns, LinkType::RAW, data.len() as u32, &data);
    }
}

impl Packet<'_> {
    /// IPv4 and TCP or UDP. Checksums stay 0: they are noted, never acted upon.
    fn to_bytes(&self) -> Vec<u8> {
        let ports = [50_000 + u16::from(self.flow), self.server_port];
        let (client, server) = ([10, 0, 1, self.flow], [10, 0, 0, self.flow]);
        let ((src, dst), (src_port, dst_port)) = if self.from_client {
            ((client, server), (ports[0], ports[1]))
        } else {
            ((server, client), (ports[1], ports[0]))
        };
        let header = if self.tcp { 20 } else { 8 };
        let length = (20 + header + self.payload.len()) as u16;
        let mut out = vec![0x45, 0];
        out.extend(length.to_be_bytes());
        out.extend([0, 0, 0x40, 0, 64, if self.tcp { 6 } else { 17 }, 0, 0]);
        out.extend(src.iter().chain(&dst));
        out.extend(src_port.to_be_bytes());
        out.extend(dst_port.to_be_bytes());
        if self.tcp {
            out.extend(self.seq.to_be_bytes());
            out.extend([0, 0, 0, 0, 0x50, self.flags, 0x20, 0, 0, 0, 0, 0]);
        } else {
            out.extend((length - 20).to_be_bytes());
            out.extend([0, 0]);
        }
        out.extend(self.payload);
        out
    }
}
