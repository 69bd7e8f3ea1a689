"""Rows as the engine's own batches, as a capture would give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from linewarden.sensor.sensor import Sensor
from tests.detections.build import frame


def batch(name: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """These rows as one batch of a stream; what they leave out is what a sensor would write."""
    made = frame(name, rows).with_columns(pl.col(pl.Datetime).to_physical())
    sensor = Sensor()
    sensor.append(name, made.rows())
    ((_, found),) = sensor._engine.drain()
    return found
