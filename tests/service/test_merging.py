"""Which files are merged: a folder that is appended to, merged and killed at any step loses and doubles nothing."""

from __future__ import annotations

import random

from hypothesis import given, settings, strategies as st

from linewarden.service.lake_files import numbered, replaced, visible
from linewarden.service.merging import Limits, Merge, plan

SMALL = Limits(fan=3, small_bytes=10, file_bytes=500, merge_files=20)


class Folder:
    """A folder as a table of names; each file has the ids of its rows, and a size."""

    def __init__(self) -> None:
        self.rows: dict[str, list[int]] = {}
        self.sizes: dict[str, int] = {}
        self.half: dict[int, list[int]] = {}
        self.published: list[int] = []
        self.next_row = 0

    def names(self) -> list[str]:
        return [*self.rows, *(f".live-x-{n:05}.parquet.tmp" for n in self.half)]

    def next_number(self) -> int:
        """As engine/lake counts: behind all that is visible, merged or not, and what is being written."""
        there = [n.last for n in map(numbered, self.rows) if n is not None and n.prefix == "live-x"]
        return max([*there, *self.half], default=-1) + 1

    def begin(self, rows: int) -> None:
        number = self.next_number()
        self.half[number] = list(range(self.next_row, self.next_row + rows))
        self.next_row += rows

    def publish(self, number: int, size: int) -> None:
        name = f"live-x-{number:05}.parquet"
        self.rows[name] = self.half.pop(number)
        self.sizes[name] = size
        self.published += self.rows[name]

    def merge(self, merge: Merge, shrinks: float, survives: int) -> None:
        """A merge that is killed after so many steps: rename, then one removal each."""
        if survives < 1:
            return
        self.rows[merge.target] = [r for name in merge.sources for r in self.rows[name]]
        self.sizes[merge.target] = max(1, int(sum(self.sizes[n] for n in merge.sources) * shrinks))
        for name in merge.sources[: survives - 1]:
            del self.rows[name], self.sizes[name]

    def recover(self) -> None:
        for name in replaced(self.rows):
            del self.rows[name], self.sizes[name]

    def check(self) -> None:
        seen = sorted(r for name in visible(self.names()) for r in self.rows[name])
        assert seen == sorted(self.published)


def is_sound(folder: Folder, merge: Merge) -> bool:
    """What the merged file will hide is what is in it: no file more, none unfinished."""
    within = {
        n
        for n in [*visible(folder.names()), *(f"live-x-{h:05}.parquet" for h in folder.half)]
        if (p := numbered(n)) and p.prefix == merge.prefix and merge.first <= p.first and p.last <= merge.last
    }
    return within == set(merge.sources) and len(merge.sources) >= 2


steps = st.lists(st.sampled_from(["begin", "publish", "publish", "merge", "merge", "recover", "restart"]), max_size=120)


@settings(max_examples=300, deadline=None)
@given(steps, st.integers(0, 2**32), st.booleans())
def test_rows_are_seen_once_whatever_is_killed_when(steps: list[str], seed: int, over: bool) -> None:
    dice = random.Random(seed)
    folder = Folder()
    avoid: set[str] = set()
    for step in steps:
        if step == "begin":
            folder.begin(dice.randint(0, 3))
        elif step == "publish" and folder.half:
            folder.publish(dice.choice(list(folder.half)), dice.choice([1, 5, 11, 40, 200]))
            if dice.random() < 0.05:
                avoid.add(dice.choice(list(folder.rows)))
        elif step == "restart":
            folder.half.clear()  # the writer was killed; at its start it removes what was half-written
        elif step == "recover":
            folder.recover()
        elif step == "merge":
            for merge in plan(folder.names(), folder.sizes, over=over, limits=SMALL, avoid=avoid):
                assert is_sound(folder, merge)
                assert not avoid & set(merge.sources)
                folder.merge(merge, dice.choice([0.3, 1.0]), dice.randint(0, len(merge.sources) + 1))
                folder.check()
        folder.check()


def day(files: int, size: int, limits: Limits, every: int) -> tuple[Folder, int]:
    """A day of a stream: a file a second, a pass of compaction every so many files. Gives bytes written again."""
    folder, again = Folder(), 0
    for n in range(files):
        folder.begin(1)
        folder.publish(n, size)
        if n % every == every - 1:
            again += settle(folder, limits, over=False)
    return folder, again + settle(folder, limits, over=True)


def settle(folder: Folder, limits: Limits, *, over: bool) -> int:
    again = 0
    while merges := plan(folder.names(), folder.sizes, over=over, limits=limits):
        for merge in merges:
            again += sum(folder.sizes[n] for n in merge.sources)
            folder.merge(merge, 1.0, len(merge.sources) + 1)
    return again


def test_a_busy_day_ends_as_few_files_and_is_written_again_few_times() -> None:
    limits = Limits()
    folder, again = day(6_000, 60_000, limits, 100)
    total = 6_000 * 60_000
    assert len(folder.rows) <= 2 * total / limits.file_bytes + 1
    assert max(folder.sizes.values()) <= limits.file_bytes
    assert again <= 4.5 * total
    folder.check()


def test_while_it_is_written_to_a_folder_has_few_files_too() -> None:
    folder = Folder()
    most = 0
    for n in range(6_000):
        folder.begin(1)
        folder.publish(n, 4_000)
        if n % 60 == 59:
            settle(folder, Limits(), over=False)
            most = max(most, len(folder.rows))
    assert most <= 4 * Limits().fan


def test_the_newest_files_of_a_folder_that_is_written_to_stay() -> None:
    names = [f"live-x-{n:05}.parquet" for n in range(20)]
    sizes = dict.fromkeys(names, 1)
    [merge] = plan(names, sizes, over=False, limits=Limits())
    assert (merge.first, merge.last) == (0, 17)
    [merge] = plan(names, sizes, over=True, limits=Limits())
    assert (merge.first, merge.last) == (0, 19)


def test_what_comes_after_an_unfinished_file_waits() -> None:
    names = [f"live-x-{n:05}.parquet" for n in range(40) if n != 20]
    sizes = dict.fromkeys(names, 1)
    [merge] = plan([*names, ".live-x-00020.parquet.tmp"], sizes, over=True, limits=Limits())
    assert (merge.first, merge.last) == (0, 19)


def test_only_files_of_live_sensors_are_merged() -> None:
    names = [f"0123456789abcdef-{n:05}.parquet" for n in range(40)] + ["detect-00000.parquet", "mine.parquet"]
    assert not plan(names, dict.fromkeys(names, 1), over=True, limits=Limits())


def test_a_large_file_is_not_written_again_for_crumbs() -> None:
    sizes = {"live-x-00000~00900.parquet": 100_000_000, "live-x-00901.parquet": 3_000, "live-x-00902.parquet": 3_000}
    [merge] = plan(list(sizes), sizes, over=True, limits=Limits())
    assert merge.sources == ("live-x-00901.parquet", "live-x-00902.parquet")
    sizes = {"live-x-00000~00900.parquet": 100_000_000, "live-x-00901~00902.parquet": 4_000}
    assert not plan(list(sizes), sizes, over=True, limits=Limits())
