"""Conditions as the files have them: JSON objects, one a node.

{"all": [{"column": "verb", "like": ["write"]}, {"not": {"column": "id.orig_h", "within": ["10.0.0.0/24"]}}]}
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from linewarden.detections.rules.columns import RuleError
from linewarden.detections.rules.tree import (
    COMPARE,
    AllOf,
    AnyOf,
    Condition,
    Flag,
    Leaf,
    Net,
    Not,
    Number,
    Regex,
    Same,
    Text,
    There,
)

DEEPEST = 40
MOST_TEXTS = 2_000
ASKS = ("like", "like_cased", "regex", *COMPARE, "is", "there", "within", "same_as")


def as_json(tree: Condition) -> dict[str, Any]:
    """The tree for a file."""
    match tree:
        case AllOf(of=of):
            return {"all": [as_json(part) for part in of]}
        case AnyOf(of=of):
            return {"any": [as_json(part) for part in of]}
        case Not(of=part):
            return {"not": as_json(part)}
    return {"column": tree.column, **_asked(tree)}


def _asked(leaf: Leaf) -> dict[str, Any]:
    match leaf:
        case Text(like=like, cased=cased):
            return {"like_cased" if cased else "like": list(like)}
        case Regex(pattern=pattern):
            return {"regex": pattern}
        case Number(compare=name, value=value):
            return {name: value}
        case Flag(value=flag):
            return {"is": flag}
        case There(value=there):
            return {"there": there}
        case Net(within=within):
            return {"within": list(within)}
        case Same(other=other):
            return {"same_as": other}


def from_json(value: Any, place: str = "condition", depth: int = 0) -> Condition:
    """The tree of a file. RuleError, with the place in it, for what makes no sense."""
    if depth > DEEPEST:
        raise RuleError(f"{place}: is nested too deep; at most {DEEPEST} levels")
    if not isinstance(value, Mapping) or not value:
        raise RuleError(f"{place}: use an object with all, any, not, or column")
    if "column" in value:
        return _leaf(value, place)
    if len(value) != 1 or (kind := next(iter(value))) not in ("all", "any", "not"):
        raise RuleError(f"{place}: use one of all, any, not, or column; not {', '.join(map(str, value))}")
    if kind == "not":
        return Not(from_json(value[kind], f"{place}.not", depth + 1))
    parts = value[kind]
    if not isinstance(parts, list) or not parts:
        raise RuleError(f"{place}.{kind}: use a list of conditions")
    of = tuple(from_json(part, f"{place}.{kind}[{i}]", depth + 1) for i, part in enumerate(parts))
    return AllOf(of) if kind == "all" else AnyOf(of)


def _leaf(value: Mapping[str, Any], place: str) -> Leaf:
    column = value["column"]
    asked = [k for k in value if k != "column"]
    if not isinstance(column, str) or len(asked) != 1 or asked[0] not in ASKS:
        raise RuleError(f"{place}: use a column and one of {', '.join(ASKS)}")
    name, given = asked[0], value[asked[0]]
    place = f"{place}.{name}"
    if name in ("like", "like_cased"):
        return Text(column, _texts(given, place), name == "like_cased")
    if name in COMPARE:
        if isinstance(given, bool) or not isinstance(given, int | float) or given != given or abs(given) > 1e300:
            raise RuleError(f"{place}: use a number")
        return Number(column, name, given)
    if name in ("is", "there"):
        if not isinstance(given, bool):
            raise RuleError(f"{place}: use true or false")
        return Flag(column, given) if name == "is" else There(column, given)
    if name == "within":
        return Net(column, tuple(_network(text, place) for text in _texts(given, place)))
    if not isinstance(given, str) or not given:
        raise RuleError(f"{place}: use a text")
    return Regex(column, given) if name == "regex" else Same(column, given)


def _texts(given: Any, place: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(g, str) for g in given):
        raise RuleError(f"{place}: use a list of texts")
    if len(given) > MOST_TEXTS:
        raise RuleError(f"{place}: has {len(given)} texts; at most {MOST_TEXTS}")
    return tuple(given)


def _network(text: str, place: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise RuleError(f"{place}: {text!r} is no network; use one such as 10.0.0.0/24") from None
