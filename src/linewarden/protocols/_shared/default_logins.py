"""Is this login one that a device came with? Told without keeping the password: the table has hashes of logins.

Source: `default_logins.tsv` beside this file says where its facts are from, and under which licence. Written by
scripts/default_logins.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

from linewarden.protocols._shared.message import Message, Native, Record

TABLE = Path(__file__).with_name("default_logins.tsv")
_DIGITS = 16


def digest(user: str, password: str) -> str:
    """What stands in the table for a login."""
    return sha256(f"linewarden default login\0{user}\0{password}".encode()).hexdigest()[:_DIGITS]


@cache
def _table() -> dict[str, str]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))


def makers(user: str, password: str) -> str | None:
    """Whose devices came with this login; None where that is not known, or one of both is missing."""
    return _table().get(digest(user, password)) if user and password else None


def told(message: Message) -> Iterator[Record]:
    """A row for a login whose name and password stand in the slots `username` and `secret`."""
    user, secret = (message.raw(slot).decode("utf-8", "replace") for slot in ("username", "secret"))
    yield from row(user, secret)


def row(user: str, password: str) -> Iterator[Record]:
    """A row of the protocol's own stream, where the login is one of the table."""
    if found := makers(user, password):
        yield Native({"username": user, "default_of": found})
