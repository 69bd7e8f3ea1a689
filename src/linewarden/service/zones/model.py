"""A zone: a group of assets with the same need of protection (IEC 62443-1-1, 3.2.117)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from linewarden.errors import ConfigError
from linewarden.plant.criticality import Criticality

LONGEST = 80


class Colour(StrEnum):
    """Of the console's own series: they stay readable in each theme."""

    NONE = ""
    PETROL = "1"
    AMBER = "2"
    VIOLET = "3"
    GREEN = "4"
    ROSE = "5"
    OLIVE = "6"


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """What people said of a zone. `security_level`: the target SL-T, 0 to 4 (IEC 62443-3-2, 4.5); None: not set."""

    name: str
    description: str = ""
    security_level: int | None = None
    criticality: Criticality = Criticality.NORMAL
    colour: Colour = Colour.NONE


def zone_name(text: str) -> str:
    """A name as it is kept. Raises ConfigError for none, or one that cannot be shown or put into an address."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST:
        raise ConfigError(f"a zone's name has 1 to {LONGEST} characters")
    if any(unicodedata.category(c)[0] == "C" for c in name) or "/" in name or name in (".", "..", "-"):
        raise ConfigError("a zone's name has no control characters and no slash, and is no dash")
    return name
