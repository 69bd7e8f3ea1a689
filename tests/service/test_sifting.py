"""What the engine leaves out changes nothing of what is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from linewarden.baseline.facts import boil as usual
from linewarden.detections.evasion import values_repeated
from linewarden.detections.knowledge import Knowledge
from linewarden.records.order import in_order
from linewarden.sensor.points import Readings
from linewarden.sensor.sensor import read_all
from linewarden.service.detecting import JUDGED, chosen
from linewarden.service.gathering import Gathering
from linewarden.service.judging import Judge
from linewarden.service.sifting import Sifting
from linewarden.wire.captures import find_captures
from tests.detections.engine_batches import batch

DEMO = Path("src/linewarden/exercises/data/demo-plant.pcapng.zst")


def test_a_capture_tells_the_same_with_what_nobody_wants_left_out() -> None:
    batches, _ = read_all(find_captures([str(DEMO)]), sorted(JUDGED))
    told = []
    for sifted in (True, False):
        judge = Judge(chosen(), Knowledge())
        gathering = Gathering(judge)
        sifting = Sifting(judge, gathering)
        for one in batches:
            if sifted:
                sifting.take(one.stream, one.arrow)
            else:
                gathering.add(one.stream, pl.DataFrame(one.arrow))
        sifting.end()
        told.append(sorted(gathering.told(), key=lambda t: (t.ts, t.notice.notice_id)))
    assert told[0] and told[0] == told[1]


def test_who_looks_at_all_readings_gets_them() -> None:
    by_name = {d.name: d for d in chosen()}
    all_of_them = Judge([by_name["values_repeated"]])
    assert all_of_them.sample == values_repeated.SAMPLED
    other = replace(by_name["values_repeated"], sample={}, boil={}, name="own")
    assert Judge([by_name["values_repeated"], other]).sample is None


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
@settings(max_examples=200, deadline=None)
def test_of_the_readings_that_are_kept_the_same_is_left_as_of_all(pieces: list[list[dict[str, Any]]]) -> None:
    readings = Readings(values_repeated.SAMPLED)
    batches = [batch("reading", piece) for piece in pieces]
    for one in batches:
        readings.add(one)
    sampled, firsts = readings.take()
    whole = [pl.DataFrame(one) for one in batches]
    for own, boil in ((sampled, values_repeated.boil), (firsts, lambda rows: usual("reading", rows))):
        plain = boil(pl.concat(whole)) if whole else pl.DataFrame()
        plain = boil(plain) if plain.height else plain
        if own is None:
            assert plain.height == 0
        else:
            kept = boil(pl.DataFrame(own))
            assert as_rows(kept) == as_rows(plain)


def as_rows(rows: pl.DataFrame) -> list[tuple[Any, ...]]:
    """In order, times as numbers, texts as texts."""
    plain = in_order(rows).with_columns(pl.col(pl.Datetime).to_physical(), pl.col(pl.Categorical).cast(pl.String))
    return plain.select(sorted(plain.columns)).rows()
