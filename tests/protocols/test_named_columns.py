"""A column of names for numbers, in whatever order numbers with a name, without one, and bytes in their place come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden import _engine
from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.compile import compile_protocol, native_stream
from linewarden.records import COMMON, stream_of
from linewarden.sensor.tables import _columns
from tests.protocols.harness import pcap, udp_frames

PORT = 4_999
MADE_UP = l.Protocol(
    name="made_up",
    title="A protocol for this test",
    reference="none",
    on=(l.On("udp", (PORT,)),),
    main=[
        l.U8("kind"),
        l.Switch("kind", {1: [l.U8("code")], 2: [l.Bytes("code")]}),
        l.U8("after"),
    ],
    columns=(
        l.Col("kind", "u8", "what follows"),
        l.Col("code", "str", "a number by its name, or text", names={1: "start", 2: "stop"}, render="text"),
        l.Col("after", "u8", "a number behind it"),
    ),
)


def rows(messages: list[bytes], folder: Path) -> list[tuple[Any, ...]]:
    path = folder / "made-up.pcap"
    path.write_bytes(pcap(udp_frames([("c", m) for m in messages], PORT, client_port=40_000)))
    streams = [*(stream_of(record) for record in COMMON), native_stream(MADE_UP)]
    table = {"streams": [_columns(s) for s in streams], "protocols": [compile_protocol(MADE_UP)]}
    engine = _engine.Sensor(json.dumps(table))
    engine.start([(str(path), path.name)], ["made_up"])
    found: list[tuple[Any, ...]] = []
    while (chunk := engine.next()) is not None:
        for _, batch in chunk.batches:
            found += pl.DataFrame(batch).select("kind", "code", "after").rows()
    return found


NAMED, OTHER, UNNAMED, NOTHING = b"\x01\x01\x07", b"\x01\x02\x08", b"\x01\x63\x09", b"\x00\x0a"
AS_ROWS = {NAMED: (1, "start", 7), OTHER: (1, "stop", 8), UNNAMED: (1, "99", 9), NOTHING: (0, None, 10)}


def text(value: bytes) -> bytes:
    """Bytes in place of the number; the message ends with them."""
    return b"\x02" + value


@pytest.mark.parametrize("times", [1, 70])
def test_names_numbers_and_bytes_stay_in_their_rows(tmp_path: Path, times: int) -> None:
    said = [NAMED, OTHER, text(b"free"), NAMED, NOTHING, text(b"words"), text(b"again"), UNNAMED, NAMED] * times
    expected = [AS_ROWS.get(m, (2, m[1:].decode(), None)) for m in said]
    assert rows(said, tmp_path) == expected
