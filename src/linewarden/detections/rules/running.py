"""Rules as detections: they run in the same `Run` as ours, and are told, counted and bounded as ours are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Watch, stateless
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Rate, Recent
from linewarden.detections.rules.rule import Count, Rule
from linewarden.detections.rules.tree import columns, expression

MOST_HELD = 1_000_000
"""Events that a rule which counts may remember, of all that it tells apart."""
MOST_KEYS = 10_000
LONGEST = 160
"""Characters of a value in the reasons of a notice."""


def detection_of(rule: Rule) -> Detection:
    """The rule as a detection. It has no cases of its own: only ours are held to that contract."""
    watch = _counting(rule, rule.count) if rule.count else stateless(lambda row, known: _finding(rule, row, known))
    about = rule.description or rule.title
    return Detection(
        title=rule.title,
        severity=rule.severity,
        attack=rule.attack,
        meaning=f"A rule of this site: {about}",
        runbook=(
            "Read the rule: what its author looked for, and where it is described"
            + (f" ({rule.references[0]})." if rule.references else "."),
            "Look at the packet that the notice names: is it what the rule means?",
            "Ask who works at these two devices today; if it is normal, narrow the rule or suppress it here.",
        ),
        benign=rule.benign or "The rule does not say.",
        needs={stream: expression(tree) for stream, tree in rule.looks_at.items()},
        watch=watch,
        fires=Case({}),
        quiet=Case({}),
        name=rule.name,
        tactic=rule.tactic,
    )


def _finding(rule: Rule, row: Row, known: Knowledge, count: int | None = None, *more: str) -> Finding:
    who, whom = _ends(row)
    between = f"{known.name(who)} to {known.name(whom)}" if who and whom else known.name(who or whom)
    return Finding(
        row,
        f"{rule.title.rstrip('.')}: {between}.",
        (who, whom),
        why=(*more, *_facts(rule, row), f"rule {rule.id}"),
        orig=who,
        resp=whom,
        count=count or _weight(row),
    )


def _ends(row: Row) -> tuple[str, str]:
    """Who and whom; streams without endpoints tell of one device."""
    if "id.orig_h" in row:
        return str(row["id.orig_h"] or ""), str(row["id.resp_h"] or "")
    return "", str(next((row[c] for c in ("address", "source", "ip", "mac") if row.get(c)), ""))


def _weight(row: Row) -> int:
    """How many events a record sums: cyclic ones are counted before they get here."""
    return int(row.get("count") or 1)


def _facts(rule: Rule, row: Row) -> tuple[str, ...]:
    """What the record says in the columns that the rule asks for."""
    asked = dict.fromkeys(c for tree in rule.looks_at.values() for c in columns(tree))
    return tuple(f"{c} = {str(row[c])[:LONGEST]}" for c in asked if row.get(c) is not None)


def _counting(rule: Rule, count: Count) -> Any:
    """A watch that counts within a moving window, for each that `by` tells apart."""
    keys = max(100, min(MOST_KEYS, MOST_HELD // count.at_least))

    def make(_params: Any) -> Watch:
        rates: Bounded[tuple[Any, ...], Rate] = Bounded(lambda: Rate(count.within_s, count.at_least + 1), keys)
        values: Bounded[tuple[Any, ...], Recent[Any]] = Bounded(
            lambda: Recent(count.within_s, count.at_least + 1), keys
        )

        def number(row: Row) -> tuple[int, int]:
            """How many there were in the window before this record, and with it."""
            key, ts = tuple(row[c] for c in count.by), int(row["ts"])
            if count.distinct is None:
                total = rates.at(key).add(ts, _weight(row))
                return total - _weight(row), total
            if (value := row[count.distinct]) is None:
                return 0, 0
            seen = values.at(key)
            before = len(seen)
            return before, seen.add(ts, value)

        def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
            for row in rows.sort("ts").iter_rows(named=True):
                before, total = number(row)
                if total >= count.at_least:
                    what = f"different {count.distinct}" if count.distinct else "records"
                    said = f"{count.at_least} {what} or more within {count.within_s:g} s"
                    yield _grouped(rule, count, row, known, total if before < count.at_least else None, said)

        return look

    return make


def _grouped(rule: Rule, count: Count, row: Row, known: Knowledge, total: int | None, said: str) -> Finding:
    """A finding of a rule that counts: the same again is what is alike in `by`."""
    found = _finding(rule, row, known, total, said)
    key = tuple("" if row[c] is None else str(row[c]) for c in count.by)
    return replace(found, key=key)
