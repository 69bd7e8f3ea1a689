"""Severity of vibration by its velocity: zones A (new) to D (dangerous). Source: ISO 20816-3:2022, annex A, table A.1
(machines above 15 kW, 120 to 30 000 rev/min, in place), broadband RMS velocity of non-rotating parts."""

from __future__ import annotations

from enum import StrEnum

LIMITS = {
    # (machine's group, foundation): boundaries A/B, B/C, C/D in mm/s RMS
    (1, "rigid"): (2.3, 4.5, 7.1),  # above 300 kW, or an electric machine with a shaft height of 315 mm and more
    (1, "flexible"): (3.5, 7.1, 11.0),
    (2, "rigid"): (1.4, 2.8, 4.5),  # 15 to 300 kW, or a shaft height of 160 to 315 mm
    (2, "flexible"): (2.3, 4.5, 7.1),
}
"""By group and foundation."""


class Zone(StrEnum):
    """What a zone means (ISO 20816-1, 6.4)."""

    A = "A"  # as newly commissioned machines
    B = "B"  # fit for unrestricted long-term operation
    C = "C"  # unsatisfactory for long-term operation: until a chance for repair
    D = "D"  # severe enough to damage the machine


def zone(velocity: float, group: int = 2, foundation: str = "rigid") -> Zone:
    """The zone of a velocity in mm/s RMS. Raises ValueError for another group or foundation."""
    if (group, foundation) not in LIMITS:
        raise ValueError(f"group {group} on a {foundation} foundation: groups are 1 and 2, foundations rigid, flexible")
    return Zone("ABCD"[sum(velocity > limit for limit in LIMITS[group, foundation])])
