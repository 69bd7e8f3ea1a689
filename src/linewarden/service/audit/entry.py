"""What an entry says: who, when, on which machine, what, and from what to what; as canonical JSON."""

from __future__ import annotations

import getpass
import hashlib
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from linewarden.service.audit.acting import who_acts
from linewarden.trust.canonical import MOST_EXACT, canonical

MOST_VALUE = 65_536
"""Characters of `before`, `after` and `detail` each; of what is longer the hash is kept."""
NOBODY_LOGGED_IN = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Change:
    """What was decided or changed. `action` has two words, such as `baseline.approve`; `target` is what it was done to.

    `before` and `after` are plain values (dicts, lists, texts, numbers), None where there is none.
    """

    action: str
    target: str
    before: Any = None
    after: Any = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is in the log."""

    seq: int
    ts: datetime
    action: str
    body: str
    leaf: bytes


def body_of(seq: int, ts: datetime, change: Change, who: Mapping[str, Any] | None = None) -> str:
    """The text of an entry: what is hashed, and what others read. `who`: if not who acts now."""
    now = who_acts()
    allowed = {"allowed": dict(now.allowed)} if now is not None and now.allowed else {}
    return canonical({
        "v": 1, "seq": seq, "ts": f"{ts.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", "host": platform.node() or "-",
        "who": plain(who or whoever_asks()), "action": change.action, "target": plain(change.target),
        "before": _bounded(change.before), "after": _bounded(change.after),
        "detail": _bounded({**change.detail, **allowed}),
    })  # fmt: skip


def whoever_asks() -> Mapping[str, Any]:
    """On whose behalf this process works, or its own user."""
    now = who_acts()
    return now.who if now is not None else whoever_runs_this()


@cache
def whoever_runs_this() -> Mapping[str, Any]:
    """The user of this process. `login` is who signed in on this machine, which becoming root does not change."""
    try:
        user = getpass.getuser() if os.geteuid() == os.getuid() else str(os.geteuid())
    except (OSError, KeyError):  # no name for this number
        user = str(os.geteuid())
    found: dict[str, Any] = {"user": user, "uid": os.geteuid()}
    if os.geteuid() == 0 and (asked := os.environ.get("SUDO_USER")):
        found["sudo"] = asked
    if (login := _login()) is not None:
        found["login"] = login
    return found


def _login() -> int | None:
    try:
        uid = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return uid if uid != NOBODY_LOGGED_IN else None


def _bounded(value: Any) -> Any:
    said = plain(value)
    text = canonical(said)
    if len(text) <= MOST_VALUE:
        return said
    return {"too_long": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def plain(value: Any) -> Any:
    """A value as JSON has it; what it does not have, as a text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MOST_EXACT else str(value)
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)  # false for NaN, too
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {_text(str(k)): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [plain(v) for v in value]
    return _text(str(value))


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two nested values only what differs, by path: as it was, and as it is."""
    old, new = dict(_flat(plain(before))), dict(_flat(plain(after)))
    changed = sorted(k for k in old.keys() | new.keys() if old.get(k) != new.get(k))
    return {k: old[k] for k in changed if k in old}, {k: new[k] for k in changed if k in new}


def _flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _flat(v, f"{path}.{k}" if path else str(k))]
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return [leaf for n, v in enumerate(value) for leaf in _flat(v, f"{path}[{n}]")]
    return [(path, value)]
