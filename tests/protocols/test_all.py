"""The contract that every protocol keeps: a sound table, no harm from any bytes, and no matter how a stream is cut."""

from __future__ import annotations

import pkgutil
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from linewarden import protocols as package
from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.compile import compile_protocol
from linewarden.protocols.registry import protocols
from tests.protocols import (
    harness as h,
    test_ads as ads,
    test_dcerpc as dcerpc,
    test_dnp3 as dnp3,
    test_enip as enip,
    test_fins as fins,
    test_ftp as ftp,
    test_http as http,
    test_iec104 as iec104,
    test_modbus as modbus,
    test_opcua as opcua,
    test_s7comm as s7,
    test_smb as smb,
    test_tls as tls,
)

EVERY = pytest.mark.parametrize("protocol", protocols(), ids=lambda p: p.name)
MODULES = sorted(
    m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_") and m.name != "registry"
)

Dialogue = list[tuple[str, bytes]]

READ_BODY = opcua.read(opcua.node(2, b"Tank.Level"))
READ_RESULT = struct.pack("<i", 1) + b"\x01\x0b" + struct.pack("<d", 1.5) + struct.pack("<i", 0)

STREAMS: dict[str, tuple[int, Dialogue]] = {
    "modbus": (502, [("c", modbus.READ), ("s", modbus.READ_ANSWER), ("c", modbus.WRITE + modbus.READ),
                     ("s", modbus.WRITE_ANSWER + modbus.EXCEPTION)]),
    "s7comm": (102, [("c", s7.CR), ("s", s7.CC), ("c", s7.SETUP), ("s", s7.SETUP_OK), ("c", s7.READ),
                     ("s", s7.READ_OK), ("c", s7.WRITE + s7.STOP), ("s", s7.WRITE_OK + s7.STOP_OK)]),
    "enip": (44818, [("c", enip.REGISTER), ("s", enip.REGISTERED), ("c", enip.rr(enip.ask(1, enip.IDENTITY))),
                     ("s", enip.rr(enip.reply(1, enip.SAID)))]),
    "dnp3": (20000, [("c", dnp3.ask("01 3c 01 06")), ("s", dnp3.answer("81 0000 0a 02 00 00 01 81 01"))]),
    "iec104": (2404, [("c", iec104.STARTDT), ("s", iec104.STARTDT_CON),
                      ("s", iec104.asdu(13, 3, "640000 0000c841 00")), ("c", iec104.asdu(100, 6, "000000 14"))]),
    "opcua": (4840, [("c", opcua.hello()[0]), ("s", opcua.hello()[1]), ("c", opcua.ask(opcua.READ, READ_BODY)),
                     ("s", opcua.answer(opcua.READ_ANSWER, READ_RESULT))]),
    "ads": (48898, [("c", ads.ams(3, struct.pack("<III", 0xF030, 16, 2) + b"\x01\x00")),
                    ("s", ads.ams(3, bytes(4), response=True))]),
    "dcerpc": (135, dcerpc.TALK),
    "fins_tcp": (9600, fins.MEMORY),
    "ftp": (21, ftp.TALK),
    "http": (80, [("c", http.ASK), ("s", http.TELL), ("c", http.ASK), ("s", http.TELL)]),
    "tls": (443, [("c", tls.record(tls.client_hello())), ("s", tls.record(tls.server_hello(0xC02F)))]),
    "smb": (445, [("c", smb.framed(smb.smb2(0, bytes(36)))),
                  ("s", smb.framed(smb.smb2(0, struct.pack("<HHH", 65, 1, 0x0311) + bytes(58), 1, True)))]),
}  # fmt: skip
"""A dialogue of each protocol that has a framing of its own, on its port."""

OF_THE_MOMENT = {"ts", "frame", "resp_frame", "rtt_ns", "uid", "until", "capture"}
"""What a row says of the packets and not of the messages."""


def ops_in(value: Any) -> Iterator[l.Op]:
    """All operations of a program, nested ones too."""
    if isinstance(value, l.Op):
        yield value
    if is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from ops_in(getattr(value, f.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from ops_in(inner)
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for inner in value:
            yield from ops_in(inner)


@pytest.mark.parametrize("name", MODULES)
def test_a_file_says_where_its_facts_are_from(name: str) -> None:
    told = import_module(f"{package.__name__}.{name}").__doc__ or ""
    assert "Source" in told, "the docstring names no source (standard and clause, RFC)"


@EVERY
def test_a_table_compiles_and_is_named(protocol: l.Protocol) -> None:
    assert compile_protocol(protocol)
    assert protocol.title and protocol.reference and protocol.on
    assert all(c.doc for c in protocol.columns), "a column without a word about it"
    names = [c.name for c in protocol.columns]
    assert len(names) == len(set(names))


@EVERY
def test_python_parsers_and_programs_are_all_reached(protocol: l.Protocol) -> None:
    ops = [op for part in (protocol.main, protocol.probe, protocol.programs) for op in ops_in(part)]
    assert {op.tag for op in ops if isinstance(op, l.Rich)} == set(protocol.rich)
    assert {op.program for op in ops if isinstance(op, l.Call)} == set(protocol.programs)


@EVERY
def test_common_records_are_filled_from_columns_that_exist(protocol: l.Protocol) -> None:
    if protocol.function:
        assert protocol.function in {c.name for c in protocol.columns}


def everywhere(payloads: list[bytes]) -> tuple[list[bytes], int]:
    """Frames that bring these payloads to every place where a protocol lives; how many conversations that makes."""
    frames: list[bytes] = []
    count = 0
    talk = [("cs"[i % 2], p) for i, p in enumerate(payloads)]
    places = {(on.kind, i) for p in protocols() for on in p.on for i in on.ids}
    for n, (kind, number) in enumerate(sorted(places)):
        if kind == "tcp":
            frames += h.tcp_frames(talk, number, client_port=50_000 + n)
        elif kind == "udp":
            frames += h.udp_frames(talk, number, client_port=50_000 + n)
        elif kind == "ip":
            frames += [h.ip_frame(number, p) for p in payloads]
        else:
            macs = h.SERVER_MAC + h.CLIENT_MAC
            heads = {"eth": lambda p: struct.pack("!H", number),  # noqa: B023 - used at once
                     "llc": lambda p: struct.pack("!HBBB", len(p) + 3, number, number, 3),  # noqa: B023
                     "snap": lambda p: struct.pack("!HBBB", len(p) + 8, 0xAA, 0xAA, 3) + number.to_bytes(5, "big"),  # noqa: B023
                     }  # fmt: skip
            frames += [(macs + heads[kind](p) + p).ljust(60, b"\0") for p in payloads]
        count += 1
    return frames, count


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.binary(min_size=1, max_size=120), min_size=1, max_size=3))
def test_any_bytes_in_any_place_do_no_harm(payloads: list[bytes]) -> None:
    frames, count = everywhere(payloads)
    rows = h.read_frames(frames)
    assert len(rows["conn"]) == count
    assert all(w["name"] and w["count"] >= 1 for w in rows["weird"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 7), st.integers(0, 400), st.binary(min_size=1, max_size=6))
def test_damaged_dialogues_do_no_harm(which: int, at: int, splinter: bytes) -> None:
    frames: list[bytes] = []
    for n, (port, dialogue) in enumerate(STREAMS.values()):
        damaged = list(dialogue)
        who, message = damaged[which % len(damaged)]
        where = at % len(message)
        damaged[which % len(damaged)] = (who, message[:where] + splinter + message[where + len(splinter) :])
        frames += h.tcp_frames(damaged, port, client_port=50_000 + n)
    rows = h.read_frames(frames)
    assert len(rows["conn"]) == len(STREAMS)


def told(cut: int) -> dict[str, list[str]]:
    """What all dialogues say, without what belongs to packets; each in an order of its own."""
    frames: list[bytes] = []
    for n, (port, dialogue) in enumerate(STREAMS.values()):
        frames += h.tcp_frames(dialogue, port, client_port=50_000 + n, cut=cut)
    rows = h.read_frames(frames)
    said = {
        stream: sorted(repr({k: v for k, v in row.items() if k not in OF_THE_MOMENT}) for row in found)
        for stream, found in rows.items()
        if stream not in ("conn", "binding")
    }
    return {stream: found for stream, found in said.items() if found} | {
        "service": sorted(f"{c['id.resp_p']} {c['service']}" for c in rows["conn"])
    }


@pytest.fixture(scope="module")
def uncut() -> dict[str, list[str]]:
    """The dialogues with a message a segment."""
    return told(0)


def test_each_dialogue_is_of_its_protocol(uncut: dict[str, list[str]]) -> None:
    assert uncut["service"] == sorted(f"{port} {name}" for name, (port, _) in STREAMS.items())
    assert set(STREAMS) <= set(uncut)
    assert "weird" not in uncut


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 7, 11, 16, 29, 64])
def test_however_a_stream_is_cut_it_says_the_same(cut: int, uncut: dict[str, list[str]]) -> None:
    assert told(cut) == uncut


@pytest.mark.parametrize("name", STREAMS)
def test_joined_in_the_middle_of_a_message_a_stream_is_known_by_the_next(name: str) -> None:
    port, dialogue = STREAMS[name]
    for who in "cs":
        tail = next(m for w, m in reversed(dialogue) if w == who)[3:]
        rows = h.tell([(who, tail), *dialogue, *dialogue], port, handshake=False)
        assert rows["conn"][0]["service"] == name
        assert rows[name]
