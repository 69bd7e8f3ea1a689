"""Which log is meant: that of a service (its configuration), or the one beside files (their folder)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from linewarden.errors import ConfigError
from linewarden.service.audit.beside import FOLDER
from linewarden.service.audit.heads import finish_rotation
from linewarden.service.audit.ledger import Ledger
from linewarden.service.state import open_state

VARIABLE = "LINEWARDEN_AUDIT"
KEY = "audit.key"
WHERE = "name the service's configuration, or a file or folder that one of the commands in docs/audit.md changed"


@contextlib.contextmanager
def ledger_of_files(folder: Path) -> Iterator[Ledger]:
    """The log for changes of files in a folder; it is made if it is not there."""
    if named := os.environ.get(VARIABLE):
        with ledger_at(Path(named), make=True) as ledger:
            yield ledger
        return
    with _opened(f"sqlite:///{folder / FOLDER / 'audit.db'}", folder / FOLDER / KEY, None) as ledger:
        yield ledger


@contextlib.contextmanager
def ledger_at(place: Path, *, make: bool = False) -> Iterator[Ledger]:
    """The log of a configuration (`make`: also a new one), or that beside a file or in a folder.

    Raises ConfigError if there is none.
    """
    if place.suffix == ".toml" and place.is_file() and _is_config(place):
        from linewarden.service.config import load_config
        from linewarden.service.config.state_url import sqlite_file

        config = load_config(place)
        file = sqlite_file(config.state_url)
        if not make and file is not None and not file.exists():
            raise ConfigError(f"{place}: has no audit log yet; it is made when `linewarden serve` first starts")
        with _opened(config.state_url, config.service.data / KEY, config.state_password()) as ledger:
            yield ledger
        return
    folder = next((f for f in (place, place.parent) if (f / FOLDER / "audit.db").is_file()), None)
    if folder is None:
        raise ConfigError(f"{place}: has no audit log; {WHERE}")
    with _opened(f"sqlite:///{folder / FOLDER / 'audit.db'}", folder / FOLDER / KEY, None) as ledger:
        yield ledger


def _is_config(path: Path) -> bool:
    """`expected.toml` is TOML too, and is no configuration."""
    from linewarden.service.config.loading import read_toml

    return "sensor" in read_toml(path)


@contextlib.contextmanager
def _opened(url: str, key_file: Path, password: str | None) -> Iterator[Ledger]:
    state = open_state(url, password=password)
    try:
        ledger = Ledger(state, key_file)
        finish_rotation(ledger)
        yield ledger
    finally:
        state.close()
