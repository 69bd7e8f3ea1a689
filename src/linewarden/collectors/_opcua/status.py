"""Status codes of OPC UA (Part 4, 7.39), as quality and in words."""

from __future__ import annotations

from functools import lru_cache

from linewarden.collectors.contract import Quality

_DATA_VALUE = 0x0400  # info type: the lowest ten bits are of a value
_OVERFLOW = 0x0080
_LIMITS = {0x0100: "low limit", 0x0200: "high limit", 0x0300: "constant"}
BAD_NO_COMMUNICATION = 0x80310000


def overflowed(code: int) -> bool:
    """Whether the server's queue of the item was full before this value, so that values are missing."""
    return code & (_DATA_VALUE | _OVERFLOW) == _DATA_VALUE | _OVERFLOW


@lru_cache(maxsize=4096)
def quality_of(code: int) -> tuple[Quality, str | None]:
    """Quality by severity (the two highest bits) and the code's name; None for a plain Good.

    The overflow bit is of the queue and not of the value: it is told elsewhere, and not here.
    """
    quality = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.BAD)[code >> 30]
    if code & ~(_DATA_VALUE | _OVERFLOW) == 0:
        return quality, None
    text = name_of(code)
    if code & _DATA_VALUE and (limit := _LIMITS.get(code & 0x0300)):
        text = f"{text}, {limit}"
    return quality, text


@lru_cache(maxsize=4096)
def name_of(code: int) -> str:
    """Good, UncertainLastUsableValue ...; the number where it has no name."""
    from asyncua.ua.status_codes import code_to_name_doc

    named = code_to_name_doc.get(code & 0xFFFF0000)
    return str(named[0]) if named else f"0x{code:08X}"
