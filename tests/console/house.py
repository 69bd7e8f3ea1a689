"""A console as it runs: over TLS on loopback, over a lake that Linewarden read from the capture that it ships."""

from __future__ import annotations

import contextlib
import secrets
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from linewarden.api.caller import COOKIE
from linewarden.cli import main
from linewarden.console.command import server_of
from linewarden.people.model import Grant
from linewarden.service.config import Config
from linewarden.service.maintenance.calendar import Calendar
from linewarden.service.tls import server_context
from linewarden.service.web import csrf_token
from linewarden.service.workplace import Workplace, config_of, opened

PASSWORD = "seven bottles on a green wall"
ROLES = ("viewer", "operator", "engineer", "analyst", "planner", "auditor", "owner")
DEMO = Path(__file__).parents[2] / "src/linewarden/exercises/data"


def make_lake(folder: Path) -> Path:
    """A lake with notices in it."""
    capture = next(iter(sorted(DEMO.glob("demo-plant.pcap*"))))
    names = [str(f) for n in sorted(DEMO.glob("demo-plant*.csv"))[:1] for f in ("--names", n)]
    assert main(["read", str(capture), "--out", str(folder), "--quiet", *names]) == 0
    main(["detect", str(folder), "--write"])
    return folder


@dataclass(frozen=True)
class Served:
    """A console that runs: at `url`, with the people of ROLES, each with PASSWORD and their role as login."""

    place: Workplace
    url: str
    ca: Path

    def client(self, role: str = "", token: str = "") -> httpx.Client:
        """A program of nobody, of somebody who signed in, or with a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        found = httpx.Client(
            base_url=self.url, verify=ssl.create_default_context(cafile=self.ca), headers=headers, timeout=30
        )
        if role:
            found.cookies.set(COOKIE, self.session(role))
        return found

    def csrf(self, client: httpx.Client) -> str:
        """The word that a form of that client's session has."""
        return csrf_token(client.cookies.get(COOKIE) or "")

    def session(self, role: str) -> str:
        """The secret of a session, as signing in gives it."""
        account = self.place.people.store.account_of(role)
        assert account is not None
        return self.place.people.sessions.begin(account)

    def add(self, login: str, *grants: Grant) -> None:
        """One more person."""
        code = self.place.people.onboarding.invite(login, login.title(), grants)
        self.place.people.onboarding.accept(code, login, PASSWORD)


def furnish(served: Served) -> None:
    """What machines learned, and maintenance that is proposed: pages have something to show then."""
    data, now = served.place.config.service.data, datetime.now(UTC)
    learned = data / "analytics" / "by-hand"
    assert main(["analytics", "learn", str(served.place.lake), "--out", str(learned)]) == 0
    life = {
        "left": 12.5,
        "low": 4.0,
        "high": None,
        "cap": 73.0,
        "or_more": False,
        "why": [{"tag": "heat", "moves": -8}],
        "hours": 8.0,
    }
    facts = {"model": "press", "version": 1, "estimate": life, "fails_before": 0.01, "cost": 2400.0,
             "cost_at_once": 2900.0, "cost_of_failure": 26000.0, "saved": 500.0}  # fmt: skip
    calendar = Calendar(served.place.ledger, served.place.site)
    calendar.enter("press 3", now + timedelta(days=1), now + timedelta(days=1, hours=4), "It wears out.", facts, "m")


@contextlib.contextmanager
def serve(config: Config, file: Path | None = None) -> Iterator[Served]:
    """Runs it in a thread. `file`: of the configuration, if it has one."""
    with opened(config, file, [DEMO]) as place:
        transport = server_context(config)
        server = server_of(place, transport, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        assert transport.ca_file is not None
        served = Served(place, f"https://localhost:{port}", transport.ca_file)
        for role in ROLES:
            served.add(role, Grant(role, place.site))
        place.follower.look()
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(10)


@contextlib.contextmanager
def served_lake(lake: Path, folder: Path) -> Iterator[Served]:
    """The same of a lake alone, with its state in a folder."""
    with contextlib.ExitStack() as stack:
        patch = pytest.MonkeyPatch()
        stack.callback(patch.undo)
        patch.setenv("XDG_STATE_HOME", str(folder / f"state-{secrets.token_hex(4)}"))
        yield stack.enter_context(serve(config_of(lake)))
