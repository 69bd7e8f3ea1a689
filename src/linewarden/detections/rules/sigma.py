"""Sigma rules to ours. pySigma (LGPL, the extra `linewarden[sigma]`) reads them; running needs it no more.

What we cannot express is refused, with the field: a rule that runs without a part of its condition would be another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from linewarden.detections.attack import TACTICS, TECHNIQUES
from linewarden.detections.rules.columns import RuleError
from linewarden.detections.rules.rule import LONGEST_S, MOST_COUNTED, Count, Rule, checked
from linewarden.detections.rules.sigma_values import leaf_of
from linewarden.detections.rules.sources import Source, source_of
from linewarden.detections.rules.tree import AllOf, AnyOf, Condition, Net, Not, Text
from linewarden.plant.model import Severity

ODD = (AttributeError, KeyError, TypeError, ValueError, RecursionError)
"""What pySigma raises on files that are no rules at all; its own errors are ValueErrors."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that was not taken, and why; `title` is empty for a file that is none."""

    file: str
    title: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.title + ': ' if self.title else ''}{self.why}"


@dataclass(slots=True)
class Converted:
    """What became of some files."""

    rules: list[Rule] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def convert(files: Mapping[str, str], taken: Mapping[str, str]) -> Converted:
    """The rules of Sigma files (name -> text). `taken`: names of rules that are there, with the ids of their rules.

    Raises ImportError without pySigma.
    """
    from sigma.correlations import SigmaCorrelationRule

    done = Converted()
    read = [(file, rule) for file, text in files.items() for rule in _read(file, text, done)]
    known = _references(read)
    used = {id(r) for _, c in read if isinstance(c, SigmaCorrelationRule) and not c.generate
            for ref in c.rules or () if (r := known.get(ref.reference)) is not None}  # fmt: skip
    names, ids = dict(taken), dict[str, str]()
    for file, rule in read:
        if id(rule) in used:
            continue  # as Sigma has it: what another rule counts is not told by itself
        try:
            made = _correlated(rule, known) if isinstance(rule, SigmaCorrelationRule) else _plain(rule)
            made = replace(made, source=file, id=_id(rule, file))
            if made.id in ids:
                raise RuleError(f"id: {made.id} is that of another rule in {ids[made.id]}; give each its own")
            done.rules.append(checked(replace(made, name=_name(rule, made.id, names))))
            ids[made.id] = file
        except (RuleError, *ODD) as error:
            done.refused.append(Refused(file, rule.title or "", _one_line(error)))
    return done


def _read(file: str, text: str, done: Converted) -> Iterator[Any]:
    """The rules of a file that pySigma can read; what it says of the others goes to `done`."""
    import yaml
    from sigma.collection import SigmaCollection

    try:
        found = SigmaCollection.from_yaml(text, collect_errors=True, collect_filters=True, resolve_references=False)
    except (yaml.YAMLError, *ODD) as error:
        done.refused.append(Refused(file, "", f"no Sigma rule ({_one_line(error)})"))
        return
    there = [*found.rules, *found.filters]
    lost = [e for e in found.errors if not any(e is of_rule for rule in there for of_rule in rule.errors)]
    said = [f"no Sigma rule ({_one_line(error)})" for error in lost]
    if not there and not lost:
        said = ["no Sigma rule (the file is empty)"]
    done.refused += [Refused(file, "", why) for why in said]
    why = "filter: filters are not taken; put it into the rule"
    done.refused += [Refused(file, one.title or "", why) for one in found.filters]
    for rule in found.rules:
        if rule.errors:
            done.refused.append(Refused(file, rule.title or "", _one_line(rule.errors[0])))
        else:
            yield rule


def _references(read: list[tuple[str, Any]]) -> dict[str, Any]:
    """Rules by what a correlation may call them."""
    found: dict[str, Any] = {}
    for _, rule in read:
        for name in filter(None, (rule.name, str(rule.id or ""))):
            found[name] = rule
    return found


def _plain(rule: Any) -> Rule:
    source, tree = _tree_of(rule)
    return _about(rule, dict.fromkeys(source.streams, tree))


def _tree_of(rule: Any) -> tuple[Source, Condition]:
    """The streams of a rule, and its condition."""
    log = rule.logsource
    source = source_of(log.product, log.category, log.service)
    trees = [_tree(condition.parsed, source) for condition in rule.detection.parsed_condition]
    return source, any_of(trees)


def _tree(node: Any, source: Source) -> Condition:
    from sigma.conditions import (
        ConditionAND,
        ConditionFieldEqualsValueExpression,
        ConditionNOT,
        ConditionOR,
        ConditionValueExpression,
    )

    if isinstance(node, ConditionAND):
        return all_of([_tree(part, source) for part in node.args])
    if isinstance(node, ConditionOR):
        return any_of([_tree(part, source) for part in node.args])
    if isinstance(node, ConditionNOT):
        return Not(_tree(node.args[0], source))
    if isinstance(node, ConditionValueExpression):
        raise RuleError(
            f"detection: the keyword {str(node.value)[:60]!r} names no field; name the column that it stands in"
        )
    if not isinstance(node, ConditionFieldEqualsValueExpression):
        raise RuleError("detection.condition: is empty")
    return leaf_of(node.field, node.value, source)


def all_of(parts: list[Condition]) -> Condition:
    """Every one, without a group in a group."""
    return AllOf(tuple(leaf for part in parts for leaf in (part.of if isinstance(part, AllOf) else (part,))))


def any_of(parts: list[Condition]) -> Condition:
    """At least one; texts and networks of one column become one question, which is asked faster."""
    texts: dict[tuple[str, bool], list[str]] = {}
    nets: dict[str, list[str]] = {}
    rest: list[Condition] = []
    for part in parts:
        match part:
            case Text(column=column, like=like, cased=cased):
                texts.setdefault((column, cased), []).extend(like)
            case Net(column=column, within=within):
                nets.setdefault(column, []).extend(within)
            case _:
                rest.append(part)
    made: list[Condition] = [Text(column, tuple(dict.fromkeys(like)), cased) for (column, cased), like in texts.items()]
    made += [Net(column, tuple(dict.fromkeys(within))) for column, within in nets.items()]
    made += rest
    return made[0] if len(made) == 1 else AnyOf(tuple(made))


def _correlated(rule: Any, known: Mapping[str, Any]) -> Rule:
    """A rule that counts the records of others."""
    trees: dict[str, list[Condition]] = {}
    sources: list[Source] = []
    for ref in rule.rules or ():
        base = known.get(ref.reference)
        if base is None:
            raise RuleError(f"correlation.rules: {ref.reference}: no such rule in what is imported")
        if not hasattr(base, "logsource"):
            raise RuleError(f"correlation.rules: {ref.reference}: correlations of correlations are not taken")
        source, tree = _tree_of(base)
        for stream in source.streams:
            trees.setdefault(stream, []).append(tree)
        sources.append(source)
    if not sources:
        raise RuleError("correlation.rules: is empty")
    if len(rule.aliases):
        raise RuleError("correlation.aliases: are not taken; use fields that all of its rules have")
    return _about(rule, {s: any_of(t) for s, t in trees.items()}, _count(rule, _columns_of(sources)))


def _columns_of(sources: list[Source]) -> Callable[[str], str]:
    def column(name: str) -> str:
        found = {source.column(name) for source in sources}
        if len(found) > 1:
            raise RuleError(f"correlation: {name}: means {' and '.join(sorted(found))} in its rules")
        return found.pop()

    return column


def _count(rule: Any, column: Callable[[str], str]) -> Count:
    kind, condition = rule.type.name.lower(), rule.condition
    if kind not in ("event_count", "value_count"):
        raise RuleError(f"correlation.type: {kind} is not taken; event_count and value_count are")
    operator = condition.op.name.lower()
    if operator not in ("gte", "gt"):
        raise RuleError(
            f"correlation.condition: {operator} is not taken, since only what happened is seen; use gte or gt"
        )
    least = int(condition.count) + (operator == "gt")
    if not 1 <= least <= MOST_COUNTED:
        raise RuleError(f"correlation.condition: {least}: use 1 to {MOST_COUNTED}")
    if rule.timespan.seconds > LONGEST_S:
        raise RuleError(f"correlation.timespan: {rule.timespan.spec} is too long; at most 7d")
    distinct = condition.fieldref if kind == "value_count" else None
    if isinstance(distinct, list) and len(distinct) != 1:
        raise RuleError("correlation.condition.field: name one field")
    distinct = distinct[0] if isinstance(distinct, list) else distinct
    return Count(
        least, float(rule.timespan.seconds), tuple(column(g) for g in rule.group_by or ()),
        column(distinct) if distinct else None,
    )  # fmt: skip


def _about(rule: Any, looks_at: Mapping[str, Condition], count: Count | None = None) -> Rule:
    """What a Sigma rule says of itself."""
    tags = tuple(str(tag) for tag in rule.tags)
    attack, tactic = attack_of(tags)
    return Rule(
        name="",
        id="",
        title=" ".join(str(rule.title).split())[:300],
        severity=_severity(rule.level),
        looks_at=looks_at,
        attack=attack,
        tactic=tactic,
        count=count,
        tags=tags,
        description=" ".join((rule.description or "").split()),
        benign="; ".join(map(str, rule.falsepositives or ())),
        references=tuple(map(str, rule.references or ())),
    )


def _severity(level: Any) -> Severity:
    """Sigma's levels are ours, but for the name of the least; a rule without one is medium."""
    name = level.name.lower() if level is not None else "medium"
    return Severity.INFO if name == "informational" else Severity(name)


def attack_of(tags: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Techniques and tactic of tags such as `attack.t0843` and `attack.lateral-movement`, as far as ICS has them.

    A sub-technique that we do not list stands for its technique.
    """
    said = [t.removeprefix("attack.").removeprefix("ics.") for t in tags if t.startswith("attack.")]
    numbers = [t.upper() for t in said if re.fullmatch(r"[tT]\d{4}(\.\d{3})?", t)]
    attack = tuple(dict.fromkeys(k for n in numbers for k in (n, n.partition(".")[0]) if k in TECHNIQUES))
    named = (t.replace("-", "_") for t in said)
    tactic = next((t for t in named if t in TACTICS), TECHNIQUES[attack[0]].tactics[0] if attack else "")
    return attack, tactic


def _id(rule: Any, file: str) -> str:
    """The rule's own; else one of its file and title, so that the same is the same again."""
    if rule.id is not None:
        return str(rule.id)
    return hashlib.sha256(f"{file}\x1f{rule.title}".encode()).hexdigest()[:16]


def _name(rule: Any, number: str, taken: dict[str, str]) -> str:
    """A name that no other rule has; the same rule keeps its own."""
    words = re.sub(r"[^a-z0-9]+", "_", (rule.name or rule.title or "").lower()).strip("_")[:60].strip("_") or "unnamed"
    name = f"rule_{words}"
    if taken.get(name, number) != number:
        name = f"{name}_{re.sub(r'[^a-z0-9]', '', number.lower())[:12]}"
    if taken.setdefault(name, number) != number:
        raise RuleError(f"id: {number}: another rule of this name has nearly the same; give it an id of its own")
    return name


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
