"""Sessions end, and change their secret."""

from __future__ import annotations

import pytest

from linewarden.people.model import Account, Grant
from tests.people.conftest import House


@pytest.fixture
def bob(house: House) -> Account:
    return house.onboarding.accept(house.onboarding.invite("bob", "Bob", []), "bob", "the pump hums at night")


def test_without_use_it_ends(house: House, bob: Account) -> None:
    secret = house.sessions.begin(bob)
    for _ in range(5):
        house.world.pass_by(minutes=29)
        assert house.sessions.look(secret)
    house.world.pass_by(minutes=30)
    assert house.sessions.look(secret) is None


def test_after_a_days_work_it_ends_in_any_case(house: House, bob: Account) -> None:
    secret = house.sessions.begin(bob)
    for _ in range(47):
        house.world.pass_by(minutes=15)
        assert house.sessions.look(secret)
    house.world.pass_by(minutes=15)
    assert house.sessions.look(secret) is None


def test_a_change_of_rights_changes_the_secret(house: House, bob: Account) -> None:
    old = house.sessions.begin(bob)
    house.store.set_rights(bob.id, [Grant("owner", "here")], None)
    seen = house.sessions.look(old)
    assert seen is not None
    assert seen.secret
    assert house.sessions.look(old) is None
    again = house.sessions.look(seen.secret)
    assert again is not None
    assert again.secret is None


def test_who_proves_again_has_a_fresh_session_with_another_secret(house: House, bob: Account) -> None:
    old = house.sessions.begin(bob)
    house.world.pass_by(minutes=20)
    new = house.sessions.proved(old)
    assert new
    seen = house.sessions.look(new)
    assert seen is not None
    assert (seen.session.authenticated, seen.session.began) == (house.world.now, bob.created)
    assert house.sessions.look(old) is None
    assert house.sessions.proved(old) is None


def test_a_disabled_account_has_no_session(house: House, bob: Account) -> None:
    secret = house.sessions.begin(bob)
    house.store.set_disabled(bob.id, house.world.now)
    assert house.sessions.look(secret) is None
    house.store.set_disabled(bob.id, None)
    assert house.sessions.look(secret) is None


def test_signing_out_ends_it_and_only_the_hash_is_kept(house: House, bob: Account) -> None:
    secret, other = house.sessions.begin(bob), house.sessions.begin(bob)
    assert secret not in str(vars(house.store))
    house.sessions.end(secret)
    assert house.sessions.look(secret) is None
    assert house.sessions.look(other)
    assert house.sessions.look("") is None
