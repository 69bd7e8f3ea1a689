"""The configuration as what the parts of the service take: their own small dataclasses."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError
from linewarden.service.config.model import Config, Sensor
from linewarden.service.reading import Settings
from linewarden.service.retention import Retention
from linewarden.service.watching import Keep, Listening

if TYPE_CHECKING:
    from linewarden.service.config.receivers import Digest, Export
    from linewarden.service.exporting.destination import Destination
    from linewarden.service.exporting.exporter import Receiver


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


def destination_of(export: Export) -> Destination:
    """Where an [[export]] table points. Raises ConfigError for files that are of no use there."""
    from linewarden.service.exporting.destination import destination

    return destination(export.to).with_files(
        export.ca_file, export.cert_file, export.key_file, export.token_file, export.secret_file
    )


def name_of(export: Export) -> str:
    """The name of its folder: it says scheme, host and port, and nothing secret."""
    return export.name or re.sub(r"[^A-Za-z0-9]+", "-", str(destination_of(export))).strip("-")[:64]


def receivers_of(config: Config) -> tuple[Receiver, ...]:
    """Who gets notices; secrets and certificates are read. Raises ConfigError for a file that cannot be used."""
    found = [_receiver(at, export) for at, export in enumerate(config.export)]
    if config.digest is not None:
        found.append(_mailbox(config.digest, config.service.site))
    return tuple(found)


def _receiver(at: int, export: Export) -> Receiver:
    from linewarden.service.exporting.exporter import Receiver
    from linewarden.service.exporting.opening import open_carrier

    to = destination_of(export)
    try:
        carrier = open_carrier(to, export.format)
    except ConfigError as error:
        raise ConfigError(f"export[{at}]: {error}") from error
    return Receiver(name_of(export), str(to), carrier, export.least, export.keep_mb * 1_000_000, tell=export.tell)


def _mailbox(digest: Digest, site: str) -> Receiver:
    from linewarden.service.exporting.destination import secret
    from linewarden.service.exporting.exporter import DIGEST_BYTES, Receiver
    from linewarden.service.exporting.mail import Mailer, Post
    from linewarden.service.exporting.tls import client_context

    try:
        password = secret(digest.password_file) if digest.password_file else None
        tls = None if digest.security == "none" else client_context(digest.ca_file)
    except ConfigError as error:
        raise ConfigError(f"digest: {error}") from error
    post = Post(*digest.address, digest.security, digest.sender, digest.to, site, digest.user, password)
    at = time.fromisoformat(digest.at)
    return Receiver("digest", digest.server, Mailer(post, tls), digest.least, DIGEST_BYTES, digest.every, at)
