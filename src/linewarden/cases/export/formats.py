"""The formats by name: what a person writes after `--format`, or in an [[export]] table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from linewarden.cases.export.cef import notice_as_cef
from linewarden.cases.export.common import notice_as_dict, summary
from linewarden.cases.export.ecs import notice_as_ecs
from linewarden.cases.export.ocsf import case_as_ocsf, notice_as_ocsf
from linewarden.cases.export.stix import cases_as_stix, notices_as_stix
from linewarden.cases.model import Case, Event

FORMATS = ("stix", "ocsf", "ecs", "cef", "json")
MEDIA = {"stix": "application/stix+json;version=2.1", "cef": "text/plain; charset=utf-8"}


def media_type(form: str) -> str:
    """What an HTTP header calls it."""
    return MEDIA.get(form, "application/json")


def document(event: Event, form: str) -> str:
    """One notice as one document, in one line."""
    if form == "cef":
        return notice_as_cef(event)
    return _line(_as_object(event, form, ""))


def notices_file(events: Sequence[Event], form: str) -> Iterator[str]:
    """Notices as the pieces of a file: a bundle of STIX, a JSON list, or one notice a line."""
    if form == "stix":
        yield _pretty(notices_as_stix(events))
    elif form == "json":
        yield _pretty([notice_as_dict(e) for e in events])
    else:
        yield from (f"{document(e, form)}\n" for e in events)


def cases_file(ranked: Sequence[tuple[int, Case]], form: str, names: Mapping[str, str]) -> Iterator[str]:
    """Cases likewise. In CEF and ECS a case is a line of its own, and then one for each of its notices."""
    if form == "stix":
        yield _pretty(cases_as_stix(ranked, names))
    elif form == "json":
        yield _pretty([_case_as_dict(priority, case, names) for priority, case in ranked])
    elif form == "ocsf":
        yield from (f"{_line(case_as_ocsf(case, priority, names))}\n" for priority, case in ranked)
    else:
        yield from (f"{line}\n" for priority, case in ranked for line in _case_lines(priority, case, form, names))


def _case_lines(priority: int, case: Case, form: str, names: Mapping[str, str]) -> Iterator[str]:
    for event in (summary(case, priority, names), *case.events):
        yield notice_as_cef(event, case.id) if form == "cef" else _line(notice_as_ecs(event, case.id))


def _case_as_dict(priority: int, case: Case, names: Mapping[str, str]) -> dict[str, Any]:
    told = notice_as_dict(summary(case, priority, names))
    assets = [{"id": a, "name": names.get(a, a)} for a in case.assets]
    notices = [notice_as_dict(e, case.id) for e in case.events]
    return told | {"priority": priority, "assets": assets, "tactics": dict(case.tactics), "notices": notices}


def _as_object(event: Event, form: str, case: str) -> dict[str, Any]:
    if form == "stix":
        return notices_as_stix([event])
    makers = {"ocsf": notice_as_ocsf, "ecs": notice_as_ecs, "json": notice_as_dict}
    return makers[form](event, case)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
