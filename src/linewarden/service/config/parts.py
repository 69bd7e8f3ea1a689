"""The configuration as what the parts of the service take: their own small dataclasses."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.config.model import Config, Sensor
from linewarden.service.reading import Settings
from linewarden.service.retention import Retention
from linewarden.service.watching import Keep, Listening
from linewarden.trust.envelope import is_sealed

if TYPE_CHECKING:
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.audit.witness import Witness
    from linewarden.service.collecting.collectors import Collecting
    from linewarden.service.config.analytics import Judged
    from linewarden.service.config.collectors import Collector
    from linewarden.service.config.receivers import Digest, Export
    from linewarden.service.exporting.destination import Destination
    from linewarden.service.exporting.exporter import Receiver
    from linewarden.service.maintenance.lives import Life
    from linewarden.service.namespace.publishing import Publishing


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


def collecting_of(config: Config) -> Collecting | None:
    """What is collected, with secrets opened; None: nothing. Raises ConfigError, which names the key."""
    if not config.collector:
        return None
    from linewarden.service.collecting.collectors import Collecting
    from linewarden.service.collecting.running import Source
    from linewarden.service.config.collectors import kind_of, remembering, settings_of
    from linewarden.service.config.sealed import secret_of

    def opened(key: str, reference: str) -> str:
        return secret_of(config, key, reference, None) or ""

    def source(at: int, c: Collector) -> Source:
        settings = settings_of(c, opened, f"collector[{at}]")
        return Source(kind_of(c.kind), c.name, remembering(settings, config.service.data, c.name))

    found = tuple(source(at, c) for at, c in enumerate(config.collector))
    return Collecting(
        found, config.spool_folder, config.lake_folder, config.service.site,
        config.collecting.spool_mb * 1_000_000, config.collecting.clock_tolerance_s,
        config.collecting.gather_ms / 1000,
    )  # fmt: skip


def publishing_of(config: Config) -> Publishing | None:
    """The namespace that is published, with secrets opened; None: none. Raises ConfigError, which names the key."""
    if config.namespace is None:
        return None
    from linewarden.service.config.namespace import namespace_of
    from linewarden.service.config.sealed import secret_of
    from linewarden.service.namespace.publishing import Publishing

    settings = namespace_of(config.namespace, lambda key, reference: secret_of(config, key, reference, None) or "")
    return Publishing(settings, config.service.site, config.lake_folder)


def analytics_of(config: Config) -> Analytics | None:
    """How process values are judged; None: not at all."""
    from linewarden.service.analysing.settings import Analytics, Group, Wanted

    said = config.analytics
    if not said.enabled:
        return None

    def wanted(one: Judged, hints: tuple[str, ...] = ()) -> Wanted:
        return Wanted(one.seconds, hints, one.learn_hours, one.first_minutes, tuple(map(str, one.detectors)))

    groups = tuple(Group(m.name, m.tags, wanted(m, m.hints)) for m in said.machine)
    return Analytics(groups, wanted(said), before_s=said.before_s)


def lives_of(config: Config) -> tuple[Life, ...]:
    """The units whose remaining life is scored; none where values are not judged."""
    from linewarden.service.maintenance.lives import Life

    said = config.analytics
    return tuple(
        Life(
            one.unit, config.models_folder / one.model, one.tags, one.since, one.row_s, one.hours,
            one.every_minutes * 60, one.limit_hours, tuple(one.costs.model_dump().values()) if one.costs else (),
        )
        for one in said.life if said.enabled
    )  # fmt: skip


def listen_of(config: Config) -> tuple[str, int] | None:
    """Host and port of health and metrics; None: nothing listens."""
    return config.http.address if config.http.enabled else None


def witness_of(config: Config, file: Path | None) -> Witness:
    """What the audit log is told of the settings, and the files that are watched for edits."""
    from linewarden.service.audit.places import KEY
    from linewarden.service.audit.witness import Witness
    from linewarden.service.config.pages import effective
    from linewarden.service.corrections_file import FILE
    from linewarden.service.tag_dictionary.files import PEOPLE

    lake = config.lake_folder
    files = (file, config.detect.expected, config.detect.rules, lake / FILE, lake / PEOPLE)
    return Witness(
        config.service.data / KEY, _without_secrets(effective(config)), tuple(f for f in files if f is not None)
    )


def _without_secrets(value: Any) -> Any:
    """A sealed secret stays out of the log, too: the log is kept longer than the key."""
    if isinstance(value, dict):
        return {k: _without_secrets(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_secrets(v) for v in value]
    return "enc:***" if isinstance(value, str) and is_sealed(value) else value


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
    found = [_receiver(config, at, export) for at, export in enumerate(config.export)]
    if config.digest is not None:
        found.append(_mailbox(config, config.digest))
    return tuple(found)


def _receiver(config: Config, at: int, export: Export) -> Receiver:
    from linewarden.service.config.sealed import secret_of
    from linewarden.service.exporting.exporter import Receiver
    from linewarden.service.exporting.opening import open_carrier
    from linewarden.service.exporting.webhook import Secrets

    to = destination_of(export)
    try:
        token = secret_of(config, "token", export.token, export.token_file)
        signs = secret_of(config, "secret", export.secret, export.secret_file)
        carrier = open_carrier(to, export.format, Secrets(token, signs))
    except ConfigError as error:
        raise ConfigError(f"export[{at}]: {error}") from error
    return Receiver(name_of(export), str(to), carrier, export.least, export.keep_mb * 1_000_000, tell=export.tell)


def _mailbox(config: Config, digest: Digest) -> Receiver:
    from linewarden.service.config.sealed import secret_of
    from linewarden.service.exporting.exporter import DIGEST_BYTES, Receiver
    from linewarden.service.exporting.mail import Mailer, Post
    from linewarden.service.exporting.tls import client_context

    try:
        password = secret_of(config, "password", digest.password, digest.password_file)
        tls = None if digest.security == "none" else client_context(digest.ca_file)
    except ConfigError as error:
        raise ConfigError(f"digest: {error}") from error
    post = Post(*digest.address, digest.security, digest.sender, digest.to, config.service.site, digest.user, password)
    at = time.fromisoformat(digest.at)
    return Receiver("digest", digest.server, Mailer(post, tls), digest.least, DIGEST_BYTES, digest.every, at)
