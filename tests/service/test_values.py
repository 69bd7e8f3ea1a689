"""Tags of a lake that grows: each value counted once, memory bounded, and new values there at the next look."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewarden.service.values import Ask, Names, Values, recent
from linewarden.service.values.book import LOOK_S, Book
from linewarden.service.values.finding import SORTS, find
from linewarden.service.values.kept import MARK, Shelf
from linewarden.service.values.known import PARTS
from linewarden.service.values.trends import Trends

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def readings(first_s: int, many: int, **more: Any) -> pl.DataFrame:
    """One a second: two registers of a device, the second twice the first."""
    rows = [
        {"ts": BEGAN + timedelta(seconds=n), "source": "10.0.0.5", "protocol": "modbus", "unit": 1, "name": None,
         "area": "holding_register", "start": 40, "values": [float(n), 2.0 * n], **more}
        for n in range(first_s, first_s + many)
    ]  # fmt: skip
    types: dict[str, Any] = {"ts": pl.Datetime("ns", "UTC"), "unit": pl.Int64, "name": pl.String, "start": pl.Int64}
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=types)


def write(lake: Path, name: str, frame: pl.DataFrame) -> Path:
    folder = lake / "stream=reading/site=here/date=2026-03-01"
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / name)
    return folder / name


def counts(book: Book) -> dict[str, int]:
    book.look()
    return {t.key.label: t.count for t in book.tags()}


def test_each_value_once_also_when_files_are_merged(tmp_path: Path) -> None:
    book = Book(tmp_path)
    assert counts(book) == {}
    files = [write(tmp_path, "live-00001.parquet", readings(0, 10))]
    assert counts(book) == {"holding_register 40": 10, "holding_register 41": 10}
    files.append(write(tmp_path, "live-00002.parquet", readings(10, 5)))
    assert counts(book) == {"holding_register 40": 15, "holding_register 41": 15}
    write(tmp_path, "live-00001~00002.parquet", readings(0, 15))
    for file in files:
        file.unlink()
    assert counts(book)["holding_register 40"] == 15
    write(tmp_path, "live-00001~00003.parquet", readings(0, 20))  # with rows that were not read yet
    assert counts(book)["holding_register 40"] == 20


def test_what_is_known_of_a_tag(tmp_path: Path) -> None:
    write(tmp_path, "live-00001.parquet", readings(0, 3_000))
    book = Book(tmp_path)
    book.look()
    tag = next(t for t in book.tags() if t.key.address == 41)
    assert (tag.low, tag.high, tag.last) == (0, 5998, 5998)
    assert tag.interval_s == pytest.approx(1.0)
    course = [v for v in tag.course if v is not None]
    assert PARTS / 2 <= len(course) <= PARTS
    assert course == sorted(course)


def test_what_is_no_number_is_no_value(tmp_path: Path) -> None:
    frame = readings(0, 3).with_columns(pl.Series("values", [[1.0, float("nan")], [], [2.0, float("inf")]]))
    write(tmp_path, "live-00001.parquet", frame)
    assert counts(Book(tmp_path)) == {"holding_register 40": 2}


@pytest.mark.parametrize("place", range(3))
def test_a_file_in_which_nothing_is_a_number_is_none_the_less_read(tmp_path: Path, place: int) -> None:
    """A second in which devices told words only, between others, first and last."""
    for n in range(3):
        frame = readings(n, 1)
        if n == place:
            frame = frame.with_columns(pl.Series("values", [[float("nan")]]))
        write(tmp_path, f"live-{n:05}.parquet", frame)
    book = Book(tmp_path)
    assert counts(book) == {"holding_register 40": 2, "holding_register 41": 2}
    found = book.recent.of([0], 0, 1 << 62)
    assert found is not None
    assert found.height == 2


def test_a_new_value_is_there_at_the_next_look(tmp_path: Path) -> None:
    write(tmp_path, "live-00001.parquet", readings(0, 10))
    trends = Trends(tmp_path)
    tag = trends.book.fresh().tags()[0]
    write(tmp_path, "live-00002.parquet", readings(10, 1))
    time.sleep(LOOK_S)
    trends.book.fresh()
    end = tag.last_ts
    found = trends.of([tag], end - 1_000_000_000, end, 100)[0]
    assert found.mean[-1] == tag.last
    assert found.n == [1, 1]
    trends.close()


def test_values_that_are_no_longer_in_memory_come_from_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST", 1_000)
    for n in range(4):
        write(tmp_path, f"live-{n:05}.parquet", readings(n * 400, 400))
    trends = Trends(tmp_path)
    trends.book.look()
    assert trends.book.recent.since > 0
    newest = trends.book.tags()[0].last_ts
    assert trends.book.recent.of([0], newest - 100_000_000_000, newest) is not None  # what came last is there
    tag = next(t for t in trends.book.tags() if t.key.address == 40)
    whole = trends.of([tag], tag.first_ts, tag.last_ts, 50)[0]
    assert sum(whole.n) == 1_600
    assert (min(whole.low), max(whole.high)) == (0, 1_599)
    trends.close()


@pytest.mark.parametrize("name", ["x' OR '1'='1", 'a"b', "it's", "%s {x}", "ä;--"])
def test_names_from_the_wire_are_no_sql(tmp_path: Path, name: str) -> None:
    write(tmp_path, "live-00001.parquet", readings(0, 5, name=name, area="o'brien"))
    trends = Trends(tmp_path)
    trends.book.look()
    trends.book.recent.since = 1 << 62  # from the files
    tags = trends.book.tags()
    found = trends.of(tags, tags[0].first_ts, tags[0].last_ts, 100)
    assert [sum(f.n) for f in found] == [5, 5]
    trends.close()


def test_what_was_read_is_kept_and_gone_on_from(tmp_path: Path) -> None:
    lake, index = tmp_path / "lake", tmp_path / "index"
    write(lake, "live-00001.parquet", readings(0, 300))
    with Shelf(index) as shelf:
        Book(lake, shelf).look()
    write(lake, "live-00002.parquet", readings(300, 10))
    with Shelf(index) as shelf:
        again = Book(lake, shelf)
        assert [t.count for t in again.tags()] == [300, 300]
        again.look()
    afresh = Book(lake)
    afresh.look()
    assert [t.count for t in again.tags()] == [310, 310]
    assert [(t.id, t.low, t.high, t.last, t.first_ts) for t in again.tags()] == [
        (t.id, t.low, t.high, t.last, t.first_ts) for t in afresh.tags()
    ]


def test_another_lake_at_the_same_place_is_read_anew(tmp_path: Path) -> None:
    lake, index = tmp_path / "lake", tmp_path / "index"
    write(lake, "live-00001.parquet", readings(0, 300))
    with Shelf(index) as shelf:
        Book(lake, shelf).look()
    (lake / MARK).unlink()
    write(lake, "live-00001.parquet", readings(0, 7))
    with Shelf(index) as shelf:
        assert counts(Book(lake, shelf))["holding_register 40"] == 7


@pytest.mark.parametrize("damage", ["told.json", "tags.parquet", "series.parquet"])
def test_what_was_kept_and_is_damaged_is_read_anew(tmp_path: Path, damage: str) -> None:
    lake, index = tmp_path / "lake", tmp_path / "index"
    write(lake, "live-00001.parquet", readings(0, 300))
    with Shelf(index) as shelf:
        Book(lake, shelf).look()
    next(index.glob(f"moment-*/{damage}")).write_bytes(b"PAR1{")
    with Shelf(index) as shelf:
        assert counts(Book(lake, shelf))["holding_register 40"] == 300


def test_a_shelf_is_of_one_at_a_time(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    write(lake, "live-00001.parquet", readings(0, 5))
    with Shelf(tmp_path / "index") as one, Shelf(tmp_path / "index") as other:
        Book(lake, other).look()
        assert not list((tmp_path / "index").glob("moment-*"))
        Book(lake, one).look()
        assert list((tmp_path / "index").glob("moment-*"))


def test_what_became_too_old_is_forgotten_in_time(tmp_path: Path) -> None:
    for day in range(1, 9):
        folder = tmp_path / f"stream=reading/site=here/date=2026-03-0{day}"
        folder.mkdir(parents=True)
        readings(day * 10, 10).write_parquet(folder / "live-00001.parquet")
    book = Book(tmp_path)
    assert counts(book)["holding_register 40"] == 80
    (tmp_path / "stream=reading/site=here/date=2026-03-01/live-00001.parquet").unlink()
    (tmp_path / "stream=reading/site=here/date=2026-03-01").rmdir()
    assert counts(book)["holding_register 40"] == 70


NAMES = Names({"10.0.0.1": ("aa", "Boiler", "Line 1"), "10.0.0.2": ("bb", "aspirator", "Line 2")})


@pytest.fixture
def many(tmp_path: Path) -> Book:
    """Tags of three devices: the first moves, the second never, of the third each value came once."""
    frames = [
        readings(0, 40, source="10.0.0.1"),
        readings(0, 40, source="10.0.0.2", values=[1.0, 1.0, 1.0], protocol="s7comm", area="DB1", start=None),
        readings(0, 1, source="10.0.0.3", name="Flow [l]", area=None, start=None),
    ]
    write(tmp_path, "live-00001.parquet", pl.concat(frames))
    book = Book(tmp_path)
    book.look()
    return book


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("down", [True, False])
def test_pages_are_all_tags_in_order(many: Book, sort: str, down: bool) -> None:
    whole = find(many.known, Ask(sort, down), NAMES).tags
    assert len(whole) == len({t.id for t in whole}) == 7
    got, after = [], None
    while True:
        page = find(many.known, Ask(sort, down, limit=2, after=after), NAMES)
        assert page.total == 7
        got.extend(page.tags)
        if (after := page.last) is None:
            break
    assert got == whole
    assert find(many.known, Ask(sort, not down), NAMES).tags == whole[::-1]


def test_order_is_that_of_what_is_shown(many: Book) -> None:
    labels = [t.key.label for t in find(many.known, Ask("label", down=False), NAMES).tags]
    assert labels == sorted(labels, key=str.casefold)
    assert "Flow [l]" in labels
    devices = [t.key.source for t in find(many.known, Ask("device", down=False), NAMES).tags]
    assert list(dict.fromkeys(devices)) == ["10.0.0.3", "10.0.0.2", "10.0.0.1"]  # by name, in any case


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("boil",), 2), (("line", "41"), 1), (("db1",), 3), (("flow", "[1]"), 1), (("[0]",), 0), (("modbus", "bb"), 0),
        (("10.0.0.3",), 2), (("%",), 0), (("[l]",), 2), (("]",), 2),
    ],
)  # fmt: skip
def test_words_are_looked_for_in_what_is_shown(many: Book, words: tuple[str, ...], found: int) -> None:
    assert find(many.known, Ask(words=words), NAMES).total == found


def test_only_what_is_asked_for_and_may_be_seen(many: Book) -> None:
    def total(**of: Any) -> int:
        return find(many.known, Ask(**of), NAMES).total

    assert total(moves=True) == 2
    assert total(moves=False) == 5
    assert total(devices=("aa",)) == total(devices=("10.0.0.1",)) == 2
    assert total(protocols=("s7comm",)) == 3
    assert total(zones=("Line 1",)) == 2
    assert total(zones=("Line 1", "")) == 4
    assert total(zones=()) == 0


@pytest.mark.parametrize("after", [("x", "00" * 8), (None, "zz"), ([], "00" * 8), (1, "f" * 17)])
def test_a_position_that_is_none_is_told(many: Book, after: tuple[Any, str]) -> None:
    with pytest.raises((ValueError, TypeError)):
        find(many.known, Ask("count", after=after), NAMES)


def test_a_process_of_its_own_says_the_same(tmp_path: Path, many: Book) -> None:
    values = Values(many.lake, tmp_path / "index")
    try:
        assert values.look().sources == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}
        found = values.find(Ask("label", down=False), NAMES)
        assert found == find(many.known, Ask("label", down=False), NAMES)
        tag = found.tags[0]
        assert values.tags([tag.id, "0" * 16, "nonsense"]) == [tag, None, None]
        assert sum(values.trends([tag], tag.first_ts, tag.last_ts, 5)[0].n) == tag.count
        values.file(Ask("label", down=False), NAMES, "parquet", tmp_path / "tags")
        kept = pl.read_parquet(tmp_path / "tags")
        assert kept["label"].to_list() == [t.key.label for t in found.tags]
        assert kept["id"].to_list() == [t.id for t in found.tags]
    finally:
        values.close()
    assert values._process is None
    assert list((tmp_path / "index").glob("moment-*"))


def test_a_process_that_went_is_begun_again(tmp_path: Path, many: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    from linewarden.errors import StoreError
    from linewarden.service.values import asking

    monkeypatch.setattr(asking, "AGAIN_S", 0.0)
    values = Values(many.lake)
    try:
        values.look()
        assert values._process is not None
        values._process._popen.kill()
        values._process._popen.wait()
        time.sleep(0.2)
        try:
            values.look()
        except StoreError:  # it went while it was asked
            values.look()
        assert len(values.look().sources) == 3
    finally:
        values.close()
