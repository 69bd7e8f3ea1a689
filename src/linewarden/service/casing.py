"""Notices of a lake to cases, and the packets that prove them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, StoreError
from linewarden.service.lake import Lake, open_lake

if TYPE_CHECKING:
    from linewarden.cases.model import Case, Event
    from linewarden.detections.detection import Detection
    from linewarden.detections.knowledge import Knowledge
    from linewarden.detections.run import Told
    from linewarden.service.analysing.about import About
    from linewarden.service.evidence import Record
    from linewarden.service.packets import Named

COLUMNS = (
    "ts", "capture", "frame", "id.orig_h", "id.resp_h", "note", "msg", "severity", "notice_id", "tactic", "techniques",
    "confidence", "count", "until", "again", "why", "frames", "expected", "id.orig_p", "id.resp_p", "sensor", "uid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a lake, the most urgent first, each with its priority; names of assets by id."""

    lake: Path | str
    """Where they are from, as the command line names it."""
    ranked: tuple[tuple[int, Case], ...]
    names: dict[str, str]
    lone: tuple[Event, ...]

    def find(self, start: str) -> tuple[int, Case]:
        """The case whose id begins so. Raises ConfigError if there is none, or more than one."""
        found = [(p, c) for p, c in self.ranked if c.id.startswith(start)]
        if len(found) != 1:
            what = "more than one case begins so" if found else "no case has this id"
            raise ConfigError(f"{start}: {what}; `linewarden cases {self.lake}` lists them")
        return found[0]


def cases_of(path: Path) -> Cases:
    """Reads the notices of a lake and ties them together. Raises StoreError if there are none to read."""
    lake = open_lake(path)
    if "notice" not in lake.streams:
        raise StoreError(f"{path}: no notices yet; find them with `linewarden detect {path} --write`")
    known = known_of(lake)
    ranked, lone = tied(events(lake, known.ids), partners_of(known), weights_in(path, known.ids))
    names = {known.ids[a]: n for a, n in known.names.items() if a in known.ids}
    return Cases(path, ranked, names, lone)


def known_of(lake: Lake) -> Knowledge:
    """What is known of the assets of a lake, with the names and corrections that are kept in it."""
    from linewarden.detections.knowledge import knowledge_of
    from linewarden.service.corrections_file import load
    from linewarden.service.lake import plant_of

    kept = load(lake.path)
    return knowledge_of(plant_of(lake, kept.names, kept.corrections))


def weights_in(lake: Path, ids: Mapping[str, str]) -> dict[str, float]:
    """How much depends on assets, 0..1 by id: what people said of them or of their zones, as it is kept in the lake.

    `ids`: address -> id of its asset. Raises StoreError.
    """
    from linewarden.plant.criticality import weights
    from linewarden.service.corrections_file import load

    kept = load(lake)
    named = [(row.address, row.zone) for row in kept.names.rows if row.zone] if kept.names else []
    said = [(address, value) for address, what, value in kept.corrections.fields if what == "zone"]
    own = {ids.get(a, a): value for a, what, value in kept.corrections.fields if what == "criticality"}
    return weights(own, {ids.get(a, a): zone for a, zone in (*named, *said)}, kept.zones)


def partners_of(known: Knowledge) -> dict[str, frozenset[str]]:
    """By asset, with whom each controller works: who reads and writes it, and the drives and I/O that it does so to."""
    found: dict[str, set[str]] = {}
    for address, masters in known.masters.items():
        if known.is_field(address):
            found.setdefault(known.asset(address), set()).update(masters)
            for master in filter(known.is_field, masters):
                found.setdefault(master, set()).add(known.asset(address))
    return {asset: frozenset(others) for asset, others in found.items()}


def tied(
    events: Iterable[Event],
    partners: Mapping[str, frozenset[str]] | None = None,
    criticality: Mapping[str, float] | None = None,
) -> tuple[tuple[tuple[int, Case], ...], tuple[Event, ...]]:
    """Cases with their priority, the worst first, and what belongs to none.

    `events` by time; `partners`: see `partners_of`; `criticality`: how much depends on assets, 0..1 by id.
    """
    from linewarden.cases.correlate import Correlation

    board = Correlation(partners=partners)
    for event in events:
        board.add(event)
    return ranked(board.cases(), criticality), board.lone()


def ranked(cases: Iterable[Case], criticality: Mapping[str, float] | None = None) -> tuple[tuple[int, Case], ...]:
    """Cases with their priority, the worst first."""
    from linewarden.cases.model import priority

    found = ((priority(c, criticality), c) for c in cases)
    return tuple(sorted(found, key=lambda pc: (-pc[0], -pc[1].until, pc[1].id)))


@dataclass(frozen=True, slots=True)
class Said:
    """What files of notices say. `again`: by id of a notice, how often it came again, and until when."""

    events: tuple[Event, ...]
    again: Mapping[str, tuple[int, int]]


def events(lake: Lake, assets: Mapping[str, str], since_date: str = "") -> list[Event]:
    """The notices by time, each once, with how often it came. `assets`: address -> id; `since_date`: 2026-11-26."""
    files = [f for f in lake.files("notice") if f.parent.name.removeprefix("date=") >= since_date]
    return together([said_in(f, assets) for f in files])


def said_in(file: Path, assets: Mapping[str, str]) -> Said:
    """The notices of one file. Raises what reading it raises."""
    import polars as pl

    rows = pl.read_parquet(file, columns=list(COLUMNS), hive_partitioning=False)
    rows = rows.with_columns(pl.col("ts", "until").to_physical())
    again: dict[str, tuple[int, int]] = {}
    for notice_id, count, until in rows.filter(pl.col("again")).select("notice_id", "count", "until").iter_rows():
        _count_again(again, notice_id, count, until or 0)
    return Said(tuple(_event(r, assets) for r in rows.filter(~pl.col("again")).iter_rows(named=True)), again)


def together(said: Sequence[Said]) -> list[Event]:
    """What several files say, by time, each notice once with how often it came."""
    again: dict[str, tuple[int, int]] = {}
    for notice_id, (count, until) in (item for one in said for item in one.again.items()):
        _count_again(again, notice_id, count, until)
    first: dict[str, Event] = {}
    for event in sorted((e for one in said for e in one.events), key=lambda e: (e.ts, e.note, e.frame)):
        first.setdefault(event.notice_id, event)
    return [_counted(e, *again[e.notice_id]) if e.notice_id in again else e for e in first.values()]


def _count_again(again: dict[str, tuple[int, int]], notice_id: str, count: int, until: int) -> None:
    known = again.get(notice_id, (0, 0))
    again[notice_id] = (known[0] + count, max(known[1], until))


def _counted(event: Event, count: int, until: int) -> Event:
    return replace(event, count=event.count + count, until=max(event.until, until))


def event_of(told: Told, assets: Mapping[str, str] | None = None) -> Event:
    """A notice that was found just now. `assets`: address -> id; without, they are known by their addresses only."""
    from dataclasses import fields

    notice = {f.name: getattr(told.notice, f.name) for f in fields(told.notice)}
    ends = {"id.orig_h": told.orig_h, "id.orig_p": told.orig_p, "id.resp_h": told.resp_h, "id.resp_p": told.resp_p}
    where = {"ts": told.ts, "capture": told.capture, "frame": told.frame, "sensor": told.sensor, "uid": told.uid}
    return _event(notice | ends | where, assets or {})


@cache
def known_kinds() -> dict[str, Detection | About]:
    """What is known of each kind of notice, by its name."""
    from linewarden.detections.catalogue import detections
    from linewarden.service.analysing.about import ABOUT

    return {**{d.name: d for d in detections()}, **ABOUT}


def _event(row: dict[str, Any], assets: Mapping[str, str]) -> Event:
    from linewarden.cases.model import Event

    about = known_kinds().get(row["note"])
    return Event(
        row["notice_id"], row["ts"], row["until"] or row["ts"], row["note"],
        about.title if about else _title(row["msg"]), row["msg"], row["severity"], row["tactic"],
        tuple(row["techniques"].split()), row["confidence"],
        assets.get(row["id.orig_h"], row["id.orig_h"]), assets.get(row["id.resp_h"], row["id.resp_h"]),
        row["id.orig_h"], row["id.resp_h"], row["capture"], row["frame"],
        tuple(int(f) for f in row["frames"].split()), row["count"], row["why"],
        about.meaning if about else "", about.runbook if about else (), about.benign if about else "", row["expected"],
        row["id.orig_p"], row["id.resp_p"], row["sensor"], row["uid"],
    )  # fmt: skip


def _title(msg: str) -> str:
    """Of a notice of the site's own rules or of Suricata: what it is, without who and whom."""
    return msg.rpartition(": ")[0] or msg


def named_by(case: Case) -> tuple[Named, ...]:
    """The packets that prove a case; what is said about each is the title of its notice."""
    from linewarden.service.packets import of_notice

    return tuple(
        named
        for e in case.events
        for named in of_notice(e.note, e.capture, e.frame, e.ts, " ".join(map(str, e.frames)))
    )


def proofs_of(path: Path, case: Case) -> dict[str, tuple[Record, ...]]:
    """The records behind each notice of a case, by its id."""
    from linewarden.service.evidence import evidence_of

    return evidence_of(open_lake(path), [e.notice_id for e in case.events])


def case_as_dict(
    case: Case, priority: int, names: dict[str, str], proofs: Mapping[str, Sequence[Record]] | None = None
) -> dict[str, Any]:
    """A case for a program; times in UTC. `proofs`: the records behind each notice, if they are to be told."""
    from linewarden.reports.words import iso

    return {
        "id": case.id, "priority": priority, "severity": case.severity, "title": case.title,
        "began": iso(case.began), "until": iso(case.until), "count": case.count,
        "assets": [{"id": a, "name": names.get(a, a)} for a in case.assets],
        "tactics": {t: list(ids) for t, ids in case.tactics.items()},
        "meaning": list(_distinct(e.meaning for e in case.unexpected)),
        "events": [
            {
                "notice_id": e.notice_id, "ts": iso(e.ts), "ts_ns": e.ts, "until": iso(e.until), "note": e.note,
                "severity": e.severity, "msg": e.msg, "why": e.why, "techniques": list(e.techniques),
                "orig": e.orig_h, "resp": e.resp_h, "capture": e.capture, "frame": e.frame, "count": e.count,
                "expected": e.expected,
            } | ({} if proofs is None else {"evidence": [_record_as_dict(r) for r in proofs.get(e.notice_id, ())]})
            for e in case.events
        ],
    }  # fmt: skip


def _record_as_dict(record: Record) -> dict[str, Any]:
    from linewarden.reports.words import iso

    return {
        "stream": record.stream, "ts": iso(record.ts), "ts_ns": record.ts, "uid": record.uid, "frame": record.frame,
        "fields": record.fields,
    }  # fmt: skip


def _distinct(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(t for t in texts if t)
