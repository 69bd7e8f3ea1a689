"""Every rich parser of every protocol, given anything: records, or one of the errors that the sensor makes a weird of.

A new parser is under this test as soon as its protocol file is in the folder.
"""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from linewarden.protocols._shared.compile import compile_protocol
from linewarden.protocols._shared.message import Message, Parser
from linewarden.protocols.registry import protocols
from linewarden.sensor.parsing import DAMAGE
from linewarden.sensor.rows import row_of
from linewarden.sensor.sensor import streams

PARSERS = [(p.name, tag, parser) for p in protocols() for tag, parser in sorted(p.rich.items())]
SLOW = 0.5  # s of CPU for one message; a good one takes some 20 us
MANY = 5_000  # records from one message; the longest lists in the field have some hundreds
WIDTHS = {s.name: len(s.columns) for s in streams()}


def slots_of(protocol: str, tag: str) -> tuple[list[str], list[str]]:
    """Names of the number slots and of the bytes slots that this protocol's programs set."""
    table = compile_protocol(next(p for p in protocols() if p.name == protocol))
    numbers: set[str] = set()
    texts: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, list):
            if len(node) > 1 and isinstance(node[0], str) and isinstance(node[1], str):
                if node[0] in ("Int", "Let", "BerLength", "BerElements"):
                    numbers.add(node[1])
                elif node[0] in ("Bytes", "Until", "Header", "Labels"):
                    texts.add(node[1])
            for child in node:
                walk(child)

    for program in (table["main"], *table["programs"].values()):
        walk(program)
    return sorted(numbers), sorted(texts)


def structured() -> st.SearchStrategy[bytes]:
    """Bytes that look like fields: lengths that fit or do not, small numbers, text, repetitions."""
    small = st.integers(0, 16).map(lambda n: bytes([n]))
    word = st.integers(0, 0xFFFF).flatmap(lambda n: st.sampled_from([n.to_bytes(2, "big"), n.to_bytes(2, "little")]))
    text = st.text("AB 0.é", max_size=12).map(str.encode)
    tlv = st.tuples(st.integers(0, 255), st.binary(max_size=30)).map(lambda t: bytes([t[0], len(t[1])]) + t[1])
    again = st.tuples(st.binary(min_size=1, max_size=4), st.integers(1, 400)).map(lambda t: t[0] * t[1])
    piece = st.one_of(small, word, text, tlv, again, st.binary(max_size=40), st.sampled_from([b"\xff" * 4, b"\0" * 8]))
    return st.lists(piece, max_size=24).map(b"".join)


@st.composite
def messages(draw: st.DrawFn, protocol: str, tag: str) -> Message:
    numbers, texts = slots_of(protocol, tag)
    slots: dict[str, int | bytes] = {}
    number = st.one_of(st.integers(0, 300), st.integers(-(2**63), 2**63 - 1))
    for name in draw(st.lists(st.sampled_from(numbers), unique=True)) if numbers else []:
        slots[name] = draw(number)
    for name in draw(st.lists(st.sampled_from(texts), unique=True)) if texts else []:
        slots[name] = draw(st.binary(max_size=60))
    below_ip = draw(st.booleans())
    src, dst = ("02:00:00:00:00:01", "02:00:00:00:00:02") if below_ip else ("10.0.0.2", "fe80::1")
    return Message(
        protocol, tag, 1_700_000_000_000_000_000, "C1", "x.pcap", 1, src, dst,
        0 if below_ip else 502, 0 if below_ip else 50_000, "02:00:00:00:00:01", "02:00:00:00:00:02",
        draw(st.booleans()), draw(st.booleans()), slots, draw(st.one_of(st.binary(max_size=300), structured())),
    )  # fmt: skip


def run(parser: Parser, message: Message) -> None:
    gc.disable()  # a look for cycles in all that the tests before left takes as long as is allowed here
    began = time.thread_time()
    count = 0
    try:
        for record in parser(message):
            stream, row = row_of(record, message, "local")
            assert len(row) == WIDTHS[stream]
            count += 1
    except DAMAGE:
        pass
    finally:
        took = time.thread_time() - began
        gc.enable()
    assert took < SLOW
    assert count <= MANY


@pytest.mark.parametrize(("protocol", "tag", "parser"), PARSERS, ids=[f"{p}-{t}" for p, t, _ in PARSERS])
def test_a_rich_parser_takes_anything(protocol: str, tag: str, parser: Parser) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(messages(protocol, tag))
    def anything(message: Message) -> None:
        run(parser, message)

    anything()


@pytest.mark.parametrize(("protocol", "tag", "parser"), PARSERS, ids=[f"{p}-{t}" for p, t, _ in PARSERS])
@pytest.mark.parametrize("filler", [b"\0", b"\x01", b"\x30\x80", b"\xff", b"\xa0", b"\x00\x01", b"\x04\x00"])
def test_a_message_of_64_kib_takes_no_long_time(protocol: str, tag: str, parser: Parser, filler: bytes) -> None:
    data = (filler * 65_536)[:65_536]
    ends = ("10.0.0.2", "10.0.0.1", 1, 2, "", "")
    for response in (True, False):
        run(parser, Message(protocol, tag, 0, "C1", "x.pcap", 1, *ends, response, response, {}, data))
