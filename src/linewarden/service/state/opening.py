"""Opens the state, or only looks at it."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from linewarden.errors import StoreError
from linewarden.service.state.engine import READS, engine_of, said
from linewarden.service.state.migrate import migrate, newest, revision_of
from linewarden.service.state.store import State


def prepare(url: str) -> None:
    """Reads and imports all that `open_state` needs of this program, for who gives up the right to read it before.

    Raises ConfigError if the URL makes no sense, or a driver is missing.
    """
    engine, _ = engine_of(url, None)
    engine.dispose()
    newest()


def open_state(url: str, *, password: str | None = None) -> State:
    """Opens a database and brings its tables up to date.

    Raises:
        StoreError: it cannot be reached, is no database, or is newer than this program.
        ConfigError: the URL makes no sense, or a driver is missing.
    """
    engine, where = engine_of(url, password)
    try:
        if engine.dialect.name == "sqlite":
            file = Path(engine.url.database or "").absolute()
            _make_folder(file.parent)
            _keep_to_ourselves(file)
        if _revision(engine) != newest():  # who only reads waits for nobody, and needs no right to write
            with said(where), engine.begin() as connection:
                migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return State(engine, where)


def _revision(engine: Engine) -> str | None:
    """None, too, where it cannot be told yet, as another program makes the tables just now."""
    try:
        with engine.connect().execution_options(**READS) as connection:
            return revision_of(connection)
    except DBAPIError:
        return None


def look_at(url: str, *, password: str | None = None) -> str:
    """What the database is, in a few words; nothing is changed in it, and no file made.

    Raises StoreError and ConfigError as `open_state` does.
    """
    engine, where = engine_of(url, password)
    try:
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
            return "not there yet; it will be made"
        with said(where), engine.connect().execution_options(**READS) as connection:
            found = revision_of(connection)
    finally:
        engine.dispose()
    if not found:
        return "there, empty; its tables will be made"
    return "there, up to date" if found == newest() else f"there; its tables go from {found} to {newest()} at the start"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror or error}); choose another [state] url") from error


def _keep_to_ourselves(file: Path) -> None:
    """Accounts are in it: nobody else on the machine reads it. SQLite gives its other files the same rights.

    Made by root it belongs to whom its folder belongs: to the user that the service runs as.
    """
    try:
        if not file.exists():
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            if os.geteuid() == 0:
                folder = file.parent.stat()
                os.chown(file, folder.st_uid, folder.st_gid)
        elif (mode := file.stat().st_mode) & 0o007:
            file.chmod(mode & 0o770)
    except PermissionError:
        return  # not ours to change; whether it can be used, the database says
    except OSError as error:
        raise StoreError(f"{file}: cannot be made ({error.strerror or error}); choose another [state] url") from error
