"""Signing in, and slowing down who guesses."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from linewarden.people import totp
from linewarden.people.model import Account
from linewarden.people.passwords import Cost, Passwords
from linewarden.people.signing_in import Answer, Outcome, SignIn
from linewarden.people.throttle import network_of
from tests.people.conftest import House

GOOD = "the pump hums at night"
DESK, BAD_NET = "10.0.0.7", "203.0.113."


@pytest.fixture
def bob(house: House) -> Account:
    return house.onboarding.accept(house.onboarding.invite("bob", "Bob", []), "bob", GOOD)


def attempt(house: House, password: str = GOOD, code: str = "", source: str = DESK, login: str = "bob") -> Outcome:
    return house.door.with_password(login, password, code, source)


def code_of(house: House, secret: str, steps: int = 0) -> str:
    return totp.hotp(base64.b32decode(secret), totp.step_of(house.world.now) + steps)


def test_the_right_password_gives_a_session(house: House, bob: Account) -> None:
    found = attempt(house, login=" Bob ")
    assert found.answer is Answer.IN
    seen = house.sessions.look(found.secret)
    assert seen is not None
    assert seen.account.id == bob.id


@pytest.mark.usefixtures("bob")
def test_wrong_unknown_and_disabled_look_alike(house: House) -> None:
    wrong = attempt(house, "wrong")
    assert wrong == attempt(house, login="nobody") == attempt(house, login="") == attempt(house, login="\ud800'--")
    house.store.set_disabled(house.onboarding.found("bob").id, house.world.now)
    assert attempt(house) == wrong


def test_a_code_of_the_app_works_once(house: House, bob: Account) -> None:
    secret, _ = house.onboarding.new_totp(bob)
    codes = house.onboarding.confirm_totp(bob, secret, code_of(house, secret))
    assert attempt(house, code=code_of(house, secret)).answer is Answer.REFUSED  # it was shown at the enrolment
    house.world.pass_by(seconds=30)
    assert attempt(house, code=code_of(house, secret)).answer is Answer.IN
    assert attempt(house, code=code_of(house, secret)).answer is Answer.REFUSED
    assert attempt(house, code=code_of(house, secret, -1)).answer is Answer.REFUSED  # an older one neither
    assert attempt(house, "wrong", code_of(house, secret, 1)).answer is Answer.REFUSED
    assert attempt(house, code=codes[3].lower()).answer is Answer.IN
    assert attempt(house, code=codes[3]).answer is Answer.REFUSED


def test_a_session_from_before_ends_at_sign_in(house: House, bob: Account) -> None:
    """What somebody else put into the browser is not taken over (session fixation)."""
    planted = house.sessions.begin(bob)
    found = house.door.with_password("bob", GOOD, "", DESK, instead_of=planted)
    assert found.secret != planted
    assert house.sessions.look(planted) is None


def test_a_hash_is_renewed_when_the_cost_rises(house: House, bob: Account) -> None:
    dearer = Passwords(house.world.tools.random, Cost(128, 1, 1))
    door = SignIn(house.store, house.world.tools, dearer, house.sessions)
    assert door.with_password("bob", GOOD, "", DESK).answer is Answer.IN
    renewed = house.onboarding.found("bob").password
    assert renewed != bob.password
    assert not dearer.outdated(renewed)
    assert door.with_password("bob", GOOD, "", DESK).answer is Answer.IN


@pytest.mark.usefixtures("bob")
def test_who_guesses_waits_longer_and_longer(house: House) -> None:
    assert [attempt(house, "wrong").answer for _ in range(5)] == [Answer.REFUSED] * 5
    waits = []
    for _ in range(12):
        found = attempt(house)  # even the right one is not looked at
        assert found.answer is Answer.WAIT
        waits.append(found.wait)
        house.world.now += found.wait
        assert attempt(house, "wrong").answer is Answer.REFUSED
    assert waits[:4] == [timedelta(seconds=s) for s in (1, 2, 4, 8)]
    assert max(waits) == timedelta(minutes=15)
    house.world.pass_by(minutes=15)
    assert attempt(house).answer is Answer.IN
    assert attempt(house, "wrong").answer is Answer.REFUSED  # counted from one again


@pytest.mark.usefixtures("bob")
def test_nobody_locks_another_out_of_the_usual_place(house: House) -> None:
    assert attempt(house).answer is Answer.IN
    for n in range(250):
        attempt(house, "wrong", source=f"{BAD_NET}{n}")
    assert attempt(house, "wrong", source="198.51.100.1").answer is Answer.WAIT  # strangers wait, the next one too
    assert attempt(house).answer is Answer.IN


@pytest.mark.usefixtures("bob")
def test_a_source_that_tries_many_accounts_is_slowed_down(house: House) -> None:
    for n in range(30):
        attempt(house, "Winter2026", login=f"user{n}", source=BAD_NET + "1")
    assert attempt(house, login="bob", source=BAD_NET + "1").answer is Answer.WAIT
    assert attempt(house, source=BAD_NET + "2").answer is Answer.IN


def test_an_account_of_ones_own_does_not_wash_off_guesses(house: House, bob: Account) -> None:
    house.onboarding.accept(house.onboarding.invite("eve", "Eve", []), "eve", GOOD)
    for n in range(29):
        attempt(house, "wrong", login=f"user{n}", source=BAD_NET + "1")
        if n % 4 == 0:
            assert attempt(house, login="eve", source=BAD_NET + "1").answer is Answer.IN
    attempt(house, "wrong", login="user30", source=BAD_NET + "1")
    assert attempt(house, login="eve", source=BAD_NET + "1").answer is Answer.WAIT
    assert bob.usable


def test_codes_cannot_be_guessed_faster_than_passwords(house: House, bob: Account) -> None:
    secret, _ = house.onboarding.new_totp(bob)
    house.onboarding.confirm_totp(bob, secret, code_of(house, secret))
    answers = [attempt(house, code=f"{n:06d}").answer for n in range(8)]
    assert answers == [Answer.REFUSED] * 5 + [Answer.WAIT] * 3


def test_a_network_of_ipv6_counts_as_one() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("console") == "console"
