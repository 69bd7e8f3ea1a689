"""How much depends on a device, as people say it: of the device itself, or of the zone that it is in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Criticality(StrEnum):
    """How much depends on something."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def weight(self) -> float:
        """As `cases.model.priority` takes it."""
        return {"low": 0.25, "normal": 0.5, "high": 0.75, "critical": 1.0}[self.value]


def weights(own: Mapping[str, str], zones: Mapping[str, str], of_zone: Mapping[str, str]) -> dict[str, float]:
    """How much depends on assets, 0..1 by id, where somebody said it.

    `own`: what was said of an asset by id; `zones`: the zone that it is in; `of_zone`: what was said of a zone. What
    was said of an asset counts over what was said of its zone.
    """
    said = {asset: of_zone[zone] for asset, zone in zones.items() if zone in of_zone} | dict(own)
    return {asset: Criticality(word).weight for asset, word in said.items()}
