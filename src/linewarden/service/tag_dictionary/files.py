"""The dictionary's files, in the lake beside the records: one that people write, and one of each service's machines.

tags.json            what people said           (service/tag_dictionary/editing.py)
tags-said-ID.json    what machines said         (collectors; ID of their spool)
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from linewarden.collectors.contract import Tag
from linewarden.errors import StoreError
from linewarden.service.tag_dictionary.facts import NAMES, NOTHING, Facts
from linewarden.service.values.tag import KEY, TagKey

PEOPLE = "tags.json"
SAID = "tags-said-"
VERSION = 1
LOOK_S = 1.0
"""The files are looked at no more often."""
Known = Mapping[TagKey, Facts]


def said_by_people(lake: Path) -> dict[TagKey, Facts]:
    """What people said; nothing if there is no file. Raises StoreError if it is not ours."""
    return _read(lake / PEOPLE)


def said_by_machines(lake: Path) -> dict[TagKey, Facts]:
    """What machines said. Of two services that both know a tag, the file that comes later by name counts."""
    found: dict[TagKey, Facts] = {}
    for path in sorted(lake.glob(f"{SAID}*.json")):
        found |= _read(path)
    return found


def keep(path: Path, known: Known) -> None:
    """Writes a file whole, or not at all; a row a tag. Raises StoreError."""
    from linewarden.service.files import reserve

    rows = [[*key, *(getattr(facts, name) for name in NAMES)] for key, facts in known.items() if facts != NOTHING]
    head = json.dumps({"version": VERSION, "columns": [*KEY, *NAMES]})
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    with reserve(path) as file:
        file.write(f'{head[:-1]}, "rows": [\n{lines}\n]}}\n')


def facts_of_machines(tags: Iterable[Tag]) -> dict[TagKey, Facts]:
    """What collectors were told of their tags."""
    return {
        TagKey(t.source, t.protocol, t.unit, t.area, t.name or None, t.start or 0): Facts(
            ucum=t.ucum, description=t.description, datatype=t.datatype, low=t.low, high=t.high
        )
        for t in tags
        if t.ucum or t.description or t.datatype or t.low is not None or t.high is not None
    }


def _read(path: Path) -> dict[TagKey, Facts]:
    mend = "mend it, or delete it to forget what was said of tags"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != VERSION:
            raise ValueError(f"is of version {data['version']!r}; this version of Linewarden reads {VERSION}")
        columns = data["columns"]
        return dict(_row(dict(zip(columns, row, strict=True))) for row in data["rows"])
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}); check its owner") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"{path}: damaged ({error}); {mend}") from error


def _row(said: Mapping[str, Any]) -> tuple[TagKey, Facts]:
    key = TagKey(*(said[name] for name in KEY))
    parts = ((key.source, str), (key.protocol, str), (key.address, int))
    if not all(isinstance(part, of) for part, of in parts):
        raise TypeError(f"{list(key)} names no tag")
    return key, Facts(**{name: said[name] for name in NAMES if name in said})


class Dictionary:
    """The dictionary of a lake, read again when its files change. Thread-safe; never raises: `wrong` says it."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._looked = 0.0
        self._files: tuple[tuple[str, int, int], ...] = ()
        self._facts: Known = {}
        self.wrong = ""
        self.version = 0
        """Counts what was said anew."""

    def of(self, key: TagKey) -> Facts:
        """What is known of a tag, as far as somebody said it."""
        return self._fresh().get(key, NOTHING)

    def all(self) -> Known:
        """Of all tags of which something was said."""
        return self._fresh()

    def _fresh(self) -> Known:
        with self._lock:
            if time.monotonic() - self._looked < LOOK_S and self._looked:
                return self._facts
            self._looked = time.monotonic()
            files = self._stamps()
            if files != self._files:
                self._files = files
                self._load()
            return self._facts

    def _load(self) -> None:
        try:
            self._facts = known_facts(self._lake)
            self.wrong = ""
        except StoreError as error:
            self.wrong = str(error)
        self.version += 1

    def _stamps(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        for path in (self._lake / PEOPLE, *sorted(self._lake.glob(f"{SAID}*.json"))):
            try:
                about = path.stat()
            except OSError:
                continue
            found.append((path.name, about.st_mtime_ns, about.st_size))
        return tuple(found)

    def soon(self) -> None:
        """Looks again at the next question: something was changed just now."""
        self._looked = 0.0


def known_facts(lake: Path) -> dict[TagKey, Facts]:
    """What is known of all tags: what people said, and where they say nothing what machines did. Raises StoreError."""
    found = said_by_machines(lake)
    for key, facts in said_by_people(lake).items():
        found[key] = facts.over(found.get(key, NOTHING))
    return found
