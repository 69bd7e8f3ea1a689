"""What is known of a lake that grows: what little changes does not make the rest anew, and nobody waits for the first
reading.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import linewarden.service.lake as lakes
from linewarden.cases.model import Case
from linewarden.service.casing import COLUMNS, events, tied
from linewarden.service.lake import Lake
from linewarden.service.view import Follower
from linewarden.service.view.notices import Notices
from tests.console.house import make_lake

TIMES = ("ts", "until")
COUNTS = ("frame", "count", "id.orig_p", "id.resp_p")
HOUR = 3_600_000_000_000


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("view") / "lake")


def notice(number: int, ts: int, *, orig: str = "10.0.0.1", again: bool = False, **of: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | dict.fromkeys(COUNTS, 1)
    known = {"id.orig_h": orig, "id.resp_h": "10.0.0.9", "note": "new_peer", "severity": "high", "tactic": "discovery"}
    said = {"ts": ts, "until": ts, "notice_id": f"n{number}", "confidence": 0.9, "again": again, "expected": None}
    return row | known | said | of


def tell(lake: Path, name: str, *rows: dict[str, Any]) -> Path:
    """As a sensor writes it."""
    folder = lake / "stream=notice" / "site=default" / "date=2026-11-26"
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(rows).with_columns(pl.col(*TIMES).cast(pl.Datetime("ns", "UTC")))
    frame.write_parquet(folder / name)
    return folder / name


def anew(lake: Path) -> tuple[tuple[int, Case], ...]:
    return tied(events(Lake(lake, ("notice",)), {}))[0]


def test_what_is_added_to_one_case_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    first = tell(tmp_path, "a.parquet", notice(1, HOUR), notice(2, 2 * HOUR, orig="10.0.7.7", **{"id.resp_h": "x"}))
    known = Notices({}, {})
    known.read([first])
    before = {c.id: c for _, c in known.cases({})}
    known.read([first, tell(tmp_path, "b.parquet", notice(3, 3 * HOUR))])
    after = {c.id: c for _, c in known.cases({})}
    assert [e.notice_id for e in after["n1"].events] == ["n1", "n3"]
    assert after["n2"] is before["n2"]


@pytest.mark.parametrize(
    "late",
    [notice(9, HOUR // 2), notice(1, 4 * HOUR, again=True, count=7), notice(1, 5 * HOUR), notice(8, 9 * HOUR)],
    ids=["older than all", "came again", "told twice", "newer than all"],
)
def test_notices_in_any_order_make_the_same_cases(tmp_path: Path, late: dict[str, Any]) -> None:
    files = [tell(tmp_path, "a.parquet", notice(1, HOUR), notice(2, 2 * HOUR, orig="10.0.7.7"))]
    known = Notices({}, {})
    known.read(files)
    files.append(tell(tmp_path, "b.parquet", late))
    known.read(files)
    assert known.cases({}) == anew(tmp_path)
    assert known.lone() == ()


def test_notices_that_went_are_forgotten(tmp_path: Path) -> None:
    old, new = tell(tmp_path, "a.parquet", notice(1, HOUR)), tell(tmp_path, "b.parquet", notice(2, 90 * HOUR))
    known = Notices({}, {})
    known.read([old, new])
    assert {c.id for _, c in known.cases({})} == {"n1", "n2"}
    known.read([new])
    assert {c.id for _, c in known.cases({})} == {"n2"}


def test_another_notice_leaves_what_was_made_of_the_plant(read: Path, tmp_path: Path) -> None:
    lake = shutil.copytree(read, tmp_path / "lake")
    follower = Follower(lake)
    before = follower.look()
    before.made_of_plant.of_moment("size", before, lambda v: len(v.assets))
    tell(lake, "more.parquet", notice(1, before.plant.last_seen))
    after = follower.look()
    assert after.version > before.version
    assert len(after.notices) == len(before.notices) + 1
    assert after.plant is before.plant
    assert after.made_of_plant.of_moment("size", after, lambda _: -1) == len(before.assets)


def test_what_was_asked_of_a_plant_is_there_before_the_next_is_shown(read: Path, tmp_path: Path) -> None:
    lake = shutil.copytree(read, tmp_path / "lake")
    follower = Follower(lake)
    before = follower.look()
    before.made_of_plant.of_moment("names", before, lambda v: sorted(a.name for a in v.plant.assets))
    shutil.copytree(lake / "stream=conn" / "site=default", lake / "stream=conn" / "site=more")
    follower.hurry()
    after = follower.look()
    assert after.plant is not before.plant
    known = after.made_of_plant.of_moment("names", after, lambda _: ["made too late"])
    assert known == sorted(a.name for a in after.plant.assets)


def test_while_a_lake_is_read_the_first_time_its_last_days_are_shown(
    read: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = shutil.copytree(read, tmp_path / "lake")
    for stream in lake.glob("stream=*"):
        for day in list(stream.glob("site=*/date=*")):
            shutil.copytree(day, day.with_name("date=2020-01-01"))
    follower, seen, days = Follower(lake), [], []
    pieces = lakes.pieces_of

    def looked(file: Path) -> Any:
        seen.append((follower.view.reading, len(follower.view.assets)))
        days.append(file.parent.name)
        if follower.view.assets:  # from now on a plant that was made makes all others wait
            monkeypatch.setattr("linewarden.service.view.follower.SHARE", 1e9)
        return pieces(file)

    monkeypatch.setattr(lakes, "pieces_of", looked)
    whole = follower.look()
    assert days == sorted(days, reverse=True)
    assert whole.reading is None
    assert any(reading is not None and assets > 0 for reading, assets in seen)
    assert len(whole.assets) == len(Follower(read).look().assets)
    days_before = len({f.parent for f in read.glob("stream=conn/site=*/date=*/*.parquet")})
    assert whole.plant.packets == Follower(read).look().plant.packets * (1 + 1 / days_before)
