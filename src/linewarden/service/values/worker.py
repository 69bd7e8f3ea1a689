"""The process that reads the values of a lake. A line of JSON a question, and a line an answer, in any order:

    {"number": 7, "what": "find", "ask": {...}, "names": 3}     {"number": 7, "total": 38400, "tags": [...], ...}
    {"number": 8, "what": "trends", "ids": [...], ...}          {"number": 8, "error": "...", "kind": "query"}

It is kinder than those that serve pages (nice), is asked by nobody else, and ends with its input: then what it read is
written down.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from linewarden.errors import LinewardenError, QueryError
from linewarden.service.spare_memory import give_back
from linewarden.service.tag_dictionary.facts import NAMES as FACTS, NOTHING
from linewarden.service.tag_dictionary.files import Dictionary
from linewarden.service.values.book import WAIT_S
from linewarden.service.values.events import commands_to
from linewarden.service.values.filing import write_file
from linewarden.service.values.finding import Ask, Names, described, find
from linewarden.service.values.kept import Shelf
from linewarden.service.values.known import Known
from linewarden.service.values.tag import TagState
from linewarden.service.values.trends import Trends

NICE = 5
AT_ONCE = 4
LOOK_S = 20.0
"""Where nobody asks, it looks for new values so often, so that there are few when somebody does."""
START_S = 2.0
"""A small lake was read by then: so long somebody waits for it. For a large one nobody waits."""
ANSWERS = 32
"""Pages that are kept: many people look at the same."""


def main() -> None:
    """Answers until its input ends."""
    told = json.loads(sys.argv[1])
    with suppress(OSError):
        os.nice(NICE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    shelf = _shelf(told["index"])
    clerk = Clerk(Trends(Path(told["lake"]), shelf, threads=1), sys.stdout.buffer)
    ended = threading.Event()
    threading.Thread(target=_look_now_and_then, args=(clerk, ended), daemon=True).start()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for line in sys.stdin.buffer:
            pool.submit(clerk.answer, json.loads(line))
    ended.set()
    with suppress(LinewardenError, OSError, ValueError):
        clerk.trends.close()
    os._exit(0)  # a look that is at work is not waited for: what it read is written down


def _shelf(index: str | None) -> Shelf | None:
    """None where nothing can be kept: then all is read again with each start."""
    if index is not None:
        with suppress(OSError):
            return Shelf(Path(index))
    return None


def _look_now_and_then(clerk: Clerk, ended: threading.Event) -> None:
    while True:
        clerk.trends.book.fresh(wait_s=600)
        give_back()
        if ended.wait(LOOK_S):
            return


class Clerk:
    """Answers questions about a lake to one output."""

    def __init__(self, trends: Trends, out: IO[bytes]) -> None:
        self.trends, self._out, self._lock = trends, out, threading.Lock()
        self._dictionary = Dictionary(trends.book.lake)
        self._described: tuple[Any, Any] = (None, None)
        self._names: tuple[int, Names] = (0, Names())
        self._told, self._began = -1, time.monotonic()
        self._answers: dict[Any, Any] = {}
        self._answers_of: Any = None
        self._answering: Mapping[str, Callable[[Any], Any]] = {
            "standing": lambda _: {}, "soon": self._soon, "find": self._find, "file": self._file, "tags": self._tags,
            "trends": self._trends, "commands": self._commands,
        }  # fmt: skip

    def answer(self, question: dict[str, Any]) -> None:
        """Says it."""
        book = self.trends.book
        try:
            book.fresh(max(0.0, self._began + START_S - time.monotonic()) if book.reading is not None else WAIT_S)
            told = self._answering[question["what"]](question)
        except LinewardenError as error:
            told = {"error": str(error), "kind": "query" if isinstance(error, QueryError) else "store"}
        except (ValueError, TypeError) as error:
            told = {"error": str(error), "kind": "value"}
        except Exception as error:  # noqa: BLE001 - whoever asked is waiting for an answer
            told = {"error": f"process values: unexpected {type(error).__name__}: {error}", "kind": "store"}
        self._say({"number": question["number"], **told, "standing": self._standing()})

    def _say(self, what: Any) -> None:
        line = json.dumps(what, separators=(",", ":")).encode() + b"\n"
        with self._lock, suppress(BrokenPipeError):
            self._out.write(line)
            self._out.flush()

    def _standing(self) -> dict[str, Any]:
        """The devices only where there are others than were told."""
        book = self.trends.book
        many, sources = book.known.series.height, None
        if many != self._told:
            self._told, sources = many, sorted(book.sources())
        return {"reading": book.reading, "wrong": book.wrong or self._dictionary.wrong, "sources": sources}

    def _soon(self, _: Any) -> Any:
        self._dictionary.soon()
        return {}

    def _said(self, known: Known) -> Any:
        """What people look for in what was said of tags."""
        facts = self._dictionary.all()
        state = (known.tags.height, self._dictionary.version)
        if self._described[0] != state:
            self._described = (state, described(known, facts))
        return self._described[1]

    def _row(self, tag: TagState) -> list[Any]:
        facts = self._dictionary.of(tag.key)
        said = [getattr(facts, name) for name in FACTS] if facts != NOTHING else None
        return [tag.key, tag.id, tag.number, tag.first_ts, tag.count, tag.low, tag.high, tag.total, tag.last,
                tag.last_ts, tag.moved, tag.course, said]  # fmt: skip

    def _find(self, question: Any) -> Any:
        names = self._called(question)
        if names is None:
            return {"need": "names"}
        self._dictionary.all()  # looks whether it changed
        version = self._dictionary.version
        known, ask = self.trends.book.known, json.dumps([question["ask"], question["names"], version])
        if self._answers_of is not known:
            self._answers, self._answers_of = {}, known
        answers = self._answers
        if ask not in answers:
            found = find(known, _ask(question["ask"]), names, self._said(known))
            told = {"total": found.total, "tags": [self._row(t) for t in found.tags], "last": found.last}
            if len(answers) >= ANSWERS:
                answers.clear()
            answers[ask] = told
        return answers[ask]

    def _file(self, question: Any) -> Any:
        names = self._called(question)
        if names is None:
            return {"need": "names"}
        out = Path(question["out"])
        write_file(
            self.trends.book.known, _ask(question["ask"]), names, question["format"], out, self._dictionary.all()
        )
        give_back()
        return {}

    def _called(self, question: Any) -> Names | None:
        """The names that the question means; None if they were not told yet."""
        if "told" in question:
            self._names = (question["names"], Names({a: tuple(of) for a, of in question["told"].items()}))
        number, names = self._names
        return names if number == question["names"] else None

    def _tags(self, question: Any) -> Any:
        found = list(map(self.trends.book.tag, question["ids"]))
        return {"tags": [t and self._row(t) for t in found]}

    def _trends(self, question: Any) -> Any:
        tags = [t for t in map(self.trends.book.tag, question["ids"]) if t is not None]
        by_id = {t.tag.id: t for t in self.trends.of(tags, question["start"], question["end"], question["points"])}
        found = list(map(by_id.get, question["ids"]))
        return {"trends": [(t.t, t.mean, t.low, t.high, t.n) if t else [[]] * 5 for t in found]}

    def _commands(self, question: Any) -> Any:
        found = commands_to(self.trends, question["devices"], question["start"], question["end"])
        return {"commands": [[getattr(c, name) for name in c.__slots__] for c in found]}


def _ask(told: Mapping[str, Any]) -> Ask:
    after = told["after"]
    return Ask(**{**told, "after": None if after is None else (after[0], str(after[1]))})


if __name__ == "__main__":
    main()
