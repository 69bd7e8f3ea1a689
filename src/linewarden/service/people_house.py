"""All about people, joined over the state that a configuration names: for the command line now, for pages later."""

from __future__ import annotations

import contextlib
import getpass
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.people.administering import Administration
from linewarden.people.model import Tools
from linewarden.people.onboarding import Onboarding
from linewarden.people.passwords import Passwords
from linewarden.people.sessions import Sessions
from linewarden.people.signing_in import SignIn
from linewarden.people.tokens import Tokens
from linewarden.service.audit.ledger import Ledger
from linewarden.service.audit.places import KEY
from linewarden.service.config import load_config
from linewarden.service.people_records import RecordedPeople
from linewarden.service.secret_rows import SiteSealer, seal_what_is_clear
from linewarden.service.state import Event, State, open_state
from linewarden.service.turns import ARGON2

if TYPE_CHECKING:
    from linewarden.service.config import Config


@dataclass(frozen=True, slots=True)
class House:
    """The parts, and the site that the configuration is of."""

    site: str
    state: State
    ledger: Ledger
    store: RecordedPeople
    onboarding: Onboarding
    administration: Administration
    tokens: Tokens
    door: SignIn
    tools: Tools
    sessions: Sessions

    def tell(self, text: str) -> None:
        """Puts a change into the events of the service, with who made it on this machine."""
        self.state.add_events([Event.now("info", "people", f"{machine_user()}, on the command line: {text}")])


def house_of(config: Config, state: State) -> House:
    """Joins everything, with the clock, the randomness and the site's key of this machine. Raises StoreError."""
    ledger = Ledger(state, config.service.data / KEY)
    seal_what_is_clear(config, ledger)
    store = RecordedPeople(state.engine, state.where, SiteSealer(config, state), ledger)
    tools = Tools(lambda: datetime.now(UTC), secrets.token_bytes)
    passwords = Passwords(tools.random, turn=ARGON2.turn)
    sessions = Sessions(store, tools)
    return House(
        config.service.site, state, ledger, store, Onboarding(store, tools, passwords), Administration(store, tools),
        Tokens(store, tools), SignIn(store, tools, passwords, sessions), tools, sessions,
    )  # fmt: skip


@contextlib.contextmanager
def opened(path: Path) -> Iterator[House]:
    """The people of a configuration file. Raises ConfigError or StoreError."""
    config = load_config(path)
    state = open_state(config.state_url, password=config.state_password())
    try:
        yield house_of(config, state)
    finally:
        state.close()


def machine_user() -> str:
    """Who calls, by the name that the system has for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
