"""What the engine leaves out of batches is nothing that a detection needs."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from linewarden.detections.catalogue import detections
from linewarden.detections.detection import Detection
from linewarden.detections.wanted import any_of, test_of
from linewarden.sensor.sieve import MAYBE, Sieve
from tests.detections.build import frame
from tests.detections.engine_batches import batch

test_of.__test__ = False  # type: ignore[attr-defined]
COL = pl.col
ROWS: list[dict[str, Any]] = [
    {"value": f, "unit": u, "answered": a, "target": t}
    for f, u, a, t in [
        ("read_coils", 1, 1, "coil 0"), ("write_single_coil", None, 0, None), (None, 300, 2, "Coil 7"),
        ("read_coils", 0, 9, ""), ("plc_stop", 7, 0, "coil 0-63"), ("plc_start", 7, 1, "tag x.y"),
    ]
]  # fmt: skip


def kept(need: pl.Expr, stream: str = "command", rows: list[dict[str, Any]] = ROWS) -> list[int]:
    """Frames of the rows that the engine leaves; others that nobody wants stand beside them."""
    others = [{"value": "~", "unit": 99, "answered": 99, "target": "~"}] * len(rows) if rows is ROWS else []
    arrow = Sieve({stream: any_of([need])}).wanted(stream, batch(stream, [*rows, *others]))
    return [int(n) for n in pl.DataFrame(arrow).get_column("frame").to_list()]


@pytest.mark.parametrize(
    "need",
    [
        COL("value") == "read_coils",
        (COL("value") != "read_coils") & (COL("unit") < 99),
        COL("value").is_in(["plc_stop", "plc_start"]),
        ~COL("value").is_in(["plc_stop", "read_coils", "~"]),
        COL("value").is_null(),
        COL("unit").is_not_null() & (COL("unit") < 8),
        COL("unit").fill_null(5) == 5,
        COL("unit").is_in([1, 300]),
        (COL("answered") >= 2) & (COL("answered") <= 9),
        (COL("answered").fill_null(0) > 5) & (COL("answered") < 99),
        COL("target").str.starts_with("coil"),
        COL("target").fill_null("").str.contains(r"(?i)^coil \d+-"),
        COL("target").str.contains(".", literal=True),
        COL("target").cast(pl.String) == "",
        pl.any_horizontal(COL("unit") == 300, COL("value").str.starts_with("plc")),
        pl.all_horizontal(COL("unit") == 7, COL("answered") == 0),
        (COL("unit") == 1) | (COL("target").is_null() & (COL("answered") == 0)),
        (COL("answered") > COL("errors")) & (COL("unit") < 99),
        ((COL("unit") > 5) & (COL("unit") < 99)).fill_null(value=True),
        ~((COL("unit") > 5).fill_null(value=True)),
    ],
    ids=str,
)
def test_what_it_knows_it_asks_as_polars_does(need: pl.Expr) -> None:
    assert "maybe" not in str(test_of(need))
    assert kept(need) == frame("command", ROWS).filter(need).get_column("frame").to_list()


@pytest.mark.parametrize(
    "need",
    [
        COL("answered") != COL("errors"),
        COL("target").str.len_bytes() > 3,
        ~(COL("target").str.to_lowercase() == "coil 7"),
        COL("answered") * 2 > 3,
        COL("unit").is_in([1, None]),
        COL("answered") == 1.0,
        COL("unit") == 2**63,
    ],
    ids=str,
)
def test_what_it_does_not_know_it_keeps(need: pl.Expr) -> None:
    assert test_of(need) == MAYBE
    assert kept(need)[: len(ROWS)] == list(range(1, len(ROWS) + 1))


def test_a_known_half_decides_where_the_other_is_not_known() -> None:
    need = (COL("value") == "read_coils") & (COL("answered") > COL("errors"))
    assert kept(need) == [1, 4]


def test_a_pattern_that_the_engine_does_not_know_keeps_all() -> None:
    assert len(kept(COL("target").str.contains(r"(?=coil)coil"))) == 2 * len(ROWS)


@pytest.mark.parametrize("detection", detections(), ids=lambda d: d.name)
def test_no_row_that_it_needs_is_left_out(detection: Detection) -> None:
    for name, need in detection.needs.items():
        if name == "novelty":  # is not the engine's
            continue
        rows = [row for case in (detection.fires, detection.quiet) for row in case.records.get(name, ())]
        rows = [dict(row) for row in rows]
        plain = frame(name, rows) if rows else None
        if plain is not None:
            needed = plain.filter(need.fill_null(value=False)).get_column("frame").to_list()
            assert set(needed) <= set(kept(need, name, rows))


def test_the_messages_of_which_there_are_most_are_asked_within_the_engine() -> None:
    """If polars shows its expressions in another way one day, all is kept: right, but slow."""
    asked = {name: [d.needs[name] for d in detections() if name in d.needs] for name in ("modbus", "s7comm", "bacnet")}
    assert {name for name, needs in asked.items() if any_of(needs) == MAYBE} == set()
