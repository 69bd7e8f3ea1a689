"""Which log is meant: that of a service (its configuration), or the one beside files (their folder)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from linewarden.errors import ConfigError, StoreError
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
    _make(folder)
    with _opened(f"sqlite:///{folder / FOLDER / 'audit.db'}", folder / FOLDER / KEY, None) as ledger:
        yield ledger


def _make(folder: Path) -> None:
    """The folder of the log and an empty database: what root makes belongs to the owner of the folder."""
    place, owner = folder / FOLDER, folder.stat()
    database = place / "audit.db"
    try:
        place.mkdir(exist_ok=True)
        database.touch()
        for made in (place, database) if os.geteuid() == 0 != owner.st_uid else ():
            os.chown(made, owner.st_uid, owner.st_gid, follow_symlinks=False)
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror or error}), and what cannot be recorded is not "
                         "done; ask the folder's owner") from error  # fmt: skip


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
