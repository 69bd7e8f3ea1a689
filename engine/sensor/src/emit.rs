//! Rows into the builders of the streams.

use arrow_array::RecordBatch;
use hashbrown::HashMap;

use crate::columns::StreamBuilder;
use crate::ctx::Ctx;
use crate::names::{NameId, Names};
use crate::ops::{Role, Slot};
use crate::session::{Session, Told};
use crate::spec::{NativeColumn, Proto, Spec, SpecError};
use crate::tables::{FlowInfo, Host, Stamp, lookup};
use crate::text::{self, Render};
use crate::vm::Env;

/// Rows of a batch of a common stream: these go to Python, which likes few and large ones.
const COMMON_ROWS: usize = 32_768;
/// Rows of a batch of readings or of a native stream: these are many and wide, and are to stay in the cache.
const NATIVE_ROWS: usize = 8_192;
/// List values of a batch.
const BATCH_VALUES: usize = 1 << 18;
/// Rich messages that a flow may have at once, and for each so many messages after that.
const FLOW_RICH: u64 = 256;
const FLOW_RICH_EVERY: u64 = 64;
/// The same for a protocol, in packets: a message costs Python as much time as some fifty packets cost the
/// engine, and a flood may speak several protocols.
const PROTOCOL_RICH: u64 = 1_000;
const PROTOCOL_RICH_EVERY: u64 = 512;

/// A message for a Python parser.
#[derive(Debug, Clone)]
pub struct RichMessage {
    pub proto: usize,
    pub tag: NameId,
    pub stamp: Stamp,
    pub info: FlowInfo,
    pub from_orig: bool,
    pub response: bool,
    pub src_port: u16,
    pub dst_port: u16,
    pub macs: [[u8; 6]; 2],
    pub numbers: Vec<(Slot, i64)>,
    pub raws: Vec<(Slot, Vec<u8>)>,
    pub data: Vec<u8>,
}

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
pub type Function = Option<(Slot, Box<[(i64, NameId)]>, Render)>;

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
    pub rich: Vec<RichMessage>,
    pub rows: Vec<u64>,
    pub common: Common,
    pub interval: i64,
    pub ok: NameId,
    pub unanswered: NameId,
    pub scratch: Vec<f64>,
    pub spare: Ctx,
    pub packets: u64,
    /// Requests that wait for an answer, over all flows.
    pub pending: usize,
    proto_names: Vec<NameId>,
    functions: Vec<Function>,
    polling: Vec<NameId>,
    sensor: NameId,
    rich_used: Vec<u64>,
    text: String,
    weird_counts: HashMap<NameId, u64>,
}

/// Columns before the protocol's own in a native stream: envelope, endpoints, is_orig, resp_frame, rtt_ns.
const NATIVE_HEAD: usize = 12;

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
    "ts", "uid", "sensor", "capture", "frame", "source", "protocol", "unit", "area", "start", "name",
    "values", "text", "quality",
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
        Ok(Self {
            streams: spec.streams.iter().map(StreamBuilder::new).collect(),
            stream_names: spec.streams.iter().map(|s| s.name.clone()).collect(),
            wanted: vec![true; spec.streams.len()],
            ready: Vec::new(),
            rich: Vec::new(),
            rows: vec![0; spec.streams.len()],
            common,
            interval: interval.max(1),
            ok: names.intern("ok"),
            unanswered: names.intern("unanswered"),
            scratch: Vec::new(),
            spare: Ctx::new(),
            packets: 0,
            pending: 0,
            proto_names: spec.protos.iter().map(|p| p.name).collect(),
            functions: spec.protos.iter().map(|p| p.function.clone()).collect(),
            polling,
            sensor: names.intern(sensor),
            rich_used: vec![0; spec.protos.len()],
            text: String::new(),
            weird_counts: HashMap::new(),
        })
    }

    pub fn is_polling(&self, verb: NameId) -> bool {
        self.polling.contains(&verb)
    }

    #[inline]
    fn envelope(&mut self, stream: usize, info: &FlowInfo, stamp: Stamp, endpoints: bool, names: &Names) {
        let text = &mut self.text;
        let builder = &mut self.streams[stream];
        let c = &mut builder.columns;
        let keys = match builder.flow_keys.get(&info.serial) {
            Some(keys) => *keys,
            None => {
                text::uid(info.uid, text);
                let uid = c[1].key(text);
                let mut keys = [uid, 0, 0];
                if endpoints {
                    info.orig.write(text);
                    keys[1] = c[5].key(text);
                    info.resp.write(text);
                    keys[2] = c[7].key(text);
                }
                builder.flow_keys.insert(info.serial, keys);
                keys
            }
        };
        c[0].number(stamp.ts);
        c[1].keyed(keys[0]);
        c[2].name(self.sensor, names);
        c[3].name(stamp.capture, names);
        c[4].number(stamp.frame as i64);
        if endpoints {
            c[5].keyed(keys[1]);
            c[7].keyed(keys[2]);
            if let Some((orig, resp)) = info.ports {
                c[6].number(i64::from(orig));
                c[8].number(i64::from(resp));
            } else {
                c[6].null();
                c[8].null();
            }
        }
    }

    /// Begins a row with its envelope and endpoints; the caller fills the rest and ends it.
    pub fn begin(
        &mut self,
        stream: usize,
        info: &FlowInfo,
        stamp: Stamp,
        names: &Names,
    ) -> Option<&mut StreamBuilder> {
        if !self.wanted[stream] {
            return None;
        }
        self.envelope(stream, info, stamp, true, names);
        Some(&mut self.streams[stream])
    }

    pub fn end(&mut self, stream: usize) {
        self.streams[stream].end_whole_row();
        self.rows[stream] += 1;
        let many = if self.is_common(stream) {
            COMMON_ROWS
        } else {
            NATIVE_ROWS
        };
        let full = self.streams[stream].rows >= many
            || stream == self.common.reading && self.streams[stream].columns[11].elements() >= BATCH_VALUES;
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

    pub fn native(&mut self, proto: &Proto, info: &FlowInfo, ctx: &Ctx, told: &Told, names: &mut Names) {
        let stream = proto.stream;
        if !proto.row || !self.wanted[stream] {
            return;
        }
        let stamp = told.request.or(told.answer).unwrap_or_default();
        self.envelope(stream, info, stamp, true, names);
        let text = &mut self.text;
        let c = &mut self.streams[stream].columns;
        c[9].number(i64::from(told.from_orig));
        match told.answer {
            Some(answer) => {
                c[10].number(answer.frame as i64);
                match told.request {
                    Some(request) => c[11].number(answer.ts.saturating_sub(request.ts).max(0)),
                    None => c[11].null(),
                }
            }
            None => {
                c[10].null();
                c[11].null();
            }
        }
        for (column, spec) in c[NATIVE_HEAD..].iter_mut().zip(&proto.columns) {
            put(column, spec, ctx, names, text);
        }
        self.end(stream);
    }

    pub fn command(&mut self, info: &FlowInfo, command: &NewCommand<'_>, names: &mut Names) {
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
            function = lookup(table, command.function);
            if function.is_none() && command.function >= 0 {
                text::number(command.function, *render, &mut function_text);
            }
        }
        let target = self.target(command, names);
        let proto = self.proto_names[command.proto];
        if self.begin(stream, info, command.stamp, names).is_none() {
            return;
        }
        let c = &mut self.streams[stream].columns;
        c[9].name(proto, names);
        c[10].name(command.verb, names);
        match function {
            Some(id) => c[11].name(id, names),
            None => c[11].text(&function_text),
        }
        optional(&mut c[12], command.unit);
        if target.is_empty() {
            c[13].null()
        } else {
            c[13].text(&target)
        }
        match command.value {
            Some(value) => c[14].text(value),
            None => c[14].null(),
        }
        c[15].number(command.count as i64);
        c[16].number(command.answered as i64);
        c[17].number(command.errors as i64);
        if command.result == 0 {
            c[18].null()
        } else {
            c[18].name(command.result, names)
        }
        c[19].number(command.until);
        self.end(stream);
    }

    fn target(&self, command: &NewCommand<'_>, names: &Names) -> String {
        let area = names.get(command.area);
        match (command.point, command.range) {
            (Some(point), _) if !point.is_empty() => {
                if area.is_empty() {
                    point.to_owned()
                } else {
                    format!("{area} {point}")
                }
            }
            (_, Some((lo, hi))) if hi > lo => format!("{area} {lo}-{hi}").trim_start().to_owned(),
            (_, Some((lo, _))) => format!("{area} {lo}").trim_start().to_owned(),
            _ => area.to_owned(),
        }
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
        self.envelope(stream, env.info, env.stamp, false, names);
        let source = if env.from_orig {
            env.info.orig
        } else {
            env.info.resp
        };
        let builder = &mut self.streams[stream];
        // Slots 1 and 2 of the flow's keys are free in this stream: the source's key, by direction, plus one.
        let slot = 1 + usize::from(env.from_orig);
        let c = &mut builder.columns;
        let key = match builder.flow_keys.get_mut(&env.info.serial) {
            Some(keys) if keys[slot] > 0 => keys[slot] - 1,
            keys => {
                source.write(&mut self.text);
                let key = c[5].key(&self.text);
                if let Some(keys) = keys {
                    keys[slot] = key + 1;
                }
                key
            }
        };
        let special = &env.proto.special;
        c[5].keyed(key);
        c[6].name(env.proto.name, names);
        optional(&mut c[7], special.unit.and_then(|s| ctx.get(s)));
        if ctx.area == 0 {
            c[8].null()
        } else {
            c[8].name(ctx.area, names)
        }
        optional(&mut c[9], special.start.and_then(|s| ctx.get(s)));
        match special.point.and_then(|s| ctx.raw(s)) {
            Some(bytes) => {
                text::bytes(bytes, Render::Text, &mut self.text);
                c[10].text(&self.text);
            }
            None => c[10].null(),
        }
        c[11].list(fill);
        match said {
            Some(said) => c[12].text(said),
            None => c[12].null(),
        }
        if ctx.quality == 0 {
            c[13].null()
        } else {
            c[13].name(ctx.quality, names)
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
        *self.weird_counts.entry(name).or_default() += count;
        let stream = self.common.weird;
        if self.begin(stream, info, stamp, names).is_none() {
            return;
        }
        let c = &mut self.streams[stream].columns;
        c[9].name(name, names);
        match addl {
            Some(text) => c[10].text(text),
            None => c[10].null(),
        }
        if proto == 0 {
            c[11].null()
        } else {
            c[11].name(proto, names)
        }
        c[12].number(count as i64);
        self.end(stream);
    }

    /// Keeps a message for a Python parser; false when the budget is spent. A repeated one is passed over.
    #[allow(clippy::too_many_arguments)]
    pub fn rich(
        &mut self,
        env: &Env<'_>,
        session: &mut Session,
        ctx: &Ctx,
        tag: NameId,
        repeat: bool,
        data: &[u8],
    ) -> bool {
        if !repeat {
            let hash = hash_of(tag, env.side, data);
            if session.rich_seen.contains(&hash) {
                return true;
            }
            let n = session.rich_seen.len();
            session.rich_seen[(session.rich_used % n as u64) as usize] = hash;
        }
        let used = &mut self.rich_used[env.index];
        if session.rich_used >= FLOW_RICH + session.messages / FLOW_RICH_EVERY
            || *used >= PROTOCOL_RICH + self.packets / PROTOCOL_RICH_EVERY
        {
            return false;
        }
        *used += 1;
        session.rich_used += 1;
        let mut numbers = Vec::with_capacity(ctx.set.count_ones() as usize);
        let mut bits = ctx.set;
        while bits != 0 {
            let slot = bits.trailing_zeros() as Slot;
            numbers.push((slot, ctx.ints[slot as usize]));
            bits &= bits - 1;
        }
        self.rich.push(RichMessage {
            proto: env.index,
            tag,
            stamp: env.stamp,
            info: *env.info,
            from_orig: env.from_orig,
            response: ctx.role == Role::Response,
            src_port: env.src_port,
            dst_port: env.dst_port,
            macs: env.macs,
            numbers,
            raws: ctx.raws().map(|(slot, bytes)| (slot, bytes.to_vec())).collect(),
            data: data.to_vec(),
        });
        true
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
        let c = &mut self.streams[stream].columns;
        c[0].number(first.ts);
        text::uid(uid, &mut text);
        c[1].text(&text);
        c[2].name(self.sensor, names);
        c[3].name(first.capture, names);
        c[4].number(first.frame as i64);
        text::mac(mac, &mut text);
        c[5].text(&text);
        match ip {
            Some(host) => host.write(&mut text),
            None => text.clear(),
        }
        c[6].text(&text);
        optional(&mut c[7], vlan.map(i64::from));
        c[8].name(source, names);
        c[9].number(frames as i64);
        optional(&mut c[10], ip.map(|_| i64::from(ttl)));
        c[11].number(until);
        self.text = text;
        self.end(stream);
    }

    pub fn weird_totals(&self, names: &Names) -> Vec<(String, u64)> {
        let mut totals: Vec<_> = self
            .weird_counts
            .iter()
            .map(|(&id, &n)| (names.get(id).to_owned(), n))
            .collect();
        totals.sort();
        totals
    }
}

fn optional(column: &mut crate::columns::Column, value: Option<i64>) {
    match value {
        Some(value) => column.number(value),
        None => column.null(),
    }
}

#[inline]
fn put(
    column: &mut crate::columns::Column,
    spec: &NativeColumn,
    ctx: &Ctx,
    names: &Names,
    text: &mut String,
) {
    if let Some(value) = ctx.get(spec.slot) {
        if !column.is_text() {
            return column.number(value);
        }
        match lookup(&spec.names, value) {
            Some(id) => column.name(id, names),
            None => {
                text::number(value, spec.render, text);
                column.text(text);
            }
        }
    } else if let Some(bytes) = ctx.raw(spec.slot) {
        text::bytes(bytes, spec.render, text);
        column.text(text);
    } else {
        column.null();
    }
}

/// A quick hash of a message (eight bytes at a time), to pass over what was just parsed.
fn hash_of(tag: NameId, side: u8, data: &[u8]) -> u64 {
    let mut hash =
        0xcbf2_9ce4_8422_2325u64 ^ u64::from(tag) << 8 ^ u64::from(side) ^ (data.len() as u64) << 32;
    let (words, rest) = data.as_chunks::<8>();
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    }
    for &b in rest {
        hash = (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    }
    hash | 1
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
