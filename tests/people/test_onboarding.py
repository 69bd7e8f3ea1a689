"""How accounts come to be, and come back."""

from __future__ import annotations

import pytest

from linewarden.errors import AccessError
from linewarden.people import totp
from linewarden.people.model import Grant, Purpose
from linewarden.people.signing_in import Answer
from tests.people.conftest import House

GOOD, OTHER = "the pump hums at night", "seven bolts and a gasket"
VIEWER = Grant("viewer", "here")


def test_the_first_owner_comes_by_a_code_that_works_once(house: House) -> None:
    stale, code = house.onboarding.first_owner("here"), house.onboarding.first_owner("here")
    with pytest.raises(AccessError, match="expired"):
        house.onboarding.accept_first_owner(stale, "anna", "Anna", GOOD)
    with pytest.raises(AccessError, match="needs 15"):  # and the code is still good
        house.onboarding.accept_first_owner(code, "anna", "Anna", "short")
    anna = house.onboarding.accept_first_owner(code.lower().replace("-", " "), " Anna ", "Anna", GOOD)
    assert (anna.login, house.store.grants(anna.id)) == ("anna", [Grant("owner", "here")])
    with pytest.raises(AccessError, match="expired"):
        house.onboarding.accept_first_owner(code, "eve", "Eve", GOOD)
    with pytest.raises(AccessError, match="already"):
        house.onboarding.first_owner("here")


def test_there_is_no_password_before_somebody_chose_one(house: House) -> None:
    house.onboarding.invite("bob", "Bob", [VIEWER])
    for password in ("", "admin", "bob"):
        assert house.door.with_password("bob", password, "", "10.0.0.1").answer is Answer.REFUSED


def test_an_invitation_is_accepted_once_and_in_time(house: House) -> None:
    code = house.onboarding.invite("bob", "Bob", [VIEWER])
    house.onboarding.invite("eve", "Eve", [])
    with pytest.raises(AccessError, match="expired"):  # of another account
        house.onboarding.accept(code, "eve", GOOD)
    bob = house.onboarding.accept(code, "BOB", GOOD)
    assert house.store.grants(bob.id) == [VIEWER]
    with pytest.raises(AccessError, match="expired"):
        house.onboarding.accept(code, "bob", OTHER)
    late = house.onboarding.recover("eve")
    house.world.pass_by(days=7)
    with pytest.raises(AccessError, match="expired"):
        house.onboarding.accept(late, "eve", GOOD)
    with pytest.raises(AccessError, match="already"):
        house.onboarding.invite("bob", "Robert", [])


def test_recovery_sets_a_new_password_ends_sessions_and_leaves_the_second_factor(house: House) -> None:
    bob = house.onboarding.accept(house.onboarding.invite("bob", "Bob", []), "bob", GOOD)
    secret, _ = house.onboarding.new_totp(bob)
    house.onboarding.confirm_totp(bob, secret, totp.hotp(_key(secret), totp.step_of(house.world.now)))
    session = house.sessions.begin(bob)
    bob = house.onboarding.accept(house.onboarding.recover("bob"), "bob", OTHER)
    assert bob.totp and house.store.totp_secret(bob.id) == secret
    assert house.sessions.look(session) is None
    assert house.door.with_password("bob", GOOD, "", "here").answer is Answer.REFUSED
    assert house.door.with_password("bob", OTHER, "", "here").answer is Answer.CODE


def test_a_disabled_account_is_not_recovered(house: House) -> None:
    bob = house.onboarding.accept(house.onboarding.invite("bob", "Bob", []), "bob", GOOD)
    house.store.set_disabled(bob.id, house.world.now)
    with pytest.raises(AccessError, match="enable it first"):
        house.onboarding.recover("bob")


def test_the_second_factor_counts_from_the_first_right_code(house: House) -> None:
    bob = house.onboarding.accept(house.onboarding.invite("bob", "Bob", []), "bob", GOOD)
    secret, uri = house.onboarding.new_totp(bob)
    assert secret in uri
    with pytest.raises(AccessError, match="not the one of now"):
        house.onboarding.confirm_totp(bob, secret, "000000")
    assert house.door.with_password("bob", GOOD, "", "here").answer is Answer.IN
    codes = house.onboarding.confirm_totp(bob, secret, totp.hotp(_key(secret), totp.step_of(house.world.now)))
    assert len(set(codes)) == 10 == house.store.count_codes(Purpose.SECOND_FACTOR, bob.id)
    assert house.door.with_password("bob", GOOD, "", "here").answer is Answer.CODE
    house.onboarding.remove_totp(house.onboarding.found("bob"))
    assert house.store.count_codes(Purpose.SECOND_FACTOR, bob.id) == 0
    assert house.door.with_password("bob", GOOD, "", "here").answer is Answer.IN


def test_a_password_is_changed_by_who_knows_it(house: House) -> None:
    bob = house.onboarding.accept(house.onboarding.invite("bob", "Bob", []), "bob", GOOD)
    with pytest.raises(AccessError, match="old password"):
        house.onboarding.change_password(bob, OTHER, OTHER)
    house.onboarding.change_password(bob, GOOD, OTHER)
    assert house.door.with_password("bob", OTHER, "", "here").answer is Answer.IN


@pytest.mark.parametrize("login", ["", "a b", "x" * 65, "a\0", "<script>", "../etc"])
def test_a_login_is_a_word(house: House, login: str) -> None:
    with pytest.raises(AccessError, match="is no login"):
        house.onboarding.invite(login, "Somebody", [])


def _key(secret: str) -> bytes:
    import base64

    return base64.b32decode(secret)
