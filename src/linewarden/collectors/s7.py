"""S7 collector: reads data blocks, flags, inputs and outputs of S7-300/400/1200/1500 and LOGO!. It cannot write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Literal

from linewarden.collectors._polling import usual
from linewarden.collectors._polling.s7_values import TEXTS, Address, address_of, fits, size_of
from linewarden.collectors.contract import Kind, Sink, Tag, setting

Type = Literal[
    "", "bool", "byte", "sint", "usint", "word", "int", "uint", "dword", "dint", "udint", "lword", "lint", "ulint",
    "real", "lreal", "char", "string", "wstring", "date_and_time", "dtl", "date", "time", "time_of_day", "s5time",
]  # fmt: skip
_LETTERS = {0x81: "i", 0x82: "q", 0x83: "m"}


@dataclass(frozen=True, slots=True)
class S7Tag:
    """One value: where it lies and what it means."""

    name: str = setting("name, unique in the controller", examples=("CAPPER.TORQUE",))
    address: str = setting("as the manual writes it", examples=("DB10.DBD4", "DB10.DBX0.3", "MW20", "I0.1"))
    type: Type = setting("empty: bool, byte, word or dword by the address's letter", default="")
    length: int = setting("characters that a text has room for", default=0)
    encoding: Literal["latin-1", "utf-8", "cp1252", "ascii"] = setting("of char and string", default="latin-1")
    scale: float = usual.scale("what the controller holds")
    offset: float = usual.offset()
    interval: float | None = usual.own_interval("the controller")
    ucum: str = usual.ucum("Cel", "N.m", more="; times are in s")
    description: str = usual.description()
    low: float | None = usual.low()
    high: float | None = usual.high()


@dataclass(frozen=True, slots=True)
class S7:
    """A controller, and what is read from it."""

    host: str = setting("address of the controller", examples=("10.0.0.7",))
    tags: tuple[S7Tag, ...] = setting("what is read")
    rack: int = setting("of the CPU", default=0, least=0, most=7)
    slot: int = setting(
        "of the CPU: 1 for S7-1200/1500, 2 for S7-300, as built for S7-400", default=1, least=0, most=31
    )
    port: int = setting("TCP port", default=102, least=1, most=65_535)
    device: str = usual.device("the host")
    local_tsap: int = setting("our transport address", default=0x0100)
    remote_tsap: int | None = setting("the controller's, where it is not made from rack and slot (LOGO!)", default=None)
    connection: Literal["pg", "op", "basic"] = setting("as what we connect; basic takes least from it", default="basic")
    interval: float = usual.interval()
    timeout: float = usual.timeout(3.0)
    message: int = setting(
        "longest message that we offer; the controller may want less", default=480, unit="bytes", least=112, most=960
    )
    hole: int = setting(
        "bytes that nobody wants but that are read along to save an item", default=16, least=0, most=200
    )
    retry_first: float = usual.retry_first()
    retry_most: float = usual.retry_most()


def check(settings: S7) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    return [*_of_device(settings), *usual.wrong_tags(settings.tags, lambda tag: _of_tag(settings, tag))]


def _of_device(s: S7) -> Iterator[tuple[str, str]]:
    if not s.tags:
        yield "tags", "nothing to read; add [[collector.tags]] with name and address"


def _of_tag(s: S7, tag: S7Tag) -> Iterator[tuple[str, str]]:
    try:
        address = address_of(tag.address)
    except ValueError as error:
        yield "address", str(error)
        return
    kind = tag.type or address.usual
    if not fits(address, kind):
        yield "type", f"{kind} does not fit {tag.address}; use an address of its width, or another type"
    if (kind in TEXTS) != (tag.length > 0):
        yield "length", f"{'give' if kind in TEXTS else 'only a text has'} a length in characters"
    elif size_of(kind, tag.length) > s.message - 18:
        yield "length", f"{tag.length} characters are more than a message of {s.message} bytes has room for"


def run(settings: S7, sink: Sink, stop: Event) -> None:
    """Reads until `stop` is set."""
    from linewarden.collectors._polling.loop import Poller, by_interval
    from linewarden.collectors._polling.s7_session import Point, S7Session, Way

    s = settings
    peer = f"{s.host}:{s.port}"
    points = []
    for tag in s.tags:
        a = address_of(tag.address)
        kind = tag.type or a.usual
        number = sink.tag(_tag(s, tag, a, kind))
        size = size_of(kind, tag.length)
        points.append(
            Point(
                number,
                tag.name,
                tag.address,
                a.area,
                a.db,
                a.byte,
                a.bit,
                size,
                kind,
                tag.encoding,
                tag.scale,
                tag.offset,
            )
        )
    groups = by_interval([tag.interval for tag in s.tags], s.interval)
    kinds = {"pg": 1, "op": 2, "basic": 3}
    remote = kinds[s.connection] << 8 | s.rack << 5 | s.slot if s.remote_tsap is None else s.remote_tsap
    way = Way(s.host, s.port, s.local_tsap, remote, s.timeout, s.message, s.hole)
    session = S7Session(way, {name: [points[at] for at in of] for name, (_, of) in groups.items()}, sink, peer)
    intervals = {name: interval for name, (interval, _) in groups.items()}
    Poller(session, intervals, sink, peer, (s.retry_first, s.retry_most)).run(stop)


def _tag(s: S7, tag: S7Tag, a: Address, kind: str) -> Tag:
    area = f"db{a.db}" if a.db else _LETTERS[a.area]
    source = s.device or s.host
    return Tag(source, "s7comm", tag.name, None, area, a.byte, tag.ucum, tag.description, kind, tag.low, tag.high)


LOADS = (
    "encodings.idna",
    "snap7.connection",
    "snap7.s7protocol",
    "linewarden.collectors._polling.loop",
    "linewarden.collectors._polling.s7_session",
)
KIND = Kind("s7", "Siemens S7 (S7comm)", S7, run, needs=("snap7",), loads=LOADS, check=check)
