"""[tariff]: what energy costs the site."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from linewarden.service.config.base import Number, Table


class BandSaid(Table):
    """Hours with a price of their own. The first table that fits counts."""

    hours: str = Field(description="as a shift is written", examples=["mon-fri 06:00-22:00"])
    energy: Number = Field(ge=0, le=1e6, description="money a kWh in them", examples=[0.21])

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, hours: str) -> str:
        from linewarden.analytics.oee.shifts import shift_of

        shift_of(hours)
        return hours


class TariffSaid(Table):
    """Prices, as the site's contract has them; without this table money is at example prices, which is said."""

    currency: str = Field(default="EUR", min_length=1, max_length=8, description="a short word")
    energy: Number = Field(default=0.18, ge=0, le=1e6, description="money a kWh")
    demand: Number = Field(
        default=9.0, ge=0, le=1e6, description="money a kW of the month's highest quarter of an hour, each month"
    )
    reactive: Number = Field(default=0.012, ge=0, le=1e6, description="money a kvarh above what is free")
    reactive_free: Number = Field(default=0.5, ge=0, le=1e6, description="kvarh that are free for each kWh")
    band: tuple[BandSaid, ...] = Field(
        default=(), description="a [[tariff.band]] table for each other price, with hours and energy"
    )

    def table(self) -> dict[str, Any]:
        """As `analytics.energy.tariff.tariff_of` takes it."""
        return self.model_dump(mode="json")
