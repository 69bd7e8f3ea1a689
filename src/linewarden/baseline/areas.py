"""Which target is the same target: big address ranges in blocks, names as they are."""

from __future__ import annotations

import re
from functools import lru_cache

BLOCK = 64
"""Addresses that count as one target: a recipe or an axis is written as a block, and not always from its beginning."""
WIDE = 4 * BLOCK
"""A range of more than so many addresses is 'wide': the area as a whole."""
MOST_NAME = 120
_RANGE = re.compile(r"(?P<area>.*?)\s*(?P<start>\d+)(?:-(?P<end>\d+))?")
_TRAILING = re.compile(r"\s+and others$")


@lru_cache(65_536)
def area_of(target: str) -> str:
    """'holding_register 40-43' -> 'holding_register 0-63'; 'db1 20-23' -> 'db1 0-63'; 'tag Speed' stays as it is."""
    text = _TRAILING.sub("", target)
    found = _RANGE.fullmatch(text)
    if found is None or not found["area"].strip() or found["area"][-1] in "._=-/:[":
        return text[:MOST_NAME]
    if not target[found.end("area") : found.start("start")]:  # 'DB1', 'rack0': a name that ends in a digit
        return text[:MOST_NAME]
    start = int(found["start"])
    if int(found["end"] or start) - start >= WIDE:
        return f"{found['area']} wide"[:MOST_NAME]
    first = start // BLOCK * BLOCK
    return f"{found['area']} {first}-{first + BLOCK - 1}"[:MOST_NAME]
