"""What pages and API work on: a lake that is followed, the state, its people, and the log of changes.

A place is opened from a configuration file, or from a lake alone: then its state is in a folder of the user's own, and
nothing needs to be configured to look at what was read on a laptop.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError, StoreError
from linewarden.service.audit.ledger import Ledger
from linewarden.service.audit.places import KEY
from linewarden.service.lake import is_lake
from linewarden.service.people_house import House, house_of
from linewarden.service.state import State, open_state, prepare
from linewarden.service.view import Follower

if TYPE_CHECKING:
    from linewarden.service.config import Config

OWN_SITE = "site"


@dataclass(frozen=True, slots=True)
class Where:
    """Where everything of a workplace is. `config`: the file that says so, if there is one."""

    site: str
    lake: Path
    data: Path
    state_url: str
    state_password: str | None = None
    config: Path | None = None


@dataclass(frozen=True, slots=True)
class Workplace:
    """An open one."""

    where: Where
    state: State
    people: House
    ledger: Ledger
    follower: Follower

    @property
    def site(self) -> str:
        """The site that all this is of."""
        return self.where.site


def where_of(path: Path) -> Where:
    """The places that a configuration file names, or those of a lake alone. Raises ConfigError."""
    if path.is_dir():
        return _of_lake(path)
    from linewarden.service.config import load_config

    return of_config(load_config(path), path)


def of_config(config: Config, path: Path) -> Where:
    """The places that a configuration names."""
    return Where(
        config.service.site, config.lake_folder, config.service.data, config.state_url, config.state_password(), path
    )


def _of_lake(lake: Path) -> Where:
    if not is_lake(lake):
        raise ConfigError(
            f"{lake}: neither a configuration file nor a lake; make one with `linewarden read CAPTURE --out {lake}`"
        )
    data = state_home() / "consoles" / hashlib.sha256(str(lake.resolve()).encode()).hexdigest()[:16]
    return Where(_site_of(lake), lake.resolve(), data, f"sqlite:///{data / 'state.db'}")


def state_home() -> Path:
    """Where a user's own state is kept (XDG Base Directory Specification 0.8)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "linewarden"


def _site_of(lake: Path) -> str:
    """The one site that the records are of."""
    sites = {s.name.removeprefix("site=") for stream in lake.glob("stream=*") for s in stream.glob("site=*")}
    return sites.pop() if len(sites) == 1 else OWN_SITE


@contextlib.contextmanager
def opened(where: Where) -> Iterator[Workplace]:
    """Opens the state (made the first time) and begins to follow the lake. Raises ConfigError or StoreError."""
    try:
        where.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"{where.data}: cannot be made ({error.strerror or error}); check the permission") from error
    prepare(where.state_url)
    state = open_state(where.state_url, password=where.state_password)
    follower = Follower(where.lake)
    try:
        ledger = Ledger(state, where.data / KEY)
        follower.start()
        yield Workplace(where, state, house_of(where.site, state), ledger, follower)
    finally:
        follower.stop()
        state.close()
