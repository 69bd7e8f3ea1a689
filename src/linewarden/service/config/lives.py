"""[[analytics.life]]: units whose remaining life is scored while the service runs."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field, field_validator

from linewarden.service.config.base import Number, Table, unit as measured_in


class CostsSaid(Table):
    """What a failure and a planned stop cost: with it, a proposal is for the time that is expected to cost least."""

    failure: Number = Field(ge=0, le=1e12, description="parts and work after a failure", examples=[20_000.0])
    planned: Number = Field(ge=0, le=1e12, description="parts and work of a planned stop", examples=[2_000.0])
    failure_hours: Number = Field(
        default=0.0, ge=0, le=1e6, json_schema_extra=measured_in("h"),
        description="the line stands so long after a failure",
    )  # fmt: skip
    planned_hours: Number = Field(
        default=0.0, ge=0, le=1e6, json_schema_extra=measured_in("h"), description="and so long in a planned stop"
    )
    an_hour: Number = Field(default=0.0, ge=0, le=1e12, description="of an hour in which the line stands")


class LifeSaid(Table):
    """A unit whose remaining life a model of `linewarden health train` scores from the values in the lake."""

    unit: str = Field(min_length=1, max_length=200, description="what is scored", examples=["press 3"])
    model: str = Field(
        min_length=1, max_length=200, pattern=r"^[^/\\]+\.(json|onnx)$",
        description="file in the folder `analytics.models`", examples=["press.json"],
    )  # fmt: skip
    tags: dict[str, str] = Field(
        min_length=1, description="column of the model = DEVICE/TAG, as `linewarden analytics show` names tags",
        examples=[{"heat": "10.30.1.33/input_register 3"}],
    )  # fmt: skip
    since: datetime = Field(
        description="when its history begins, with a zone: put into service, or repaired",
        examples=["2026-11-01T06:00:00Z"],
    )
    row_s: Number = Field(
        default=3600.0, ge=0.1, le=1e7, json_schema_extra=measured_in("s"),
        description="of a row, as far apart as those that the model learned from",
    )  # fmt: skip
    hours: Number | None = Field(
        default=None, gt=0, le=1e6, json_schema_extra=measured_in("h"), examples=[1.0],
        description="of one unit of the model's time; without: as its card says",
    )  # fmt: skip
    every_minutes: Number = Field(
        default=15.0, ge=0.1, le=60 * 24 * 7, json_schema_extra=measured_in("min"), description="how often it is scored"
    )
    limit_hours: Number = Field(
        default=72.0, ge=0, le=1e6, json_schema_extra=measured_in("h"),
        description="with less life left a notice is told, and maintenance is proposed",
    )  # fmt: skip
    costs: CostsSaid | None = None

    @field_validator("since")
    @classmethod
    def _has_a_zone(cls, since: datetime) -> datetime:
        if since.tzinfo is None:
            raise ValueError("needs a zone, as in 2026-11-01T06:00:00Z")
        return since.astimezone(UTC)
