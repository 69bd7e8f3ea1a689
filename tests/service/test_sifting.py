"""What the engine leaves out changes nothing of what is told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from linewarden.baseline import needed
from linewarden.baseline.facts import boil as usual
from linewarden.detections.evasion import values_repeated
from linewarden.detections.knowledge import Knowledge
from linewarden.records.order import in_order
from linewarden.sensor.points import Readings
from linewarden.sensor.sensor import read_all
from linewarden.sensor.sieve import Sieve
from linewarden.service import sifting
from linewarden.service.detecting import JUDGED, chosen
from linewarden.service.gathering import Gathering
from linewarden.service.judging import Judge
from linewarden.service.sifting import Sifting
from linewarden.wire.captures import find_captures
from tests.detections.engine_batches import batch

DEMO = Path("src/linewarden/exercises/data/demo-plant.pcapng.zst")


@pytest.mark.parametrize("most", [1 << 30, 40_000, 0], ids=["all is held", "some is", "nothing is"])
def test_a_capture_tells_the_same_with_what_nobody_wants_left_out(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(sifting, "MOST_BYTES", most)
    monkeypatch.setattr(needed, "FEW", 0)
    batches, _ = read_all(find_captures([str(DEMO)]), sorted(JUDGED))
    told = []
    for sifted in (True, False):
        judge = Judge(chosen(), Knowledge())
        gathering = Gathering(judge)
        sieve = Sifting(judge, gathering)
        for one in batches:
            if sifted:
                sieve.take(one.stream, one.arrow)
            else:
                gathering.add(one.stream, pl.DataFrame(one.arrow))
        gathering.end(sieve if sifted else None)
        told.append(sorted(gathering.told(), key=lambda t: (t.ts, t.notice.notice_id)))
    assert told[0] and told[0] == told[1]


def test_who_looks_at_all_readings_gets_them() -> None:
    by_name = {d.name: d for d in chosen()}
    alone = Judge([by_name["values_repeated"]]).sample
    assert alone is not None and alone.one_in == values_repeated.SAMPLED
    other = replace(by_name["values_repeated"], sample={}, boil={}, name="own")
    assert Judge([by_name["values_repeated"], other]).sample is None


def test_of_readings_that_nobody_learns_from_only_those_are_taken_over_that_are_wanted() -> None:
    """Such as with one rule of a site."""
    own = replace(next(d for d in chosen() if d.name == "values_repeated"), sample={}, boil={}, name="own",
                  needs={"reading": pl.col("source") == "10.0.0.1"})  # fmt: skip
    judge = Judge([own])
    sieve = Sieve(judge.wanted)
    rows = batch("reading", [{"source": f"10.0.0.{n}", "values": [1.0]} for n in range(9)])
    assert len(sieve.wanted("reading", rows)) == 1
    assert len(Sieve(Judge(chosen()).wanted).wanted("reading", rows)) == 9


@st.composite
def pieces(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """Readings of few points and values, cut anywhere, the pieces in any order."""
    steps = draw(
        st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 3), max_size=3), st.integers(0, 3)), max_size=60)
    )
    ts, rows = 0, []
    for number, (point, values, wait) in enumerate(steps):
        ts += wait * 30 * 10**9 // (1 + number % 40)
        rows.append({"ts": ts, "source": f"10.0.0.{point}", "protocol": "modbus", "start": point, "frame": number,
                     "values": [float(v) for v in values]})  # fmt: skip
    cuts = sorted(draw(st.lists(st.integers(0, 60), max_size=4)))
    found = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    draw(st.randoms(use_true_random=False)).shuffle(found)
    return [piece for piece in found if piece]


@given(pieces())
@settings(max_examples=60, deadline=None)
def test_of_the_readings_that_are_kept_the_same_is_left_as_of_all(pieces: list[list[dict[str, Any]]]) -> None:
    readings = Readings(values_repeated.SAMPLED)
    batches = [batch("reading", piece) for piece in pieces]
    for one in batches:
        readings.add(one)
    sampled, firsts = readings.take()
    assert readings.take() == (None, None)
    whole = [pl.DataFrame(one) for one in batches]
    for own, boil in ((sampled, values_repeated.boil), (firsts, lambda rows: usual("reading", rows))):
        plain = boil(pl.concat(whole)) if whole else pl.DataFrame()
        plain = boil(plain) if plain.height else plain
        if own is None:
            assert plain.height == 0
        else:
            kept = boil(pl.DataFrame(own))
            assert as_rows(kept) == as_rows(plain)


@pytest.mark.parametrize("captures", [1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_the_engine_finds_in_readings_what_is_found_in_their_sample(seed: int, captures: int) -> None:
    chance = random.Random(seed)
    rows = list(recorded(chance, captures))
    own = [rows[at : at + 90] for at in range(0, len(rows), 90)]
    chance.shuffle(own)
    told = []
    for most in (10**9, 200):
        judge = Judge([d for d in chosen() if d.name == "values_repeated"], Knowledge())
        gathering = Gathering(judge)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sifting, "MOST", most)
            sieve = sifting.Sifting(judge, gathering)
            for piece in own:
                sieve.take("reading", batch("reading", piece))
            gathering.end(sieve)
            found = gathering.told()
        told.append(sorted((t.ts, t.notice.notice_id, t.notice.msg, t.notice.why, t.frame) for t in found))
    assert told[0] == told[1]
    assert {msg.partition(" of ")[0] for _, _, msg, _, _ in told[0]} >= {"values 7"}


def test_long_blocks_of_values_count_for_more() -> None:
    few, many = (batch("reading", [{"source": "10.0.0.1", "values": [1.0] * n}]) for n in (1, 160))
    assert (Readings(4).add(few), Readings(4).add(many)) == (2, 12)


def recorded(chance: random.Random, captures: int) -> Iterator[dict[str, Any]]:
    """Two points with noise; one of them runs through what it showed before, the other stands still from then on."""
    noise = [[float(chance.randrange(10_000)), float(chance.randrange(9))] for _ in range(300)]
    shown = {7: [*noise, *noise[40:200]], 8: [*noise[::-1], *([noise[0]] * 160)]}
    for number in range(460):
        for point, values in shown.items():
            yield {"ts": number * 5 * 10**8, "source": "10.0.0.1", "protocol": "modbus", "start": point,
                   "capture": f"{number % captures}.pcap", "frame": 2 * number + point,
                   "values": values[number]}  # fmt: skip


def as_rows(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    """In order, times as numbers, texts as texts."""
    plain = in_order(rows).with_columns(pl.col(pl.Datetime).to_physical(), pl.col(pl.Categorical).cast(pl.String))
    return plain.select(sorted(plain.columns)).rows()
