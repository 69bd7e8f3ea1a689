"""What a tag is: one value of a device, wherever the protocol keeps it."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

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
