"""Proofs that stand alone: who has a head of the log checks an entry, or a later head, without the database."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from linewarden.errors import ConfigError
from linewarden.service.audit.ledger import Ledger, entries, getter
from linewarden.service.state.engine import READS, said
from linewarden.service.state.tables import AUDIT_HEAD
from linewarden.trust.merkle import (
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
)
from linewarden.trust.note import TreeHead, VerifierKey, head_in, signers_of


def of_entry(ledger: Ledger, seq: int) -> dict[str, Any]:
    """That an entry is in the log: its text, the path of hashes, and the newest signed head over it.

    Raises ConfigError if there is no such entry, or no head over it yet.
    """
    entry = next(entries(ledger.state, seq, seq + 1), None)
    if entry is None:
        raise ConfigError(f"there is no entry {seq}; `linewarden audit list` lists them")
    note, head = _newest(ledger)
    if head.size <= seq:
        raise ConfigError(f"no head over entry {seq} is signed yet; `linewarden audit head` signs one")
    with said(ledger.state.where), ledger.state.engine.connect().execution_options(**READS) as connection:
        path = inclusion_proof(seq, head.size, getter(connection))
    return {"kind": "inclusion", "entry": seq, "body": entry.body, "path": _shown(path), "head": note}


def since(ledger: Ledger, old_note: str) -> dict[str, Any]:
    """That the log of a kept head is the beginning of what it is now. Raises ConfigError if it is not."""
    old = head_in(old_note)
    note, head = _newest(ledger)
    if old.origin != head.origin or old.size > head.size:
        raise ConfigError("the log does not go on from this head; `linewarden audit verify --head` says why")
    with said(ledger.state.where), ledger.state.engine.connect().execution_options(**READS) as connection:
        path = consistency_proof(old.size, head.size, getter(connection))
    if not consistency_holds(old.size, head.size, old.root, head.root, path):
        raise ConfigError("the log does not go on from this head; `linewarden audit verify --head` says why")
    return {"kind": "consistency", "old": old_note, "path": _shown(path), "head": note}


def holds(proof: Mapping[str, Any], keys: Sequence[VerifierKey]) -> str:
    """What a proof proves, in a line. Raises ConfigError if it proves nothing: a hash or a signature does not fit."""
    try:
        head, path = head_in(proof["head"]), [base64.b64decode(h, validate=True) for h in proof["path"]]
        _signed(proof["head"], keys)
        if proof["kind"] == "inclusion":
            leaf = leaf_hash(str(proof["body"]).encode())
            if inclusion_holds(leaf, int(proof["entry"]), head.size, path, head.root):
                return f"entry {proof['entry']} is in the log {head.origin}, as the head over {head.size} entries says"
        elif proof["kind"] == "consistency":
            old = head_in(proof["old"])
            _signed(proof["old"], keys)
            if old.origin == head.origin and consistency_holds(old.size, head.size, old.root, head.root, path):
                return f"the first {old.size} entries of {head.origin} are the same in the head over {head.size}"
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ConfigError(f"is no proof ({type(error).__name__}); make it with `linewarden audit proof`") from error
    raise ConfigError("the proof does not hold: a hash in it does not lead to the head")


def _signed(note: str, keys: Sequence[VerifierKey]) -> None:
    if not signers_of(note, keys):
        raise ConfigError("the head of the proof is not signed by this key")


def _newest(ledger: Ledger) -> tuple[str, TreeHead]:
    newest = select(AUDIT_HEAD.c.note).order_by(AUDIT_HEAD.c.size.desc()).limit(1)
    with said(ledger.state.where), ledger.state.engine.connect().execution_options(**READS) as connection:
        note = connection.execute(newest).scalar()
    if note is None:
        raise ConfigError("the log has no signed head yet; `linewarden audit head` signs one")
    return str(note), head_in(str(note))


def _shown(path: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(h).decode() for h in path]
