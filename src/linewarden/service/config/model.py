"""Every setting of the service: meaning, unit, default, limits. What reads, shows and documents it follows from here.

A relative path in the file is relative to the folder of the file.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from linewarden.service.config.analytics import AnalyticsSaid
from linewarden.service.config.base import (
    KeyPlace,
    Listen,
    Number,
    Place,
    Secret,
    Switch,
    Table,
    Whole,
    host_and_port,
    unit,
)
from linewarden.service.config.collectors import Collecting, Collector
from linewarden.service.config.console import Console
from linewarden.service.config.meters import MeterSaid
from linewarden.service.config.namespace import NamespaceTable
from linewarden.service.config.providers import Oidc
from linewarden.service.config.receivers import Digest, Export
from linewarden.service.config.state_url import checked_url
from linewarden.service.config.tariff import TariffSaid

PASSWORD_VARIABLE = "LINEWARDEN_STATE_PASSWORD"  # noqa: S105 - its name, not its value


class Log(Table):
    """What the service says, one event a line."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="the least that is said")
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="json for programs; auto: text in a terminal"
    )
    file: Place | None = Field(
        default=None,
        examples=["/var/log/linewarden/linewarden.log"],
        description="a file, begun anew at 16 MiB, the last five kept; without: standard error, as systemd likes it",
    )


class Service(Table):
    """The service as a whole."""

    site: str = Field(
        default="default", description="site, a part of the lake's paths: letters, digits, '-', '_' and '.'"
    )
    data: Place = Field(
        default=Path("linewarden-data"), validate_default=True, description="folder of all that the service keeps"
    )
    log: Log = Log()

    @field_validator("site")
    @classmethod
    def _makes_a_path(cls, site: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}", site):
            raise ValueError("use letters, digits, '-', '_' and '.', at most 128, no '.' first")
        return site


class Packets(Table):
    """Packets to keep besides the records, so that a notice can hand out its own. Without this table none are kept."""

    megabytes: Whole = Field(
        default=1024, ge=1, le=1 << 30, json_schema_extra=unit("MB"), description="at most so much"
    )
    hours: Number = Field(
        default=24.0, ge=0.001, le=24 * 3660, json_schema_extra=unit("h"), description="and none older"
    )
    folder: Place | None = Field(
        default=None,
        description="where; without: packets/<name of the sensor> in the data folder",
        examples=["packets"],
    )


class Sensor(Table):
    """A tap: one or more interfaces that are heard as one. Several [[sensor]] tables make several."""

    name: str = Field(description="name of the tap, in every record: 1 to 128 visible characters", examples=["line1"])
    interfaces: tuple[str, ...] = Field(
        min_length=1, description="of several, packets are put in order by time", examples=[["mirror0"]]
    )
    filter: str = Field(
        default="", description="only what this tcpdump expression lets through (needs tcpdump); empty: all"
    )
    ring_mb: Whole = Field(
        default=32, ge=2, le=4096, json_schema_extra=unit("MiB"),
        description="memory of each interface for packets in waiting",
    )  # fmt: skip
    promiscuous: Switch = Field(default=True, description="false: hear only what is for this machine, or for all")
    interval_s: Number = Field(
        default=60.0, ge=0.001, le=86_400 * 366, json_schema_extra=unit("s"),
        description="cyclic reads are counted in one row per so much time",
    )  # fmt: skip
    user: str | None = Field(
        default=None,
        examples=["linewarden"],
        description="who root becomes once all is open (one for all sensors); without: who called sudo, linewarden "
        "or nobody; root: stay, without capabilities",
    )
    keep: Packets | None = None

    @field_validator("name")
    @classmethod
    def _is_visible(cls, name: str) -> str:
        if not name or len(name) > 128 or not name.isprintable():
            raise ValueError("use 1 to 128 visible characters")
        return name

    @field_validator("interfaces")
    @classmethod
    def _are_interfaces(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[^\s/:]{1,15}", name) or name in (".", ".."):  # dev_valid_name() of Linux
                raise ValueError(f"{name!r} is no name of an interface; `ip link` lists them")
        if len(set(names)) < len(names):
            raise ValueError("an interface is named twice; once is enough")
        return names


class Retention(Table):
    """How long records are kept. Any stream (`linewarden streams`) may have days of its own: `conn = 30`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[Number, Field(ge=0, le=365_250)]] = Field(init=False)

    default_days: Number = Field(
        default=365.0,
        ge=0,
        le=365_250,
        json_schema_extra=unit("days"),
        description="of every stream without its own; 0: today",
    )

    @property
    def days(self) -> Mapping[str, float]:
        """Days by stream, with `default` for all others."""
        return {"default": self.default_days, **(self.__pydantic_extra__ or {})}


class Lake(Table):
    """The records: a folder of Parquet files."""

    folder: Place | None = Field(default=None, description="where; without: lake in the data folder", examples=["lake"])
    compact_every_s: Number = Field(
        default=60.0, ge=1, le=86_400, json_schema_extra=unit("s"), description="how often small files are merged"
    )
    max_gb: Number | None = Field(
        default=None, ge=0.001, le=1e6, json_schema_extra=unit("GB"), examples=[500],
        description="past this size the oldest days go; without: no limit",
    )  # fmt: skip
    retention: Retention = Retention()


class State(Table):
    """What people change and what the service says of itself: a SQL database."""

    url: str | None = Field(
        default=None, repr=False, examples=["postgresql://linewarden@db.plant/linewarden"],
        description="sqlite:///FILE or postgresql://USER@HOST/DATABASE; without: SQLite, state.db in the data folder",
    )  # fmt: skip
    password_file: Place | None = Field(
        default=None, examples=["/etc/linewarden/state.password"],
        description=f"a file with the password; the environment's {PASSWORD_VARIABLE} goes before it",
    )  # fmt: skip
    password: Secret | None = Field(
        default=None, repr=False, examples=["credential:state-password"],
        description="the same password, sealed (enc:...), or credential:NAME or file:PATH",
    )  # fmt: skip

    @field_validator("url")
    @classmethod
    def _is_a_database(cls, url: str | None, info: ValidationInfo) -> str | None:
        return None if url is None else checked_url(url, (info.context or {}).get("folder", Path()))


class Secrets(Table):
    """The site's key, with which secrets in this file are sealed (`linewarden secret seal`)."""

    key: KeyPlace = Field(
        default="file:secrets.key",
        validate_default=True,
        examples=["credential:linewarden-key"],
        description="file:PATH (mode 0600; `secret seal` makes it), credential:NAME of systemd (LoadCredential=), or "
        "pkcs11:token=NAME;object=KEY?module-path=/PATH.so&pin-source=file:/PATH",
    )
    former: tuple[KeyPlace, ...] = Field(
        default=(), examples=[["file:secrets.key"]],
        description="keys that still open what was sealed with them, until `secret rotate` has wrapped all by `key`",
    )  # fmt: skip


class Http(Table):
    """Health and metrics, read-only: /healthz, /readyz, /status, /metrics."""

    enabled: Switch = Field(default=True, description="false: nothing listens")
    listen: Listen = Field(default="127.0.0.1:9480", description="address and port; port 0: any that is free")
    allow_remote: Switch = Field(
        default=False,
        description="true: `listen` may be an address that other machines reach. There is no password and no "
        "encryption: they all see names, addresses and losses of the plant",
    )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return host_and_port(self.listen)

    @property
    def is_reachable(self) -> bool:
        """Whether other machines can ask."""
        host = self.address[0]
        return host != "localhost" and not ipaddress.ip_address(host).is_loopback


class Detect(Table):
    """What is looked for in the records as they come (`linewarden detections`)."""

    enabled: Switch = Field(default=True, description="false: records are kept and not judged")
    without: tuple[str, ...] = Field(default=(), description="detections to leave out, by name", examples=[["NAME"]])
    expected: Place | None = Field(
        default=None, examples=["expected.toml"], description="a file with announced maintenance and what is normal"
    )
    keep_baseline: Switch = Field(
        default=True,
        description="what is usual is kept in baseline-SENSOR.json of service.data, and known again at the next start",
    )
    rules: Place | None = Field(
        default=None, examples=["rules"], description="a folder of the site's own rules (`linewarden rules import`)"
    )


class Config(Table):
    """The one file. A [[sensor]] or a [[collector]] table must be there; all others may be left out."""

    service: Service
    secrets: Secrets
    sensor: tuple[Sensor, ...] = Field(
        default=(), json_schema_extra={"shown": True},
        description="a [[sensor]] table for each tap, with name and interfaces",
    )  # fmt: skip
    collector: tuple[Collector, ...] = Field(
        default=(), description="a [[collector]] table for each other source of values, with kind and name"
    )
    collecting: Collecting = Collecting()
    lake: Lake = Lake()
    state: State = State()
    http: Http = Http()
    console: Console = Console()
    detect: Detect = Detect()
    analytics: AnalyticsSaid = AnalyticsSaid()
    tariff: TariffSaid | None = None
    meter: tuple[MeterSaid, ...] = Field(
        default=(), description="a [[meter]] table for each meter with good pieces or sub-meters"
    )
    export: tuple[Export, ...] = Field(default=(), description="an [[export]] table for each receiver of notices")
    digest: Digest | None = None
    namespace: NamespaceTable | None = None
    oidc: tuple[Oidc, ...] = Field(default=(), description="an [[oidc]] table for each provider to sign in by")

    @field_validator("oidc")
    @classmethod
    def _have_names_of_their_own(cls, providers: tuple[Oidc, ...]) -> tuple[Oidc, ...]:
        for what in ("name", "issuer"):
            if len({getattr(p, what) for p in providers}) < len(providers):
                raise ValueError(f"two providers have the same {what}")
        return providers

    @model_validator(mode="after")
    def _has_a_source(self, info: ValidationInfo) -> Config:
        if not self.sensor and not self.collector and not (info.context or {}).get("only_looks"):
            raise ValueError(
                "needs a [[sensor]] table, with name and interfaces, or a [[collector]], with kind and name"
            )
        return self

    @property
    def lake_folder(self) -> Path:
        """Where the records go."""
        return self.lake.folder or self.service.data / "lake"

    @property
    def models_folder(self) -> Path:
        """Where models of remaining life are."""
        return self.analytics.models or self.service.data / "models"

    @property
    def state_url(self) -> str:
        """The database, without the password that stands elsewhere."""
        return self.state.url or f"sqlite:///{self.service.data / 'state.db'}"

    @property
    def user(self) -> str | None:
        """Who root becomes: a process is one user, so that all sensors name the same."""
        return next((s.user for s in self.sensor if s.user is not None), None)

    def packets_folder(self, sensor: Sensor) -> Path | None:
        """Where the packets of a sensor are kept, if they are."""
        if sensor.keep is None:
            return None
        from linewarden.service.watching import live_prefix

        return sensor.keep.folder or self.service.data / "packets" / live_prefix(sensor.name).removeprefix("live-")

    def folders(self) -> tuple[Path, ...]:
        """All folders that are written to."""
        packets = (self.packets_folder(s) for s in self.sensor)
        return (
            self.service.data, self.lake_folder, *([self.spool_folder] if self.collector else []),
            *(folder for folder in packets if folder is not None),
        )  # fmt: skip

    @property
    def spool_folder(self) -> Path:
        """Where samples of collectors wait for the lake."""
        return self.collecting.folder or self.service.data / "collecting"

    def state_password(self) -> str | None:
        """The password of the database, if one stands outside of its URL. Raises ConfigError if it cannot be read."""
        from linewarden.service.config.sealed import secret_of

        if password := os.environ.get(PASSWORD_VARIABLE):
            return password
        return secret_of(self, "state.password", self.state.password, self.state.password_file)
