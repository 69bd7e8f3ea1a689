"""The configuration as what the parts of the service take: their own small dataclasses."""

from __future__ import annotations

from linewarden.service.config.model import Config, Sensor
from linewarden.service.reading import Settings
from linewarden.service.retention import Retention
from linewarden.service.watching import Keep, Listening


def listening_of(config: Config, sensor: Sensor) -> Listening:
    """What a sensor listens to. Raises ConfigError if the part itself finds something wrong."""
    folder = config.packets_folder(sensor)
    keep = Keep(folder, sensor.keep.megabytes, sensor.keep.hours) if folder is not None and sensor.keep else None
    listening = Listening(
        sensor.interfaces, sensor.filter, sensor.ring_mb, sensor.promiscuous, config.user, keep
    )  # fmt: skip
    listening.check()
    return listening


def settings_of(config: Config, sensor: Sensor) -> Settings:
    """What goes into a sensor's records. Raises ConfigError if the part itself finds something wrong."""
    settings = Settings(config.service.site, sensor.name, sensor.interval_s)
    settings.check()
    return settings


def retention_of(config: Config) -> Retention:
    """How long the lake keeps records. Raises ConfigError if the part itself finds something wrong."""
    max_bytes = None if config.lake.max_gb is None else round(config.lake.max_gb * 1e9)
    retention = Retention(config.lake.retention.days, max_bytes)
    retention.check()
    return retention


def listen_of(config: Config) -> tuple[str, int] | None:
    """Host and port of health and metrics; None: nothing listens."""
    return config.http.address if config.http.enabled else None
