"""Each field is tied to the bytes it was read from: through segments, fragments, blocks with CRCs, and damage."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from linewarden.sensor.fields import Piece, ReadField, Told, fields_of
from linewarden.sensor.tables import make_spec
from linewarden.service.packet_layers import Place, ShownField, layers
from linewarden.wire.pcapng import Packet
from tests.protocols import harness as h
from tests.protocols.test_all import STREAMS, Dialogue

READ = struct.pack("!HHHBBHH", 7, 0, 6, 1, 3, 107, 2)
ANSWER = struct.pack("!HHHBBBHH", 7, 0, 7, 1, 3, 4, 555, 556)


def told(frames: Sequence[bytes], linktype: int = 1) -> tuple[Told, ...]:
    """What is read of all these frames."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transcript.pcap"
        path.write_bytes(h.pcap(frames, linktype))
        return fields_of(path, range(1, len(frames) + 1))


def said(frames: Sequence[bytes], pieces: Iterable[Piece]) -> bytes:
    """The bytes themselves."""
    return b"".join(frames[p.frame - 1][p.at : p.at + p.length] for p in pieces)


def modbus(*messages: tuple[str, bytes], cut: int = 0) -> tuple[list[bytes], list[Told]]:
    frames = h.tcp_frames(messages, 502, client_port=50_000, cut=cut)
    return frames, [t for t in told(frames) if t.protocol == "modbus"]


def field(of: Told, name: str) -> ReadField:
    return next(f for f in of.fields if f.name == name)


def test_a_field_has_its_offset_and_what_it_means() -> None:
    frames, (asked, _) = modbus(("c", READ), ("s", ANSWER))
    place = len(frames[3]) - len(READ)
    assert [(p.frame, p.at, p.length) for p in asked.pieces] == [(4, place, 12)]
    assert (asked.role, asked.verb, asked.function) == ("request", "read", "read_holding_registers")
    function, address = field(asked, "function"), field(asked, "address")
    assert (function.value, function.bits, function.about) == ("3 (read_holding_registers)", 0x7F, "its name")
    assert (address.value, address.pieces) == ("107", (Piece(4, place + 8, 2),))
    assert field(asked, "protocol identifier").pieces == (Piece(4, place + 2, 2),)


def test_values_of_an_answer_are_named_by_its_question() -> None:
    frames, (_, answer) = modbus(("c", READ), ("s", ANSWER))
    assert said(frames, field(answer, "holding register 108").pieces) == struct.pack("!H", 556)


@pytest.mark.parametrize("cut", [1, 3, 8])
def test_a_message_in_several_segments_says_where_the_rest_is(cut: int) -> None:
    frames, (asked, _) = modbus(("c", READ), ("s", ANSWER), cut=cut)
    assert said(frames, asked.pieces) == READ
    first, last = asked.pieces[0].frame, asked.pieces[-1].frame
    assert last > first
    shown = shown_in(frames, last, [asked], {n: n + 100 for n in range(1, 40)})
    layer = next(x for x in shown if x.protocol)
    assert first + 100 in layer.elsewhere
    assert last + 100 not in layer.elsewhere


def test_segments_out_of_order_and_twice_keep_their_bytes() -> None:
    frames = h.tcp_frames([("c", READ * 2)], 502, client_port=50_000, cut=5)
    mixed = [*frames[:3], frames[3], frames[5], frames[4], frames[4], *frames[6:]]
    messages = [t for t in told(mixed) if t.protocol == "modbus"]
    assert [said(mixed, t.pieces) for t in messages] == [READ, READ]
    assert said(mixed, field(messages[1], "address").pieces) == struct.pack("!H", 107)


def test_a_message_that_ends_too_early_says_where() -> None:
    write = struct.pack("!HHHBBHHBHH", 7, 0, 11, 1, 16, 107, 9, 18, 1, 2)  # nine are said, two are there
    frames, (*_, asked) = modbus(("c", READ), ("s", ANSWER), ("c", write))
    assert asked.stopped is not None
    why, where = asked.stopped
    assert why == "truncated"
    assert where == Piece(6, len(frames[5]), 0)
    assert field(asked, "holding register 108").value == "2"


def test_what_has_no_end_yet_is_told() -> None:
    frames, found = modbus(("c", READ), ("c", READ[:9]))
    assert [t.fate for t in found] == ["message", "waiting"]
    assert said(frames, found[1].pieces) == READ[:9]


def test_fields_behind_the_crc_blocks_of_dnp3_are_in_two_parts() -> None:
    port, dialogue = STREAMS["dnp3"]
    frames = h.tcp_frames(dialogue, port, client_port=50_000)
    messages = [t for t in told(frames) if t.protocol == "dnp3"]
    control = [field(t, "link control") for t in messages]
    assert [said(frames, c.pieces)[0] for c in control] == [m[3] for _, m in dialogue]
    application = [f for t in messages for f in t.fields if f.name in ("seq", "reply_func", "fc", "iin")]
    assert application
    for f in application:
        if f.name in ("fc", "iin"):
            order: Literal["little", "big"] = "little" if f.name == "iin" else "big"
            assert int(f.value.split()[0]) == int.from_bytes(said(frames, f.pieces), order)


def test_a_datagram_in_fragments_is_tied_to_each_of_them() -> None:
    query = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\x09historian\x05plant\x07example\x00" + b"\0\1\0\1"
    (whole,) = h.udp_frames([("c", query)], 53, client_port=50_000)
    head, body = whole[:34], whole[34:]
    parts = [(body[:24], 0, True), (body[24:40], 24, False), (body[40:], 40, False)]
    frames = [fragment(head, part, at, at + len(part) < len(body)) for part, at, _ in parts]
    (asked,) = [t for t in told(frames) if t.protocol == "dns"]
    assert said(frames, asked.pieces) == query
    assert {p.frame for p in asked.pieces} == {1, 2, 3}
    assert said(frames, field(asked, "query").pieces) == query[12:-4]


def fragment(head: bytes, part: bytes, offset: int, more: bool) -> bytes:
    """A fragment of an IPv4 datagram; the checksum of the header is left out (0: it was not computed)."""
    ip = bytearray(head)
    struct.pack_into("!HHH", ip, 16, 20 + len(part), 4711, (0x2000 if more else 0) | offset // 8)
    struct.pack_into("!H", ip, 24, 0)
    return bytes(ip) + part


def test_a_header_line_is_tied_to_its_value() -> None:
    request = b"GET /index.html HTTP/1.1\r\nHost: plc.example\r\nUser-Agent: curl/8\r\n\r\n"
    frames = h.tcp_frames([("c", request)], 80, client_port=50_000)
    (asked,) = [t for t in told(frames) if t.protocol == "http"]
    assert said(frames, field(asked, "host").pieces) == b"plc.example"
    assert said(frames, field(asked, "user_agent").pieces) == b"curl/8"


def test_the_tables_that_captures_are_read_with_have_no_labels() -> None:
    assert '"Label"' not in make_spec()
    assert '"Label"' in make_spec(labels=True)


def shown_in(frames: Sequence[bytes], frame: int, messages: Sequence[Told], numbers: dict[int, int]) -> tuple:  # type: ignore[type-arg]
    packet = Packet(1, 0, frames[frame - 1], len(frames[frame - 1]))
    return layers(packet, Place(frame, numbers), messages)


def check_levels(fields: Sequence[ShownField]) -> None:
    """On one level bytes are apart or the very same; what is below is a part of what is above."""
    above: list[list[ShownField]] = [[]]
    for f in fields:
        del above[f.depth + 1 :]
        while len(above) <= f.depth:
            above.append([])
        mine = bytes_of(f)
        if f.depth:
            assert mine <= bytes_of(above[f.depth - 1][-1])
        for other in above[f.depth]:
            theirs = bytes_of(other)
            assert mine == theirs or not mine & theirs, (f, other)
        above[f.depth].append(f)


def bytes_of(f: ShownField) -> set[int]:
    return {at + i for at, length in f.parts for i in range(length)}


DAMAGE = st.lists(st.tuples(st.integers(0, 15), st.floats(0, 1), st.integers(0, 6), st.binary(max_size=6)), max_size=3)


@given(name=st.sampled_from(sorted(STREAMS)), cut=st.sampled_from([0, 0, 1, 7, 33]), damage=DAMAGE)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bytes_of_fields_lie_in_their_packets(name: str, cut: int, damage: list[tuple[int, float, int, bytes]]) -> None:
    port, dialogue = STREAMS[name]
    frames = h.tcp_frames(broken(dialogue, damage), port, client_port=50_000, cut=cut)
    messages = told(frames)
    for one in messages:
        for piece in (*one.pieces, *(p for f in one.fields for p in f.pieces)):
            assert 1 <= piece.frame <= len(frames)
            assert 54 <= piece.at < piece.at + piece.length <= len(frames[piece.frame - 1])
        mine = set(one.pieces)
        assert len(mine) == len(one.pieces), "bytes twice in one message"
    for frame in range(1, len(frames) + 1):
        shown = shown_in(frames, frame, messages, {n: n for n in range(1, len(frames) + 1)})
        covered = sorted(p for x in shown for p in x.parts)
        at = 0
        for start, length in covered:
            assert start == at, "layers follow on each other"
            at += length
        assert at == len(frames[frame - 1])
        for layer in shown:
            check_levels(layer.fields)


@given(name=st.sampled_from(sorted(STREAMS)), cut=st.integers(1, 40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_field_has_the_same_bytes_however_the_stream_is_cut(name: str, cut: int) -> None:
    port, dialogue = STREAMS[name]
    assert of_messages(dialogue, port, cut) == of_messages(dialogue, port, 0)


def of_messages(dialogue: Dialogue, port: int, cut: int) -> list[object]:
    frames = h.tcp_frames(dialogue, port, client_port=50_000, cut=cut)
    return [
        (t.protocol, t.role, said(frames, t.pieces), [(f.name, f.value, said(frames, f.pieces)) for f in t.fields])
        for t in told(frames)
        if t.fate == "message"
    ]


def broken(dialogue: Dialogue, damage: list[tuple[int, float, int, bytes]]) -> Dialogue:
    messages = [*dialogue, *dialogue]
    for which, where, lost, put in damage:
        who, message = messages[which % len(messages)]
        at = round(where * len(message))
        messages[which % len(messages)] = (who, message[:at] + put + message[at + lost :])
    return [m for m in messages if m[1]]
