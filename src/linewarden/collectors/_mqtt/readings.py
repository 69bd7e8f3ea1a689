"""Readings on their way to the sink."""

from __future__ import annotations

from dataclasses import dataclass, field

from linewarden.collectors.contract import Samples


@dataclass(slots=True)
class Readings:
    """What messages told: values as they are now, and those that are told late."""

    live: Samples = field(default_factory=Samples)
    late: Samples = field(default_factory=lambda: Samples(history=True))
