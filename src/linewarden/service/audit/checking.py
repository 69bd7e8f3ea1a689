"""Whether the log is what was written: every hash made anew, every head compared, every signature checked.

How exactly a change can be placed depends on how far it went. A changed text no longer fits its own hash: that entry is
named. Who changed the hash too, but not the tree over it, is found by the tree: a pair is named. Who made all of it
anew cannot sign: then the first head that does not fit tells between which two heads it was, and a head that was kept
elsewhere tells it even to who has the key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import Connection, func, select

from linewarden.errors import ConfigError
from linewarden.service.audit.entry import Entry
from linewarden.service.audit.heads import LogKey, all_keys
from linewarden.service.audit.ledger import BEGIN, PAGE, Ledger, entries_in
from linewarden.service.state.engine import READS, said
from linewarden.service.state.tables import AUDIT_HEAD, AUDIT_NODE, AUDIT_PENDING
from linewarden.trust.key_files import read_signer
from linewarden.trust.merkle import EMPTY, Frontier, Node, leaf_hash
from linewarden.trust.note import TreeHead, VerifierKey, head_in, signers_of

MOST_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. `entry`: which, if it can be told."""

    kind: str
    text: str
    entry: int | None = None


@dataclass(slots=True)
class Checked:
    """What was found. `covered`: entries before the last good head; what is behind it may still change unseen."""

    entries: int = 0
    heads: int = 0
    covered: int = 0
    root: bytes = EMPTY
    origin: str = ""
    key: str = ""
    pending: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: str, text: str, entry: int | None = None) -> None:
        """Notes a problem; of very many only the first."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(kind, text, entry))


@dataclass(frozen=True, slots=True)
class Kept:
    """A head that was kept elsewhere, and where."""

    name: str
    note: str


def check(ledger: Ledger, kept: Sequence[Kept] = (), trusted: VerifierKey | None = None) -> Checked:
    """Checks all of the log, as one transaction sees it. `trusted`: a key of it that is known from elsewhere.

    Raises ConfigError if a kept head is no head.
    """
    asked = [(k, head_in(k.note)) for k in kept]
    with said(ledger.state.where), ledger.state.engine.connect().execution_options(**READS) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        trusted = trusted or own_key(ledger, connection)
        found = Checked(pending=len(connection.execute(select(AUDIT_PENDING.c.id)).all()))
        notes = [str(row.note) for row in connection.execute(select(AUDIT_HEAD.c.note).order_by(AUDIT_HEAD.c.size))]
        heads = _heads(notes, found)
        roots, tree = _walk(connection, found, {h.size for h, _ in heads} | {h.size for _, h in asked})
        keys = all_keys(connection)
        _check_keys(found, keys, heads, trusted)
        _check_heads(found, keys, heads, roots)
        tree.end(found.entries)
        _check_kept(found, keys, asked, roots, trusted)
    return found


def own_key(ledger: Ledger, connection: Connection) -> VerifierKey | None:
    """The public half of the key in the file, if this user may read it."""
    keys = all_keys(connection)
    if not keys or not os.access(ledger.key_file, os.R_OK):
        return None
    return read_signer(ledger.key_file, keys[-1].key.name).verifier


def _heads(notes: list[str], found: Checked) -> list[tuple[TreeHead, str]]:
    heads = []
    for note in notes:
        try:
            heads.append((head_in(note), note))
        except ConfigError as error:
            found.add("head", f"a head of the log was changed: it {error}")
    found.heads = len(heads)
    return heads


def _walk(connection: Connection, found: Checked, sizes: set[int]) -> tuple[dict[int, bytes], _Tree]:
    """Goes through all entries; gives the root at each of the sizes that the entries lead to."""
    frontier, roots, tree = Frontier(), {0: EMPTY}, _Tree(connection, found)
    whole = True
    for entry in entries_in(connection):
        if entry.seq != found.entries:
            _gap(found, entry.seq)
            whole = False
        found.entries = entry.seq + 1
        _check_entry(found, entry)
        if not whole:
            continue  # no root can be made behind a hole
        tree.compare(frontier.append(leaf_hash(entry.body.encode()))[1:])
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root()
    tree.flush()
    if whole:
        found.root = roots[frontier.size] = frontier.root()
    return roots, tree


def _gap(found: Checked, until: int) -> None:
    found.add("dropped", _missing(found.entries, until - 1), found.entries)


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


def _check_entry(found: Checked, entry: Entry) -> None:
    if leaf_hash(entry.body.encode()) != entry.leaf:
        found.add("changed", f"entry {entry.seq} was changed: its text is not the one that was hashed", entry.seq)
    try:
        says = json.loads(entry.body)
        at = datetime.strptime(says["ts"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        seq, action = says["seq"], says["action"]
    except (ValueError, KeyError, TypeError):
        found.add("changed", f"entry {entry.seq} was changed: it is no entry any more", entry.seq)
        return
    if seq != entry.seq:
        found.add("added", f"entry {entry.seq} says that it is entry {seq}: it was put in or moved", entry.seq)
    if at != entry.ts or action[:64] != entry.action:
        found.add("changed", f"the columns of entry {entry.seq} were changed: its text says {action}, {says['ts']}",
                  entry.seq)  # fmt: skip
    if entry.seq == 0:
        if action == BEGIN:
            found.origin = str(says.get("target", ""))
        else:
            found.add("changed", "entry 0 does not begin the log", 0)


class _Tree:
    """The stored tree beside the one that the texts give; compared some thousand nodes at a time."""

    def __init__(self, connection: Connection, found: Checked) -> None:
        self._connection, self._found = connection, found
        self._made: list[Node] = []
        self._bad: set[tuple[int, int]] = set()

    def compare(self, made: list[Node]) -> None:
        """Subtrees as they should be, in the order in which they are made."""
        self._made += made
        if len(self._made) >= PAGE:
            self.flush()

    def flush(self) -> None:
        """Compares what was gathered."""
        stored = dict(self._stored())
        for level, place, expected in self._made:
            if stored.get((level, place)) != expected:
                if not self._bad & {(level - 1, 2 * place), (level - 1, 2 * place + 1)}:
                    self._tell(level, place)
                self._bad.add((level, place))
        self._made = []

    def _stored(self) -> Iterator[tuple[tuple[int, int], bytes]]:
        c = AUDIT_NODE.c
        for level in {node[0] for node in self._made}:
            places = [place for of, place, _ in self._made if of == level]
            wanted = select(c.place, c.hash).where(c.level == level, c.place.between(min(places), max(places)))
            for place, found in self._connection.execute(wanted):
                yield (level, int(place)), bytes(found)

    def _tell(self, level: int, place: int) -> None:
        first, last = place << level, (place + 1 << level) - 1
        if any(p.entry is not None and first <= p.entry <= last for p in self._found.problems):
            return  # told by the entry itself
        which = f"entry {first} or {last}" if level == 1 else f"the tree over entries {first} to {last}"
        self._found.add("changed", f"{which} was changed: it does not fit the tree", first)

    def end(self, size: int) -> None:
        """The stored tree may not know of more than there is."""
        c = AUDIT_NODE.c
        for level, most in self._connection.execute(select(c.level, func.max(c.place)).group_by(c.level)):
            last = (int(most) + 1 << int(level)) - 1
            if last >= size and all(p.kind != "dropped" for p in self._found.problems):
                self._found.add("dropped", f"{_missing(size, last)}: the tree knows of them", size)


def _check_keys(
    found: Checked, keys: list[LogKey], heads: list[tuple[TreeHead, str]], trusted: VerifierKey | None
) -> None:
    """The first key is taken as it is, unless one of the log is known; each other is vouched for by the one before."""
    if found.entries and not keys:
        found.add("key", "the log names no key: nothing of it can be trusted")
        return
    if not keys:
        return
    found.key = str(keys[-1].key)
    by_size = {h.size: note for h, note in heads}
    for before, after in pairwise(keys):
        signed_by = _signed_by(by_size.get(after.since, ""), [before.key, after.key])
        if len(signed_by) < 2:
            found.add("key", f"entry {after.since - 1} names a new key for which the old one does not vouch",
                      after.since - 1)  # fmt: skip
    if trusted is not None and all(k.key != trusted for k in keys):
        found.add("key", f"this is another log: {trusted} is none of its keys")


def _check_heads(
    found: Checked, keys: list[LogKey], heads: list[tuple[TreeHead, str]], roots: dict[int, bytes]
) -> None:
    good = 0
    for head, note in heads:
        at = f"the head over {head.size} entries"
        if not _signed_by(note, _valid_at(keys, head.size)):
            found.add("head", f"{at} is not signed by the key of the log")
            continue
        if head.size > found.entries:
            found.add("dropped", f"{_missing(found.entries, head.size - 1)}: {at} was signed", found.entries)
            return
        if head.size not in roots:
            continue  # behind a hole, which was told
        if roots[head.size] != head.root:
            if not any(p.entry is not None and p.entry < head.size for p in found.problems):
                which = f"one of the entries {good} to {head.size - 1}"
                found.add("changed", f"{which} was changed, with the tree over it: {at} says so", good)
            return
        good = head.size
    found.covered = good


def _check_kept(
    found: Checked, keys: list[LogKey], asked: list[tuple[Kept, TreeHead]], roots: dict[int, bytes],
    trusted: VerifierKey | None,
) -> None:  # fmt: skip
    known = [k.key for k in keys] + ([trusted] if trusted else [])
    for kept, head in asked:
        if found.origin and head.origin != found.origin:
            found.add("kept", f"{kept.name}: is of another log, {head.origin}")
        elif not _signed_by(kept.note, known):
            found.add("kept", f"{kept.name}: is not signed by a key of this log")
        elif head.size > found.entries:
            found.add("dropped", f"{kept.name}: {_missing(found.entries, head.size - 1)}", found.entries)
        elif head.size in roots and roots[head.size] != head.root:
            found.add("kept", f"{kept.name}: the log does not go on from this head: one of the entries 0 to "
                      f"{head.size - 1} was changed, dropped or put in since")  # fmt: skip


def _valid_at(keys: list[LogKey], size: int) -> list[VerifierKey]:
    """Who may sign a head of this size: the newest key that is older. When the key changes both sign."""
    return [k.key for k in keys if k.since <= size][-1:]


def _signed_by(note: str, keys: list[VerifierKey]) -> list[VerifierKey]:
    if not note:
        return []
    try:
        return signers_of(note, keys)
    except ConfigError:
        return []
