"""The condition of a rule: a small tree over the columns of one stream.

    AllOf((Text("verb", ("write",)), Not(Net("id.orig_h", ("10.0.0.0/24",)))))

Each leaf is true or false, never unknown: what a record does not say makes a leaf false, and its `Not` true. So the
polars expression of a tree never has a null. `columns.py` sees to it that a leaf fits the type of its column.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "equals": operator.eq, "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge,
}  # fmt: skip
"""How a number may be compared, by its name in the files."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of these."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    of: Condition


@dataclass(frozen=True, slots=True)
class Text:
    r"""The whole text is like one of these: `*` any characters, `?` one, `\` before them takes them as they are."""

    column: str
    like: tuple[str, ...]
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A part of the text fits a regular expression, as Rust's `regex` understands it."""

    column: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number compared; whole for a column of whole numbers."""

    column: str
    compare: str
    value: int | float


@dataclass(frozen=True, slots=True)
class Flag:
    """A column of yes and no."""

    column: str
    value: bool


@dataclass(frozen=True, slots=True)
class There:
    """The record says something in this column (or, with False, nothing: null or an empty text)."""

    column: str
    value: bool


@dataclass(frozen=True, slots=True)
class Net:
    """An IP address in one of these networks."""

    column: str
    within: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """Two texts, or two numbers, that are alike; texts whatever their case."""

    column: str
    other: str


Leaf = Text | Regex | Number | Flag | There | Net | Same
Condition = AllOf | AnyOf | Not | Leaf


def leaves(tree: Condition) -> Iterator[Leaf]:
    """What a tree asks of records, from left to right."""
    if isinstance(tree, AllOf | AnyOf):
        for part in tree.of:
            yield from leaves(part)
    elif isinstance(tree, Not):
        yield from leaves(tree.of)
    else:
        yield tree


def columns(tree: Condition) -> tuple[str, ...]:
    """The columns that it looks at, in the order in which they are named."""
    found = (
        c for leaf in leaves(tree) for c in ((leaf.column, leaf.other) if isinstance(leaf, Same) else (leaf.column,))
    )
    return tuple(dict.fromkeys(found))


def expression(tree: Condition) -> pl.Expr:
    """The tree for whole batches: true or false for each row."""
    if isinstance(tree, AllOf):
        return pl.all_horizontal(*map(expression, tree.of))
    if isinstance(tree, AnyOf):
        return pl.any_horizontal(*map(expression, tree.of))
    if isinstance(tree, Not):
        return ~expression(tree.of)
    return _leaf(tree).fill_null(False)


def _leaf(leaf: Leaf) -> pl.Expr:
    column = pl.col(leaf.column)
    match leaf:
        case Text(like=like, cased=cased):
            return column.str.contains(pattern_of(like, cased))
        case Regex(pattern=pattern):
            return column.str.contains(pattern)
        case Number(compare=name, value=int(value)):
            # 128 bits hold every whole number of a record, so that no comparison wraps or rounds.
            return _expr(COMPARE[name](column.cast(pl.Int128), pl.lit(value, dtype=pl.Int128)))
        case Number(compare=name, value=value):
            return _expr(COMPARE[name](column.cast(pl.Float64), pl.lit(value, dtype=pl.Float64)))
        case Flag(value=value):
            return column if value else ~column
        case There(value=value):
            # Compared as text, since a column may be of any type; an empty text says nothing.
            said = column.cast(pl.String) != ""
            return said if value else ~said.fill_null(False)
        case Net(within=within):
            return _in_networks(column, within)
        case Same(other=other):
            return column.cast(pl.String).str.to_lowercase() == pl.col(other).cast(pl.String).str.to_lowercase()


def _expr(made: Any) -> pl.Expr:
    assert isinstance(made, pl.Expr)
    return made


def pattern_of(like: tuple[str, ...], cased: bool) -> str:
    """The texts with `*` and `?` as one regular expression."""
    return f"(?{'s' if cased else 'is'})^(?:{'|'.join(map(_one_pattern, like))})$"


def _one_pattern(like: str) -> str:
    return "".join(
        {"*": ".*", "?": "."}[text] if wild else pl.escape_regex(text) for text, wild in pieces(like)
    )  # fmt: skip


def pieces(like: str) -> Iterator[tuple[str, bool]]:
    """The characters of a pattern: (character, whether it stands for others)."""
    characters = iter(like)
    for c in characters:
        if c == "\\":
            yield next(characters, "\\"), False
        else:
            yield c, c in "*?"


def quoted(text: str) -> str:
    """A text that stands for itself, as `like` has it."""
    return "".join("\\" + c if c in "\\*?" else c for c in text)


def _in_networks(column: pl.Expr, within: tuple[str, ...]) -> pl.Expr:
    """Networks of IPv4 as one pattern, since addresses may come in floods; those of IPv6 address by address."""
    networks = [ipaddress.ip_network(text, strict=False) for text in within]
    old = [_v4_pattern(n) for n in networks if n.version == 4]
    new = tuple(n for n in networks if n.version == 6)
    asked = [column.str.contains(f"^(?:{'|'.join(old)})$")] if old else []
    if new:
        asked.append(column.map_batches(lambda texts: _in_v6(texts, new), return_dtype=pl.Boolean))
    return pl.any_horizontal(*asked)


def _v4_pattern(network: ipaddress.IPv4Network) -> str:
    """Whole octets as they are, the one that the mask divides as a choice, and any for the rest."""
    whole, bits = divmod(network.prefixlen, 8)
    octets = str(network.network_address).split(".")
    parts = octets[:whole]
    if bits:
        first = int(octets[whole])
        parts.append(f"(?:{'|'.join(map(str, range(first, first + 2 ** (8 - bits))))})")
    return r"\.".join(parts + [r"\d+"] * (4 - len(parts)))


def _in_v6(texts: pl.Series, networks: tuple[ipaddress.IPv6Network, ...]) -> pl.Series:
    """Whether each is in one of them; each distinct one that looks like an address is read once."""
    distinct = texts.filter(texts.str.contains(":", literal=True)).unique()
    inside = distinct.filter(pl.Series([_is_within(t, networks) for t in distinct], dtype=pl.Boolean))
    return texts.is_in(inside.implode()) if len(inside) else pl.repeat(False, len(texts), dtype=pl.Boolean, eager=True)


def _is_within(text: str, networks: tuple[ipaddress.IPv6Network, ...]) -> bool:
    address = _v6_address(text)
    return address is not None and any(address in network for network in networks)


@lru_cache(32_768)
def _v6_address(text: str) -> ipaddress.IPv6Address | None:
    """None for other texts with colons, such as MAC addresses. Kept, since all rules ask for the same ones."""
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        return None
