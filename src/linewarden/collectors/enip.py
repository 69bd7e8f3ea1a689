"""EtherNet/IP collector: tags of Logix controllers, symbols and attributes of other CIP devices. It only reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Literal

from linewarden.collectors._polling import usual
from linewarden.collectors.contract import Kind, Sink, Tag, setting

Type = Literal[
    "", "bool", "sint", "int", "dint", "lint", "usint", "uint", "udint", "ulint", "real", "lreal", "string",
    "short_string", "byte", "word", "dword", "lword",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class EnipTag:
    """A tag, or an attribute of a CIP object."""

    name: str = setting("name, unique in the device", examples=("LINE3.SPEED",))
    symbol: str = setting("tag in the controller; the name if empty", default="", examples=("Program:Main.Speed",))
    cip: tuple[int, ...] = setting("class, instance and attribute instead", default=(), examples=([1, 1, 7],))
    type: Type = setting("of an attribute; a tag says its own", default="")
    scale: float = usual.scale("what the device holds")
    offset: float = usual.offset()
    interval: float | None = usual.own_interval("the device")
    ucum: str = usual.ucum("m/min")
    description: str = usual.description()
    low: float | None = usual.low()
    high: float | None = usual.high()


@dataclass(frozen=True, slots=True)
class Enip:
    """A device, and what is read from it."""

    host: str = setting("address of the controller or its Ethernet module", examples=("10.0.0.9",))
    tags: tuple[EnipTag, ...] = setting("what is read")
    logix: bool = setting("a Logix controller: its list of tags is read, structures come whole", default=True)
    route: str = setting("to the CPU behind the module, such as 2 or bp/2; empty: slot 0", default="")
    port: int = setting("TCP port", default=44_818, least=1, most=65_535)
    device: str = usual.device("the host")
    interval: float = usual.interval()
    timeout: float = usual.timeout(5.0)
    retry_first: float = usual.retry_first()
    retry_most: float = usual.retry_most()


def check(settings: Enip) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    none = [] if settings.tags else [("tags", "nothing to read; add [[collector.tags]] with a name")]
    return [*none, *usual.wrong_tags(settings.tags, _of_tag)]


def _of_tag(tag: EnipTag) -> Iterator[tuple[str, str]]:
    if tag.cip and tag.symbol:
        yield "cip", "is an attribute and a symbol at once; give one of the two"
    if bool(tag.cip) != bool(tag.type):
        yield (
            "type",
            "an attribute needs one" if tag.cip else "a tag says its own; leave it out",
        )
    if tag.cip and not (len(tag.cip) == 3 and all(0 <= part <= 65_535 for part in tag.cip)):
        yield "cip", "use class, instance and attribute from 0 to 65535"


def run(settings: Enip, sink: Sink, stop: Event) -> None:
    """Reads until `stop` is set."""
    from linewarden.collectors._polling.enip_session import EnipSession, Point
    from linewarden.collectors._polling.loop import Poller, by_interval

    s = settings
    peer = f"{s.host}:{s.port}"
    points = []
    for t in s.tags:
        of = Tag(s.device or s.host, "enip", t.name, None, "tag", None, t.ucum, t.description, "", t.low, t.high)
        points.append(Point(of, t.symbol or t.name, t.cip, t.type, t.scale, t.offset))
    groups = by_interval([t.interval for t in s.tags], s.interval)
    path = peer + (f"/{s.route}" if s.route else "")
    of_group = {name: [points[at] for at in places] for name, (_, places) in groups.items()}
    session = EnipSession(path, s.timeout, s.logix, of_group, sink, peer)
    intervals = {name: interval for name, (interval, _) in groups.items()}
    Poller(session, intervals, sink, peer, (s.retry_first, s.retry_most)).run(stop)


LOADS = (
    "encodings.idna",
    "pycomm3",
    "linewarden.collectors._polling.loop",
    "linewarden.collectors._polling.enip_session",
)
KIND = Kind("enip", "EtherNet/IP (Logix tags, CIP)", Enip, run, needs=("pycomm3",), loads=LOADS, check=check)
