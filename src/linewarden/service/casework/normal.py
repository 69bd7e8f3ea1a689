"""What people say from now on: announced work, and "this is normal because ..."; in the site's file of it.

Notices that were found before keep their words until they are judged again; what the file says of them by now is told
beside (`said_of`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from linewarden.baseline.expected import Expected, Scene, Suppression, Window, covers, normal
from linewarden.cases.model import Event
from linewarden.errors import ConfigError
from linewarden.plant.model import Asset
from linewarden.service.audit.ledger import Ledger
from linewarden.service.expected_file import load_expected
from linewarden.service.expected_writing import add_block

LONGEST = timedelta(days=366)
FILE = "expected.toml"


@dataclass(frozen=True, slots=True)
class Announced:
    """Work that is announced: on which assets, from when to when, what is done, by whom, and why."""

    assets: tuple[str, ...]
    begin: datetime
    until: datetime
    reason: str
    verbs: tuple[str, ...] = ()
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sayings:
    """The file of what is expected, and the log in which its changes are told. `read_by_service`: `serve` reads it."""

    path: Path
    ledger: Ledger
    read_by_service: bool

    def now(self) -> Expected:
        """What it says. Raises ConfigError if it is damaged."""
        return load_expected(self.path) if self.path.exists() else Expected()

    def say_normal(
        self, event: Event, because: str, days: int, by: str, *, any_target: bool = False, any_sender: bool = False
    ) -> str:
        """A suppression for what this notice is about, for so many days; gives its id. Raises ConfigError."""
        if any_target and any_sender:
            raise ConfigError("either any target or any sender: with both, all notices of this kind would be hidden")
        rule = self._free(f"normal-{event.notice_id[:8]}")
        orig = "*" if any_sender else event.orig_h or "*"
        resp = "*" if any_target else event.resp_h or "*"
        expires = datetime.now(UTC).replace(microsecond=0) + min(timedelta(days=days), LONGEST)
        block = {"id": rule, "note": event.note, "orig": orig, "resp": resp, "expires": expires,
                 "author": by, "reason": because}  # fmt: skip
        self._add("notices.normal", "suppression", block, f"{by}, of {event.notice_id}: {event.msg}")
        return rule

    def announce(self, work: Announced, by: str) -> str:
        """A maintenance window; gives its id. Raises ConfigError."""
        rule = self._free(f"window-{work.begin.astimezone(UTC):%Y%m%d-%H%M%S}")
        block = {"id": rule, "assets": list(work.assets), "from": work.begin, "until": work.until,
                 "verbs": list(work.verbs), "who": list(work.who), "reason": work.reason,
                 "author": by}  # fmt: skip
        self._add("expected.announce", "window", {k: v for k, v in block.items() if v != []},
                  f"{by} announced work")  # fmt: skip
        return rule

    def _add(self, action: str, table: str, block: dict[str, Any], comment: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        add_block(action, self.path, table, block, comment, self.ledger)

    def _free(self, rule: str) -> str:
        """An id that no other has."""
        said = self.now()
        taken = {w.id for w in said.windows} | {s.id for s in said.suppressions}
        return next(r for r in (rule, *(f"{rule}-{n}" for n in range(2, 10_000))) if r not in taken)


def scene(ts: int, orig: tuple[str, str], resp: tuple[str, str], assets: Mapping[str, Asset]) -> Scene:
    """What rules are held against. `orig` and `resp`: id of the asset, and the address that was seen."""

    def names(asset: str) -> tuple[str, ...]:
        found = assets.get(asset)
        return (found.name, *found.names, *found.ips, *found.macs) if found else ()

    where = assets.get(resp[0] or orig[0])
    zones = (where.zone,) if where is not None and where.zone else ()
    return Scene(ts, orig[1], resp[1], "", names(orig[0]), names(resp[0]), zones)


def said_of(note: str, place: Scene, said: Expected) -> tuple[Window | Suppression, ...]:
    """The rules that are about such a notice. A window counts only for its time; a suppression until it ends."""
    now = datetime.now(UTC).timestamp() * 1e9
    windows = (w for w in said.windows if w.begin <= place.ts <= w.end and covers(w, note, place))
    rules = (s for s in said.suppressions if s.expires > now and normal(s, note, place))
    return (*windows, *rules)
