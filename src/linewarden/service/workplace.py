"""What pages and API work on: a lake that is followed, the state, its people, and the log of changes.

A place is opened from a configuration file, or from a lake alone: then its state is in a folder of the user's own, and
nothing needs to be configured to look at what was read on a laptop.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError, StoreError
from linewarden.service.access import Access
from linewarden.service.audit.ledger import Ledger
from linewarden.service.hunt import Desk
from linewarden.service.intake import IntakeDesk
from linewarden.service.lake import is_lake
from linewarden.service.measuring import Measures
from linewarden.service.people_house import House, house_of
from linewarden.service.state import State, open_state, prepare
from linewarden.service.values import Values
from linewarden.service.view import Follower
from linewarden.service.zones.store import ZoneStore

if TYPE_CHECKING:
    from linewarden.service.config import Config

OWN_SITE = "site"
INDEX = "values"
"""The folder in `data` of what was read of process values; it may be removed, and is made again."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """An open one. `file`: the configuration's, None where only a lake was named. `captures`: where packets are looked
    for first.
    """

    config: Config
    file: Path | None
    state: State
    people: House
    ledger: Ledger
    follower: Follower
    access: Access
    values: Values
    measures: Measures
    desk: Desk
    intake: IntakeDesk
    captures: tuple[Path, ...] = ()

    @property
    def site(self) -> str:
        """The site that all this is of."""
        return self.config.service.site

    @property
    def kept_captures(self) -> tuple[Path, ...]:
        """Where packets are looked for first: what was named, and what people sent."""
        sent = self.intake.captures
        return (*self.captures, sent) if sent.is_dir() and any(sent.iterdir()) else self.captures

    @property
    def lake(self) -> Path:
        """The folder of the lake."""
        return self.config.lake_folder


def config_of(path: Path) -> Config:
    """The settings of a configuration file, or those of a lake alone. Raises ConfigError."""
    from linewarden.service.config import load_config

    return _of_lake(path) if path.is_dir() else load_config(path)


def _of_lake(lake: Path) -> Config:
    from linewarden.service.config import Config

    if not is_lake(lake):
        raise ConfigError(
            f"{lake}: neither a configuration file nor a lake; make one with `linewarden read CAPTURE --out {lake}`"
        )
    data = state_home() / "consoles" / hashlib.sha256(str(lake.resolve()).encode()).hexdigest()[:16]
    asked = {"site": _site_of(lake), "data": str(data)}
    tables = {"service": asked, "secrets": {}, "lake": {"folder": str(lake.resolve())}, "sensor": []}
    return Config.model_validate(tables, context={"folder": data, "only_looks": True})


def state_home() -> Path:
    """Where a user's own state is kept (XDG Base Directory Specification 0.8)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "linewarden"


def _site_of(lake: Path) -> str:
    """The one site that the records are of."""
    sites = {s.name.removeprefix("site=") for stream in lake.glob("stream=*") for s in stream.glob("site=*")}
    return sites.pop() if len(sites) == 1 else OWN_SITE


@contextlib.contextmanager
def opened(config: Config, file: Path | None = None, captures: Sequence[Path] = ()) -> Iterator[Workplace]:
    """Opens the state (made the first time) and begins to follow the lake. Raises ConfigError or StoreError."""
    data = config.service.data
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"{data}: cannot be made ({error.strerror or error}); check the permission") from error
    prepare(config.state_url)
    state = open_state(config.state_url, password=config.state_password())
    house, values = house_of(config, state), Values(config.lake_folder, data / INDEX)
    follower = Follower(config.lake_folder, weigh=ZoneStore(house.ledger, config.service.site).weights)
    intake = IntakeDesk(config, house.ledger, follower.hurry)
    intake.quarantine.sweep()
    try:
        follower.start()
        yield Workplace(
            config, file, state, house, house.ledger, follower, Access(house), values,
            Measures(config.lake_folder), Desk(config.lake_folder), intake, tuple(captures),
        )  # fmt: skip
    finally:
        follower.stop()
        values.close()
        state.close()
