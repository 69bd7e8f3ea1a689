"""The contract of collectors: what a kind says of itself."""

from __future__ import annotations

import pytest

from linewarden.collectors.contract import Kind


@pytest.mark.parametrize(
    ("needs", "missing"),
    [((), []), (("json",), []), (("nowhere_at_all",), ["nowhere_at_all"]), (("nowhere.at.all",), ["nowhere.at.all"])],
)
def test_packages_that_are_not_installed_are_named(needs: tuple[str, ...], missing: list[str]) -> None:
    assert Kind("k", "t", object, lambda settings, sink, stop: None, needs=needs).missing() == missing
