"""What may be said of a tag, and what is no such thing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from linewarden.errors import ConfigError
from linewarden.service.units import checked_unit

LONGEST: Mapping[str, int] = {
    "ucum": 60, "description": 1000, "datatype": 60, "alias": 200, "line": 200, "asset": 200,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """ucum: unit of its values (UCUM). datatype: in the machine's words. low, high: the range that the machine states,
    or a person. alias: how people call it. line: of production. asset: what it measures, as the plant calls it.
    """

    ucum: str = ""
    description: str = ""
    datatype: str = ""
    low: float | None = None
    high: float | None = None
    alias: str = ""
    line: str = ""
    asset: str = ""

    def over(self, other: Facts) -> Facts:
        """This, and where it says nothing the other."""
        return replace(other, **{name: value for name, value in asdict(self).items() if value not in ("", None)})

    def said(self) -> dict[str, Any]:
        """What is said, by name."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}


NAMES = tuple(f.name for f in fields(Facts))
NOTHING = Facts()


def checked(said: Mapping[str, str]) -> dict[str, Any]:
    """Facts from texts: an empty one takes back what was said. Raises ConfigError for what makes no sense."""
    found: dict[str, Any] = {}
    for name, text in said.items():
        if name not in NAMES:
            from linewarden.service.config.words import did_you_mean

            raise ConfigError(f"{name}: no such field of a tag; {did_you_mean(name, NAMES)}")
        found[name] = _value(name, text.strip())
    return found


def _value(name: str, text: str) -> Any:
    if name in ("low", "high"):
        return _number(name, text) if text else None
    if len(text) > LONGEST[name]:
        raise ConfigError(f"{name}: {len(text):,} characters; use at most {LONGEST[name]}")
    if not text.isprintable():
        raise ConfigError(f"{name}: has characters that cannot be shown; write plain text")
    return checked_unit(text) if name == "ucum" and text else text


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"{name}: {text!r} is no number; use one such as 12.5")
    return value


def with_facts(now: Facts, new: Mapping[str, Any]) -> Facts:
    """`now` with more said. Raises ConfigError if its range is none."""
    found = replace(now, **new)
    if found.low is not None and found.high is not None and found.low >= found.high:
        raise ConfigError(f"low {found.low:g} is not below high {found.high:g}; correct one of them")
    return found
