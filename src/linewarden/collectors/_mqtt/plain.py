"""Plain MQTT: which topic is which tag, and where in a payload the value and its time stand. No I/O.

A topic is an MQTT filter (MQTT 5.0, 4.7) in which a level may be named: `plant/{line}/{machine}/temperature`. A path
says where in a JSON value something is: `a.b`, `a[0].b`, `a["x.y"]`, and `a[*].b` for each element of a list.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

TimeUnit = Literal["auto", "s", "ms", "us", "ns", "iso"]
_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_TOKEN = re.compile(r"""\.?([A-Za-z_$@][\w$@:/-]*)|\[(\d+)\]|\[(\*)\]|\["((?:[^"\\]|\\.)*)"\]""")
_LEVEL = re.compile(r"\{([A-Za-z_]\w*)\}")
_WORD = re.compile(r"\{([^{}]*)\}")
_EACH = object()
_DEPTH = 16
TEXT_LIMIT = 65_536


class Path:
    """Where in a JSON value something stands. Raises ValueError for what is no path."""

    def __init__(self, text: str) -> None:
        self._steps: list[Any] = []
        at = 1 if text == "$" or text.startswith(("$.", "$[")) else 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or (at == 0 and text[0] == "."):
                raise ValueError(f'{text!r} is no path: write a.b, a[0].b, a[*].b or a["x y"]')
            key, number, each, quoted = match.groups()
            if number is not None:
                self._steps.append(int(number))
            else:
                self._steps.append(_EACH if each else key if key is not None else json.loads(f'"{quoted}"'))
            at = match.end()

    def of(self, value: Any) -> list[Any]:
        """What stands there, for each element where the path goes through lists; nothing where it is not."""
        found = [value]
        for step in self._steps:
            if step is _EACH:
                found = [e for v in found if isinstance(v, list) for e in v]
            elif isinstance(step, int):
                found = [v[step] for v in found if isinstance(v, list) and step < len(v)]
            else:
                found = [v[step] for v in found if isinstance(v, dict) and step in v]
        return found


class Pattern:
    """Topics that are read. Raises ValueError for what is no filter."""

    def __init__(self, text: str) -> None:
        levels = text.split("/")
        if not text or "\0" in text or len(text.encode()) > 65_535:
            raise ValueError("a topic is not empty, and has at most 65535 bytes")
        shapes, plain = [], []
        self.names: list[str] = []
        for at, level in enumerate(levels):
            named = _LEVEL.fullmatch(level)
            if level == "#" and at == len(levels) - 1:
                shapes.append("(.+)" if at == 0 else "(?:/(.*))?")
            elif level == "+" or named:
                self.names.append(named[1] if named else "")
                shapes.append(("/" if at else "") + "([^/]*)")
            elif set(level) & set("+#{}"):
                raise ValueError(f"{text!r}: +, # and {{name}} are a level of their own, and # the last")
            else:
                shapes.append(("/" if at else "") + re.escape(level))
            plain.append("+" if named else level)
        self.filter = "/".join(plain)
        words = [name for name in self.names if name]
        if len(set(words)) < len(words):
            raise ValueError(f"{text!r}: one name stands twice")
        self._shape = re.compile("".join(shapes), re.DOTALL)
        self.groups = self._shape.groups

    def match(self, topic: str) -> dict[str, str] | None:
        """The named levels of a topic, with their number for those without a name, from 1; None for another topic."""
        found = self._shape.fullmatch(topic)
        if found is None or (topic.startswith("$") and not self.filter.startswith("$")):
            return None
        words = {str(at): word or "" for at, word in enumerate(found.groups(), 1)}
        return words | {name: found[at] for at, name in enumerate(self.names, 1) if name}


def filled(template: str, levels: dict[str, str]) -> str:
    """A template with levels in the place of {name}. Raises ValueError for one that is not there, or a
    lone brace."""
    parts = _WORD.split(template)
    for at, part in enumerate(parts):
        if at % 2:
            if part not in levels:
                raise ValueError(f"{{{part}}} is no level; there is {', '.join(sorted(levels)) or 'none'}")
            parts[at] = levels[part]
        elif set(part) & set("{}"):
            raise ValueError("write levels as {line}")
    return "".join(parts)


def loaded(payload: bytes) -> Any:
    """A payload as a value: JSON, or else a text. Raises ValueError for what is neither."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        text = payload.decode("utf-8")
        if not text.isprintable() or len(text) > TEXT_LIMIT or text[:1] in ("{", "["):
            raise ValueError("is neither JSON nor a short text") from None
        return text


def leaves(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, float | str | None]]:
    """Values in a JSON value that are a number, truth, text or null, each with the path to it; `` for itself."""
    if isinstance(value, dict | list) and depth < _DEPTH:
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            step = f"[{key}]" if isinstance(value, list) else f".{key}" if name else str(key)
            yield from leaves(part, name + step, depth + 1)
    else:
        yield name, single(value)


def single(value: Any) -> float | str | None:
    """One value: truth as 1 and 0, what has parts as JSON."""
    if value is None or isinstance(value, str):
        return value[:TEXT_LIMIT] if value is not None else None
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))[:TEXT_LIMIT]


def moment(value: Any, unit: TimeUnit) -> int | None:
    """A time as ns UTC; None if it is none. auto: a text as ISO 8601, a number by its size (s until the year 5138)."""
    try:
        if isinstance(value, str) and unit in ("auto", "iso"):
            read = datetime.fromisoformat(value.strip())
            read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
            ns = round(read.timestamp() * 1_000_000) * 1000
            return ns if 0 < ns < 1 << 63 else None
        number = float(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            return None
        if unit == "iso":
            return None
        scale = _NS[unit] if unit != "auto" else next((n for limit, n in _SIZES if abs(number) < limit), 1)
        ns = number * scale if isinstance(number, int) else round(number * scale)
    except (ValueError, OverflowError, OSError):
        return None
    return ns if 0 < ns < 1 << 63 else None


_SIZES = ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3))
