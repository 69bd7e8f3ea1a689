"""What machines learned, in a folder: a Parquet file each with rows of its normal time, and who usually writes what.

Rows and facts, no pickled models: a model is made of them again, so that a file from elsewhere can run nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from linewarden.analytics.blocks import Blocks
from linewarden.errors import StoreError
from linewarden.service.files import reserve

if TYPE_CHECKING:
    from linewarden.service.analysing.analysis import Analysis
    from linewarden.service.analysing.machine import Machine

VERSION = 1
KEY = "linewarden"
BOOK = "usual-writes.json"
BEGUN = -1
"""Number of the run that is not over."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a machine's file says besides its rows. until: s UTC."""

    machine: str
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    neighbours: tuple[int, ...]
    seconds: float
    rows: int
    next_fit: int
    stride: int
    number: int
    until: float
    edit: int
    frozen: bool


def file_of(folder: Path, machine: str) -> Path:
    """Where a machine is kept, whatever it is called."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", machine)[:60].lstrip(".")
    return folder / f"{plain}-{hashlib.sha256(machine.encode()).hexdigest()[:8]}.parquet"


def save_machine(folder: Path, machine: Machine) -> Path:
    """Writes its file whole or not at all. Raises StoreError."""
    blocks = machine.blocks
    begun = blocks.begun()
    parts = [*blocks.whole, *([(BEGUN, begun)] if len(begun) else [])]
    width = len(machine.tags)
    rows = [np.pad(r, ((0, 0), (0, width - r.shape[1])), constant_values=np.nan) for _, r in parts]
    whole = np.concatenate(rows) if rows else np.empty((0, width))
    run = np.concatenate([np.full(len(r), n, np.int64) for n, r in parts]) if parts else np.empty(0, np.int64)
    frame = pl.DataFrame({"run": run} | {f"{k}": whole[:, k] for k in range(width)})
    said = {
        "version": VERSION, "machine": machine.name, "tags": machine.tags, "sources": sorted(machine.sources),
        "neighbours": machine.neighbours, "seconds": machine.wanted.seconds, "rows": machine.rows,
        "next_fit": machine.next_fit, "stride": blocks.stride, "number": blocks.number, "until": machine.until,
        "edit": machine.edit, "frozen": machine.frozen,
    }  # fmt: skip
    body = io.BytesIO()
    frame.write_parquet(body, metadata={KEY: json.dumps(said)})
    path = file_of(folder, machine.name)
    with reserve(path) as file:
        file.write_bytes(body.getvalue())
    return path


def facts_of(path: Path) -> Facts:
    """What the file says, without its rows. Raises StoreError if it is none of ours."""
    try:
        said = json.loads(pl.read_parquet_metadata(path)[KEY])
        if said["version"] != VERSION:
            raise ValueError(f"of version {said['version']!r}; this one reads {VERSION}")
        return Facts(
            str(said["machine"]), tuple(map(str, said["tags"])), tuple(map(str, said["sources"])),
            tuple(map(int, said["neighbours"])), float(said["seconds"]), int(said["rows"]), int(said["next_fit"]),
            max(1, int(said["stride"])), int(said["number"]), float(said["until"]), int(said["edit"]),
            bool(said.get("frozen", False)),
        )  # fmt: skip
    except (OSError, pl.exceptions.PolarsError, KeyError, TypeError, ValueError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{path}: holds nothing that a machine learned ({text}); delete it to learn anew") from error


def load_into(path: Path, machine: Machine) -> None:
    """What the file says becomes the machine's own, and its model is made. Raises StoreError."""
    facts = facts_of(path)
    try:
        frame = pl.read_parquet(path, hive_partitioning=False)
        run = frame.get_column("run").to_numpy()
        rows = frame.drop("run").to_numpy().astype(np.float64)
        if rows.shape[1] != len(facts.tags) or len(facts.neighbours) != len(facts.tags):
            raise ValueError("its columns are not its tags")
    except (OSError, pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); delete it to learn anew") from error
    blocks = Blocks()
    blocks.stride, blocks.number = facts.stride, facts.number
    for number in dict.fromkeys(run.tolist()):
        part = rows[run == number]
        if number == BEGUN:
            blocks.add(part)
        else:
            blocks.whole.append((number, part))
    if not machine.tags:
        machine.tags, machine.columns = list(facts.tags), [-1] * len(facts.tags)
        machine.numbers = [-1] * len(facts.tags)
        machine.neighbours = list(facts.neighbours)
        machine.sources |= set(facts.sources)
    else:
        blocks = _arranged(blocks, facts.tags, machine.tags)
    machine.blocks, machine.rows, machine.next_fit = blocks, facts.rows, facts.next_fit
    machine.until, machine.edit, machine.frozen = max(machine.until, facts.until), facts.edit, facts.frozen
    machine.model = None
    if machine.rows >= machine.wanted.first_rows and len(blocks):
        machine.refit()


def _arranged(blocks: Blocks, tags: tuple[str, ...], wanted: list[str]) -> Blocks:
    """With its columns in another order; a tag that it does not have is missing."""
    place = {tag: k for k, tag in enumerate(tags)}
    index = np.array([place.get(tag, len(tags)) for tag in wanted])

    def columns(rows: np.ndarray) -> np.ndarray:
        padded = np.pad(rows, ((0, 0), (0, len(tags) + 1 - rows.shape[1])), constant_values=np.nan)
        return padded[:, index]

    blocks.whole = [(n, columns(r)) for n, r in blocks.whole]
    begun = blocks.begun()
    blocks.take_back(len(begun))
    if len(begun):
        blocks.add(columns(begun))
    return blocks


def machine_files(folder: Path) -> Iterator[Path]:
    """The files of machines, by name; none, where there is no folder."""
    yield from sorted(folder.glob("*.parquet"))


def save_book(folder: Path, said: dict[str, Any]) -> None:
    """Who usually writes what. Raises StoreError."""
    with reserve(folder / BOOK) as file:
        file.write(json.dumps({"version": VERSION, **said}, ensure_ascii=False, separators=(",", ":")) + "\n")


def load_all(folder: Path, analysis: Analysis) -> int:
    """Takes up all that is kept in a folder; the number of machines. Raises StoreError for what is damaged."""
    count = 0
    for path in machine_files(folder):
        facts = facts_of(path)
        first = facts.tags[0] if facts.tags else ""
        _, wanted = analysis.said.machine_of(first.partition("/")[0], first)
        load_into(path, analysis.machine(facts.machine, wanted))
        count += 1
    book = folder / BOOK
    if book.exists():
        try:
            analysis.doings.restore(json.loads(book.read_text(encoding="utf-8")))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{book}: cannot be read ({error}); delete it to learn anew") from error
    return count


def save_all(folder: Path, analysis: Analysis) -> None:
    """Keeps all of it. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror or error}); choose another place") from error
    for machine in analysis.machines.values():
        if machine.tags:
            save_machine(folder, machine)
    save_book(folder, analysis.doings.snapshot())
