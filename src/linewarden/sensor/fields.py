"""The fields of a few packets, each with the bytes that it stands in, as the engine reads them.

The same tables that make records are run once more over a small capture (the packets, and what their conversations said
around them), and the engine notes where each field was read. There is no second decoder that could say something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from linewarden import _engine
from linewarden.errors import CaptureError
from linewarden.sensor.tables import make_spec

if TYPE_CHECKING:
    from linewarden.protocols._shared.layout import Col

MOST_TEXT = 400
"""Characters of a value that are shown."""
Fate = Literal["message", "passed_over", "lost", "waiting"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a packet: its number in the capture, offset, length. Packet 0: nobody knows where they came from."""

    frame: int
    at: int
    length: int


@dataclass(frozen=True, slots=True)
class ReadField:
    """A field: name, value as text, what it means (English), its bytes, and which bits of them if not all.

    `column`: it is a column of the protocol's records. `item`: of which row of the message, from 0.
    """

    name: str
    value: str
    about: str
    pieces: tuple[Piece, ...]
    bits: int | None = None
    column: bool = False
    item: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """Bytes of a protocol and what became of them: read as a message (with `role`, `verb`, `function`), or not.

    `stopped`: why reading ended before the end of the message, and where.
    """

    protocol: str
    title: str
    fate: Fate
    role: str
    verb: str
    pieces: tuple[Piece, ...]
    fields: tuple[ReadField, ...] = ()
    stopped: tuple[str, Piece | None] | None = None
    function: str = ""


def fields_of(capture: Path, frames: Iterable[int]) -> tuple[Told, ...]:
    """What is read of these packets (numbers from 1) of a small capture. Raises CaptureError if it cannot be read."""
    try:
        told = _engine_of().of(str(capture), list(frames))
    except ValueError as error:
        raise CaptureError(str(error)) from error
    return tuple(_told(*one) for one in told)


@cache
def _engine_of() -> _engine.Fields:
    return _engine.Fields(make_spec(labels=True))


@cache
def _columns(protocol: str) -> tuple[str, str, dict[str, Col]]:
    """The title of a protocol, the slot of its function, and the first column that each slot fills."""
    from linewarden.protocols.registry import protocols

    found = next(p for p in protocols() if p.name == protocol)
    first: dict[str, Col] = {}
    for column in found.columns:
        first.setdefault(column.source or column.name, column)
    function = next((c.source or c.name for c in found.columns if c.name == found.function), "")
    return found.title, function, first


def _told(protocol: str, fate: Any, role: str, verb: str, pieces: Any, fields: Any, stopped: Any) -> Told:
    title, slot, columns = _columns(protocol)
    function = next((f[3] for f in fields if f[:2] == ("slot", slot) and f[3]), "")
    read = [_field(columns, *f) for f in fields if not _is_twin(columns, f, fields)]
    why = (stopped[0], Piece(*stopped[1]) if stopped[1] else None) if stopped else None
    return Told(protocol, title, fate, role, verb, _pieces(pieces), tuple(f for f in read if f), why, function)


def _is_twin(columns: dict[str, Col], field: Any, fields: Any) -> bool:
    """Whether a column says the same number of the same bytes: one of them is enough."""
    sort, name, number, _, pieces, *_ = field
    if sort != "slot" or name in columns or number is None:
        return False
    return any(f[1] in columns and f[2] == number and f[4] == pieces and f[5] is None for f in fields if f[0] == sort)


def _pieces(pieces: Any) -> tuple[Piece, ...]:
    return tuple(Piece(*p) for p in pieces)


def _field(
    columns: dict[str, Col], sort: str, name: str, number: int | None, text: str | None, pieces: Any, bits: int | None,
    derived: bool, item: int,
) -> ReadField | None:  # fmt: skip
    """A field as it is shown; None for what a program only reckons with."""
    column = columns.get(name) if sort == "slot" else None
    if derived and sort == "slot" and column is None:
        return None
    about = column.doc if column else {"rich": "read by a parser of its own", "value": "a value"}.get(sort, "")
    shown = column.name if column else (name or "value").replace("_", " ") if sort != "slot" else name
    return ReadField(shown, _value(number, text), about, _pieces(pieces), bits, column is not None, item)


def _value(number: int | None, text: str | None) -> str:
    if number is None:
        said = text or ""
        return said if len(said) <= MOST_TEXT else f"{said[:MOST_TEXT]}..."
    return str(number) if text in (None, "", str(number)) else f"{number} ({text})"
