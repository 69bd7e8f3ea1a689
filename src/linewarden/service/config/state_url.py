"""The URL of the state's database: which kinds there are, and how one is shown without its password."""

from __future__ import annotations

import os
from pathlib import Path

SHAPES = "use sqlite:///FILE or postgresql://USER@HOST/DATABASE"


def checked_url(text: str, folder: Path) -> str:
    """The URL with its driver, and an SQLite file under `folder` unless its path is absolute.

    Raises ValueError with the way out; it never repeats the URL, which may hold a password.
    """
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url: URL = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(f"is no URL of a database; {SHAPES}") from None
    kind = url.drivername.partition("+")[0]
    if url.drivername in ("postgresql", "postgresql+psycopg", "postgres"):
        if "password" in url.query:
            raise ValueError("a password in the query of the URL is not read; use password_file")
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        known = kind in ("sqlite", "postgresql")
        raise ValueError(f"{url.drivername}: {'no such driver here' if known else 'not supported'}; {SHAPES}")
    if not url.database or url.database == ":memory:" or url.host:
        raise ValueError("names no file, so that nothing would be kept; use sqlite:///state.db (three slashes)")
    if url.database.startswith("file:"):
        raise ValueError("names no plain file; use sqlite:///state.db")
    file = os.path.normpath(folder / url.database)
    return url.set(drivername="sqlite", database=file).render_as_string(hide_password=False)


def shown_url(text: str) -> str:
    """The URL with *** for its password."""
    from sqlalchemy.engine import make_url

    return make_url(text).render_as_string(hide_password=True)


def sqlite_file(text: str) -> Path | None:
    """The file of an SQLite URL; None for another."""
    from sqlalchemy.engine import make_url

    url = make_url(text)
    return Path(url.database) if url.drivername.startswith("sqlite") and url.database else None
