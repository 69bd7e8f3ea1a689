"""A console in the place of a lake, for commands: what the API gives, as what is made of a lake here."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from linewarden.api.client import Client
from linewarden.api.listing import MOST
from linewarden.api.routes.audit import AuditRow
from linewarden.api.routes.notices import ORDER, NoticeRow
from linewarden.api.routes.query import MOST_ROWS, QueryIn
from linewarden.api.routes.tags import TagRow
from linewarden.api.times import ns_of
from linewarden.cases.model import Case, Event
from linewarden.service.asking import Listed
from linewarden.service.casing import Cases
from linewarden.service.lake import Answer
from linewarden.service.noticing import Notices, Wanted, fitting, networks_of
from linewarden.service.tag_dictionary.facts import Facts
from linewarden.service.tags import Tag, by_movement

if TYPE_CHECKING:
    from linewarden.service.asking import Server
    from linewarden.service.evidence import Record


@dataclass(frozen=True, slots=True)
class Remote:
    """A `service.asking.Console` over the API: what the token opens, and no more."""

    client: Client

    @property
    def name(self) -> str:
        """Its address."""
        return self.client.url

    @property
    def empty(self) -> str:
        """Why there may be nothing."""
        return "Nothing was found, or the token opens none of it."

    def notices(self, wanted: Wanted) -> Notices:
        """The server narrows by weight and kind; the rest is done here as for a lake."""
        networks_of(wanted)
        heavy: list[Any] = list(ORDER[ORDER.index(wanted.severity) :])
        rows = list(self.client.all_notices(severity=heavy, note=wanted.notes, limit=MOST))
        found = fitting(_by_time(rows), wanted, _names(rows))
        return Notices(found.events, self.client.list_notices(limit=1).total, found.names)

    def cases(self) -> Cases:
        """The queue of the server, with the notices of each case."""
        rows = list(self.client.all_notices(limit=MOST))
        told: dict[str, list[NoticeRow]] = {}
        for row in rows:
            told.setdefault(row.case or "", []).append(row)
        queue = self.client.all_cases(limit=MOST)
        ranked = [(c.priority, Case(c.id, tuple(_by_time(told[c.id])))) for c in queue if c.id in told]
        ranked.sort(key=lambda pc: (-pc[0], -pc[1].until, pc[1].id))
        return Cases(f"--server {self.name}", tuple(ranked), _names(rows), tuple(_by_time(told.get("", []))))

    def proofs(self, case_id: str, notice_ids: Sequence[str]) -> dict[str, tuple[Record, ...]] | None:
        """The console shows them; the API gives the packets."""
        return None

    def tags(self, device: str | None) -> list[Tag]:
        """As the server knows them."""
        return by_movement(map(_tag, self.client.all_tags(device=[device] if device else None, limit=MOST)))

    def audit(self, first: int, since: int | None) -> Iterator[Listed]:
        """The server gives the newest first, so that the oldest are asked for only if they are wanted."""
        start = datetime.fromtimestamp(since / 1e9, UTC) if since is not None else None
        newest = self.client.all_audit(since=start, limit=MOST)
        rows = list(itertools.takewhile(lambda r: r.seq >= first, newest))
        return (Listed(r.seq, ns_of(r.ts), _says(r)) for r in reversed(rows))

    @contextlib.contextmanager
    def query(self, sql: str) -> Iterator[Answer]:
        """At most MOST_ROWS; a warning says if there were more, or if the token does not open all of the lake."""
        found = self.client.query(QueryIn(sql=sql, rows=MOST_ROWS))
        yield Answer(tuple(c.name for c in found.columns), iter([tuple(row) for row in found.rows]))
        if found.more:
            _warn(f"only the first {MOST_ROWS:,} rows; ask for less, or take a file from the API")
        if found.partial:
            _warn("the token opens a part of the lake only; of the rest nothing is counted")


@contextlib.contextmanager
def remote(server: Server) -> Iterator[Remote]:
    """A console, until the block ends. Raises ConfigError if the address, the token or the file cannot be one."""
    with Client(server.url, server.token, ca=server.ca) as client:
        yield Remote(client)


def _by_time(rows: Sequence[NoticeRow]) -> list[Event]:
    return [_event(r) for r in sorted(rows, key=lambda r: (r.ts_ns, r.note, r.frame))]


def _event(row: NoticeRow) -> Event:
    other = {"notice_id": row.id, "ts": row.ts_ns, "until": row.until_ns, "case": ""}
    lists = {"techniques": tuple(row.techniques), "frames": tuple(row.frames), "runbook": tuple(row.runbook)}
    same = {f.name: getattr(row, f.name) for f in fields(Event) if f.name in NoticeRow.model_fields}
    return Event(**(same | other | lists))


def _says(row: AuditRow) -> dict[str, Any]:
    """As entries say it; of who did it the server tells the name alone."""
    return {**row.model_dump(mode="json"), "who": {"account": row.who}}


def _names(rows: Sequence[NoticeRow]) -> dict[str, str]:
    """Of assets by id."""
    ends = [end for r in rows for end in ((r.orig, r.orig_name), (r.resp, r.resp_name))]
    return {asset: name for asset, name in ends if asset and name}


def _tag(row: TagRow) -> Tag:
    return Tag(
        row.address, row.protocol, row.unit, row.area, row.name, row.place, row.count, row.low, row.high,
        row.mean * row.count, row.last, row.first_seen_ns, row.last_seen_ns, row.course, row.moved,
        Facts(row.ucum, row.description, row.datatype, row.range_low, row.range_high, row.alias, row.line, row.asset),
    )  # fmt: skip


def _warn(text: str) -> None:
    print(f"linewarden: warning: {text}", file=sys.stderr)
