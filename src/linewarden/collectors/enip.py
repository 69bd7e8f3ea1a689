"""EtherNet/IP collector: tags of Logix controllers, symbols and attributes of other CIP devices. It only reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Literal

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
    scale: float = setting("the value is what the device holds, times scale, plus offset", default=1.0)
    offset: float = setting("see scale; in the unit of the value", default=0.0)
    interval: float | None = setting(
        "how often it is read; the device's if not given", default=None, unit="s", least=0.01, most=86_400
    )
    ucum: str = setting("unit of the value in UCUM's code", default="", examples=("m/min",))
    description: str = setting("for people", default="")
    low: float | None = setting("least value of the range", default=None)
    high: float | None = setting("greatest value of the range", default=None)


@dataclass(frozen=True, slots=True)
class Enip:
    """A device, and what is read from it."""

    host: str = setting("address of the controller or its Ethernet module", examples=("10.0.0.9",))
    tags: tuple[EnipTag, ...] = setting("what is read")
    logix: bool = setting("a Logix controller: its list of tags is read, structures come whole", default=True)
    route: str = setting("to the CPU behind the module, such as 2 or bp/2; empty: slot 0", default="")
    port: int = setting("TCP port", default=44_818, least=1, most=65_535)
    device: str = setting("name the values are kept under; the host if empty", default="")
    interval: float = setting("how often tags are read", default=1.0, unit="s", least=0.01, most=86_400)
    timeout: float = setting("how long a connection and an answer may take", default=5.0, unit="s", least=0.05, most=60)
    retry_first: float = setting("wait after a loss; doubled each time", default=1.0, unit="s", least=0.05, most=3600)
    retry_most: float = setting("longest wait after a loss", default=60.0, unit="s", least=0.05, most=86_400)


def check(settings: Enip) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    s = settings
    found = [] if s.tags else [("tags", "nothing to read; add [[collector.tags]] with a name")]
    seen: set[str] = set()
    for at, tag in enumerate(s.tags):
        if tag.name in seen:
            found.append((f"tags[{at}].name", f"{tag.name} is there twice; give each tag a name of its own"))
        seen.add(tag.name)
        found += [(f"tags[{at}].{field}", f"{tag.name}: {text}") for field, text in _of_tag(tag)]
    return found


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
    if tag.low is not None and tag.high is not None and tag.low >= tag.high:
        yield "low", f"is not below high ({tag.low:g}, {tag.high:g})"


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
