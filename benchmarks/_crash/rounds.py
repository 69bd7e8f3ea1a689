"""One kill: what was acknowledged before it, and what is there after it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import polars as pl

from linewarden.errors import StoreError
from linewarden.service.lake import open_lake

CONFIG = """
[service]
site = "crash"
data = "{data}"
log = {{ level = "info", format = "json" }}
[[sensor]]
name = "cable"
interfaces = ["near0"]
user = "root"
[lake]
compact_every_s = 1
[state]
url = "{state}"
[http]
listen = "127.0.0.1:9480"
"""
PORT = 9480


@dataclass(frozen=True, slots=True)
class Round:
    """A line of the table."""

    number: int
    after_s: float
    note: str
    acknowledged: int
    lost: int
    doubled: int
    half: int
    start_s: float
    files: int

    HEAD: ClassVar[str] = (
        f"{'kill':>5} {'after s':>8} {'acknowledged':>13} {'lost':>6} {'doubled':>8} {'half files':>11} "
        f"{'start s':>8} {'files':>6}  note"
    )

    def __str__(self) -> str:
        return (
            f"{self.number:>5} {self.after_s:>8.2f} {self.acknowledged:>13,} {self.lost:>6} {self.doubled:>8} "
            f"{self.half:>11} {self.start_s:>8.2f} {self.files:>6}  {self.note}"
        )


class Reader(threading.Thread):
    """Looks into the lake all the time, as a console would, and remembers every number that it saw there."""

    def __init__(self, lake: Path) -> None:
        super().__init__(daemon=True)
        self.lake = lake
        self.seen: set[int] = set()
        self.half = 0
        self.doubled = 0
        self._files: set[str] = set()
        self._over = threading.Event()

    def run(self) -> None:
        """Looks until it is ended."""
        while not self._over.wait(0.1):
            self.look()

    def look(self) -> None:
        """Files that are new since the last time; every tenth look, all of them at once."""
        for file in visible(self.lake):
            if file.name in self._files:
                continue
            try:
                self.seen.update(numbers(file))
                self._files.add(file.name)
            except FileNotFoundError:
                pass  # merged since it was listed
            except pl.exceptions.PolarsError:
                self.half += file.exists()

    def end(self) -> set[int]:
        """All that it saw."""
        self._over.set()
        self.join(20)
        return self.seen


def visible(lake: Path) -> list[Path]:
    """The files that hold commands, as our readers see them."""
    try:
        return open_lake(lake).files("command")
    except StoreError:
        return []


def numbers(file: Path) -> list[int]:
    """The numbers that were written to the controller, of a file."""
    values = pl.read_parquet(file, columns=["value", "verb"], hive_partitioning=False)
    texts = values.filter(pl.col("verb") == "write")["value"].to_list()
    return [int(a) << 16 | int(b) for a, _, b in (t.partition(",") for t in texts if t)]


def all_numbers(lake: Path) -> Counter[int]:
    """How often each number is in the lake. A merge may come between listing and reading: then again."""
    while True:
        try:
            return Counter(n for file in visible(lake) for n in numbers(file))
        except FileNotFoundError:
            continue


def judged(seen: Iterable[int], there: Counter[int]) -> tuple[int, int]:
    """(lost, doubled)."""
    return sum(n not in there for n in seen), sum(count > 1 for count in there.values())
