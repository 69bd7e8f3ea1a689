"""API tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from linewarden.errors import AccessError
from tests.people.conftest import House

WEEK = timedelta(days=7)


def make(house: House, span: timedelta = WEEK) -> str:
    return house.tokens.make("siem", ["read"], [("here", "")], span, "anna")


def test_a_token_holds_until_its_end_and_only_its_hash_is_kept(house: House) -> None:
    shown = make(house)
    token = house.tokens.check(shown)
    assert token is not None
    assert (token.name, token.scopes, token.places) == ("siem", {"read"}, {("here", "")})
    assert shown.rpartition("_")[2] not in str(vars(house.store))
    house.world.now += WEEK
    assert house.tokens.check(shown) is None


def test_another_is_none(house: House) -> None:
    shown, other = make(house), make(house)
    prefix = "_".join(shown.split("_", 2)[:2])
    for wrong in ("", prefix, shown[:-1], shown + "A", f"{prefix}_{other.split('_', 2)[2]}", shown.upper(), "lw_ä_ä"):
        assert house.tokens.check(wrong) is None


def test_revoked_it_is_none(house: House) -> None:
    shown = make(house)
    house.tokens.revoke(shown.rsplit("_", 1)[0] if shown.count("_") == 2 else shown)
    assert house.tokens.check(shown) is None
    with pytest.raises(AccessError, match="no such token"):
        house.tokens.revoke("abcdefgh")


@pytest.mark.parametrize("days", [0, -1, 367])
def test_every_token_ends(house: House, days: int) -> None:
    with pytest.raises(AccessError, match="a token ends"):
        make(house, timedelta(days=days))


def test_a_token_opens_something(house: House) -> None:
    with pytest.raises(AccessError, match="opens nothing"):
        house.tokens.make("x", [], [("here", "")], WEEK, "anna")
