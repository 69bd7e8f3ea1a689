"""Where a command gets what it shows: a lake here, or a console (`--server`). Imports nothing heavy.

A command is written once, against `Source`. The program hands in `connect`, as what asks over the network stands above
this folder.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.casing import Cases
    from linewarden.service.evidence import Record
    from linewarden.service.lake import Answer
    from linewarden.service.noticing import Notices, Wanted
    from linewarden.service.tags import Tag

VARIABLE = "LINEWARDEN_TOKEN"
OPTIONS = ("--server", "--token-file", "--ca")


class Source(Protocol):
    """What is asked."""

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def empty(self) -> str:
        """What to do where it has no notices."""

    def notices(self, wanted: Wanted) -> Notices:
        """Those that fit, by time."""

    def cases(self) -> Cases:
        """All, the most urgent first."""

    def proofs(self, case_id: str, notice_ids: Sequence[str]) -> dict[str, tuple[Record, ...]] | None:
        """The records behind the notices of a case; None where only the console shows them."""

    def tags(self, device: str | None) -> list[Tag]:
        """The process values, what moves first."""

    def query(self, sql: str) -> AbstractContextManager[Answer]:
        """What a SELECT finds."""


@dataclass(frozen=True, slots=True)
class Server:
    """A console: where, what opens it, and who signed its certificate."""

    url: str
    token: str
    ca: Path | None


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of the audit log: its number, when (ns UTC), and all that it says."""

    seq: int
    ts: int
    says: dict[str, Any]


class Console(Source, Protocol):
    """A console, which has its log besides."""

    def audit(self, first: int, since: int | None) -> Iterator[Listed]:
        """Entries from the number `first` on and after `since` (ns UTC), the oldest first."""


Connect = Callable[[Server], AbstractContextManager[Console]]


@dataclass(frozen=True, slots=True)
class LocalLake:
    """A lake on this machine, with all rights: who may read the files may read what is in them."""

    path: Path

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.path)

    @property
    def empty(self) -> str:
        """It may not be judged yet."""
        return f"`linewarden detect {self.path} --write` judges it; if it was judged, nothing was found."

    def notices(self, wanted: Wanted) -> Notices:
        """As `Source`."""
        from linewarden.service.noticing import notices_of

        return notices_of(self.path, wanted)

    def cases(self) -> Cases:
        """As `Source`."""
        from linewarden.service.casing import cases_of

        return cases_of(self.path)

    def proofs(self, case_id: str, notice_ids: Sequence[str]) -> dict[str, tuple[Record, ...]] | None:
        """As `Source`."""
        from linewarden.service.evidence import evidence_of
        from linewarden.service.lake import open_lake

        return evidence_of(open_lake(self.path), list(notice_ids))

    def tags(self, device: str | None) -> list[Tag]:
        """As `Source`."""
        from linewarden.service.tags import known_tags

        return known_tags(self.path, device)

    def query(self, sql: str) -> AbstractContextManager[Answer]:
        """As `Source`."""
        from linewarden.service.lake import open_lake, query

        return query(open_lake(self.path), sql)


def add_where(parser: argparse.ArgumentParser, connect: Connect | None, help: str = "a lake") -> None:
    """Adds LAKE, and what is given in its place to ask a console."""
    lake = parser.add_argument("lake", type=Path, metavar="LAKE", help=f"{help}; none with --server")
    add_server(parser, instead_of=lake)
    parser.set_defaults(connect=connect)


def add_server(parser: argparse.ArgumentParser, instead_of: argparse.Action | None = None) -> None:
    """Adds the options that name a console. `instead_of`: what nobody gives with them."""
    add: Any = parser.add_argument
    add("--server", metavar="URL", help="ask this console, https://HOST:PORT, and no lake")
    add("--token-file", type=Path, metavar="FILE", help=f"a file with the API token (default: ${VARIABLE})")
    add("--ca", type=Path, metavar="FILE", help="who signed its certificate (PEM; default: those the system trusts)")
    whole = parser.parse_known_args

    def parse(args: Sequence[str] | None = None, namespace: Any = None) -> Any:
        words = list(args or ())
        if instead_of is not None and any(_option(w) == "--server" for w in words):
            parser._actions.remove(instead_of)
            parser.set_defaults(**{instead_of.dest: None})
            words = _server_last(words)
        return whole(words, namespace)

    parser.parse_known_args = parse  # type: ignore[assignment,method-assign]


def _option(word: str) -> str:
    return word.partition("=")[0]


def _server_last(words: list[str]) -> list[str]:
    """The same words with the options of a console at the end: argparse takes no optional argument after an option."""
    if "--" in words:
        return words
    rest, moved, left = [], [], iter(words)
    for word in left:
        if word in OPTIONS:
            moved += [word, *itertools.islice(left, 1)]
        elif _option(word) in OPTIONS:
            moved.append(word)
        else:
            rest.append(word)
    return rest + moved


@contextlib.contextmanager
def source_of(args: argparse.Namespace) -> Iterator[Source]:
    """What the options name. Raises ConfigError."""
    server = server_of(args)
    if server is None:
        yield LocalLake(args.lake)
        return
    connect: Connect = args.connect
    with connect(server) as console:
        yield console


def server_of(args: argparse.Namespace) -> Server | None:
    """The console that the options name, if they name one. Raises ConfigError without a token for it."""
    if args.server is None:
        if args.token_file is not None or args.ca is not None:
            raise ConfigError("--token-file and --ca are for --server URL; give that too")
        return None
    return Server(args.server, _token(args.token_file), args.ca)


def _token(file: Path | None) -> str:
    """Never from the command line itself, which every user of the machine can see."""
    if file is None:
        if found := os.environ.get(VARIABLE, "").strip():
            return found
        raise ConfigError(f"--server: needs an API token: --token-file FILE, or ${VARIABLE}")
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no text"
        raise ConfigError(f"{file}: no token can be read from it ({why})") from error
