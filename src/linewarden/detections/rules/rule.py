"""A rule of the site: what its file says, and the detection that is made of it.

    {"format": 1, "id": "...", "title": "Write from the office", "severity": "high", "attack": ["T0855"],
     "looks_at": {"command": {"all": [...]}},
     "count": {"at_least": 5, "within_s": 60, "by": ["id.orig_h"]}}

Without `count` each record that fits is a finding; with it, so many of one sender (or whatever `by` names) in a time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from linewarden.detections.attack import TACTICS, TECHNIQUES
from linewarden.detections.rules.columns import TEXTS, WHOLE, RuleError, column_type, fitted, known_stream
from linewarden.detections.rules.tree import Condition
from linewarden.detections.rules.written import as_json, from_json
from linewarden.plant.model import Severity

FORMAT = 1
NAME = re.compile(r"rule_[a-z0-9_]{1,80}")
"""Names of rules, and of their files: none of ours begins so."""
SEVERITIES = tuple(s for s in Severity if s is not Severity.OK)
MOST_COUNTED = 10_000
LONGEST_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Count:
    """So many within so long, of records that are alike in `by`; with `distinct`, so many values of that column."""

    at_least: int
    within_s: float
    by: tuple[str, ...] = ()
    distinct: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a file says. `tags` are those of the rule's author, also those that are no technique of ours."""

    name: str
    id: str
    title: str
    severity: Severity
    looks_at: Mapping[str, Condition]
    attack: tuple[str, ...] = ()
    tactic: str = ""
    count: Count | None = None
    tags: tuple[str, ...] = ()
    description: str = ""
    benign: str = ""
    references: tuple[str, ...] = ()
    source: str = ""
    """The name of the file that it came from."""

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that it looks at."""
        return tuple(self.looks_at)


def checked(rule: Rule) -> Rule:
    """The rule with conditions that fit their streams. RuleError for one that cannot run."""
    if not NAME.fullmatch(rule.name):
        raise RuleError(f"{rule.name}: a rule's name is rule_ and then small letters, digits and _")
    _a_technique(rule)
    looks_at = {}
    for stream, tree in rule.looks_at.items():
        looks_at[stream] = fitted(tree, stream)
        if rule.count is not None:
            _counts(rule.count, stream)
    return replace(rule, looks_at=looks_at)


def _a_technique(rule: Rule) -> None:
    if strange := [t for t in rule.attack if t not in TECHNIQUES]:
        raise RuleError(f"attack: {strange[0]} is no technique of ATT&CK for ICS v18.1")
    if rule.tactic and rule.tactic not in TACTICS:
        raise RuleError(f"tactic: {rule.tactic} is no tactic of ATT&CK for ICS")


def _counts(count: Count, stream: str) -> None:
    for column in (*count.by, *((count.distinct,) if count.distinct else ())):
        try:
            kind = column_type(column, stream)
        except RuleError as error:
            raise RuleError(f"count: {error}") from None
        if kind not in TEXTS | WHOLE | {"bool"}:
            raise RuleError(f"count: {column}: records cannot be told apart by a column of type {kind}")


def rule_as_json(rule: Rule) -> dict[str, Any]:
    """The rule for its file; what is empty is left out."""
    count = rule.count
    said: dict[str, Any] = {
        "format": FORMAT, "id": rule.id, "title": rule.title, "severity": str(rule.severity),
        "attack": list(rule.attack), "tactic": rule.tactic, "tags": list(rule.tags), "description": rule.description,
        "benign": rule.benign, "references": list(rule.references), "source": rule.source,
        "looks_at": {stream: as_json(tree) for stream, tree in rule.looks_at.items()},
    }  # fmt: skip
    if count is not None:
        said["count"] = {"at_least": count.at_least, "within_s": count.within_s, "by": list(count.by)}
        said["count"] |= {"distinct": count.distinct} if count.distinct else {}
    return {key: value for key, value in said.items() if value not in ("", [])}


@dataclass(slots=True)
class _Reader:
    """Takes keys out of a file's object, and says which are wrong."""

    said: dict[str, Any]
    place: str = ""
    taken: set[str] = field(default_factory=set)

    def text(self, key: str, default: str | None = None, most: int = 4_000) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or len(value) > most or (default is None and not value.strip()):
            raise RuleError(f"{self.place}{key}: use a text of at most {most} characters")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise RuleError(f"{self.place}{key}: use a list of texts")
        return tuple(value)

    def number(self, key: str, least: float, most: float) -> float:
        value = self._take(key, None)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise RuleError(f"{self.place}{key}: use a number from {least:g} to {most:g}")
        return value

    def table(self, key: str) -> dict[str, Any]:
        value = self._take(key, None)
        if not isinstance(value, dict) or not value:
            raise RuleError(f"{self.place}{key}: use an object")
        return value

    def end(self) -> None:
        if strange := sorted(self.said.keys() - self.taken):
            raise RuleError(f"{self.place}{strange[0]}: unknown key; there are: {', '.join(sorted(self.taken))}")

    def _take(self, key: str, default: Any) -> Any:
        self.taken.add(key)
        value = self.said.get(key, default)
        if value is None:
            raise RuleError(f"{self.place}{key}: is missing; add it")
        return value


def rule_from_json(name: str, said: Any) -> Rule:
    """The rule of a file's object, checked. Raises RuleError with the field."""
    if not isinstance(said, dict):
        raise RuleError("use an object, as `linewarden rules import` writes it")
    read = _Reader(said)
    if (number := read.number("format", 0, math.inf)) != FORMAT:
        raise RuleError(f"format: {number} is not known here; import the rule again, or use a newer Linewarden")
    severity = read.text("severity")
    if severity not in SEVERITIES:
        raise RuleError(f"severity: {severity}: use one of {', '.join(SEVERITIES)}")
    rule = Rule(
        name=name,
        id=read.text("id", most=200),
        title=read.text("title", most=300),
        severity=Severity(severity),
        looks_at={s: _condition(s, tree) for s, tree in read.table("looks_at").items()},
        attack=read.texts("attack"),
        tactic=read.text("tactic", ""),
        count=_count(read.table("count")) if "count" in said else None,
        tags=read.texts("tags"),
        description=read.text("description", "", 20_000),
        benign=read.text("benign", ""),
        references=read.texts("references"),
        source=read.text("source", ""),
    )
    read.taken.add("count")
    read.end()
    return checked(rule)


def _condition(stream: str, tree: Any) -> Condition:
    known_stream(stream)
    return from_json(tree, f"looks_at.{stream}")


def _count(said: dict[str, Any]) -> Count:
    read = _Reader(said, "count.")
    least = read.number("at_least", 1, MOST_COUNTED)
    found = Count(
        int(least),
        float(read.number("within_s", 0.001, LONGEST_S)),
        read.texts("by"),
        read.text("distinct", "") or None,
    )
    if least != found.at_least:
        raise RuleError("count.at_least: use a whole number")
    read.end()
    return found
