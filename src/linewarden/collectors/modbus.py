"""Modbus collector: reads coils and registers of a device or gateway over TCP, RTU over TCP, or TLS. It cannot write.

Source: MODBUS Application Protocol Specification V1.1b3; MODBUS Messaging on TCP/IP Implementation Guide V1.0b;
MODBUS/TCP Security Protocol Specification V2.1 (port 802, both sides with a certificate).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Literal

from linewarden.collectors._polling import usual
from linewarden.collectors._polling.values import Form, Order
from linewarden.collectors.contract import Kind, Sink, Tag, setting

PORTS = {"tcp": 502, "rtu": 502, "tls": 802}
_SPACE = 65_536

Type = Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "string", "bit"]
Area = Literal["holding_register", "input_register", "coil", "discrete_input"]


@dataclass(frozen=True, slots=True)
class ModbusTag:
    """One value: where it lies and what it means."""

    name: str = setting("name, unique in the device", examples=("TANK.LEVEL",))
    address: int = setting("as in the protocol, from 0: what a manual calls 40001 or 30001 is 0", examples=(0,))
    area: Area = setting("table of the device", default="holding_register")
    type: Type = setting("what the registers hold; coils and discrete inputs are always bit", default="uint16")
    unit: int | None = setting("unit id; the device's if not given", default=None, least=0, most=255)
    bit: int = setting("bit of the register for type bit; 0 is the least", default=0, least=0, most=15)
    length: int = setting("registers of a string; two characters each", default=1, unit="registers", least=1, most=125)
    encoding: Literal["utf-8", "latin-1", "ascii", "cp1252"] = setting("of a string", default="utf-8")
    byte_order: Order | None = setting("which byte of a register comes first; the device's if not given", default=None)
    word_order: Order | None = setting("which register comes first; the device's if not given", default=None)
    scale: float = usual.scale("what the registers hold")
    offset: float = usual.offset()
    interval: float | None = usual.own_interval("the device")
    ucum: str = usual.ucum("Cel", "bar", "m3/h")
    description: str = usual.description()
    low: float | None = usual.low()
    high: float | None = usual.high()


@dataclass(frozen=True, slots=True)
class Modbus:
    """A device or gateway, and what is read from it."""

    host: str = setting("address or name of the device", examples=("10.0.0.5",))
    tags: tuple[ModbusTag, ...] = setting("what is read")
    transport: Literal["tcp", "rtu", "tls"] = setting(
        "Modbus TCP, RTU frames over TCP, or Modbus/TCP Security", default="tcp"
    )
    port: int = setting("0: 502, or 802 for tls", default=0, least=0, most=65_535)
    device: str = usual.device("the host")
    unit: int = setting("unit id of tags that give none", default=1, least=0, most=255)
    interval: float = usual.interval()
    timeout: float = usual.timeout(2.0)
    retries: int = setting(
        "times that an unanswered request is sent again before the unit counts as silent", default=1, least=0, most=5
    )
    byte_order: Order = setting("which byte of a register comes first", default="big")
    word_order: Order = setting("which register of a longer number comes first", default="big")
    most_registers: int = setting("registers that the device gives in one request", default=125, least=1, most=125)
    most_bits: int = setting("coils or inputs that the device gives in one request", default=2000, least=1, most=2000)
    hole: int = setting(
        "registers that nobody wants but that are read along to save a request", default=16, least=0, most=124
    )
    in_flight: int = setting(
        "requests under way at once; many devices take one only (rtu: always 1)", default=1, least=1, most=16
    )
    pause: float = setting("rest between an answer and the next request", default=0.0, unit="s", least=0, most=10)
    retry_first: float = usual.retry_first()
    retry_most: float = usual.retry_most()
    ca_file: Path | None = setting("tls: who signs the device's certificate (PEM)", default=None)
    cert_file: Path | None = setting("tls: our certificate (PEM)", default=None)
    key_file: Path | None = setting("tls: its key (PEM, no password)", default=None)
    server_name: str = setting("tls: name in the device's certificate, where it is not the host", default="")


def check(settings: Modbus) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    return [*_of_device(settings), *usual.wrong_tags(settings.tags, lambda tag: _of_tag(settings, tag))]


def _of_device(s: Modbus) -> Iterator[tuple[str, str]]:
    if not s.tags:
        yield "tags", "nothing to read; add [[collector.tags]] with name and address"
    if s.transport == "tls" and not (s.cert_file and s.key_file):
        yield "cert_file", "Modbus/TCP Security needs a certificate of ours; give cert_file and key_file"
    if s.transport != "tls" and (s.ca_file or s.cert_file or s.key_file):
        yield "transport", 'certificates are for tls; use transport = "tls", or leave them out'


def _of_tag(s: Modbus, tag: ModbusTag) -> Iterator[tuple[str, str]]:
    form = _form(s, tag)
    bits = tag.area in ("coil", "discrete_input")
    if tag.type == "string" and not 1 <= tag.length <= s.most_registers:
        yield "length", f"is {tag.length}; use 1 to {s.most_registers} registers"
    elif not bits and form.registers > s.most_registers:
        yield "type", f"{tag.type} takes {form.registers} registers, and most_registers is {s.most_registers}"
    if not 0 <= tag.address <= _SPACE - (1 if bits else max(1, form.registers)):
        yield "address", f"is {tag.address}; use 0 to {_SPACE - 1}, as in the protocol (40001 of a manual is 0)"
    if bits and tag.type not in ("bit", "uint16"):
        yield "type", f'a {tag.area} is a single bit; use type = "bit", or another area'


def _form(s: Modbus, tag: ModbusTag) -> Form:
    kind = "bit" if tag.area in ("coil", "discrete_input") else tag.type
    return Form(
        kind, tag.bit, tag.length, tag.byte_order or s.byte_order, tag.word_order or s.word_order, tag.encoding
    )  # fmt: skip


def run(settings: Modbus, sink: Sink, stop: Event) -> None:
    """Reads until `stop` is set."""
    from linewarden.collectors._polling.loop import Poller, by_interval
    from linewarden.collectors._polling.modbus_session import Care, ModbusSession, Point
    from linewarden.collectors._polling.modbus_wire import Way, Wire

    s = settings
    port = s.port or PORTS[s.transport]
    peer = f"{s.host}:{port}"
    points = []
    for tag in s.tags:
        form = _form(s, tag)
        unit = s.unit if tag.unit is None else tag.unit
        of = Tag(s.device or s.host, "modbus", tag.name, unit, tag.area, tag.address, tag.ucum, tag.description)
        number = sink.tag(replace(of, datatype=form.type, low=tag.low, high=tag.high))
        points.append(Point(number, tag.name, unit, tag.area, tag.address, form, tag.scale, tag.offset))
    groups = by_interval([tag.interval for tag in s.tags], s.interval)
    way = Way(
        s.host, port, s.transport, s.timeout, s.in_flight, s.pause, s.ca_file, s.cert_file, s.key_file, s.server_name
    )  # fmt: skip
    care = Care(s.most_registers, s.most_bits, s.hole, s.retries)
    of_group = {name: [points[at] for at in places] for name, (_, places) in groups.items()}
    session = ModbusSession(Wire(way, sink.say), of_group, care, sink, peer)
    intervals = {name: interval for name, (interval, _) in groups.items()}
    Poller(session, intervals, sink, peer, (s.retry_first, s.retry_most)).run(stop)


LOADS = (
    "encodings.idna",
    "ssl",
    "linewarden.collectors._polling.loop",
    "linewarden.collectors._polling.modbus_session",
)
KIND = Kind("modbus", "Modbus TCP, RTU over TCP, Modbus/TCP Security", Modbus, run, loads=LOADS, check=check)
