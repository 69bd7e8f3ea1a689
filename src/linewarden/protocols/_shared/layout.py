"""The table language in which a protocol is written.

A protocol file builds one `Protocol`. Its programs are lists of the small operations below; they are compiled to
plain lists (`compile.py`), handed to the Rust engine once, and run there for every message. Nothing here runs per
packet.

How a message is read: a *framing* cuts it out of the stream, then the program `main` runs over its bytes with a
cursor. `U16("tid")` reads two bytes into the slot "tid" and moves on. Slots are whole numbers (64 bit, signed) or
bytes. Expressions (`expressions.py`) are made from slots with `F("tid") & 0xFF` and so on. An operation that reads past
the end stops the program: the message is `<protocol>_truncated` weird, and what was read so far is still emitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from linewarden.protocols._shared.expressions import (
    Among as Among,
    Ask as Ask,
    Binary as Binary,
    Const as Const,
    DstPort as DstPort,
    EtherType as EtherType,
    Expr as Expr,
    F as F,
    FromOrig as FromOrig,
    Has as Has,
    IsResponse as IsResponse,
    Item as Item,
    Known as Known,
    Left as Left,
    OnPort as OnPort,
    Peek as Peek,
    Pos as Pos,
    Size as Size,
    SrcPort as SrcPort,
    ToPort as ToPort,
    Value as Value,
    both as both,
    either as either,
    lift as lift,
)
from linewarden.records import Verb

# --- operations ------------------------------------------------------------------------------------------------


class Op:
    """One step of a program."""


Ops = Sequence[Op]


@dataclass(frozen=True, slots=True)
class Int(Op):
    """Read a whole number of 1 to 8 bytes at the cursor into a slot (None: read past it). `label`: what these bytes are
    called where a person looks at a packet, if they fill no column."""

    slot: str | None
    width: int
    le: bool | None = None  # None: the protocol's own byte order
    signed: bool = False
    label: str = ""


def U8(slot: str | None = None, *, label: str = "") -> Int:
    """One byte."""
    return Int(slot, 1, label=label)


def U16(slot: str | None = None, le: bool | None = None, *, label: str = "") -> Int:
    """Two bytes."""
    return Int(slot, 2, le, label=label)


def U24(slot: str | None = None, le: bool | None = None, *, label: str = "") -> Int:
    """Three bytes."""
    return Int(slot, 3, le, label=label)


def U32(slot: str | None = None, le: bool | None = None, *, label: str = "") -> Int:
    """Four bytes."""
    return Int(slot, 4, le, label=label)


def U48(slot: str | None = None, le: bool | None = None, *, label: str = "") -> Int:
    """Six bytes (a MAC address, a DNP3 time)."""
    return Int(slot, 6, le, label=label)


def U64(slot: str | None = None, le: bool | None = None, *, label: str = "") -> Int:
    """Eight bytes (taken as signed 64 bit)."""
    return Int(slot, 8, le, label=label)


@dataclass(frozen=True, slots=True)
class Skip(Op):
    """Move the cursor forward. `label`: what these bytes are called where a person looks at a packet; a constant number
    of them may be several fields, `name:bytes, name:bytes`."""

    count: Value
    label: str = ""


@dataclass(frozen=True, slots=True)
class Seek(Op):
    """Put the cursor at an offset from the beginning of the current slice (backwards too; at most the end)."""

    to: Value


@dataclass(frozen=True, slots=True)
class Bytes(Op):
    """Copy bytes at the cursor into a bytes slot and move on. `size` None: all that is left. At most 4096 are kept.
    `join`: where the slot is set already, append this and the bytes (a path in several segments)."""

    slot: str
    size: Value | None = None
    join: bytes | None = None


@dataclass(frozen=True, slots=True)
class Until(Op):
    """Copy bytes up to (not including) a delimiter into a bytes slot (None: only move); the cursor goes past it.
    Without the delimiter: `optional` takes all that is left, else the message is truncated."""

    slot: str | None
    delimiter: bytes
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Header(Op):
    """Find a text header line (`name`: lower case, without colon) in the current slice after the cursor; its trimmed
    value goes into a bytes slot. The cursor does not move. For HTTP-like heads; ASCII case is ignored."""

    slot: str
    name: bytes


@dataclass(frozen=True, slots=True)
class Labels(Op):
    """A DNS name (RFC 1035 4.1.4, compression followed within the current slice) as dotted text into a bytes slot."""

    slot: str


@dataclass(frozen=True, slots=True)
class BerLength(Op):
    """An ASN.1 BER length (X.690 8.1.3) into a slot; the indefinite form gives what is left."""

    slot: str


@dataclass(frozen=True, slots=True)
class BerElements(Op):
    """How many BER elements (X.690 8.1, identifiers of one octet) are left, into a slot; the cursor goes past them. One
    that is cut short ends the program, as any such read."""

    slot: str


@dataclass(frozen=True, slots=True)
class Let(Op):
    """Set a slot to an expression."""

    slot: str
    value: Value


@dataclass(frozen=True, slots=True)
class Unset(Op):
    """Forget slots (so that the next row of this message does not carry them)."""

    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class If(Op):
    """Run one or the other."""

    condition: Expr
    then: Ops
    otherwise: Ops = ()


@dataclass(frozen=True, slots=True)
class Switch(Op):
    """Run the case of a value; keys are ints, tuples of ints, or ranges."""

    on: Value | str
    cases: Mapping[int | tuple[int, ...] | range, Ops]
    otherwise: Ops = ()


@dataclass(frozen=True, slots=True)
class Within(Op):
    """Run over the next `size` bytes as a slice of their own (None: all that is left); then go on after them.
    A slice that ends early is that slice's matter: what follows it is still read. If fewer than `size` bytes are
    there, it runs over those and then the program stops as truncated."""

    size: Value | None
    then: Ops


@dataclass(frozen=True, slots=True)
class At(Op):
    """Run over the slice from an offset (from the current slice's beginning) to its end, or `size` bytes of it; the
    cursor does not move. An offset outside the slice runs nothing and marks the message as truncated."""

    offset: Value
    then: Ops
    size: Value | None = None


@dataclass(frozen=True, slots=True)
class Repeat(Op):
    """Run again and again: `count` times, or (None) while bytes are left and the cursor moves. At most `limit`."""

    then: Ops
    count: Value | None = None
    limit: int = 512


@dataclass(frozen=True, slots=True)
class Call(Op):
    """Run a named program of this protocol over what is left of the slice. Depth at most 16."""

    program: str


@dataclass(frozen=True, slots=True)
class Stop(Op):
    """End this program (and its callers) here; not an error. What the slots hold is still emitted."""


@dataclass(frozen=True, slots=True)
class Later(Op):
    """In a probe: this message does not tell. Ask again with the next one; earlier ones are kept and replayed."""


@dataclass(frozen=True, slots=True)
class Drop(Op):
    """End here, and emit no row for this message (rows already emitted stay)."""


@dataclass(frozen=True, slots=True)
class Check(Op):
    """In a probe: 0 means that this is not our protocol. Elsewhere: 0 ends the message with the weird `name`."""

    condition: Expr
    name: str = "invalid"


@dataclass(frozen=True, slots=True)
class Odd(Op):
    """Note a weird and go on. `addl`: a slot whose number is told."""

    name: str
    addl: str | None = None


@dataclass(frozen=True, slots=True)
class Role(Op):
    """What the message is. Without it: from the originator a request, from the responder a response.
    `report` is told unasked (unsolicited, cyclic data, broadcast): a row at once, values are readings of the sender.
    `notify` is a one-way message that asks for something (a command that nobody answers)."""

    role: Literal["request", "response", "report", "notify"]


@dataclass(frozen=True, slots=True)
class Hint(Op):
    """In a probe: this message, by its content, is a request or a response. It settles who is the originator when
    neither SYN nor port does."""

    role: Literal["request", "response"]


@dataclass(frozen=True, slots=True)
class Recall(Op):
    """In a response: fetch the slots of its request (same pair key, same item), as far as this message has not set
    them. `Row` and `Values` do it by themselves; use it where the layout depends on the request."""


@dataclass(frozen=True, slots=True)
class Do(Op):
    """Say what the message asks: the verb (and area) of its `command` and `reading` records.
    A request without `Do` gives no command; `Do(None)` takes both back."""

    verb: Verb | None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Area(Op):
    """Set the area by number: a name from a table, or `template` with {} for the number (`db{}`)."""

    value: Value
    names: Mapping[int, str] = field(default_factory=dict)
    template: str = "{}"


@dataclass(frozen=True, slots=True)
class Values(Op):
    """Numbers at the cursor: in a response or report one `reading` record, in a request the command's `value`.
    `kind`: u8 i8 u16 i16 u24 u32 i32 u64 i64 f32 f64 in the protocol's byte order (or with `le`), or `bit` (LSB
    first). `count` None: as many as are left in the slice. The cursor moves past them."""

    kind: str
    count: Value | None = None
    le: bool | None = None
    stride: int = 0  # bytes from one value to the next, if they do not touch (0: they do)
    shift: int = 0  # whole numbers: (value >> shift) & mask, if there is a mask
    mask: int = 0


@dataclass(frozen=True, slots=True)
class Text(Op):
    """Bytes at the cursor as text (`render` as in `Col`); the cursor moves past them. In a response or report one
    `reading` record with `text`, in a request a part of the command's `value`. `size` None: all that is left."""

    size: Value | None = None
    render: str = "text"


@dataclass(frozen=True, slots=True)
class Number(Op):
    """An expression as a one-value reading (or command value), for points that are bit fields."""

    value: Value


@dataclass(frozen=True, slots=True)
class Quality(Op):
    """Set the quality of following readings of this message: `names` by number, or null where absent."""

    value: Value
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Row(Op):
    """Emit a native row (and its command) from the slots as they stand. A message without any `Row` or `Drop`
    emits one at its end. Slots stay set; `Unset` what the next row must not have."""


@dataclass(frozen=True, slots=True)
class Rich(Op):
    """Hand the rest of the current slice, with the slots, to the Python parser `Protocol.rich[tag]`.
    Within a budget per flow and in all. A message with the very same tag and bytes as one of the last of its flow is
    not handed over again unless `repeat`. `hourly`: for a parser that only tells who somebody is. What the same sender
    said within an hour, in any flow and with the same slots (apart from those of `Protocol.pair` and `fleeting`), is
    passed over then."""

    tag: str
    repeat: bool = False
    hourly: bool = False


@dataclass(frozen=True, slots=True)
class Gather(Op):
    """Reassemble fragments that the protocol itself makes: the rest of the slice is one fragment.

    `first` None: a fragment is the first if none is open. Run `then` over the whole when `last` is not 0. `key` tells
    parallel ones apart. An unexpected fragment is the weird `<protocol>_fragment_lost`. At most `limit` bytes.
    """

    then: Ops
    last: Value
    first: Value | None = None
    key: Value = 0
    limit: int = 1 << 20


@dataclass(frozen=True, slots=True)
class CrcBlocks(Op):
    """DNP3 link-layer blocks (IEEE 1815 9.2): check and remove the CRC of the rest of the slice (16-byte blocks with
    2 bytes CRC each, `size` user bytes in all), then run over the user bytes. A wrong CRC is a weird, read on."""

    size: Value
    then: Ops


@dataclass(frozen=True, slots=True)
class Remember(Op):
    """Keep a number on the flow under `name` (both directions see it; e.g. a negotiated size, a CIP connection's
    class), optionally keyed. At most 64 a flow; the oldest goes."""

    name: str
    value: Value
    key: Value = 0


# --- framing ---------------------------------------------------------------------------------------------------


class Framing:
    """How messages are cut out of a byte stream. Over UDP, IP and Ethernet each payload is first given whole; then
    the framing is applied inside it (several PDUs in a datagram); `Datagram` takes it whole."""


@dataclass(frozen=True, slots=True)
class Datagram(Framing):
    """The payload is the message (TCP: each segment's payload, for protocols without framing)."""


@dataclass(frozen=True, slots=True)
class Length(Framing):
    """A header with a length: total = field * `times` + `add`. `magic`: an offset, and the bytes that must stand there
    (or several choices of them, of one length); after a loss, messages are looked for by it.
    `keep`: of a longer message only so many bytes are read, the rest is passed over (0: all is read)."""

    header: int
    at: int
    width: int
    add: int = 0
    times: int = 1
    le: bool = False
    min: int = 1
    max: int = 65_535
    magic: tuple[int, *tuple[bytes, ...]] | None = None
    keep: int = 0


@dataclass(frozen=True, slots=True)
class Dnp3Link(Framing):
    """0x05 0x64, length, and CRC blocks (IEEE 1815 9.2)."""


@dataclass(frozen=True, slots=True)
class Head(Framing):
    """A text head that begins with one of `starts` and ends with `end`; then a body of `length_header` bytes (a
    header's name) is skipped, or else bytes up to the next start. For HTTP-like protocols."""

    starts: tuple[bytes, ...]
    end: bytes = b"\r\n\r\n"
    length_header: bytes = b"content-length"
    max: int = 16_384


@dataclass(frozen=True, slots=True)
class Lines(Framing):
    """Text lines, ended by LF; CR is taken off. Lines over `max` are cut there."""

    max: int = 2_048


# --- the protocol ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Col:
    """A column of the native stream.

    `source`: the slot (default: the column's name). `type`: u8 u16 u32 u64 i64 bool f64, or `str`/`text`, for which
    `render` says how: a number by `names` (others as `fallback`: dec, hex2, hex4, hex8), bytes as `text` (UTF-8,
    else Latin-1, control characters escaped), `utf16le`, `hex`, `ip` (4 or 16 bytes), `oid` (content of a BER object
    identifier), `netbios` (half-ASCII name of 32 bytes); a number as `mac`, `ip4`, `dec`, `hex2`...
    """

    name: str
    type: str
    doc: str
    source: str = ""
    names: Mapping[int, str] = field(default_factory=dict)
    render: str = ""
    fallback: str = "dec"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class On:
    """Where a protocol lives: tcp/udp with ports, eth with ethertypes, llc with DSAPs, snap with (oui<<16|pid),
    ip with protocol numbers."""

    kind: Literal["tcp", "udp", "eth", "llc", "snap", "ip"]
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything the engine must know of one protocol. See the module's docstring, and `modbus.py` for a full one.

    `probe` runs over the first message of a flow: only `Check`, `Hint`, reads, `If`, `Switch` and so on; it must
    refuse foreign traffic even on our port, and be strict when `OnPort()` is 0. `confirm`: messages that must pass
    off our ports before the flow is ours (both directions counted). `anywhere` False: never off our ports.
    `pair`: slots whose values tie a response to its request (empty: first in, first out; None: never paired).
    `fleeting`: slots that number a dialogue (sessions, sequence counts) and say nothing that a rich parser looks at.
    `announces`: senders tell of themselves. Of senders beyond any network's number (somebody makes them up) one of 64
    messages is read, unless the probe hints at a request; a weird counts the others.
    `start/count/unit/name/status/value`: slots that common records are filled from.
    """

    name: str
    title: str
    reference: str
    on: tuple[On, ...]
    main: Ops
    framing: Framing = Datagram()
    probe: Ops = ()
    endian: Literal["big", "little"] = "big"
    programs: Mapping[str, Ops] = field(default_factory=dict)
    columns: tuple[Col, ...] = ()
    rich: Mapping[str, Any] = field(default_factory=dict)
    pair: tuple[str, ...] | None = None
    fleeting: tuple[str, ...] = ()
    announces: bool = False
    anywhere: bool = True
    confirm: int = 1
    function: str = ""  # name of the Col that names the function
    start: str = "start"
    count: str = "count"
    unit: str = "unit"
    point: str = "point"  # bytes slot: tag, node id, object name
    status: str = "status"
    statuses: Mapping[int, str] = field(default_factory=dict)
    value: str = "value"
    row: bool = True  # False: the tables emit no native row (rich parsers still may); commands and readings stay
