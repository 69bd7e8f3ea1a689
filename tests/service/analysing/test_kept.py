"""What machines learned, kept in a folder: known again, edited by people, and refused where it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewarden.errors import StoreError
from linewarden.service.analysing import kept
from linewarden.service.analysing.analysis import Analysis
from tests.service.analysing.plant import KNOWN, PLC, SAID, STRANGER, command, readings
from tests.service.analysing.test_analysis import LEARNED, judged, learned, low_fill


def again(folder: Path) -> Analysis:
    made = Analysis(SAID)
    made.know(KNOWN)
    assert kept.load_all(folder, made) == 1
    return made


def test_after_a_restart_the_same_is_told(tmp_path: Path) -> None:
    before = learned()
    kept.save_all(tmp_path, before)
    told = judged(again(tmp_path), low_fill, [command(LEARNED + 99, STRANGER)])
    expected = judged(before, low_fill, [command(LEARNED + 99, STRANGER)])
    assert [(t.ts, t.notice.note, t.notice.msg) for t in told] == [
        (t.ts, t.notice.note, t.notice.msg) for t in expected
    ]
    assert told[0].notice.note == "process_attack"


def test_a_machine_goes_on_learning_where_it_was(tmp_path: Path) -> None:
    made = Analysis(SAID)
    made.take("reading", readings(range(300)))
    kept.save_all(tmp_path, made)
    after = again(tmp_path)
    rows = after.machines[PLC].rows
    assert rows == made.machines[PLC].rows > 200
    after.take("reading", readings(range(300, 900)))
    assert after.machines[PLC].rows == pytest.approx(rows + 600, abs=2)


def test_tags_in_another_order_find_their_columns(tmp_path: Path) -> None:
    before = learned()
    kept.save_all(tmp_path, before)
    after = Analysis(SAID)
    first = readings(range(LEARNED, LEARNED + 5)).with_columns(pl.col("values").list.slice(2, 2), pl.col("start") + 2)
    after.take("reading", first)
    kept.load_into(kept.file_of(tmp_path, PLC), after.machines[PLC])
    tags = after.machines[PLC].tags
    np.testing.assert_allclose(
        after.machines[PLC].blocks.rows()[:100, tags.index(f"{PLC}/holding_register 3")],
        before.machines[PLC].blocks.rows()[:100, 3],
    )


@pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1"])
def test_a_damaged_file_is_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    kept.file_of(tmp_path, PLC).write_bytes(content)
    with pytest.raises(StoreError, match="delete it to learn anew"):
        kept.load_all(tmp_path, Analysis(SAID))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(kept.file_of(tmp_path, PLC))
    with pytest.raises(StoreError, match="nothing that a machine learned"):
        kept.load_all(tmp_path, Analysis(SAID))


def test_a_damaged_book_of_writes_is_refused(tmp_path: Path) -> None:
    kept.save_all(tmp_path, learned())
    (tmp_path / kept.BOOK).write_text(json.dumps({"began": 1, "usual": [[1, 2]]}))
    with pytest.raises(StoreError, match=r"usual-writes.json"):
        kept.load_all(tmp_path, Analysis(SAID))


def test_names_of_machines_make_no_paths(tmp_path: Path) -> None:
    assert kept.file_of(tmp_path, "../../etc/passwd").parent == tmp_path
    assert kept.file_of(tmp_path, "a/b") != kept.file_of(tmp_path, "a_b")
