"""What happened to devices, for who looks at their values: notices, cases and commands, as far as they may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from gettext import NullTranslations
from typing import TYPE_CHECKING

from linewarden.api.routes.cases import visible_cases
from linewarden.api.routes.notices import visible_notices
from linewarden.api.times import time_of
from linewarden.policy import Action, Kind
from linewarden.reports.language import case_title, said, translations
from linewarden.reports.words import verb

if TYPE_CHECKING:
    from linewarden.api.caller import Caller
    from linewarden.api.routes.tags import TagEvent
    from linewarden.service.values import Told

MOST = 500


def events_of(who: Caller, devices: Iterable[str], start: int, end: int, language: str = "en") -> list[TagEvent]:
    """Of the devices of these addresses, from `start` to `end` (ns UTC): the newest MOST, the oldest first.

    `language`: of the titles, see `reports.language`.
    """
    view, wanted, texts = who.view, set(devices), translations(language)
    assets = {view.addresses.get(a, a) for a in wanted}
    addresses = wanted | {a for d in assets if d in view.assets for a in (*view.assets[d].ips, *view.assets[d].macs)}
    found = [
        *_notices(who, assets, start, end, texts), *_cases(who, assets, start, end, texts),
        *_commands(who, who.place.values.commands(sorted(addresses), start, end), texts),
    ]  # fmt: skip
    return sorted(found, key=lambda e: str(e.ts))[-MOST:]


def _notices(
    who: Caller, assets: set[str], start: int, end: int, texts: NullTranslations
) -> Iterator[TagEvent]:  # fmt: skip
    for e, case in visible_notices(who):
        device = e.resp if e.resp in assets else e.orig
        if device in assets and start <= e.ts <= end:
            path = f"/cases/{case}" if case else None
            title = said(e.title, texts)
            yield _event(who, e.ts, "notice", e.severity, title, e.msg, device, path, e.capture, e.frame)


def _cases(
    who: Caller, assets: set[str], start: int, end: int, texts: NullTranslations
) -> Iterator[TagEvent]:  # fmt: skip
    for _, case in visible_cases(who):
        touched = [a for a in case.assets if a in assets]
        if touched and start <= case.began <= end:
            first, title = case.events[0], case_title(case.title, texts)
            yield _event(who, case.began, "case", case.severity, title, "", touched[0], f"/cases/{case.id}",
                         first.capture, first.frame)  # fmt: skip


def _commands(who: Caller, told: Iterable[Told], texts: NullTranslations) -> Iterator[TagEvent]:
    visible, view = who.zones(Action.TAG_READ, Kind.TAG), who.view
    for c in told:
        if view.zone(c.orig) in visible and view.zone(c.resp) in visible:
            what = " ".join(p for p in (c.target, f"= {c.value}" if c.value else None) if p)
            detail = " · ".join(p for p in (f"{c.protocol} {c.function}", what, c.result) if p)
            title = f"{view.name(c.orig)} {said(verb(c.verb), texts)}"
            yield _event(who, c.ts, "command", "info", title, detail, c.resp, None, c.capture, c.frame)


def _event(
    who: Caller, ts: int, kind: str, severity: str, title: str, detail: str, device: str, path: str | None,
    capture: str, frame: int,
) -> TagEvent:  # fmt: skip
    from linewarden.api.routes.tags import TagEvent

    return TagEvent(
        ts=time_of(ts), kind=kind, severity=severity, title=title, detail=detail, path=path, capture=capture,
        frame=frame, device=who.view.addresses.get(device, device), device_name=who.view.name(device),
    )  # fmt: skip
