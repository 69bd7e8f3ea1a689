"""Which files of a lake count, by their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from linewarden.service import lake_files
from linewarden.service.lake_files import merged_name, numbered, replaced, visible


@pytest.mark.parametrize(
    ("names", "seen"),
    [
        (["live-a-00001.parquet", "live-a-00002.parquet"], ["live-a-00001.parquet", "live-a-00002.parquet"]),
        (["live-a-00001.parquet", "live-a-00001~00002.parquet"], ["live-a-00001~00002.parquet"]),
        (["live-a-3.parquet", "live-a-00001~00002.parquet"], ["live-a-00001~00002.parquet", "live-a-3.parquet"]),
        # Another prefix, though one begins as the other does.
        (["live-a-b-1.parquet", "live-a-1~2.parquet"], ["live-a-1~2.parquet", "live-a-b-1.parquet"]),
        # Merged again, and the first merged file is still there.
        (["p-00001~00002.parquet", "p-00001~00009.parquet", "p-00005.parquet"], ["p-00001~00009.parquet"]),
        # One file made anew; two of the same numbers: one of them counts, never none.
        (["p-3~3.parquet", "p-3.parquet"], ["p-3~3.parquet"]),
        (["p-1~5.parquet", "p-00001~00005.parquet"], ["p-00001~00005.parquet"]),
        # Only what lies within: an overlap hides nothing.
        (["p-1~5.parquet", "p-4~9.parquet"], ["p-1~5.parquet", "p-4~9.parquet"]),
        # By number, not by letters.
        (["p-100000.parquet", "p-99999.parquet"], ["p-99999.parquet", "p-100000.parquet"]),
        ([".p-1.parquet.tmp", ".p-1.parquet", ".~p-1~2.parquet.tmp", "p-9~1.parquet", "notes.txt", "x.parquet"],
         ["p-9~1.parquet", "x.parquet"]),
    ],
)  # fmt: skip
def test_what_counts(names: list[str], seen: list[str]) -> None:
    assert visible(names) == seen


def test_a_merged_name_is_read_as_it_was_made() -> None:
    found = numbered(merged_name("live-a-1", 7, 123_456))
    assert found is not None
    assert (found.prefix, found.first, found.last, found.merged) == ("live-a-1", 7, 123_456, True)


spans = st.tuples(st.integers(0, 12), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1]))
names = st.one_of(
    st.integers(0, 18).map(lambda n: f"live-a-{n:05}.parquet"), spans.map(lambda s: merged_name("live-a", *s))
)


@given(st.sets(names, max_size=20))
def test_the_rule_is_what_the_decision_says(there: set[str]) -> None:
    """By the words of ADR 11, pair by pair: what a merged file covers is gone; nothing else is."""
    parts = {n: numbered(n) for n in there}
    covered = {
        n
        for n, p in parts.items()
        for m, q in parts.items()
        if m != n and p and q and q.merged and q.first <= p.first and p.last <= q.last
        and (q.first, q.last, p.merged) != (p.first, p.last, True)
    }  # fmt: skip
    assert replaced(there) == covered


def test_a_lake_is_listed_without_what_is_hidden_or_replaced(tmp_path: Path) -> None:
    day = tmp_path / "stream=conn" / "site=a" / "date=2026-11-25"
    gone = tmp_path / "stream=conn" / "site=a" / ".~date=2026-11-24-1"
    for folder in (day, gone):
        folder.mkdir(parents=True)
        for name in ("p-0.parquet", "p-1.parquet", "p-0~0.parquet", ".p-2.parquet.tmp"):
            (folder / name).touch()
    stream = tmp_path / "stream=conn"
    assert lake_files.streams(tmp_path) == [stream]
    assert lake_files.files(stream) == [day / "p-0~0.parquet", day / "p-1.parquet"]
    assert not lake_files.files(tmp_path / "stream=none")


def test_a_reader_holds_back_who_removes_and_not_another_reader(tmp_path: Path) -> None:
    with lake_files.nobody_reads(tmp_path) as free:
        assert free
    with lake_files.reading(tmp_path), lake_files.reading(tmp_path), lake_files.nobody_reads(tmp_path) as free:
        assert not free
    with lake_files.nobody_reads(tmp_path) as free:
        assert free


def test_reading_leaves_nothing_in_a_lake_that_nobody_compacts(tmp_path: Path) -> None:
    with lake_files.reading(tmp_path):
        assert not list(tmp_path.iterdir())
