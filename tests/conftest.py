"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Several tests run at once: numpy's threads would only wait for one another, and with a busy loop at that.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

CHROMIUM = Path("/usr/bin/chromium")

# Machines are shared and stall: how long an example took says nothing of the code (benchmarks/ do that).
settings.register_profile("linewarden", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("linewarden")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes go by their parameter and place: packed ones hold the time, and two workers must name tests alike."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium through Playwright, whose loop belongs to the thread while it is there: so not for longer."""
    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: install it (apt-get install chromium) to run the browser tests")
    api = pytest.importorskip("playwright.sync_api", reason="install playwright to run the browser tests")
    with api.sync_playwright() as play:
        # `ignore_https_errors` does not reach a download that needs a connection of its own, as after the 15 s
        # for which the server keeps one: it would be cancelled before the answer, and named after its address.
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--ignore-certificate-errors"]
        found = play.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield found
        found.close()
