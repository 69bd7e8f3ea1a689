"""Signed tree heads, and the keys that sign them: the first is named by entry 0, each other by the one before it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from linewarden.errors import LinewardenError, StoreError
from linewarden.service.audit.entry import Change, Entry
from linewarden.service.audit.ledger import BEGIN, ROTATE, Ledger, entries_in, getter, last_of, size_of
from linewarden.service.state.engine import said
from linewarden.service.state.tables import AUDIT_ENTRY, AUDIT_HEAD
from linewarden.trust import key_files
from linewarden.trust.merkle import Frontier
from linewarden.trust.note import Signer, TreeHead, VerifierKey, head_in, signed


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log, and from which size on heads are signed with it."""

    key: VerifierKey
    since: int


def sign(ledger: Ledger) -> str:
    """Signs how the log is now, unless that is signed already or it is empty; gives the note, or nothing.

    Raises StoreError: the key is not that of the log, or what was signed before is no longer its beginning.
    """
    with said(ledger.state.where), ledger.state.engine.begin() as connection:
        size = size_of(connection)
        last = newest_head(connection)
        if not size or (last is not None and last.size == size):
            return ""
        return _sign(connection, [_signer(connection, ledger)], size)


def _sign(connection: Connection, signers: list[Signer], size: int) -> str:
    get = getter(connection)
    last = newest_head(connection)
    if last is not None and (last.size > size or Frontier.of(last.size, get).root() != last.root):
        raise StoreError("the audit log does not go on from its last signed head; `linewarden audit verify` says why")
    note = signed(TreeHead(signers[0].name, size, Frontier.of(size, get).root()), signers)
    # Another writer may sign the same head in this moment: then that is it.
    with contextlib.suppress(IntegrityError), connection.begin_nested():
        connection.execute(insert(AUDIT_HEAD).values({"size": size, "ts": datetime.now(UTC), "note": note}))
    return note


def newest_head(connection: Connection) -> TreeHead | None:
    """The last head that was signed."""
    note = connection.execute(select(AUDIT_HEAD.c.note).order_by(AUDIT_HEAD.c.size.desc()).limit(1)).scalar()
    return None if note is None else head_in(note)


def newest_note(ledger: Ledger) -> str:
    """The same as the text that a person keeps; empty without one."""
    with said(ledger.state.where), ledger.state.engine.connect() as connection:
        found = connection.execute(select(AUDIT_HEAD.c.note).order_by(AUDIT_HEAD.c.size.desc()).limit(1)).scalar()
    return str(found or "")


def _signer(connection: Connection, ledger: Ledger) -> Signer:
    keys = keys_of([e for a in (BEGIN, ROTATE) if (e := last_of(connection, a)) is not None])
    if not keys:
        raise StoreError("the audit log does not begin with its key; `linewarden audit verify` says more")
    newest = keys[-1].key
    found = key_files.read_signer(ledger.key_file, newest.name)
    if found.verifier != newest:
        raise StoreError(f"{ledger.key_file}: is not the key of this audit log ({newest}); bring back the right one")
    return found


def keys_of(those: list[Entry]) -> list[LogKey]:
    """The keys that entries name, in order. What is no key is left out; checking says so."""
    found = []
    for entry in those:
        try:
            named = json.loads(entry.body)["after"]["key"]
            found.append(LogKey(VerifierKey.parse(named), entry.seq + 1))
        except (ValueError, KeyError, TypeError, LinewardenError):
            continue
    return found


def all_keys(connection: Connection) -> list[LogKey]:
    """The keys of the log in their order, oldest first."""
    seqs = select(AUDIT_ENTRY.c.seq).where(AUDIT_ENTRY.c.action.in_((BEGIN, ROTATE))).order_by(AUDIT_ENTRY.c.seq)
    those = [e for (seq,) in connection.execute(seqs).all() for e in entries_in(connection, seq, seq + 1)]
    return keys_of(those)


def rotate(ledger: Ledger) -> VerifierKey:
    """A new key signs from now on. The old one vouches for it: both sign the head that names it.

    The old private key is deleted when the new one is in its place. Killed in between, the next `rotate` or `sign`
    finds the new key beside the old one, and takes it if the log names it.
    """
    path = ledger.key_file
    new_path = path.with_name(path.name + ".next")
    with said(ledger.state.where), ledger.state.engine.begin() as connection:
        old = _signer(connection, ledger)
        new_path.unlink(missing_ok=True)
        key_files.make_file(new_path, key_files.new_signing_key())
        new = key_files.read_signer(new_path, old.name)
        ledger.record(
            connection, Change(ROTATE, old.name, before={"key": str(old.verifier)}, after={"key": str(new.verifier)})
        )
        _sign(connection, [old, new], size_of(connection))
    _take(ledger)
    return new.verifier


def _take(ledger: Ledger) -> None:
    new_path = ledger.key_file.with_name(ledger.key_file.name + ".next")
    new_path.replace(ledger.key_file)
    key_files.sync_folder(ledger.key_file.parent)


def finish_rotation(ledger: Ledger) -> None:
    """After a kill in the middle of `rotate`: the new key takes its place, if the log names it."""
    new_path = ledger.key_file.with_name(ledger.key_file.name + ".next")
    if not new_path.exists():
        return
    with said(ledger.state.where), ledger.state.engine.connect() as connection:
        keys = all_keys(connection)
    if keys and key_files.read_signer(new_path, keys[-1].key.name).verifier == keys[-1].key:
        _take(ledger)
    else:
        new_path.unlink(missing_ok=True)
