"""All about people, joined over the state that a configuration names: for the command line now, for pages later."""

from __future__ import annotations

import contextlib
import getpass
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from linewarden.people.administering import Administration
from linewarden.people.model import Tools
from linewarden.people.onboarding import Onboarding
from linewarden.people.passwords import Passwords
from linewarden.people.sessions import Sessions
from linewarden.people.signing_in import SignIn
from linewarden.people.tokens import Tokens
from linewarden.service.config import load_config
from linewarden.service.state import Event, State, open_state
from linewarden.service.state.people import PeopleState


@dataclass(frozen=True, slots=True)
class House:
    """The parts, and the site that the configuration is of."""

    site: str
    state: State
    store: PeopleState
    onboarding: Onboarding
    administration: Administration
    tokens: Tokens
    door: SignIn
    sessions: Sessions

    def tell(self, text: str) -> None:
        """Puts a change into the events of the service, with who made it on this machine."""
        self.state.add_events([Event.now("info", "people", f"{machine_user()}, on the command line: {text}")])


def house_of(site: str, state: State) -> House:
    """Joins everything, with the clock and the randomness of this machine."""
    store = PeopleState(state.engine, state.where)
    tools = Tools(lambda: datetime.now(UTC), secrets.token_bytes)
    passwords = Passwords(tools.random)
    sessions = Sessions(store, tools)
    return House(
        site, state, store, Onboarding(store, tools, passwords), Administration(store, tools), Tokens(store, tools),
        SignIn(store, tools, passwords, sessions), sessions,
    )  # fmt: skip


@contextlib.contextmanager
def opened(path: Path) -> Iterator[House]:
    """The people of a configuration file. Raises ConfigError or StoreError."""
    config = load_config(path)
    state = open_state(config.state_url, password=config.state_password())
    try:
        yield house_of(config.service.site, state)
    finally:
        state.close()


def machine_user() -> str:
    """Who calls, by the name that the system has for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
