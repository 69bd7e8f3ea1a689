"""What a person knows of the process, in one line each; read by a small grammar of its own, and never run as code.

    d(TANK.LEVEL)/dt = IN.FLOW - OUT.FLOW        a balance; the tank's size and the units are learned
    TOTAL = A + 2 * B                            what must add up
    |d(OVEN.T)/dt| <= 5 /min                     how fast a value can move at all: /s (the default), /min or /h
    0 <= TANK.LEVEL <= 3.5                       where a value can be at all

A tag with other signs than letters, digits and `_ . : / [ ]`, or that begins with a digit, stands in "quotes".
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from linewarden.errors import ConfigError

TOKEN = re.compile(
    r'\s*(?:(?P<rate>d\(\s*(?:"(?P<quoted_rate>[^"]+)"|(?P<plain_rate>[A-Za-z_][\w.:/\[\]]*))\s*\)/dt)'
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r'|"(?P<quoted>[^"]+)"'
    r"|(?P<unit>/(?:s|min|h)\b)"
    r"|(?P<plain>[A-Za-z_][\w.:/\[\]]*)"
    r"|(?P<sign><=|>=|[-+*=|]))"
)
SECONDS = {"/s": 1.0, "/min": 60.0, "/h": 3600.0}
LONGEST = 500


class HintError(ConfigError):
    """A line that is no hint, with what was expected."""


@dataclass(frozen=True)
class Term:
    """factor times a tag, or times how fast it moves a second."""

    tag: str
    factor: float = 1.0
    rate: bool = False


@dataclass(frozen=True)
class Balance:
    """`left` follows the sum of `right`, up to one scale and one offset that normal time tells."""

    line: str
    left: Term
    right: tuple[Term, ...]


@dataclass(frozen=True)
class Bounds:
    """`term` lies between `low` and `high`, in the tag's unit (a second, for a rate)."""

    line: str
    term: Term
    low: float
    high: float


Hint = Balance | Bounds


def parsed(line: str, tags: Sequence[str]) -> Hint:
    """The hint that a line states. Raises HintError, also for a tag that is none of `tags`."""
    if len(line) > LONGEST:
        raise HintError(f"longer than {LONGEST} characters")
    tokens = _tokens(line)
    signs = [t for kind, t in tokens if kind == "sign"]
    hint = _balance(line, tokens) if "=" in signs else _bounds(line, tokens)
    unknown = [t.tag for t in _terms(hint) if t.tag not in tags]
    if unknown:
        raise HintError(f"{line!r}: there is no tag {unknown[0]!r}")
    return hint


def _terms(hint: Hint) -> list[Term]:
    return [hint.left, *hint.right] if isinstance(hint, Balance) else [hint.term]


def _tokens(line: str) -> list[tuple[str, str]]:
    out, place = [], 0
    while line[place:].strip():
        match = TOKEN.match(line, place)
        if not match:
            raise HintError(f"{line!r}: cannot read {line[place:].strip()[:20]!r}")
        place = match.end()
        kind = str(match.lastgroup)
        if match["rate"]:
            out.append(("rate", match["quoted_rate"] or match["plain_rate"]))
        else:
            out.append(("tag" if kind in ("quoted", "plain") else kind, match[kind]))
    return out


def _balance(line: str, tokens: list[tuple[str, str]]) -> Balance:
    middle = tokens.index(("sign", "="))
    left, right = _sum(line, tokens[:middle]), _sum(line, tokens[middle + 1 :])
    if len(left) != 1 or not right or left[0].factor <= 0 or any(t.rate for t in right):
        raise HintError(f"{line!r}: expected one tag or rate = a sum of tags")
    return Balance(line, left[0], tuple(right))


def _sum(line: str, tokens: list[tuple[str, str]]) -> list[Term]:
    """[-] [number *] tag, joined by + and -."""
    terms: list[Term] = []
    sign, factor, fresh = 1.0, 1.0, True
    for place, (kind, text) in enumerate(tokens):
        if kind in ("tag", "rate") and fresh:
            terms.append(Term(text, sign * factor, kind == "rate"))
            sign, factor, fresh = 1.0, 1.0, False
        elif kind == "number" and fresh and tokens[place + 1 : place + 2] == [("sign", "*")]:
            factor *= float(text)
        elif kind == "sign" and text == "*" and tokens[place - 1][0] == "number" and place:
            continue
        elif kind == "sign" and text in "+-" and (not fresh or not terms):
            sign, fresh = (1.0 if text == "+" else -1.0), True
        else:
            raise HintError(f"{line!r}: did not expect {text!r} here")
    if fresh:
        raise HintError(f"{line!r}: a tag is missing")
    return terms


def _bounds(line: str, tokens: list[tuple[str, str]]) -> Bounds:
    """Number <= term <= number, either side left out, or |term| <= number."""
    shape = " ".join(t if k == "sign" else k[0] for k, t in tokens)
    shape = shape.replace("- n", "n").replace("n u", "n")
    names = [Term(t, 1.0, k == "rate") for k, t in tokens if k in ("tag", "rate")]
    numbers = _numbers(tokens)
    if any(u != 1.0 for _, u in numbers) and not names[0].rate:
        raise HintError(f"{line!r}: /min and /h are for rates")
    values = [n / u for n, u in numbers]
    match shape.replace("r", "t"):
        case "n <= t <= n":
            low, high = values
        case "t <= n" | "n >= t":
            low, high = -math.inf, values[0]
        case "t >= n" | "n <= t":
            low, high = values[0], math.inf
        case "| t | <= n":
            low, high = -values[0], values[0]
        case _:
            raise HintError(f"{line!r}: expected a balance (=) or bounds (<=)")
    if low >= high:
        raise HintError(f"{line!r}: nothing lies between these bounds")
    return Bounds(line, names[0], low, high)


def _numbers(tokens: list[tuple[str, str]]) -> list[tuple[float, float]]:
    """Each number with its sign, and the seconds of its unit."""
    out: list[tuple[float, float]] = []
    for place, (kind, text) in enumerate(tokens):
        if kind == "number":
            minus = place > 0 and tokens[place - 1] == ("sign", "-")
            out.append((-float(text) if minus else float(text), 1.0))
        elif kind == "unit" and out:
            out[-1] = (out[-1][0], SECONDS[text])
    return out
