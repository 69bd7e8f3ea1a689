"""From a `Protocol` to the plain table that the engine reads (lists, numbers and text: it travels as JSON)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from linewarden.errors import ProtocolError
from linewarden.protocols._shared import layout as l
from linewarden.records import Column, Stream
from linewarden.records.schema import ENDPOINTS, ENVELOPE

NATIVE: tuple[Column, ...] = (
    Column("is_orig", "bool", False, "", "the originator of the flow sent the request (or the report)"),
    Column("resp_frame", "u64", True, "", "packet number of the answer"),
    Column("rtt_ns", "u64", True, "ns", "time from request to answer"),
)
"""Columns of every native stream, between the endpoints and the protocol's own."""


def native_stream(protocol: l.Protocol) -> Stream:
    """The stream that the protocol's rows go to."""
    own = tuple(Column(c.name, c.type, True, c.unit, c.doc) for c in protocol.columns)
    return Stream(protocol.name, ENVELOPE + ENDPOINTS + NATIVE + own, protocol.title)


def compile_protocol(protocol: l.Protocol, labels: bool = False) -> dict[str, Any]:
    """The engine's table. `labels`: with the names of bytes that are read past, for who looks at a packet; captures are
    read without. Raises ProtocolError naming the protocol and the operation that is wrong.
    """
    try:
        return {
            "name": protocol.name,
            "on": [[o.kind, list(o.ids)] for o in protocol.on],
            "framing": _plain(protocol.framing),
            "big_endian": protocol.endian == "big",
            "main": program(protocol.main, labels),
            "probe": program(protocol.probe),
            "programs": {name: program(ops, labels) for name, ops in protocol.programs.items()},
            "pair": None if protocol.pair is None else list(protocol.pair),
            "fleeting": [*(protocol.pair or ()), *protocol.fleeting],
            "announces": protocol.announces,
            "anywhere": protocol.anywhere,
            "confirm": protocol.confirm,
            "function": protocol.function,
            "special": {k: getattr(protocol, k) for k in ("start", "count", "unit", "point", "status", "value")},
            "statuses": _names(protocol.statuses),
            "row": protocol.row,
            "tags": list(protocol.rich),
            "columns": [
                {
                    "name": c.name,
                    "type": c.type,
                    "source": c.source or c.name,
                    "names": _names(c.names),
                    "render": c.render,
                    "fallback": c.fallback,
                }
                for c in protocol.columns
            ],
        }
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"protocol {protocol.name}: {error}") from error


def program(ops: l.Ops, labels: bool = False) -> list[Any]:
    """A program as nested lists: [operation, argument...]."""
    named = (op for op in ops if labels and isinstance(op, (l.Int, l.Skip)) and op.label)
    found = {id(op): _labelled(op) for op in named}
    return [step for op in ops for step in found.get(id(op)) or [_op(op, labels)]]


def _labelled(op: l.Int | l.Skip) -> list[list[Any]]:
    """An operation behind the name of its bytes. What `Skip` passes over may be several numbers: `name:bytes, ...`."""
    if isinstance(op, l.Int) or not isinstance(op.count, int):
        return [["Label", op.label], _op(op, True)]
    parts = [part.strip().rpartition(":") for part in op.label.split(",")]
    sizes = [(name, int(size)) for name, colon, size in parts if colon] or [(op.label, op.count)]
    if sum(size for _, size in sizes) != op.count:
        raise ValueError(f"the label {op.label!r} is not of {op.count} bytes")
    return [step for name, size in sizes for step in (["Label", name], _op(_past(size), True))]


def _past(size: int) -> l.Op:
    return l.Int(None, size) if size <= 4 else l.Skip(size)


def _op(op: l.Op, labels: bool) -> list[Any]:
    if isinstance(op, l.Switch):
        on = l.F(op.on) if isinstance(op.on, str) else l.lift(op.on)
        cases = [[_keys(k), program(v, labels)] for k, v in op.cases.items()]
        return ["Switch", on.code(), cases, program(op.otherwise, labels)]
    if not isinstance(op, l.Op):
        raise TypeError(f"{op!r} is no operation")
    named = ((f.name, getattr(op, f.name)) for f in fields(op) if f.name != "label")  # type: ignore[arg-type]
    return [type(op).__name__, *(_argument(name, value, labels) for name, value in named)]


_VALUES = {"count", "to", "size", "value", "offset", "first", "last", "key", "condition"}
"""Arguments that are expressions, where a plain int is written for a constant."""


def _argument(name: str, value: Any, labels: bool) -> Any:
    if isinstance(value, l.Expr):
        return value.code()
    if name in _VALUES and isinstance(value, int):
        return l.lift(value).code()
    if isinstance(value, Mapping):
        return _names(value)
    if isinstance(value, (list, tuple)) and (name in ("then", "otherwise") or any(isinstance(v, l.Op) for v in value)):
        return program(value, labels)
    if isinstance(value, bytes):
        return list(value)
    return list(value) if isinstance(value, tuple) else value


def _keys(key: int | tuple[int, ...] | range) -> list[int]:
    return [key] if isinstance(key, int) else list(key)


def _names(names: Mapping[int, str]) -> list[list[Any]]:
    return [[number, text] for number, text in sorted(names.items())]


def _plain(framing: l.Framing) -> list[Any]:
    values = [getattr(framing, f.name) for f in fields(framing)]  # type: ignore[arg-type]
    return [type(framing).__name__, *map(_bytes_as_list, values)]


def _bytes_as_list(value: Any) -> Any:
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, tuple):
        return [_bytes_as_list(v) for v in value]
    return value
