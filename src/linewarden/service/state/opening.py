"""Opens the state, or only looks at it."""

from __future__ import annotations

from pathlib import Path

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
            _make_folder(Path(engine.url.database or "").absolute().parent)
        with said(where), engine.connect().execution_options(**READS) as connection:
            found = revision_of(connection)
        if found != newest():  # who only reads waits for nobody, and needs no right to write
            with said(where), engine.begin() as connection:
                migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return State(engine, where)


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
