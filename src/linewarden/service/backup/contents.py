"""What belongs into a backup, and under which name: files by their path from the configuration's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from linewarden.service.audit.beside import FOLDER
from linewarden.service.audit.places import KEY
from linewarden.service.config.state_url import sqlite_file
from linewarden.service.corrections_file import FILE as CORRECTIONS
from linewarden.service.lake_files import folders, streams, visible

if TYPE_CHECKING:
    from linewarden.service.config.model import Config

ELSEWHERE = "elsewhere"
"""In it stands what is not below the configuration's folder, by its absolute path."""
STATE = "state.db"
"""The state, where its database is no file (PostgreSQL)."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to be in the backup. `is_database`: an SQLite file, of which a snapshot is taken."""

    name: str
    path: Path
    is_database: bool = False


def name_of(path: Path, base: Path) -> str:
    """The name in the backup."""
    try:
        return str(PurePosixPath(path.relative_to(base)))
    except ValueError:
        return str(PurePosixPath(ELSEWHERE, *path.parts[1:]))


def items(config: Config, file: Path) -> list[Item]:
    """All small files, each once. What is not there is left out."""
    base = file.parent
    found: dict[Path, Item] = {}
    for path, is_database in _paths(config, file):
        if path.is_file():
            found.setdefault(path, Item(name_of(path, base), path, is_database))
    return list(found.values())


def _paths(config: Config, file: Path) -> Iterator[tuple[Path, bool]]:
    data, expected, rules = config.service.data, config.detect.expected, config.detect.rules
    if (state := sqlite_file(config.state_url)) is not None:
        yield state, True
    yield from ((path, False) for path in (file, data / KEY, config.lake_folder / CORRECTIONS))
    yield from ((path, False) for path in sorted(data.glob("baseline-*.json")))
    if expected is not None:
        yield expected, False
    if rules is not None and rules.is_dir():
        yield from ((path, False) for path in sorted(rules.glob("*.json")))
    yield from ((path, False) for path in sorted((data / "tls").glob("*.*")))
    yield from ((path, False) for path in _secrets(config))
    edited = [file, *([expected] if expected else []), *([rules] if rules else []), config.lake_folder / CORRECTIONS]
    for folder in dict.fromkeys(path.parent for path in [*edited, data / "baseline", data / "tls" / "server.pem"]):
        yield folder / FOLDER / "audit.db", True
        yield folder / FOLDER / KEY, False


def _secrets(config: Config) -> Iterator[Path]:
    """The files that the configuration names: keys, certificates, secrets."""
    yield from (Path(place[5:]) for place in config.secrets.former if place.startswith("file:"))
    if config.console.certificate is not None:
        yield config.console.certificate
    tables: list[Any] = [
        config.state,
        config.secrets,
        config.console,
        *config.export,
        *([config.digest] if config.digest else []),
        *config.oidc,
    ]
    for table in tables:
        for name, value in table:
            if name.endswith("_file") and value is not None:
                yield value
            elif (
                isinstance(value, str)
                and name in ("token", "secret", "password", "key", "client_secret")
                and value.startswith("file:")
            ):
                yield Path(value[5:])


def lake_items(config: Config, file: Path) -> list[Item]:
    """The files of the lake that count now. A file that goes meanwhile has a merged one that was not listed."""
    return [
        Item(name_of(folder / name, file.parent), folder / name)
        for stream in streams(config.lake_folder)
        for folder in folders(stream)
        for name in visible(os.listdir(folder))
    ]
