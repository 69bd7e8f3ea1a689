"""What decides something is the same for the engine and for polars, and stays it among more of the same rows."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from linewarden.detections.catalogue import detections
from linewarden.detections.detection import Stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.looks import look_of
from linewarden.detections.thinning import Breaks, Changes, Ends, Firsts, Thin, Turns
from linewarden.detections.wanted import test_of
from linewarden.plant.model import Role
from linewarden.sensor.sieve import ALWAYS, Held
from linewarden.service.gathering import Gathering
from linewarden.service.judging import Judge
from linewarden.service.sifting import Sifting
from tests.detections.build import frame
from tests.detections.engine_batches import batch
from tests.effort import examples

test_of.__test__ = False  # type: ignore[attr-defined]
BY = ("id.orig_h", "unit")
SILENT = (pl.col("answered") == 0) | pl.col("result").is_in(["lost"])
THINS: list[Thin] = [
    Firsts(BY), Firsts(BY, every_s=60), Firsts(("target",), every_s=60, apart=SILENT), Ends(BY), Ends(("target",)),
    Changes(BY, "value"), Changes(("id.resp_h", "target"), "unit"), Turns(BY, "value"), Turns(("target",), "id.orig_h"),
    Breaks(BY, SILENT, 2), Breaks(("target",), pl.col("answered") == 0, 0),
]  # fmt: skip
row = st.fixed_dictionaries(
    {
        "ts": st.integers(0, 300).map(lambda s: s * 10**9),
        "id.orig_h": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
        "id.resp_h": st.sampled_from(["10.0.0.8", "10.0.0.9"]),
        "unit": st.sampled_from([None, 0, 1]),
        "target": st.sampled_from([None, "", "coil 1"]),
        "value": st.sampled_from([None, "1", "2"]),
        "answered": st.integers(0, 1),
        "result": st.sampled_from([None, "ok", "lost"]),
    }
)


def in_time(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**r, "frame": n} for n, r in enumerate(sorted(rows, key=lambda r: r["ts"]), 1)]


def frames(rows: pl.DataFrame) -> list[int]:
    return [int(n) for n in rows.get_column("frame").to_list()]


@pytest.mark.parametrize("thin", THINS, ids=[f"{type(thin).__name__} {n}" for n, thin in enumerate(THINS)])
@given(st.lists(row, max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=examples(40), deadline=None)
def test_the_engine_keeps_what_polars_keeps(thin: Thin, rows: list[dict[str, Any]], chance: random.Random) -> None:
    rows = in_time(rows)
    whole = frame("command", rows)
    kept = thin(whole)
    held = Held([(ALWAYS, thin.asked())])
    cut = chance.randrange(len(rows) + 1)
    for piece in (rows[cut:], rows[:cut]):
        if piece:
            held.add(batch("command", piece))
    held.end()
    found = held.rows([0])
    assert (frames(pl.DataFrame(found)) if found is not None else []) == frames(kept)
    assert held.thinned(0)
    more = {*frames(kept), *(n for n in frames(whole) if chance.random() < 0.5)}
    assert frames(thin(whole.filter(pl.col("frame").is_in(sorted(more))))) == frames(kept)


def test_where_the_engine_cannot_tell_it_keeps_all() -> None:
    rows = in_time([{"ts": n * 10**9, "value": "1"} for n in range(5)])
    asked = Changes(("unit",), "value").asked()
    for test, thin in (("maybe", asked), (ALWAYS, Changes(("no such column",), "value").asked())):
        held = Held([(test, thin)])
        held.add(batch("command", rows))
        held.end()
        assert not held.thinned(0)
        assert len(held.rows([0])) == len(rows)


def test_what_polars_alone_knows_is_not_asked_of_the_engine() -> None:
    odd = pl.col("value").str.len_bytes() > 1
    assert Breaks(BY, odd, 3).asked() is None
    assert Firsts(BY, apart=odd).asked() is None


def test_what_is_written_most_is_thinned_for_all_who_look_at_it() -> None:
    """Else one detection keeps each row of a plant in memory, for nothing."""
    row = {"protocol": "modbus", "target": "x 1", "unit": 1, "value": "1", "answered": 1, "result": "ok"}
    polled = frame("command", [{**row, "verb": v, "function": f"{v}_registers"} for v in ("read", "write")])
    for one in detections():
        need = one.needs.get("command")
        if need is not None and polled.filter(need).height:
            assert look_of(one, "command", need, "mark").thin is not None, one.name


def test_of_who_is_known_late_all_rows_are_found_then() -> None:
    """The first row of a pair says whether it is of interest; then each counts."""
    writes = in_time(
        [
            {"ts": n * 10**9, "id.orig_h": f"10.0.0.{8 + n % 2}", "id.resp_h": "10.0.0.1", "protocol": "modbus",
             "verb": "write", "function": "write_single_register", "target": "holding_register 1", "value": "7",
             "count": 1, "answered": 1, "result": "ok"}
            for n in range(40)
        ]
    )  # fmt: skip
    chosen = [d for d in detections() if d.name == "write_by_wrong_role"]
    assert isinstance(chosen[0].watch, Stateless) and chosen[0].watch.alike
    known = Knowledge(roles={"10.0.0.8": Role.HISTORIAN, "10.0.0.1": Role.CONTROLLER, "10.0.0.9": Role.SCADA})
    judge = Judge(chosen)
    gathering = Gathering(judge)
    sifting = Sifting(judge, gathering)
    sifting.take("command", batch("command", writes))
    gathering.end(sifting)
    judge.know(known)
    (told,) = gathering.told()
    (again,) = judge.end()
    assert told.orig_h == "10.0.0.8"
    assert told.notice.count + again.notice.count == 20
