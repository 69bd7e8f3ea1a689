"""The one hook for changes of plain files: `with recorded(path, change): ...write the file...`.

Such a file is changed by commands that need no service: its log stands beside it, in the folder `.linewarden`, or is
that of the service whose configuration the environment's LINEWARDEN_AUDIT names. Before the file changes, what will be
changed is noted as pending; after it, the entry is written and the note removed in one transaction. After a kill in
between the next change looks whether the file is still as it was: then nothing happened; if not, the
entry is written then.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import stat
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import StoreError
from linewarden.service.audit.entry import Change, whoever_asks

if TYPE_CHECKING:
    from linewarden.service.audit.ledger import Ledger

FOLDER = ".linewarden"


@contextlib.contextmanager
def recorded(path: Path, change: Change, *, ledger: Ledger | None = None) -> Iterator[None]:
    """Around the writing of `path`, a file or a folder of files. What raises in the block changed nothing.

    `ledger`: the log, if not the one of the file's folder.

    What is no plain file (a device, a pipe) keeps nothing and is not recorded.

    Raises StoreError if the log cannot be written: then the block is not entered, and nothing is changed.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not (target.is_file() or target.is_dir()):
        yield
        return
    from linewarden.service.audit.heads import sign
    from linewarden.service.audit.places import ledger_of_files

    with _alone(target.parent), contextlib.ExitStack() as stack:
        log = ledger or stack.enter_context(ledger_of_files(target.parent))
        settle(log, target.parent)
        before = fingerprint(target)
        number = _note(log, target, before, change)
        try:
            yield
        except BaseException:
            settle(log, target.parent)
            raise
        _written(log, number, with_hashes(change, target, before, fingerprint(target)), whoever_asks())
        sign_if_possible(log, sign)


def sign_if_possible(ledger: Ledger, sign: Any) -> None:
    """Who may change a file need not be able to read the key: then the next who can signs this entry, too."""
    if os.access(ledger.key_file, os.R_OK):
        sign(ledger)


def with_hashes(change: Change, target: Path, before: str | None, after: str | None) -> Change:
    """The change, and what tells the file before and after."""
    return replace(change, target=str(target), detail={**change.detail, "sha256": {"before": before, "after": after}})


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One change in a folder at a time; the lock goes with the process."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read ({error.strerror or error}); make the folder first") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _note(ledger: Ledger, target: Path, before: str | None, change: Change) -> str:
    from sqlalchemy import insert

    from linewarden.service.audit.entry import plain
    from linewarden.service.state.engine import said
    from linewarden.service.state.tables import AUDIT_PENDING

    body = {"action": change.action, "before": plain(change.before), "after": plain(change.after),
            "detail": plain(change.detail), "who": dict(whoever_asks())}  # fmt: skip
    row = {"id": uuid.uuid4().hex, "host": platform.node(), "path": str(target), "before": before,
           "body": json.dumps(body)}  # fmt: skip
    with said(ledger.state.where), ledger.state.engine.begin() as connection:
        connection.execute(insert(AUDIT_PENDING).values(row))
    return str(row["id"])


def _written(ledger: Ledger, number: str, change: Change | None, who: Any) -> None:
    """The entry, if there is one, and the note away: together."""
    from sqlalchemy import delete

    from linewarden.service.state.engine import said
    from linewarden.service.state.tables import AUDIT_PENDING

    with said(ledger.state.where), ledger.state.engine.begin() as connection:
        if change is not None:
            ledger.record(connection, change, who)
        connection.execute(delete(AUDIT_PENDING).where(AUDIT_PENDING.c.id == number))


def settle(ledger: Ledger, folder: Path) -> int:
    """Ends what was broken off in this folder, whose lock the caller has; gives how many entries were written."""
    from sqlalchemy import select

    from linewarden.service.state.engine import said
    from linewarden.service.state.tables import AUDIT_PENDING

    c, written = AUDIT_PENDING.c, 0
    with said(ledger.state.where), ledger.state.engine.connect() as connection:
        rows = connection.execute(select(c.id, c.path, c.before, c.body).where(c.host == platform.node())).all()
    for number, path, before, body in rows:
        target = Path(path)
        if target.parent != folder:
            continue
        now, was = fingerprint(target), json.loads(body)
        change = None
        if now != before:
            detail = {**was["detail"], "broken_off": "killed while it was written; told afterwards"}
            change = Change(was["action"], path, was["before"], was["after"], detail)
            change, written = with_hashes(change, target, before, now), written + 1
        _written(ledger, number, change, was["who"])
    return written


def fingerprint(path: Path) -> str | None:
    """SHA-256 of a file, or over the names and hashes of a folder's files; None: nothing there, or not readable."""
    try:
        if path.is_dir():
            those = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            lines = "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in those)
            return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
