"""The console that the tests of the API ask."""

from __future__ import annotations

from tests.console.conftest import lake, served

__all__ = ["lake", "served"]
