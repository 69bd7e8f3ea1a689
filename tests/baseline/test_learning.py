"""What a baseline calls news, and what it learns in silence."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from linewarden.baseline.areas import area_of
from linewarden.baseline.baseline import SCHEMA, Baseline, Params
from linewarden.baseline.entry import SLICE_NS, State
from linewarden.baseline.novelty import Novelty
from linewarden.errors import ConfigError
from linewarden.records import stream_of
from tests.baseline.plant import HISTORIAN, HMI, MINUTE, PLC, STRANGER, at, command, learn, learned, shift, write
from tests.detections.build import frame


def kinds(news: pl.DataFrame) -> list[tuple[str, str, str | None]]:
    return sorted(news.select("kind", "subject", "what").rows(), key=str)


def test_news_are_rows_of_the_declared_stream() -> None:
    news = learn(learned(), [command(31, STRANGER)])
    assert news.columns == list(stream_of(Novelty).names) == list(SCHEMA)
    assert news["ts"].dtype == pl.Datetime("ns", "UTC")
    assert Baseline().learn("weird", frame("weird", [{}])).schema == news.schema


def test_a_usual_shift_is_no_news_from_the_first_minute_to_the_last_hour() -> None:
    baseline = learned(5)
    assert learn(baseline, shift(235, 5)).height == 0


def test_a_new_peer_is_one_piece_of_news_with_its_packet_and_how_sure_we_are() -> None:
    news = learn(learned(), [command(31, STRANGER), write(31.1, who=HMI)], first=41)
    (row,) = news.iter_rows(named=True)
    assert (row["kind"], row["subject"], row["peer"], row["protocol"]) == ("peer", PLC, STRANGER, "modbus")
    assert (row["frame"], row["id.orig_h"], row["id.resp_h"], row["capture"]) == (41, STRANGER, PLC, "test.pcap")
    assert row["learned_s"] == 31 * 60
    assert 0.5 < row["confidence"] < 1


def test_it_tells_from_ten_minutes_on_and_grows_surer() -> None:
    assert learn(learned(5), [command(6, STRANGER)]).height == 0
    sure = [learn(learned(m), [command(m, STRANGER)])["confidence"].item() for m in (12, 60, 600)]
    assert sure == sorted(sure) and sure[0] < 0.75 < 0.9 < sure[-1]


def test_where_new_things_keep_coming_nothing_is_news() -> None:
    """A server that each minute serves somebody new has no habit to break."""
    crowd = [command(m, f"10.1.{m}.1") for m in range(60)]
    assert learn(Baseline(), crowd).height == 0


def test_told_once_it_is_known_and_stands_there_unapproved() -> None:
    baseline = learned()
    assert learn(baseline, [command(31, STRANGER)]).height == 1
    assert learn(baseline, [command(32, STRANGER), command(33, STRANGER)]).height == 0
    states = {e.kind: e.state for e in baseline.entries.values() if e.peer == STRANGER}
    assert states["peer"] is State.UNAPPROVED
    assert set(states.values()) == {State.UNAPPROVED}, "what the stranger did at once is not approved either"


def test_first_write_of_a_pure_reader() -> None:
    news = learn(learned(), [write(31, 181, who=HISTORIAN)])
    assert kinds(news) == [("master", PLC, None)], "a second writer, and not also a verb, a function and a target"
    lonely = Baseline()
    learn(lonely, [command(m) for m in range(30)])
    assert kinds(learn(lonely, [write(31)])) == [("verb", PLC, "write")]


def test_new_target_and_function_of_a_known_writer() -> None:
    baseline = learned()
    assert kinds(learn(baseline, [write(31, 180, target="holding_register 21")])) == [], "the same block"
    assert kinds(learn(baseline, [write(32, 1, target="coil 3")])) == [("target", PLC, "write coil 0-63")]
    forced = command(34, verb="write", function="write_single_coil", target="coil 900", value="1")
    assert kinds(learn(baseline, [forced])) == [("verb", PLC, "write write_single_coil")]


def test_a_value_outside_of_what_was_written() -> None:
    news = learn(learned(), [write(31, 181), write(31.1, 900), write(31.2, 950), write(32, 920)])
    (row,) = news.iter_rows(named=True)
    assert (row["kind"], row["value"], row["low"], row["high"], row["frame"]) == ("value", 900.0, 180.0, 184.0, 2)
    assert row["what"] == "written holding_register 20"
    assert row["id.orig_h"] == HMI


def reading(minute: float, *values: float, **more: Any) -> dict[str, Any]:
    return {"ts": int(minute * MINUTE), "source": PLC, "protocol": "modbus", "area": "input_register", "start": 0,
            "values": list(values), **more}  # fmt: skip


def test_a_reading_outside_of_its_range_and_a_counter() -> None:
    baseline = Baseline()
    usual = [reading(m, 20 + m % 3, 1000 * m, m % 2, 50) for m in range(60)]
    assert learn(baseline, usual, "reading").height == 0, "a counter goes on for ever"
    news = learn(baseline, [reading(60, 21, 60_000, 1, 51), reading(61, 80, 61_000, 0, 50)], "reading")
    # One block of values has one entry: a counter in it keeps all of it from being ripe.
    assert news.height == 0
    quiet = Baseline()
    learn(quiet, [reading(m, 20 + m % 3, m % 2) for m in range(60)], "reading")
    news = learn(quiet, [reading(60, 21, 1), reading(61, 80, 0)], "reading")
    assert news.select("value", "low", "high").rows() == [(80.0, 20.0, 22.0)]


def test_another_rhythm() -> None:
    fast = command(31, count=600)
    (row,) = learn(learned(), [fast]).iter_rows(named=True)
    assert (row["kind"], row["subject"], row["peer"]) == ("rhythm", PLC, HMI)
    assert row["value"] == pytest.approx(59 / 599, rel=0.02) and row["low"] == row["high"] == 1.0


def test_a_new_service_is_told_as_that_alone() -> None:
    conn = {"proto": "tcp", "service": "http", "id.orig_h": HMI, "id.resp_h": PLC, "id.resp_p": 80, "orig_bytes": 100,
            "resp_pkts": 5, "orig_pkts": 5, "direction": "syn", "ts": 31 * MINUTE}  # fmt: skip
    assert kinds(learn(learned(), [conn], "conn")) == [("service", PLC, None)]
    unanswered = conn | {"resp_pkts": 0}
    assert learn(learned(), [unanswered], "conn").height == 0


def test_new_device_and_vendor() -> None:
    def binding(minute: int, mac: str, ip: str, source: str = "arp") -> dict[str, Any]:
        return {"ts": minute * MINUTE, "mac": mac, "ip": ip, "source": source, "frames": 5}

    baseline = Baseline()
    known = [binding(m, f"00:1b:1b:00:00:0{n}", f"10.0.0.{n}") for m in range(30) for n in range(1, 4)]
    assert learn(baseline, known, "binding").height == 0
    news = learn(baseline, [binding(31, "00:1b:1b:00:00:09", "10.0.0.9")], "binding")
    assert news.select("kind", "subject", "id.orig_h").rows() == [("asset", "00:1b:1b:00:00:09", "00:1b:1b:00:00:09")]
    news = learn(baseline, [binding(32, "00:80:f4:00:00:01", "10.0.0.11")], "binding")
    assert news["kind"].to_list() == ["vendor"], "the device is part of that news"
    news = learn(baseline, [binding(33, "00:1b:1b:00:00:01", "10.0.0.77")], "binding")
    assert news.select("kind", "peer").rows() == [("asset", "10.0.0.77")], "a known device with another address"
    public = learn(baseline, [binding(34, "00:1b:1b:00:00:01", "8.8.8.8", "ip")], "binding")
    assert public.height == 0


def test_login_at_a_new_host_and_at_a_new_hour() -> None:
    def login(minute: float, who: str = HMI) -> dict[str, Any]:
        return command(minute, who, verb="authenticate", protocol="ftp", target="root")

    baseline = learned()
    assert {k for k, *_ in kinds(learn(baseline, [login(31)]))} >= {"login"}
    daily = [login(d * 1440 + m) for d in range(2, 8) for m in (32, 40, 50)]
    assert learn(baseline, daily).height == 0
    night = learn(baseline, [login(8 * 1440 + 300)])
    assert [k for k, *_ in kinds(night)] == ["hour"]


# --- batches, bounds, snapshots ---

LONG = [*shift(20), command(21, STRANGER), *shift(10, 22), write(33, 900), write(33.5, 2000, HISTORIAN),
        write(34, 5, target="coil 7"), *shift(3, 35), command(40, count=900), *shift(3, 41)]  # fmt: skip


@given(st.lists(st.integers(1, len(LONG) - 1), max_size=12))
@settings(max_examples=25, deadline=None)
def test_it_does_not_matter_where_batches_are_cut(cuts: list[int]) -> None:
    whole = Baseline()
    news = learn(whole, LONG)
    assert news.height >= 5
    cut, told, ends = Baseline(), [], sorted({0, *cuts, len(LONG)})
    for a, b in pairwise(ends):
        told.append(learn(cut, LONG[a:b], first=a + 1))
    assert pl.concat(told).sort("ts", "kind", "subject", "what").equals(news.sort("ts", "kind", "subject", "what"))
    assert cut.snapshot() == whole.snapshot()


def test_a_flood_pushes_out_nothing_and_is_bounded() -> None:
    baseline = learned()
    known = set(baseline.entries)
    flood = [command(31 + i / 1000, f"10.{i // 250 % 250}.{i % 250}.7", verb="write") for i in range(3000)]
    news = learn(baseline, flood)
    assert known <= set(baseline.entries)
    assert news.height <= 3 * Params().most_below
    assert baseline.left_out > 1000
    assert len(baseline.entries) - len(known) < 3000 + 10 * Params().most_below, "each address once, and few more"
    assert learn(baseline, shift(5, 35)).height == 0


def test_the_same_records_and_snapshot_give_the_same_news() -> None:
    snapshot = json.dumps(learned().snapshot())
    runs = [learn(Baseline.from_snapshot(json.loads(snapshot)), LONG[-40:]) for _ in range(2)]
    assert runs[0].equals(runs[1]) and runs[0].height


def test_a_snapshot_comes_back_equal_and_a_wrong_one_is_refused() -> None:
    snapshot = learned().snapshot()
    again = json.loads(json.dumps(snapshot))
    assert Baseline.from_snapshot(again).snapshot() == snapshot
    for wrong in ({}, again | {"version": 99}, again | {"entries": [[1]]}, again | {"columns": ["kind"]}):
        with pytest.raises(ConfigError, match="no baseline"):
            Baseline.from_snapshot(wrong)


def parts() -> st.SearchStrategy[Baseline]:
    def made(picked: tuple[int, int, int]) -> Baseline:
        begin, minutes, edit = picked
        baseline = Baseline()
        learn(baseline, [*shift(minutes, begin), write(begin + minutes, 100 * begin)])
        keys = sorted(baseline.entries)
        if edit % 3 == 1:
            baseline.approve([keys[edit % len(keys)]])
        if edit % 3 == 2:
            baseline.forget([keys[edit % len(keys)]])
        return baseline

    return st.tuples(st.integers(0, 50), st.integers(1, 15), st.integers(0, 60)).map(made)


@given(parts(), parts(), parts())
@settings(max_examples=30, deadline=None)
def test_merging_is_commutative_and_associative(a: Baseline, b: Baseline, c: Baseline) -> None:
    assert a.merged(b).snapshot() == b.merged(a).snapshot()
    assert a.merged(b).merged(c).snapshot() == a.merged(b.merged(c)).snapshot()
    whole = a.merged(b)
    assert sum(e.count for e in whole.entries.values()) == sum(e.count for p in (a, b) for e in p.entries.values())


# --- what people say ---


def key(baseline: Baseline, kind: str, peer: str = "", what: str = "") -> str:
    return next(k for k, e in baseline.entries.items() if (e.kind, e.peer, e.what) == (kind, peer, what))


def test_what_was_forgotten_is_news_again_and_what_was_approved_is_not() -> None:
    baseline = learned()
    baseline.forget([key(baseline, "peer", HISTORIAN)])
    news = learn(baseline, [command(31, HISTORIAN)])
    assert kinds(news)[0][0] == "peer"
    baseline.approve([f"peer|{PLC}|*"])
    assert {e.state for e in baseline.entries.values() if e.kind == "peer"} == {State.APPROVED}
    assert learn(baseline, shift(5, 32)).height == 0
    with pytest.raises(ConfigError, match="no such entry"):
        baseline.approve(["peer|1.1.1.1|x||"])


def test_a_range_that_was_forgotten_is_learned_anew() -> None:
    baseline = learned()
    baseline.forget([key(baseline, "value", what="written holding_register 20")])
    assert learn(baseline, [write(31 + m, 900) for m in range(20)]).height == 0


def test_frozen_it_learns_nothing_and_still_tells_once_a_run() -> None:
    baseline = learned()
    baseline.freeze()
    before = baseline.snapshot()
    assert kinds(learn(baseline, [command(31, STRANGER), command(32, STRANGER), write(33, 900)])) == [
        ("peer", PLC, None),
        ("value", PLC, "written holding_register 20"),
    ]
    assert learn(baseline, [command(34, STRANGER), write(35, 900)]).height == 0
    assert baseline.snapshot() == before
    again = Baseline.from_snapshot(before)
    assert learn(again, [command(34, STRANGER)]).height == 1


@pytest.mark.parametrize(
    ("target", "area"),
    [
        ("holding_register 40-43", "holding_register 0-63"),
        ("holding_register 64", "holding_register 64-127"),
        ("holding_register 0-4001", "holding_register wide"),
        ("tag Labels_Applied and others", "tag Labels_Applied"),
        ("DB1", "DB1"),
        ("10.0.0.17", "10.0.0.17"),
        ("ns=2 4", "ns=2 0-63"),
        ("", ""),
    ],
)
def test_targets_are_blocks(target: str, area: str) -> None:
    assert area_of(target) == area


def test_a_minute_is_a_minute() -> None:
    assert SLICE_NS == MINUTE and at(0) > 0
