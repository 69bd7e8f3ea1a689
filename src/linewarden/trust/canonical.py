"""One text for one value: the JSON Canonicalization Scheme, so that a hash over it can be made anew by anybody.

Source: RFC 8785: no blanks, keys by their UTF-16 units (3.2.3), strings as in 3.2.2.2, numbers as ECMAScript prints
them (3.2.2.3). Integers beyond 2^53 are refused, as others would read another number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

MOST_EXACT = 2**53


def canonical(value: Any) -> str:
    """The text. Raises ValueError for what JSON cannot say, or not exactly."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        if abs(value) > MOST_EXACT:
            raise ValueError(f"{value} is not exact in JSON; say it as a text")
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        if wrong := [k for k in value if not isinstance(k, str)]:
            raise ValueError(f"{wrong[0]!r} is no name of a member")
        ordered = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_string(key)}:{canonical(value[key])}" for key in ordered) + "}"
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return "[" + ",".join(map(canonical, value)) + "]"
    raise ValueError(f"{type(value).__name__} is nothing that JSON has")


def _string(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("half of a character") from None
    return json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    """As Number::toString of ECMAScript does: both print the shortest digits that give the same number."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number of JSON")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, rest = mantissa.partition(".")
    rest = "" if rest == "0" else rest
    point = len(whole) + int(exponent or 0)
    digits = (whole + rest).lstrip("0")
    point -= len(whole + rest) - len(digits)
    digits = digits.rstrip("0")
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """`digits` with the point behind the first `point` of them (it may be negative)."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"
