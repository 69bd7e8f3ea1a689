"""A lake judged again says what was said live: with what was known then, in the order in which it was heard."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.cli import main
from linewarden.service.casing import cases_of
from linewarden.service.detecting import chosen, detect
from linewarden.service.following import places
from linewarden.service.lake import open_lake
from tests.live.conftest import Space, Watch, a_space, until, watches
from tests.live.test_exports import download

SAID = ("ts", "note", "notice_id", "id.orig_h", "id.resp_h", "severity", "msg", "why", "confidence", "count", "again")


def said_live(lake: Path) -> set[tuple[Any, ...]]:
    files = sorted(lake.glob("stream=notice/*/*/live-*.parquet"))
    rows = pl.concat([pl.read_parquet(f, hive_partitioning=False) for f in files])
    return set(rows.with_columns(pl.col("ts").to_physical()).select(SAID).iter_rows())


def said_again(lake: Path, *, hindsight: bool = False) -> set[tuple[Any, ...]]:
    told = detect([str(lake)], chosen(), hindsight=hindsight).told
    return {
        (t.ts, t.notice.note, t.notice.notice_id, t.orig_h, t.resp_h, t.notice.severity, t.notice.msg, t.notice.why,
         t.notice.confidence, t.notice.count, t.notice.again)
        for t in told
    }  # fmt: skip


def heard(running: Watch, verb: str, rows: int) -> bool:
    there = running.rows("command")
    return there.height > 0 and there.filter(pl.col("verb") == verb).height >= rows


@pytest.fixture(scope="module")
def heard_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: in each, an order before anybody knows who is who, and more of it when that is known."""
    out = tmp_path_factory.mktemp("heard") / "lake"
    with a_space() as space, watches(space, out) as watch:
        for run in (1, 2):
            _ran(watch("--detect", "--interval", "2").listening(), space, run)
    return out


@pytest.fixture
def lake(heard_once: Path, tmp_path: Path) -> Path:
    """A lake of the test's own."""
    return shutil.copytree(heard_once, tmp_path / "lake")


def _ran(running: Watch, space: Space, run: int) -> None:
    space.send(download(50_000 + run))
    until(lambda: heard(running, "program_download", 4 * run - 3))
    until(lambda: running.rows("known").height > 0)
    for client in (51_000, 52_000, 53_000):
        space.modbus(3, 6, 8, client=client + run, times=5)
        space.send(download(client + 100 + run))
    until(lambda: heard(running, "program_download", 4 * run))
    assert running.end() == 0


def test_a_rerun_says_the_same_also_after_compaction(lake: Path) -> None:
    live = said_live(lake)
    assert {"program_download"} <= {row[1] for row in live}
    assert any(row[-1] for row in live), "what came again is counted, too"
    assert said_again(lake) == live
    assert main(["lake", "compact", str(lake)]) == 0
    assert said_again(lake) == live


def test_what_is_written_again_is_not_counted_twice(lake: Path) -> None:
    before = cases_of(lake)
    assert main(["detect", str(lake), "--write", "--no-progress", "--json"]) == 0
    after = cases_of(lake)
    assert [c.count for _, c in after.ranked] == [c.count for _, c in before.ranked]


def test_hindsight_knows_more(lake: Path) -> None:
    assert said_again(lake, hindsight=True) != said_live(lake)


def test_what_no_journal_names_is_judged_all_the_same(lake: Path) -> None:
    """A kill takes the last second of the journal, a full disk perhaps more."""
    live = {row[1] for row in said_live(lake)}
    files = sorted(lake.glob("stream=judged/*/*/*.parquet"))
    for file in files[len(files) // 3 :: 2]:
        file.unlink()
    assert places(open_lake(lake))
    assert live <= {row[1] for row in said_again(lake)}
