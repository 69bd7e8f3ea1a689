//! The stream of a protocol's own: what fills each of its columns, and its rows.

use crate::columns::{ColumnType, Head, Named, Row, StreamBuilder};
use crate::ctx::Ctx;
use crate::emit::Emitter;
use crate::names::Names;
use crate::ops::{MAX_SLOTS, Slot};
use crate::session::Told;
use crate::spec::{Proto, StreamSpec};
use crate::tables::{FlowInfo, Labels};
use crate::text::{self, Render};

/// Columns before the protocol's own in a native stream: envelope, endpoints, is_orig, resp_frame, rtt_ns.
const NATIVE_HEAD: usize = 12;

/// A column of a native stream: where its value comes from.
#[derive(Debug, Clone)]
pub struct NativeColumn {
    pub slot: Slot,
    pub names: Labels,
    pub render: Render,
}

/// The columns of a protocol, by what fills them.
#[derive(Debug, Clone)]
pub struct Natives {
    pub columns: Vec<NativeColumn>,
    /// Number columns and the slots that fill them.
    numbers: Vec<(usize, Slot)>,
    /// Columns of names for numbers, and the slots that fill them, as bits.
    named: Vec<usize>,
    named_slots: u64,
    /// Slots that fill another text column, as bits, and these columns of each.
    texts: u64,
    others_of: Box<[Vec<usize>]>,
    /// All text columns of each slot.
    texts_of: Box<[Vec<usize>]>,
}

impl Natives {
    pub fn new(columns: Vec<NativeColumn>, stream: &StreamSpec) -> Self {
        let of_slots: Box<[Vec<usize>]> = vec![Vec::new(); MAX_SLOTS].into();
        let mut natives = Self {
            columns: Vec::new(),
            numbers: Vec::new(),
            named: Vec::new(),
            named_slots: 0,
            texts: 0,
            others_of: of_slots.clone(),
            texts_of: of_slots,
        };
        for (i, column) in columns.iter().enumerate() {
            let kind = stream.columns.get(NATIVE_HEAD + i).map(|c| c.kind);
            let slot = column.slot as usize;
            if !kind.is_some_and(ColumnType::is_text) {
                natives.numbers.push((i, column.slot));
                continue;
            }
            natives.texts_of[slot].push(i);
            if kind == Some(ColumnType::Str) && !column.names.is_empty() {
                natives.named_slots |= 1 << slot;
                natives.named.push(i);
            } else {
                natives.texts |= 1 << slot;
                natives.others_of[slot].push(i);
            }
        }
        natives.columns = columns;
        natives
    }

    /// Text columns that a slot fills.
    pub fn texts_of(&self, slot: Slot) -> &[usize] {
        self.texts_of.get(slot as usize).map_or(&[], |c| c)
    }

    /// Those of them that are not of names for numbers.
    #[inline]
    fn others_of(&self, slot: Slot) -> &[usize] {
        self.others_of.get(slot as usize).map_or(&[], |c| c)
    }

    /// Tells the builder of the stream what fills it from the slots, of which the protocol has so many.
    pub fn fill(&self, stream: &mut StreamBuilder, slots: usize) {
        let numbers = self
            .numbers
            .iter()
            .map(|&(column, slot)| (NATIVE_HEAD + column, slot));
        let named = self
            .named
            .iter()
            .map(|&i| Named::new(NATIVE_HEAD + i, &self.columns[i]));
        stream.be_native(slots, numbers.collect(), named.collect());
    }
}

impl Emitter {
    /// A row of the protocol's own stream.
    pub fn native(&mut self, proto: &Proto, info: &FlowInfo, ctx: &Ctx, told: &Told, names: &Names) {
        let stream = proto.stream;
        if !proto.row || !self.wanted[stream] {
            return;
        }
        let asked = told.request.or(told.answer).unwrap_or_default();
        let took = told
            .answer
            .zip(told.request)
            .map(|(a, r)| a.ts.saturating_sub(r.ts).max(0));
        let head = Head {
            stamp: asked,
            ports: info.ports,
            from_orig: told.from_orig,
            answer: told.answer.map(|a| a.frame),
            took,
        };
        if ctx.raw_set & proto.natives.named_slots != 0 {
            return self.native_with_bytes(proto, info, &head, ctx, names);
        }
        let mut row = self.streams[stream].native(info, head, self.sensor, ctx, names);
        let mut there = (ctx.set | ctx.raw_set) & proto.natives.texts;
        while there != 0 {
            let slot = there.trailing_zeros() as Slot;
            there &= there - 1;
            for &column in proto.natives.others_of(slot) {
                let spec = &proto.natives.columns[column];
                put_text(&mut row, NATIVE_HEAD + column, spec, ctx, names, &mut self.text);
            }
        }
        self.end(stream);
    }

    /// The same in the order of rows, where bytes stand in place of a number that has a name.
    #[cold]
    fn native_with_bytes(&mut self, proto: &Proto, info: &FlowInfo, head: &Head, ctx: &Ctx, names: &Names) {
        let stream = proto.stream;
        self.streams[stream].settle();
        let mut text = std::mem::take(&mut self.text);
        if let Some(mut row) = self.begin(stream, info, head.stamp, names) {
            row.number(9, i64::from(head.from_orig));
            row.optional(10, head.answer.map(|frame| frame as i64));
            row.optional(11, head.took);
            for &(column, slot) in &proto.natives.numbers {
                row.optional(NATIVE_HEAD + column, ctx.get(slot));
            }
            for (i, spec) in proto.natives.columns.iter().enumerate() {
                if proto.natives.texts_of(spec.slot).contains(&i)
                    && (ctx.set | ctx.raw_set) >> spec.slot & 1 == 1
                {
                    put_text(&mut row, NATIVE_HEAD + i, spec, ctx, names, &mut text);
                }
            }
            self.end(stream);
        }
        self.text = text;
    }
}

#[inline]
fn put_text(
    row: &mut Row<'_>,
    column: usize,
    spec: &NativeColumn,
    ctx: &Ctx,
    names: &Names,
    text: &mut String,
) {
    if let Some(value) = ctx.get(spec.slot) {
        match spec.names.get(value) {
            Some(id) => return row.name(column, id, names),
            None => text::number(value, spec.render, text),
        }
    } else if let Some(bytes) = ctx.raw(spec.slot) {
        text::bytes(bytes, spec.render, text);
    }
    row.text(column, text);
}
