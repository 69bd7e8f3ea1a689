"""How tags ran over a time, and what people did to their devices meanwhile: what is asked of `Trends`."""

from __future__ import annotations

from dataclasses import dataclass, field

from linewarden.service.values.tag import TagState


@dataclass(slots=True)
class Trend:
    """Columns of a tag's points, by time: `t` ns UTC (of the last value), mean, least, most, and how many values."""

    tag: TagState
    t: list[int] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    n: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """A command to a device. `ts` ns UTC; addresses as in the record."""

    ts: int
    orig: str
    resp: str
    protocol: str
    verb: str
    function: str
    target: str | None
    value: str | None
    result: str | None
    capture: str
    frame: int
