//! Rows into the builders of the streams.

use arrow_array::RecordBatch;

use crate::columns::{ReadingHead, Row, StreamBuilder};
use crate::ctx::Ctx;
use crate::names::{NameId, Names};
use crate::ops::Slot;
use crate::rich::Rich;
use crate::session::Pending;
use crate::spec::{Spec, SpecError};
use crate::tables::{FlowInfo, Host, Labels, Stamp};
use crate::text::{self, Render};
use crate::vm::Env;
use crate::weirds::{Untold, Weirds};

/// Rows of a batch of a common stream: these go to Python, which likes few and large ones.
const COMMON_ROWS: usize = 32_768;
/// Rows of a batch of readings or of a native stream: these are many and wide, and are to stay in the cache.
const NATIVE_ROWS: usize = 8_192;
/// List values of a batch.
const BATCH_VALUES: usize = 1 << 18;
/// Requests done with that are kept to be used again.
const MAX_USED: usize = 256;
/// A `command` row to be.
#[derive(Debug)]
pub struct NewCommand<'a> {
    pub proto: usize,
    pub stamp: Stamp,
    pub from_orig: bool,
    pub verb: NameId,
    pub function: i64,
    pub unit: Option<i64>,
    pub area: NameId,
    pub range: Option<(i64, i64)>,
    pub point: Option<&'a str>,
    pub value: Option<&'a str>,
    pub count: u64,
    pub answered: u64,
    pub errors: u64,
    pub result: NameId,
    pub until: i64,
}

/// The slot that names a protocol's function, its names, and how others are written.
pub type Function = Option<(Slot, Labels, Render)>;

/// Where the common streams stand, and that their columns are those that the engine fills.
#[derive(Debug, Default, Clone, Copy)]
pub struct Common {
    pub conn: usize,
    pub weird: usize,
    pub command: usize,
    pub reading: usize,
    pub binding: usize,
}

pub struct Emitter {
    pub streams: Vec<StreamBuilder>,
    pub stream_names: Vec<String>,
    pub wanted: Vec<bool>,
    pub ready: Vec<(usize, RecordBatch)>,
    pub rich: Rich,
    pub rows: Vec<u64>,
    pub common: Common,
    pub interval: i64,
    pub ok: NameId,
    pub unanswered: NameId,
    pub scratch: Vec<f64>,
    pub spare: Ctx,
    /// Room for the text of a command's point.
    pub point: String,
    pub packets: u64,
    /// Requests that wait for an answer, over all flows.
    pub pending: usize,
    /// Requests that are done with, to be used again.
    #[allow(clippy::vec_box)] // they go back to the flows as they are
    pub used: Vec<Box<Pending>>,
    proto_names: Vec<NameId>,
    functions: Vec<Function>,
    polling: Vec<NameId>,
    pub(crate) sensor: NameId,
    pub(crate) text: String,
    weirds: Weirds,
}

const CONN: &[&str] = &[
    "ts",
    "uid",
    "sensor",
    "capture",
    "frame",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "orig_pkts",
    "resp_pkts",
    "orig_ip_bytes",
    "resp_ip_bytes",
    "missed_bytes",
    "conn_state",
    "history",
    "orig_l2_addr",
    "resp_l2_addr",
    "vlan",
    "inner_vlan",
    "tunnel",
    "retransmissions",
    "duplicates",
    "bad_checksums",
    "orig_min_ttl",
    "resp_min_ttl",
    "direction",
    "until",
];
const WEIRD: &[&str] = &[
    "ts",
    "uid",
    "sensor",
    "capture",
    "frame",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "name",
    "addl",
    "protocol",
    "count",
];
const COMMAND: &[&str] = &[
    "ts",
    "uid",
    "sensor",
    "capture",
    "frame",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "protocol",
    "verb",
    "function",
    "unit",
    "target",
    "value",
    "count",
    "answered",
    "errors",
    "result",
    "until",
];
const READING: &[&str] = &[
    "ts",
    "uid",
    "sensor",
    "capture",
    "frame",
    "source",
    "protocol",
    "unit",
    "area",
    "start",
    "name",
    "values",
    "text",
    "quality",
    "source_ts",
    "server_ts",
];
const BINDING: &[&str] = &[
    "ts", "uid", "sensor", "capture", "frame", "mac", "ip", "vlan", "source", "frames", "ttl_max", "until",
];

impl Emitter {
    pub fn new(spec: &Spec, names: &mut Names, sensor: &str, interval: i64) -> Result<Self, SpecError> {
        let common = Common {
            conn: spec.common("conn", CONN)?,
            weird: spec.common("weird", WEIRD)?,
            command: spec.common("command", COMMAND)?,
            reading: spec.common("reading", READING)?,
            binding: spec.common("binding", BINDING)?,
        };
        let polling = ["read", "browse", "diagnose", "subscribe"]
            .map(|v| names.intern(v))
            .to_vec();
        let mut streams: Vec<_> = spec.streams.iter().map(StreamBuilder::new).collect();
        for proto in &spec.protos {
            proto.natives.fill(&mut streams[proto.stream], proto.slots.len());
        }
        Ok(Self {
            streams,
            stream_names: spec.streams.iter().map(|s| s.name.clone()).collect(),
            wanted: vec![true; spec.streams.len()],
            ready: Vec::new(),
            rich: Rich::new(spec.protos.len()),
            rows: vec![0; spec.streams.len()],
            common,
            interval: interval.max(1),
            ok: names.intern("ok"),
            unanswered: names.intern("unanswered"),
            scratch: Vec::new(),
            spare: Ctx::new(),
            point: String::new(),
            packets: 0,
            pending: 0,
            used: Vec::new(),
            proto_names: spec.protos.iter().map(|p| p.name).collect(),
            functions: spec.protos.iter().map(|p| p.function.clone()).collect(),
            polling,
            sensor: names.intern(sensor),
            text: String::new(),
            weirds: Weirds::default(),
        })
    }

    /// A request was answered, or given up.
    pub fn done_with(&mut self, request: Box<Pending>) {
        self.pending -= 1;
        if self.used.len() < MAX_USED {
            self.used.push(request);
        }
    }

    pub fn is_polling(&self, verb: NameId) -> bool {
        self.polling.contains(&verb)
    }

    /// Begins a row with its envelope and endpoints; the caller fills the rest and ends it.
    #[inline]
    pub fn begin(&mut self, stream: usize, info: &FlowInfo, stamp: Stamp, names: &Names) -> Option<Row<'_>> {
        if !self.wanted[stream] {
            return None;
        }
        let builder = &mut self.streams[stream];
        builder.envelope(info, stamp, self.sensor, names);
        builder.end_of(5, info, 0);
        builder.end_of(7, info, 1);
        let mut row = builder.row();
        if let Some((orig, resp)) = info.ports {
            row.number(6, i64::from(orig));
            row.number(8, i64::from(resp));
        }
        Some(row)
    }

    pub fn end(&mut self, stream: usize) {
        self.streams[stream].end_row();
        self.rows[stream] += 1;
        let many = if self.is_common(stream) {
            COMMON_ROWS
        } else {
            NATIVE_ROWS
        };
        let full = self.streams[stream].rows >= many
            || stream == self.common.reading && self.streams[stream].elements(11) >= BATCH_VALUES;
        if full {
            self.flush_stream(stream);
        }
    }

    #[inline]
    fn is_common(&self, stream: usize) -> bool {
        let c = &self.common;
        stream == c.conn || stream == c.command || stream == c.weird || stream == c.binding
    }

    fn flush_stream(&mut self, stream: usize) {
        if self.streams[stream].rows > 0
            && let Ok(batch) = self.streams[stream].finish()
        {
            self.ready.push((stream, batch));
        }
    }

    pub fn flush(&mut self) {
        for stream in 0..self.streams.len() {
            self.flush_stream(stream);
        }
    }

    pub fn command(&mut self, info: &FlowInfo, command: &NewCommand<'_>, names: &Names) {
        let stream = self.common.command;
        // The asker is the originator of the record, whoever began the flow.
        let turned = FlowInfo {
            serial: info.serial | 0x8000_0000,
            orig: info.resp,
            resp: info.orig,
            ports: info.ports.map(|p| (p.1, p.0)),
            ..*info
        };
        let info = if command.from_orig { info } else { &turned };
        let mut function_text = String::new();
        let mut function = None;
        if let Some((_, table, render)) = &self.functions[command.proto] {
            function = table.get(command.function);
            if function.is_none() && command.function >= 0 {
                text::number(command.function, *render, &mut function_text);
            }
        }
        let target = self.target(command, names);
        let proto = self.proto_names[command.proto];
        let Some(mut row) = self.begin(stream, info, command.stamp, names) else {
            return;
        };
        row.name(9, proto, names);
        row.name(10, command.verb, names);
        match function {
            Some(id) => row.name(11, id, names),
            None => row.text(11, &function_text),
        }
        row.optional(12, command.unit);
        row.filled(13, &target);
        if let Some(value) = command.value {
            row.text(14, value);
        }
        row.number(15, command.count as i64);
        row.number(16, command.answered as i64);
        row.number(17, command.errors as i64);
        row.name(18, command.result, names);
        row.number(19, command.until);
        self.end(stream);
    }

    fn target(&self, command: &NewCommand<'_>, names: &Names) -> String {
        let mut target = names.get(command.area).to_owned();
        if command.point.is_none_or(str::is_empty) && command.range.is_none() {
            return target;
        }
        if !target.is_empty() {
            target.push(' ');
        }
        match (command.point, command.range) {
            (Some(point), _) if !point.is_empty() => target.push_str(point),
            (_, Some((lo, hi))) => {
                text::push_number(lo, &mut target);
                if hi > lo {
                    target.push('-');
                    text::push_number(hi, &mut target);
                }
            }
            _ => {}
        }
        target
    }

    pub fn reading(
        &mut self,
        env: &Env<'_>,
        ctx: &Ctx,
        names: &Names,
        said: Option<&str>,
        fill: impl FnOnce(&mut Vec<f64>),
    ) {
        let stream = self.common.reading;
        if !self.wanted[stream] {
            return;
        }
        let special = &env.proto.special;
        let head = ReadingHead {
            stamp: env.stamp,
            end: usize::from(!env.from_orig),
            protocol: env.proto.name,
            unit: special.unit.and_then(|s| ctx.get(s)),
            area: ctx.area,
            start: special.start.and_then(|s| ctx.get(s)),
            quality: ctx.quality,
        };
        let mut row = self.streams[stream].reading(&env.flow.info, head, self.sensor, names);
        if let Some(bytes) = special.point.and_then(|s| ctx.raw(s)) {
            text::bytes(bytes, Render::Text, &mut self.text);
            row.text(10, &self.text);
        }
        row.list(11, fill);
        if let Some(said) = said {
            row.text(12, said);
        }
        self.end(stream);
    }

    #[allow(clippy::too_many_arguments)]
    pub fn weird(
        &mut self,
        info: &FlowInfo,
        stamp: Stamp,
        name: NameId,
        addl: Option<&str>,
        proto: NameId,
        count: u64,
        names: &Names,
    ) {
        let interval = stamp.ts.div_euclid(self.interval);
        let (has_row, before) = self.weirds.meet(name, proto, stamp, interval, count);
        if let Some(untold) = before {
            self.untold(untold, names);
        }
        if has_row {
            self.weird_row(info, stamp, name, addl, proto, count, names);
        }
    }

    /// One row for what had no room for rows of its own.
    fn untold(&mut self, untold: Untold, names: &Names) {
        let Untold {
            name,
            protocol,
            last,
            count,
        } = untold;
        self.weird_row(&FlowInfo::nobody(), last, name, None, protocol, count, names);
    }

    /// The weirds that were only counted so far.
    pub fn tell_untold(&mut self, names: &Names) {
        for untold in self.weirds.take_untold() {
            self.untold(untold, names);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn weird_row(
        &mut self,
        info: &FlowInfo,
        stamp: Stamp,
        name: NameId,
        addl: Option<&str>,
        proto: NameId,
        count: u64,
        names: &Names,
    ) {
        let stream = self.common.weird;
        let Some(mut row) = self.begin(stream, info, stamp, names) else {
            return;
        };
        row.name(9, name, names);
        if let Some(text) = addl {
            row.text(10, text);
        }
        row.name(11, proto, names);
        row.number(12, count as i64);
        self.end(stream);
    }

    /// A `binding` row.
    #[allow(clippy::too_many_arguments)]
    pub fn binding(
        &mut self,
        mac: [u8; 6],
        ip: Option<Host>,
        vlan: Option<u16>,
        first: Stamp,
        until: i64,
        frames: u64,
        ttl: u8,
        uid: u64,
        names: &mut Names,
    ) {
        let stream = self.common.binding;
        if !self.wanted[stream] {
            return;
        }
        let mut text = std::mem::take(&mut self.text);
        let source = names.intern(if ip.is_some() { "ip" } else { "eth" });
        let mut row = self.streams[stream].row();
        row.number(0, first.ts);
        text::uid(uid, &mut text);
        row.text(1, &text);
        row.name(2, self.sensor, names);
        row.name(3, first.capture, names);
        row.number(4, first.frame as i64);
        text::mac(mac, &mut text);
        row.text(5, &text);
        match ip {
            Some(host) => host.write(&mut text),
            None => text.clear(),
        }
        row.text(6, &text);
        row.optional(7, vlan.map(i64::from));
        row.name(8, source, names);
        row.number(9, frames as i64);
        row.optional(10, ip.map(|_| i64::from(ttl)));
        row.number(11, until);
        self.text = text;
        self.end(stream);
    }

    pub fn weird_totals(&self, names: &Names) -> Vec<(String, u64)> {
        let mut totals: Vec<_> = self
            .weirds
            .totals()
            .map(|(id, n)| (names.get(id).to_owned(), n))
            .collect();
        totals.sort();
        totals
    }
}

impl Spec {
    pub(crate) fn common(&self, name: &str, columns: &[&str]) -> Result<usize, SpecError> {
        let found = self.streams.iter().position(|s| s.name == name);
        let same = |i: &usize| {
            self.streams[*i]
                .columns
                .iter()
                .map(|c| c.name.as_str())
                .eq(columns.iter().copied())
        };
        found.filter(same).ok_or_else(|| SpecError::columns(name))
    }
}
