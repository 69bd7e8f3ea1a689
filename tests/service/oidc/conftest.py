"""A provider of identities on loopback, and a place that people sign in to by it."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from linewarden.people.signing_in import Outcome
from linewarden.service.access import Access
from linewarden.service.config import load_config
from linewarden.service.oidc import Providers, providers_of
from linewarden.service.people_house import House, opened
from tests.service.exporting.receivers import certificate
from tests.service.oidc.idp import SECRET

BACK = "https://linewarden.plant:9443"
DESK = "10.0.0.7"
CONFIG = """
[service]
site = "plant-a"
data = "data"
[[sensor]]
name = "s"
interfaces = ["lo"]
[[oidc]]
name = "plant-id"
issuer = "{issuer}"
client_id = "linewarden"
client_secret = "file:oidc.secret"
ca_file = "{ca}"
{more}
[oidc.roles]
engineers = ["engineer", "viewer@plant-b/filling"]
owners = ["owner"]
"""


@dataclass
class Idp:
    """The provider as tests have it in their hands."""

    issuer: str
    ca: Path
    browser: httpx.Client

    def lever(self, **how: Any) -> dict[str, int]:
        """Makes it other than right; without anything, right again. Gives how often it was asked for what."""
        found = self.browser.post(f"{self.issuer}/lever", json=how)
        assert found.status_code == 200
        return dict(found.json())

    def visit(self, url: str) -> dict[str, str]:
        """A browser goes there, signs in, and is sent back: the query that it comes back with."""
        found = self.browser.get(url)
        assert found.status_code == 302, found.text
        assert found.headers["location"].startswith(f"{BACK}/sign-in/oidc/")
        return dict(parse_qsl(urlsplit(found.headers["location"]).query))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Idp]:
    folder = tmp_path_factory.mktemp("idp")
    cert, key = certificate(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "tests.service.oidc.idp", str(port), str(cert), str(key)]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ})
    with httpx.Client(verify=ssl.create_default_context(cafile=cert), trust_env=False, timeout=10) as browser:
        found = Idp(f"https://localhost:{port}", cert, browser)
        try:
            _wait(found, process, folder / "said")
            yield found
        finally:
            process.terminate()
            process.wait(10)


def _wait(idp: Idp, process: subprocess.Popen[bytes], said: Path) -> None:
    for _ in range(300):
        try:
            idp.lever()
        except httpx.HTTPError:
            assert process.poll() is None, said.read_text()
            time.sleep(0.1)
        else:
            return
    raise AssertionError(said.read_text())


@pytest.fixture
def idp(running: Idp) -> Iterator[Idp]:
    running.lever()
    yield running
    running.lever()


@dataclass
class Door:
    """A place with this provider; `attempt` goes there and back."""

    house: House
    access: Access
    providers: Providers
    idp: Idp

    def attempt(self, *, again: bool = False, change: Callable[[dict[str, str]], Any] = lambda _q: None) -> Outcome:
        begun = self.providers.begin("plant-id", again=again)
        answer = self.idp.visit(begun.url)
        change(answer)
        return self.finish(begun.secret, answer)

    def finish(self, secret: str, answer: dict[str, str], name: str = "plant-id") -> Outcome:
        return self.access.sign_in_with_provider(self.providers, name, secret, answer, DESK)


Make = Callable[..., Door]


@pytest.fixture
def make(idp: Idp, tmp_path: Path) -> Iterator[Make]:
    """A place; `more` are further lines of the table."""
    import contextlib

    with contextlib.ExitStack() as stack:

        def made(more: str = "", issuer: str = "") -> Door:
            path = tmp_path / "linewarden.toml"
            path.write_text(CONFIG.format(issuer=issuer or idp.issuer, ca=idp.ca, more=more))
            secret = tmp_path / "oidc.secret"
            secret.write_text(SECRET)
            secret.chmod(0o600)
            house = stack.enter_context(opened(path))
            providers = providers_of(load_config(path), house.store, house.tools, BACK)
            return Door(house, Access(house), providers, idp)

        yield made


@pytest.fixture
def door(make: Make) -> Door:
    return make()
