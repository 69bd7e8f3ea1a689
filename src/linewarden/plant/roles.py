"""What a device is for: every reason with its weight, and what they come to together.

Reasons for one role are joined by noisy-or, 1 - (1-a)(1-b)..., so that many weak ones add up and none counts twice over
1. The strongest role wins; its confidence is lessened by how close the next one came. Below `FLOOR` it is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from linewarden.plant import role_reasons as why, role_rules as rules, vocabulary as words
from linewarden.plant.model import Role
from linewarden.sensor.texts import matching

FLOOR = 0.3
"""Below this the role is unknown."""

_PLACE = {role: place for place, role in enumerate(Role)}
_SERVED = frozenset(name for name, _, _ in rules.SERVES)
_USED = frozenset(name for name, _, _ in rules.USES)
_ANY_WORDS = "|".join(f"(?:{pattern})" for _, _, pattern in rules.PATTERNS)
_ANY_VENDOR = "|".join(f"(?:{pattern})" for pattern, _, _ in rules.VENDORS)
_ANY_NAME = "|".join(sorted(rules.NAME_WORDS))
_MANY = 100
"""From so many texts on it pays to have the engine throw out at once those that say nothing."""

_PATTERNS = tuple((role, weight, re.compile(pattern)) for role, weight, pattern in rules.PATTERNS)
_VENDORS = tuple((re.compile(pattern), role, weight) for pattern, role, weight in rules.VENDORS)


@dataclass(slots=True)
class Facts:
    """All that roles are read from, for one asset. Sets and counts, so the order of records leaves no trace.

    `said` maps a text that the device gave of itself to where it said so. `polls` are the assets that it reads or
    writes in a control protocol; `asked_by` those that read or write it. `behind` counts IPs that its MAC carries for
    others.
    """

    hints: set[tuple[str, str]] = field(default_factory=set)
    said: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    vendors: set[str] = field(default_factory=set)
    serves: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    polls: set[str] = field(default_factory=set)
    asked_by: set[str] = field(default_factory=set)
    verbs: set[str] = field(default_factory=set)
    behind: int = 0
    virtual_router: bool = False
    clients: int = 0
    talks_ot: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A role, how sure (0..1), and why, strongest reason first."""

    role: Role
    confidence: float
    reasons: tuple[str, ...]


def telling(every: Collection[Facts]) -> None:
    """Drop from `said`, `vendors` and `names` the texts that match no rule, if there are many: a flood of made-up
    identities would else cost 60 searches each."""
    if sum(len(f.said) + len(f.vendors) + len(f.names) for f in every) < _MANY:
        return
    said = matching({t for f in every for t in f.said}, _ANY_WORDS)
    vendors = matching({t for f in every for t in f.vendors}, _ANY_VENDOR)
    names = matching({t for f in every for t in f.names}, _ANY_NAME)
    for f in every:
        if f.said:
            f.said = {t: source for t, source in f.said.items() if t in said}
        f.vendors &= vendors
        f.names &= names


def judge(facts: Facts) -> Verdict:
    """Weigh all reasons."""
    reasons: dict[Role, list[tuple[float, str]]] = {}
    for role, weight, text in _all_reasons(facts):
        reasons.setdefault(role, []).append((weight, text))
    scores = {role: _noisy_or(w for w, _ in ws) for role, ws in reasons.items()}
    if scores.get(Role.SAFETY_CONTROLLER, 0) >= 0.5:
        both = reasons[Role.SAFETY_CONTROLLER] + reasons.pop(Role.CONTROLLER, [])
        reasons[Role.SAFETY_CONTROLLER] = both
        scores[Role.SAFETY_CONTROLLER] = _noisy_or(w for w, _ in both)
        scores.pop(Role.CONTROLLER, None)
    specific = max((s for r, s in scores.items() if r not in rules.GENERIC), default=0.0)
    if specific >= 0.5:
        scores = {r: s * (0.4 if r in rules.GENERIC else 1.0) for r, s in scores.items()}
    ranked = sorted(scores.items(), key=lambda rs: (-rs[1], _PLACE[rs[0]]))
    if not ranked or ranked[0][1] < FLOOR:
        return Verdict(Role.UNKNOWN, 0.0, ())
    role, best = ranked[0]
    second = next((s for r, s in ranked[1:] if r not in rules.GENERIC), 0.0)
    confidence = round(best - 0.5 * second * second, 2)
    told = sorted(reasons[role], key=lambda r: (-r[0], r[1]))
    return Verdict(role, confidence, tuple(dict.fromkeys(text for _, text in told)))


def _noisy_or(weights: Iterable[float]) -> float:
    left = 1.0
    for w in sorted(weights):
        left *= 1 - w
    return 1 - left


def _all_reasons(f: Facts) -> Iterator[tuple[Role, float, str]]:
    yield from _from_words(f)
    yield from _from_names(f)
    yield from _from_services(f)
    yield from _from_behaviour(f)


def _from_words(f: Facts) -> Iterator[tuple[Role, float, str]]:
    for hint in sorted({h for h, _ in f.hints}):
        source = min(s for h, s in f.hints if h == hint)
        if hint in rules.HINTS:
            reason = why.OF_KIND.format(who=words.spelled(source), kind=hint.replace("_", " "))
            yield rules.HINTS[hint], rules.HINT_WEIGHT, reason
    best: dict[Role, tuple[float, str]] = {}
    for text, source in sorted(f.said.items()):
        for role, weight in _roles_of(text):
            if best.get(role, (0.0, ""))[0] < weight:
                best[role] = (weight, why.SAYS.format(who=words.spelled(source), text=repr(text[:80])))
    for role, (weight, reason) in best.items():
        yield role, weight, reason


@lru_cache(maxsize=4_096)
def _roles_of(text: str) -> tuple[tuple[Role, float], ...]:
    """What the words of a text speak for. Devices of one kind say the same."""
    low = text.lower()
    return tuple((role, weight) for role, weight, pattern in _PATTERNS if pattern.search(low))


@lru_cache(maxsize=4_096)
def _roles_of_vendor(vendor: str) -> tuple[tuple[Role, float], ...]:
    low = vendor.lower()
    return tuple((role, weight) for pattern, role, weight in _VENDORS if pattern.search(low))


def _from_names(f: Facts) -> Iterator[tuple[Role, float, str]]:
    for name in sorted(f.names):
        for word in dict.fromkeys(w.rstrip("0123456789") for w in re.split(r"[^a-z0-9]+", name.lower())):
            if word in rules.NAME_WORDS:
                yield rules.NAME_WORDS[word], rules.NAME_WEIGHT, why.NAMED.format(name=repr(name))
    for vendor in sorted(f.vendors):
        for role, weight in _roles_of_vendor(vendor):
            yield role, weight, why.MADE_BY.format(vendor=vendor)


def _from_services(f: Facts) -> Iterator[tuple[Role, float, str]]:
    if not f.serves.isdisjoint(_SERVED):
        for name, role, weight in rules.SERVES:
            if name in f.serves:
                yield role, weight, why.ANSWERS.format(what=words.spelled(name))
    if not f.uses.isdisjoint(_USED):
        for name, role, weight in rules.USES:
            if name in f.uses:
                yield role, weight, why.SENDS.format(what=words.spelled(name))
    if (services := len(f.serves - words.INFRASTRUCTURE - words.OT)) >= 3:
        yield Role.SERVER, 0.3, why.ANSWERS_MANY.format(number=services)
    if f.clients >= 5 and not f.serves & words.OT:
        yield Role.SERVER, 0.4, why.SERVES.format(number=f.clients)


def _from_behaviour(f: Facts) -> Iterator[tuple[Role, float, str]]:
    n = len(f.polls)
    if n >= 3:
        yield Role.SCADA, min(0.85, 0.55 + 0.05 * (n - 3)), why.POLLS.format(number=n)
    elif n and not f.serves & words.CONTROL:
        yield Role.HMI, 0.45, why.POLLS.format(number=n) if n > 1 else why.POLLS_ONE
    elif n and f.asked_by:
        yield Role.CONTROLLER, 0.2, why.BETWEEN
    if n >= 2 and f.asked_by and f.serves & words.CONTROL:
        yield Role.GATEWAY, 0.3, why.PASSES_ON.format(number=n, readers=len(f.asked_by))
    engineering = sorted(f.verbs & words.ENGINEERING)
    if engineering:
        sent = ", ".join(engineering).replace("_", " ")
        yield Role.ENGINEERING, min(0.9, 0.6 + 0.1 * len(engineering)), why.SENDS.format(what=sent)
    if f.behind >= 2:
        yield Role.ROUTER, min(0.9, 0.6 + 0.05 * f.behind), why.ROUTES.format(number=f.behind)
    elif f.behind:
        yield Role.ROUTER, 0.5, why.ROUTES_ONE
    if f.virtual_router:
        yield Role.ROUTER, 0.6, why.VIRTUAL_ROUTER


def level(role: Role, facts: Facts) -> float | None:
    """Purdue level: 0 process, 1 control, 2 supervision, 3 operations, 4 enterprise, 5 public; None if unknown.

    Computers are placed by whom they talk to: those that speak an OT protocol stand at 3 (2 if they read or write
    devices), others at 4. Network devices have no level of their own.
    """
    if facts.public:
        return 5
    if role in rules.PERIPHERAL and facts.talks_ot:
        return 3
    if role in rules.LEVELS:
        return rules.LEVELS[role]
    if role in rules.GENERIC or (role is Role.UNKNOWN and facts.talks_ot):
        if facts.polls:
            return 2
        return 3 if facts.talks_ot else (4 if role in rules.GENERIC else None)
    return None


def zone_level(zone: str) -> float | None:
    """The level that a zone's name tells of ('office', 'DMZ'); None for most names."""
    return next((at for pattern, at in rules.ZONE_LEVELS if re.search(pattern, zone.lower())), None)
