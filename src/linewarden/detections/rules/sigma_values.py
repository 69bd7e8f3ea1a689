"""A field and a value of a Sigma rule to a leaf of our tree."""

from __future__ import annotations

from typing import Any

from linewarden.detections.rules.columns import NUMBERS, TEXTS, RuleError, column_type
from linewarden.detections.rules.sources import Source
from linewarden.detections.rules.tree import (
    AnyOf,
    Condition,
    Flag,
    Net,
    Not,
    Number,
    Regex,
    Same,
    Text,
    There,
    quoted,
)

YES_NO = {"true": True, "t": True, "false": False, "f": False}


def leaf_of(name: str, value: Any, source: Source) -> Condition:
    """What `name: value` asks of a stream. Raises RuleError, beginning with the field's name."""
    from sigma import types as of

    column, kind = _column(name, source)
    match value:
        case of.SigmaNull():
            return There(column, False)
        case of.SigmaExists(exists=exists):
            return There(column, bool(exists))
        case of.SigmaExpansion(values=values):
            return AnyOf(tuple(leaf_of(name, v, source) for v in values))
        case of.SigmaBool(boolean=flag):
            return Flag(column, flag) if kind == "bool" else _text(name, str(flag), column, kind)
        case of.SigmaTimestampPart():
            raise RuleError(f"{name}: parts of a time are not taken; say when it is usual with --expected")
        case of.SigmaNumber(number=number):
            return Text(column, (str(number),)) if kind in TEXTS else Number(column, "equals", number)
        case of.SigmaString():
            return _string(name, value, source, column, kind)
    return _modified(name, value, source, column)


def _modified(name: str, value: Any, source: Source, column: str) -> Condition:
    """What stands behind a modifier: `|re`, `|cidr`, `|gte`, `|fieldref`."""
    from sigma import types as of

    match value:
        case of.SigmaRegularExpression():
            return Regex(column, _regex(value))
        case of.SigmaCIDRExpression():
            return Net(column, (str(value.network),))
        case of.SigmaCompareExpression(number=number, op=op):
            if op.name == "NEQ":
                return Not(Number(column, "equals", number.number))
            return Number(column, op.name.lower(), number.number)
        case of.SigmaFieldReference(field=other, starts_with=starts, ends_with=ends):
            if starts or ends:
                raise RuleError(f"{name}: a part of another field is not compared; name the whole field")
            return Same(column, _column(other, source)[0])
    raise RuleError(f"{name}: values of the kind {type(value).__name__} are not taken")


def _column(name: str, source: Source) -> tuple[str, str]:
    column = source.column(name)
    try:
        return column, column_type(column, source.streams[0])
    except RuleError as error:
        if column == name:
            raise
        raise RuleError(f"{name} (here {error})") from None


def _string(name: str, value: Any, source: Source, column: str, kind: str) -> Condition:
    from sigma.types import SigmaCasedString

    like = _like(name, value)
    if not like:
        return There(column, False)
    if kind in TEXTS:
        return Text(column, (source.value(column, like),), isinstance(value, SigmaCasedString))
    return _text(name, like, column, kind)


def _text(name: str, text: str, column: str, kind: str) -> Condition:
    """A plain text for a column that has none."""
    if kind == "bool" and text.lower() in YES_NO:
        return Flag(column, YES_NO[text.lower()])
    if kind in NUMBERS:
        if text == "*":
            return There(column, True)
        try:
            return Number(column, "equals", float(text) if kind == "f64" else int(text))
        except ValueError:
            raise RuleError(f"{name}: {text!r} is no number, and the column {column} has numbers") from None
    raise RuleError(f"{name}: the text {text!r} does not fit the column {column} ({kind})")


def _like(name: str, value: Any) -> str:
    """A string of Sigma with its wildcards, as our patterns have it."""
    from sigma.types import SpecialChars

    parts = []
    for part in value.s:
        if isinstance(part, str):
            parts.append(quoted(part))
        elif part is SpecialChars.WILDCARD_MULTI:
            parts.append("*")
        elif part is SpecialChars.WILDCARD_SINGLE:
            parts.append("?")
        else:
            raise RuleError(f"{name}: the placeholder {part} stands for values that are not given; write them down")
    return "".join(parts)


def _regex(value: Any) -> str:
    flags = "".join(sorted(f.name[0].lower() for f in value.flags)).translate(str.maketrans("d", "s"))
    return f"(?{flags}){value.regexp}" if flags else str(value.regexp)
