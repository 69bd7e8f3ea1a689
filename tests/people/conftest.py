"""People, without a database."""

from __future__ import annotations

import pytest

from linewarden.people.onboarding import Onboarding
from linewarden.people.passwords import Cost, Passwords
from linewarden.people.sessions import Sessions
from linewarden.people.signing_in import SignIn
from linewarden.people.tokens import Tokens
from tests.people.memory import MemoryStore, World

QUICK = Cost(memory_kib=64, passes=1, lanes=1)


class House:
    """Everything joined."""

    def __init__(self) -> None:
        self.world, self.store = World(), MemoryStore()
        tools = self.world.tools
        self.passwords = Passwords(tools.random, QUICK)
        self.sessions = Sessions(self.store, tools)
        self.door = SignIn(self.store, tools, self.passwords, self.sessions)
        self.onboarding = Onboarding(self.store, tools, self.passwords)
        self.tokens = Tokens(self.store, tools)


@pytest.fixture
def house() -> House:
    return House()
