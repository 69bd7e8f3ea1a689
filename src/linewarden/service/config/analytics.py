"""[analytics]: how process values are judged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from linewarden.service.config.base import Number, Place, Switch, Table, unit
from linewarden.service.config.lives import LifeSaid

Detector = Literal[
    "settings", "levels", "together", "change_points", "drift", "ewma", "lagged_pca", "multivariate_ewma", "novelty",
    "virtual_sensors",
]  # fmt: skip
DEFAULT: tuple[Detector, ...] = ("settings", "levels", "together")


class Judged(Table):
    """What is common to all machines and to a group of its own."""

    seconds: Number = Field(
        default=1.0, ge=0.01, le=3600, json_schema_extra=unit("s"), description="of a row: values are judged so often"
    )
    learn_hours: Number = Field(
        default=24.0, ge=0.05, le=24 * 90, json_schema_extra=unit("h"),
        description="of values until a machine is known; it learns nothing more by itself afterwards",
    )  # fmt: skip
    first_minutes: Number = Field(
        default=10.0, ge=1, le=24 * 60, json_schema_extra=unit("min"),
        description="until it is judged at all, with little confidence",
    )  # fmt: skip
    detectors: tuple[Detector, ...] = Field(
        default=DEFAULT, min_length=1, description="which ones (docs/analytics.md)", examples=[list(DEFAULT)]
    )


class MachineSaid(Judged):
    """Tags that belong to one machine, where it is not one device. The first table whose patterns fit takes a tag."""

    name: str = Field(min_length=1, max_length=100, description="of the machine", examples=["filler"])
    tags: tuple[str, ...] = Field(
        min_length=1,
        description="patterns of DEVICE/TAG, as `linewarden analytics show` names them: * any text, ? one letter",
        examples=[["10.0.0.1/*", "10.0.0.2/holding_register 4*"]],
    )
    hints: tuple[str, ...] = Field(
        default=(), description="what is known of the process, a line each (docs/analytics.md)",
        examples=[['0 <= "10.0.0.1/input_register 0" <= 1500']],
    )  # fmt: skip


class AnalyticsSaid(Judged):
    """Process values are judged as they come: an attack, wear, or somebody's work? Needs the extra `analytics`."""

    enabled: Switch = Field(default=True, description="false: values are kept and not judged")
    keep: Switch = Field(
        default=True,
        description="what machines learned is kept in analytics/SENSOR of service.data, and known at the next start",
    )
    before_s: Number = Field(
        default=900.0, ge=10, le=86_400, json_schema_extra=unit("s"),
        description="for so long before something odd the network is asked for a reason",
    )  # fmt: skip
    models: Place | None = Field(
        default=None, examples=["models"],
        description="folder of models of remaining life; without: models in the data folder",
    )  # fmt: skip
    life: tuple[LifeSaid, ...] = Field(
        default=(), description="an [[analytics.life]] table for each unit whose remaining life is scored"
    )
    machine: tuple[MachineSaid, ...] = Field(
        default=(), description="an [[analytics.machine]] table for each machine that is more, or less, than a device"
    )

    @field_validator("machine")
    @classmethod
    def _have_names_of_their_own(cls, machines: tuple[MachineSaid, ...]) -> tuple[MachineSaid, ...]:
        if len({m.name for m in machines}) < len(machines):
            raise ValueError("two machines have the same name")
        return machines

    @field_validator("life")
    @classmethod
    def _are_units_of_their_own(cls, lives: tuple[LifeSaid, ...]) -> tuple[LifeSaid, ...]:
        if len({one.unit for one in lives}) < len(lives):
            raise ValueError("two tables are of the same unit")
        return lives
