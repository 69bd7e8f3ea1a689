"""[[meter]]: what belongs to a meter of energy: its good pieces, and the sub-meters below it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from linewarden.service.config.base import Number, Table


class SubMeterSaid(Table):
    """A meter of a part of what the meter counts."""

    name: str = Field(min_length=1, max_length=100, description="of the part", examples=["compressor"])
    tag: str = Field(min_length=1, max_length=400, description="DEVICE/TAG", examples=["10.30.1.40/Power"])
    kind: Literal["power", "energy", "counter"] = Field(
        default="power", description="kW at an instant, kWh since the last reading, or a counter of kWh"
    )
    scale: Number = Field(default=1.0, gt=0, le=1e9, description="kW or kWh of one of its unit")


class MeterSaid(Table):
    """A meter of the page Energy, with what is counted beside it."""

    tag: str = Field(min_length=1, max_length=400, description="DEVICE/TAG of the meter", examples=["10.30.1.30/Power"])
    good: str | None = Field(
        default=None, max_length=400, examples=["10.30.1.31/GoodCount"],
        description="DEVICE/TAG of its good pieces: a counter, or pieces since the last value",
    )  # fmt: skip
    part: tuple[SubMeterSaid, ...] = Field(
        default=(), description="a [[meter.part]] table for each sub-meter, with name and tag"
    )

    @field_validator("part")
    @classmethod
    def _have_names_of_their_own(cls, parts: tuple[SubMeterSaid, ...]) -> tuple[SubMeterSaid, ...]:
        if len({p.name for p in parts}) < len(parts):
            raise ValueError("two parts have the same name")
        return parts
