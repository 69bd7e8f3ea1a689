"""_opcua: units, status, structures, values, memory, and that nothing but reading can be sent."""

from __future__ import annotations

import ast
import asyncio
import math
import struct
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("asyncua")

from asyncua import ua

import linewarden.collectors._opcua as parts
from linewarden.collectors._opcua import memory
from linewarden.collectors._opcua.decode import Matrix, Structure, UndecodableError, Value
from linewarden.collectors._opcua.link import READS, Transport
from linewarden.collectors._opcua.past import Gap
from linewarden.collectors._opcua.status import overflowed, quality_of
from linewarden.collectors._opcua.structures import Field, Shape, Shapes
from linewarden.collectors._opcua.units import CEFACT, code_of, ucum_of
from linewarden.collectors._opcua.values import ELEMENTS_MOST, Point, Values
from linewarden.collectors.contract import Quality, Samples, Tag
from tests.collectors.opcua_house import MemorySink


@pytest.mark.parametrize(
    ("unit_id", "name", "ucum"),
    [
        (4408652, "°C", "Cel"),  # CEL, as Part 8 has it
        (20529, "%", "%"),  # P1
        (4342098, "bar", "bar"),
        (5067858, "m", "m"),
        (19506, "l/min", "L/min"),  # L2
        (4535608, "t/h", "t/h"),  # E18
        (-1, "m³/h", "m3/h"),
        (0, "furlong", ""),
        (2**31 - 1, "", ""),
    ],
)
def test_unit_by_its_unece_code_or_name(unit_id: int, name: str, ucum: str) -> None:
    assert ucum_of(CEFACT, unit_id, name) == ucum


def test_number_of_another_catalogue_is_not_taken_for_unece() -> None:
    assert ucum_of("urn:own:units", 4408652, "grad") == "" and code_of(4408652) == "CEL"


@pytest.mark.parametrize(
    ("code", "quality", "status", "full"),
    [
        (0, Quality.GOOD, None, False),
        (0x480, Quality.GOOD, None, True),
        (0x00960000, Quality.GOOD, "GoodLocalOverride", False),
        (0x40900000, Quality.UNCERTAIN, "UncertainLastUsableValue", False),
        (0x40930680, Quality.UNCERTAIN, "UncertainSensorNotAccurate, high limit", True),
        (0x80310000, Quality.BAD, "BadNoCommunication", False),
        (0x8FFF0000, Quality.BAD, "0x8FFF0000", False),
    ],
)
def test_status_codes(code: int, quality: Quality, status: str | None, full: bool) -> None:
    assert quality_of(code) == (quality, status) and overflowed(code) is full


SHAPES = Shapes(
    {
        "p": Shape("Place", 0, (Field("X", 11), Field("Y", 11))),
        "o": Shape("Opt", 1, (Field("A", 6), Field("B", 10, optional=True), Field("C", 12, optional=True))),
        "u": Shape("Union", 2, (Field("I", 6), Field("S", 12))),
        "n": Shape("Nest", 0, (Field("At", 22, "p"), Field("All", 22, "p", many=True), Field("N", 6, many=True))),
        "self": Shape("Self", 0, (Field("In", 22, "self"),)),
    },
    {"i=1": "p", "i=2": "o", "i=3": "u", "i=4": "n", "i=5": "self"},
)


def opened(encoding: str, body: bytes) -> list[tuple[str, Any]]:
    return list(SHAPES.open(Structure(encoding, body)))


def test_structures_of_each_sort() -> None:
    place = struct.pack("<dd", 1.0, 2.0)
    assert opened("i=1", place) == [(".X", 1.0), (".Y", 2.0)]
    assert opened("i=2", struct.pack("<Iii", 2, 5, 1) + b"z") == [(".A", 5), (".C", "z")]
    assert opened("i=3", struct.pack("<Ii", 2, 2) + b"ab") == [(".S", "ab")]
    assert opened("i=3", struct.pack("<I", 0)) == []
    nest = place + struct.pack("<i", 1) + place + struct.pack("<iii", 2, 7, 8)
    assert dict(opened("i=4", nest)) == {
        ".At.X": 1.0, ".At.Y": 2.0, ".All[0].X": 1.0, ".All[0].Y": 2.0, ".N[0]": 7, ".N[1]": 8,
    }  # fmt: skip


@pytest.mark.parametrize(("encoding", "body"), [("i=1", b"1"), ("i=3", struct.pack("<I", 9)), ("i=5", b"x" * 99)])
def test_structure_that_is_not_as_described(encoding: str, body: bytes) -> None:
    with pytest.raises(UndecodableError):
        opened(encoding, body)


def made(value: Any, status: int = 0) -> tuple[MemorySink, Samples, Point]:
    sink, samples = MemorySink(), Samples()
    point = Point(Tag("plc", "opcua", "T"), "i=1")
    Values(sink, SHAPES).add(samples, point, Value(value, status, 5, 6))
    return sink, samples, point


def test_value_that_cannot_be_read_is_said_once_and_gives_no_sample() -> None:
    for value, why in ((Structure("i=99", b""), "does not describe"), (Structure("i=1", b"1"), "not as the server")):
        sink, samples, _ = made(value)
        assert not len(samples) and why in sink.said[0]


def test_state_without_a_value_holds_for_each_part() -> None:
    sink, samples, point = made(Structure("i=1", struct.pack("<dd", 1.0, 2.0)))
    Values(sink, SHAPES).add(samples, point, Value(None, 0x80310000, 7, 8))
    assert samples.quality[2:] == [Quality.BAD, Quality.BAD] and all(math.isnan(v) for v in samples.value[2:])


def test_long_array_is_cut_and_said() -> None:
    sink, samples, _ = made(list(range(ELEMENTS_MOST + 10)))
    assert len(samples) == ELEMENTS_MOST and "left out" in sink.said[0]


def test_matrix_places() -> None:
    sink, _, _ = made(Matrix([1, 2, 3, 4], (2, 2)))
    assert [t.name for t in sink.tags] == ["T[0,0]", "T[0,1]", "T[1,0]", "T[1,1]"]


def test_not_a_number_and_infinity_are_values_that_did_not_come() -> None:
    for value in (math.nan, math.inf):
        _, samples, _ = made(value)
        assert math.isnan(samples.value[0])


def test_gap_holds_what_is_between_and_not_its_ends() -> None:
    gap = Gap(Point(Tag("plc", "opcua", "T"), "i=1"), 10, 1.0, 20, 2.0)

    def holds(stamp: int | None, value: float) -> bool:
        return gap.holds(Value(value, 0, stamp, None))

    assert holds(15, 1.0) and holds(10, 9.0) and holds(20, 9.0)
    assert (
        not holds(10, 1.0) and not holds(20, 2.0) and not holds(9, 0.0) and not holds(21, 0.0) and not holds(None, 0.0)
    )


def test_memory_is_kept_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    path, point = tmp_path / "s" / "m.json", Point(Tag("plc", "opcua", "T"), "ns=2;s=T", stamp=5, value=1.5)
    kept = memory.Memory("opc.tcp://a", 7, "x", 9)
    kept.note([point], [Gap(point, 1, 2.0, 3, "x")])
    memory.save(path, kept)
    back = memory.load(path, "opc.tcp://a")
    fresh = Point(point.tag, point.node)
    back.restore([fresh])
    assert (back.subscription, back.sequence, fresh.stamp, fresh.value) == (7, 9, 5, 1.5)
    assert back.open_gaps([fresh]) == [Gap(fresh, 1, 2.0, 3, "x")] and back.open_gaps([fresh]) == []
    assert memory.load(path, "opc.tcp://b").subscription == 0
    for damaged in (b"", b"{", b"[]", b'{"nodes": 3}', b'{"last": {"T": 1}}'):
        path.write_bytes(damaged)
        assert memory.load(path, "opc.tcp://a").subscription == 0


WRITES = [
    name for name in dir(ua) if name.endswith("Request") and name not in READS and isinstance(getattr(ua, name), type)
]


def test_services_that_change_something_are_known_here() -> None:
    assert {"WriteRequest", "CallRequest", "HistoryUpdateRequest", "AddNodesRequest", "DeleteNodesRequest"} <= set(
        WRITES
    )


@pytest.mark.parametrize("name", WRITES)
def test_transport_refuses_whatever_is_no_reading(name: str) -> None:
    async def send() -> None:
        with pytest.raises(AssertionError, match="only reads"):
            await Transport(1.0)._send_request(getattr(ua, name)())

    asyncio.run(send())


def test_no_part_names_a_service_that_changes_something() -> None:
    """Each request class in the source is one of those that read."""
    for path in Path(parts.__file__).parent.glob("*.py"):
        names = {n.attr for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Attribute)}
        sent = {n for n in names if n.endswith("Request") and n != "MonitoredItemCreateRequest"}
        assert sent <= READS, (path.name, sent - READS)
        assert not names & {"write_value", "write_attributes", "call", "call_method", "history_update"}
