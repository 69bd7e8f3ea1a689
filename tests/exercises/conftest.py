"""Shared by the tests of the practice plant."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from linewarden.exercises.isolation import why_not_isolated
from linewarden.exercises.launcher import missing


@pytest.fixture(scope="session")
def able() -> None:
    """Skips where the plant cannot run, and says why."""
    if lacking := missing():
        pytest.skip(f"the practice plant needs: {'; '.join(lacking)}")
    if reason := why_not_isolated():
        pytest.skip(reason)


@pytest.fixture
def alone() -> Iterator[None]:
    """One plant at a time, also when pytest runs in several processes: two would starve each other."""
    with (Path(tempfile.gettempdir()) / "linewarden-exercise-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[2]
