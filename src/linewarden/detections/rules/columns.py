"""Whether a condition fits its stream: each column is there, and of a type that can be asked so.

What is wrong is said before a rule runs, since an expression that fails would cost a whole batch.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
from collections.abc import Mapping
from functools import cache

import polars as pl

from linewarden.detections.rules.tree import (
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
    expression,
)

DTYPES: Mapping[str, pl.DataType] = {
    "ts": pl.Datetime("ns", "UTC"), "str": pl.String(), "text": pl.String(), "bool": pl.Boolean(), "u8": pl.UInt8(),
    "u16": pl.UInt16(), "u32": pl.UInt32(), "u64": pl.UInt64(), "i64": pl.Int64(), "f64": pl.Float64(),
    "list[f64]": pl.List(pl.Float64),
}  # fmt: skip
TEXTS = frozenset({"str", "text"})
WHOLE = frozenset({"u8", "u16", "u32", "u64", "i64"})
NUMBERS = WHOLE | {"f64"}
KIND = {**dict.fromkeys(TEXTS, "text"), **dict.fromkeys(NUMBERS, "numbers"), "bool": "yes or no", "ts": "times"}
LARGEST = 2**64


class RuleError(ValueError):
    """A rule that cannot run. The text begins with the field or column, and says what to do."""


@cache
def types() -> Mapping[str, Mapping[str, str]]:
    """Stream -> column -> type, of all streams that a detection can look at."""
    from linewarden.baseline.novelty import Novelty
    from linewarden.records import stream_of
    from linewarden.sensor.tables import spec

    # From the table that is kept for the engine: asking the protocols would take half a second.
    found = {s["name"]: {name: kind for name, kind, _ in s["columns"]} for s in json.loads(spec())["streams"]}
    del found["notice"]
    return found | {Novelty.STREAM: {c.name: c.type for c in stream_of(Novelty).columns}}


def known_stream(name: str) -> Mapping[str, str]:
    """The columns of a stream. RuleError if there is none of that name."""
    found = types().get(name)
    if found is None:
        raise RuleError(f"{name}: no such stream{_near(name, types())}; `linewarden streams` lists them")
    return found


def column_type(name: str, stream: str) -> str:
    """The type of a column. RuleError if the stream does not have it."""
    of = known_stream(stream)
    if name not in of:
        raise RuleError(f"{name}: the stream {stream} has no such column{_near(name, of)}")
    return of[name]


def _near(word: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(word, known, 1, 0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def fitted(tree: Condition, stream: str) -> Condition:
    """The tree with each leaf in the form that its column has, and tried once. Raises RuleError."""
    made = _fitted(tree, stream)
    empty = pl.DataFrame({c: [None] for c in known_stream(stream)}, schema=_schema(stream))
    try:
        empty.select(expression(made))
    except (pl.exceptions.PolarsError, ValueError, RecursionError) as error:
        raise RuleError(f"condition: cannot be run ({' '.join(str(error).split())[:160]}); write it simpler") from error
    return made


def _schema(stream: str) -> dict[str, pl.DataType]:
    return {name: DTYPES[t] for name, t in known_stream(stream).items()}


def _fitted(tree: Condition, stream: str) -> Condition:
    if isinstance(tree, AllOf | AnyOf):
        return dataclasses.replace(tree, of=tuple(_fitted(part, stream) for part in tree.of))
    if isinstance(tree, Not):
        return Not(_fitted(tree.of, stream))
    return _fitted_leaf(tree, column_type(tree.column, stream), stream)


def _fitted_leaf(leaf: Leaf, kind: str, stream: str) -> Condition:
    match leaf:
        case There():
            if kind == "list[f64]":
                raise _wrong(leaf, kind, "cannot be asked for")
            return leaf
        case Same(other=other):
            if kind in TEXTS and column_type(other, stream) in TEXTS:
                return leaf
            if kind in WHOLE and column_type(other, stream) in WHOLE:
                return leaf
            raise _wrong(leaf, kind, f"cannot be compared with {other}")
        case Number(value=value):
            return dataclasses.replace(leaf, value=_number(leaf, kind, value))
        case Flag():
            _must(leaf, kind, kind == "bool", "use a number or a text")
        case Text() | Regex() | Net():
            _must(leaf, kind, kind in TEXTS, "use a plain value")
    return leaf


def _must(leaf: Leaf, kind: str, fits: bool, way_out: str) -> None:
    if not fits:
        raise _wrong(leaf, kind, f"does not fit {type(leaf).__name__.lower()}; {way_out}")


def _wrong(leaf: Leaf, kind: str, why: str) -> RuleError:
    return RuleError(f"{leaf.column}: a column of {KIND.get(kind, 'lists')} {why}")


def _number(leaf: Number, kind: str, value: int | float) -> int | float:
    if kind not in NUMBERS:
        raise _wrong(leaf, kind, f"does not fit the number {value}")
    if kind == "f64" and math.isfinite(value):
        return float(value)
    if not abs(value) <= LARGEST or value != int(value):  # not: nothing is true of a NaN
        raise _wrong(leaf, kind, f"needs a whole number of 64 bits, not {value}")
    return int(value)
