"""What a tag is: one value of a device, wherever the protocol keeps it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

from linewarden.service.tag_dictionary.facts import NOTHING, Facts

KEY = ("source", "protocol", "unit", "area", "name", "address")


class TagKey(NamedTuple):
    """Device, protocol, unit, area, name, and address: the reading's first one plus the place of the value in it."""

    source: str
    protocol: str
    unit: int | None
    area: str | None
    name: str | None
    address: int

    @property
    def id(self) -> str:
        """The same in every lake and at every time."""
        return hashlib.sha256(json.dumps(self).encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """`holding_register 40`, or the name; of a name's several values with the place."""
        if self.name:
            return self.name if self.address == 0 else f"{self.name} [{self.address}]"
        return " ".join(str(p) for p in (self.area, self.address) if p is not None)


@dataclass(frozen=True, slots=True)
class TagState:
    """What is known of a tag at a moment. Times are ns UTC; values are raw, as the wire has them."""

    key: TagKey
    id: str
    number: int
    first_ts: int
    count: int
    low: float
    high: float
    total: float
    """Of all values."""
    last: float
    last_ts: int
    moved: int
    """How often it was seen to change from piece to piece of its course, or within one."""
    course: tuple[float | None, ...] = ()
    """Its last value in each piece of the time that the lake covers; None where there is none."""
    facts: Facts = NOTHING
    """What was said of it (`service/tag_dictionary`)."""

    @property
    def interval_s(self) -> float | None:
        """Mean time from one value to the next."""
        return (self.last_ts - self.first_ts) / 1e9 / (self.count - 1) if self.count > 1 else None
