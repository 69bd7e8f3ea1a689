"""One console for all tests that only look; those that change things make their own with `served_lake`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.house import ROLES, Served, furnish, make_lake, served_lake


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read once."""
    return make_lake(tmp_path_factory.mktemp("console") / "lake")


@pytest.fixture(scope="session")
def served(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console with somebody of each role."""
    with served_lake(lake, tmp_path_factory.mktemp("state")) as found:
        furnish(found)
        yield found


@pytest.fixture
def open_as(browser: Any, served: Served) -> Iterator[Callable[..., Any]]:
    """`open_as(role, path)`: a page as somebody of that role sees it.

    The test fails if the page logs an error (of the content security policy, too) or asks another host for anything.
    `answers`: an error of the server that it is to show, `status of 409`.
    """
    trouble: list[str] = []
    contexts: list[Any] = []

    def opened(role: str, path: str = "/", *, answers: str = "no answer", **options: Any) -> Any:
        assert role in ROLES
        context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", "ignore_https_errors": True,
               "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
        )  # fmt: skip
        contexts.append(context)
        cookie = {"name": "__Host-linewarden", "value": served.session(role), "url": served.url, "secure": True,
                  "httpOnly": True, "sameSite": "Lax"}  # fmt: skip
        context.add_cookies([cookie])
        page = context.new_page()
        page.on(
            "console",
            lambda m: trouble.append(m.text) if m.type in ("error", "warning") and answers not in m.text else None,
        )
        page.on("pageerror", lambda e: trouble.append(str(e)))
        page.on(
            "request", lambda r: None if r.url.startswith((served.url, "blob:", "data:")) else trouble.append(r.url)
        )
        page.goto(served.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not trouble
