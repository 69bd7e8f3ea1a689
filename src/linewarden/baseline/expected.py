"""What people said beforehand: announced maintenance, and "this is normal because ...". Plain values; no storage.

    book = Expected(windows, suppressions)
    notice = book.judge(told.notice, Scene(told.ts, told.orig_h, told.resp_h))

An expected notice stays visible: its severity becomes info, and `expected` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from linewarden.records.notice import Notice

ALL = "*"


@dataclass(frozen=True, slots=True)
class Window:
    """Announced work. `assets` and `zones`: on what is worked; `who`: the stations that may do it.

    Times are ns UTC. Empty `zones`, `verbs` or `who` say nothing; without assets and zones it is for all of the plant.
    `notes`: the notices that the work may cause. Where there are none and no verbs, all are meant.
    """

    id: str
    begin: int
    end: int
    reason: str
    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    author: str = ""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person said: this is normal because ...

    `note`, `orig`, `resp` and `target` are patterns (`*` any text, `?` one letter). `expires` is ns UTC: it always
    ends, so that somebody looks again.
    """

    id: str
    reason: str
    author: str
    expires: int
    note: str = ALL
    orig: str = ALL
    resp: str = ALL
    target: str = ALL


@dataclass(frozen=True, slots=True)
class Approved:
    """A program that a person approved: `asset` and `name` (of the block) are patterns, `sha256` is of its content."""

    asset: str
    name: str
    sha256: str
    reason: str
    author: str = ""


VERB_NOTES: dict[str, tuple[str, ...]] = {
    "program_download": ("program_download", "online_edit", "program_hash", "tasking", "mode_read"),
    "program_upload": ("program_upload",),
    "set_mode": ("mode",),
    "start": ("start", "mode"), "stop": ("stop", "mode"), "restart": ("restart", "start", "stop"),
    "firmware_update": ("firmware", "flash"),
    "write": ("write", "setpoint", "writer", "master", "target", "value", "toggled", "alarm_settings"),
    "force": ("force",),
    "configure": ("config", "identity_set", "alarm_settings"), "acknowledge": ("alarm_acknowledged",),
    "browse": ("browse", "discovery", "sweep", "identity"),
    "read": ("read", "poller", "peer"),
    "authenticate": ("login", "credential"),
}  # fmt: skip
"""Words in the names of notices that a verb causes: for windows that say verbs and not notices."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rule is held against: when, who, whom, which target, what else both are called, and the zone of whom."""

    ts: int
    orig: str
    resp: str
    target: str = ""
    orig_names: tuple[str, ...] = ()
    resp_names: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()

    def origs(self) -> tuple[str, ...]:
        """All that the originator is called."""
        return (self.orig, *self.orig_names)

    def resps(self) -> tuple[str, ...]:
        """All that the responder is called."""
        return (self.resp, *self.resp_names)


@dataclass(slots=True)
class Expected:
    """Windows, suppressions and approved programs, and how often each of the first two was used."""

    windows: Sequence[Window] = ()
    suppressions: Sequence[Suppression] = ()
    approved: Sequence[Approved] = ()
    used: dict[str, int] = field(default_factory=dict)

    def judge(self, notice: Notice, scene: Scene) -> Notice:
        """The notice as it is to be told: expected and of severity info, or with a word on a window that it missed."""
        for window in self.windows:
            if covers(window, notice.note, scene) and window.begin <= scene.ts <= window.end:
                return self._expected(notice, window.id, f"announced: {window.reason}")
        for rule in self.suppressions:
            if normal(rule, notice.note, scene) and scene.ts < rule.expires:
                return self._expected(notice, rule.id, f"normal: {rule.reason} ({rule.author})")
        return self._missed(notice, scene)

    def _expected(self, notice: Notice, rule: str, why: str) -> Notice:
        self.used[rule] = self.used.get(rule, 0) + 1
        return replace(notice, severity="info", expected=f"{why} [{rule}]")

    def _missed(self, notice: Notice, scene: Scene) -> Notice:
        """Work that is announced for another time, or a rule that is over, is said beside the other facts."""
        near = [w for w in self.windows if covers(w, notice.note, scene)]
        over = [s for s in self.suppressions if normal(s, notice.note, scene)]
        facts = [notice.why] if notice.why else []
        if near:
            window = min(near, key=lambda w: max(w.begin - scene.ts, scene.ts - w.end))
            late = scene.ts > window.end
            minutes = ((scene.ts - window.end) if late else (window.begin - scene.ts)) / 60e9
            when = f"{_long(minutes)} {'after' if late else 'before'} it"
            facts.append(f"outside of the announced window [{window.id}] ({window.reason}): {when}")
        if over:
            facts.append(f"it was called normal until that expired [{over[0].id}] ({over[0].reason})")
        return replace(notice, why="; ".join(facts)) if near or over else notice

    def expired(self, now: int) -> list[str]:
        """Ids of the rules that are over at this time of the records."""
        windows = [w.id for w in self.windows if w.end < now]
        return windows + [s.id for s in self.suppressions if s.expires <= now]


def covers(window: Window, note: str, scene: Scene) -> bool:
    """True if the window is about this kind of notice, device and station, at whatever time."""
    if window.who and not _any(window.who, scene.origs()):
        return False
    everywhere = not window.assets and not window.zones
    whom = _any(window.assets, scene.resps()) or _any(window.zones, scene.zones)
    # What a device does while it is worked on (falling silent, answering anew) has it as the originator.
    whom = whom or (not window.who and _any(window.assets, scene.origs()))
    words = [w for verb in window.verbs for w in VERB_NOTES.get(verb, (verb,))]
    kind = _any(window.notes, (note,)) or any(w in note for w in words) or not (window.notes or window.verbs)
    return (everywhere or whom) and kind


def normal(rule: Suppression, note: str, scene: Scene) -> bool:
    """True if the rule is about this, whether or not it is over."""
    pairs: tuple[tuple[str, tuple[str, ...]], ...] = (
        (rule.note, (note,)), (rule.orig, scene.origs()), (rule.resp, scene.resps()), (rule.target, (scene.target,)),
    )  # fmt: skip
    return all(_any((pattern,), texts) for pattern, texts in pairs)


def scene_of(
    ts: int, orig: str, resp: str, names: Callable[[str], tuple[str, ...]], zone: Callable[[str], str | None],
    target: str = "",
) -> Scene:  # fmt: skip
    """A scene, where `names` gives the other addresses and names of a device and `zone` its zone."""
    where = zone(resp or orig)
    return Scene(ts, orig, resp, target, names(orig), names(resp), (where,) if where else ())


def _any(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return any(fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns for text in texts)


def _long(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
