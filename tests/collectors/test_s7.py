"""The S7 collector against the server of python-snap7."""

from __future__ import annotations

from typing import Any

import pytest

from linewarden.collectors.contract import Quality
from linewarden.collectors.s7 import KIND, S7, S7Tag
from tests.collectors.polling_house import Peer, free_port, running, until

pytest.importorskip("snap7", reason="install python-snap7 to run the tests of the S7 collector")
QUICK: dict[str, Any] = {"interval": 0.05, "timeout": 0.5, "retry_first": 0.1, "retry_most": 0.3}
JOB, SETUP, READ = "1", "240", "4"


def settings(port: int, tags: list[S7Tag], **other: Any) -> S7:
    return S7("127.0.0.1", tuple(tags), port=port, **{**QUICK, **other})


TAGS = [
    S7Tag("TORQUE", "DB1.DBD0", "real", ucum="N.m", low=0, high=4),
    S7Tag("COUNT", "DB1.DBD4", "dint"),
    S7Tag("RUNS", "DB1.DBX8.3"),
    S7Tag("STOPS", "DB1.DBX8.2"),
    S7Tag("SPEED", "DB1.DBW10", scale=0.1, offset=-3.4),
    S7Tag("NAME", "DB1.DBB12", "string", length=8),
    S7Tag("WHEN", "DB1.DBB22", "date_and_time"),
    S7Tag("ENERGY", "DB1.DBL30", "lreal"),
    S7Tag("REST", "DB1.DBD38", "time"),
    S7Tag("TIMER", "DB1.DBW42", "s5time"),
    S7Tag("LONG", "DB1.DBB46", "dtl"),
    S7Tag("FLAG", "MB3"),
    S7Tag("INPUT", "I0.0"),
    S7Tag("OUTPUT", "AB4"),
    S7Tag("FAR", "DB5.DBW1198", "word"),
]
EXPECTED = {
    "TORQUE": 1.75, "COUNT": -70_000.0, "RUNS": 1.0, "STOPS": 0.0, "SPEED": pytest.approx(120.0), "NAME": "ABC",
    "WHEN": "2026-11-27T01:07:42.876000", "ENERGY": 3.25, "REST": 90.5, "TIMER": pytest.approx(12.3),
    "LONG": "2026-11-27T01:07:42.876000", "FLAG": 100.0, "INPUT": 1.0, "OUTPUT": 2.0,
    "FAR": float(1198 % 251 * 256 + 1199 % 251),
}  # fmt: skip


def test_all_kinds_of_values_come_in_one_request() -> None:
    with Peer("s7_snap7") as peer:
        with running(KIND, settings(peer.port, TAGS)) as sink:
            until(lambda: len(sink.puts) >= 3)
        assert sink.values() == EXPECTED
        assert sink.said == [f"UP 127.0.0.1:{peer.port}"]
        first = sink.tags[0]
        assert (first.source, first.protocol, first.area, first.start) == ("127.0.0.1", "s7comm", "db1", 0)
        assert (first.datatype, first.ucum, first.low, first.high) == ("real", "N.m", 0, 4)
        asked = [note.split() for note in peer.notes]
        assert {(kind, function) for kind, function, *_ in asked} == {(JOB, SETUP), (JOB, READ)}
        assert {items for _, function, items, _ in asked if function == READ} == {"5"}  # DB1, DB5, M, I, Q


def test_many_tags_take_few_messages_and_all_come() -> None:
    tags = [S7Tag(f"W{at}", f"DB5.DBW{at}") for at in range(0, 1200, 30)]
    with Peer("s7_snap7") as peer, running(KIND, settings(peer.port, tags, hole=0)) as sink:
        until(lambda: len(sink.puts) >= 2)
        assert sink.values() == {f"W{at}": float(at % 251 * 256 + (at + 1) % 251) for at in range(0, 1200, 30)}
        reads = [n.split() for n in peer.notes if n.split()[1] == READ]
        assert {items for *_, items, _ in reads} == {"20"}
        assert all(int(length) <= 480 for *_, length in reads)


def test_what_is_not_there_is_told_with_the_way_out_and_costs_the_others_nothing() -> None:
    tags = [
        S7Tag("GOOD", "DB1.DBW10"),
        S7Tag("BEHIND", "DB1.DBW64"),
        S7Tag("MISSING", "DB7.DBW0"),
        S7Tag("NODATE", "DB1.DBB44", "date_and_time"),
    ]
    with Peer("s7_snap7") as peer, running(KIND, settings(peer.port, tags, hole=100)) as sink:
        until(lambda: len(sink.of("GOOD")) >= 10)
        assert set(sink.of("GOOD")) == {1234.0}
        assert sink.of("BEHIND") == sink.of("MISSING") == sink.of("NODATE") == [None]
        states = {name: sink.last(name).status for name in ("BEHIND", "MISSING", "NODATE")}
        assert states == {
            "BEHIND": "invalid_address", "MISSING": "object_does_not_exist", "NODATE": "no_bcd_number",
        }  # fmt: skip
        assert sink.last("MISSING").quality is Quality.BAD
        (missing,) = [s for s in sink.said if "MISSING" in s]
        assert "DB7.DBW0" in missing and "optimised block access" in missing and "PUT/GET" in missing
        assert not sink.downs()


def test_a_restart_is_a_gap() -> None:
    with Peer("s7_snap7") as peer, running(KIND, settings(peer.port, TAGS[:2])) as sink:
        until(lambda: len(sink.puts) >= 3)
        peer.stop()
        until(sink.downs)
        peer.start()
        until(lambda: any("polls missed" in s for s in sink.said))
        assert sink.last("TORQUE").value == 1.75
        assert len([r for r in sink.rows if r.quality is Quality.BAD]) == 2


def test_nobody_there_is_told_once() -> None:
    with running(KIND, settings(free_port(), TAGS[:1])) as sink:
        until(sink.downs)
        assert "rack and slot" in sink.said[0]


@pytest.mark.parametrize(
    ("tag", "field", "text"),
    [
        (S7Tag("A", "DB1.W4"), "address", "DB10.DBD4"),
        (S7Tag("A", "DB1.DBX4"), "address", "number"),
        (S7Tag("A", "MW4.1"), "address", "only a bit"),
        (S7Tag("A", "DB1.DBW4", "real"), "type", "does not fit"),
        (S7Tag("A", "DB1.DBB4", "bool"), "type", "does not fit"),
        (S7Tag("A", "DB1.DBB4", "string"), "length", "characters"),
        (S7Tag("A", "DB1.DBB4", "wstring", length=400), "length", "room"),
        (S7Tag("A", "DB1.DBW4", low=2, high=1), "low", "not below"),
    ],
)
def test_wrong_settings_name_the_field_and_the_way_out(tag: S7Tag, field: str, text: str) -> None:
    assert KIND.check is not None
    ((where, said),) = KIND.check(settings(1, [tag]))
    assert where == f"tags[0].{field}" and text in said
