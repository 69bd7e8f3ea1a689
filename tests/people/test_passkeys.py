"""Passkeys, with a device in software."""

from __future__ import annotations

import json
import random

import pytest

from linewarden.errors import AccessError
from linewarden.people.model import Account
from linewarden.people.passkeys import Here, Passkeys
from linewarden.people.signing_in import Answer
from tests.people.conftest import House
from tests.people.device import Device

HERE = Here("linewarden.plant", ("https://linewarden.plant",))


@pytest.fixture
def bob(house: House) -> Account:
    return house.onboarding.accept(house.onboarding.invite("bob", "Bob", []), "bob", "the pump hums at night")


@pytest.fixture
def passkeys(house: House) -> Passkeys:
    return Passkeys(house.store, house.world.tools, HERE)


def register(passkeys: Passkeys, account: Account, device: Device) -> None:
    passkeys.keep_new(account, device.create(passkeys.ask_new(account)), "phone")


@pytest.mark.parametrize("counts", [True, False])
def test_a_passkey_signs_in_without_login_and_password(
    house: House, bob: Account, passkeys: Passkeys, counts: bool
) -> None:
    device = Device(counts=counts)
    register(passkeys, bob, device)
    for _ in range(2):
        found = house.door.with_passkey(passkeys, device.get(passkeys.ask()))
        assert found.answer is Answer.IN
        seen = house.sessions.look(found.secret)
        assert seen is not None
        assert seen.account.id == bob.id


def test_an_answer_works_once_and_in_time(house: House, bob: Account, passkeys: Passkeys) -> None:
    device = Device(counts=False)
    register(passkeys, bob, device)
    answer = device.get(passkeys.ask())
    assert passkeys.proved(answer)
    assert passkeys.proved(answer) is None
    late = device.get(passkeys.ask())
    house.world.pass_by(minutes=5)
    assert passkeys.proved(late) is None


def test_a_copy_of_a_passkey_is_noticed_by_its_count(bob: Account, passkeys: Passkeys) -> None:
    device = Device()
    register(passkeys, bob, device)
    for _ in range(3):
        assert passkeys.proved(device.get(passkeys.ask()))
    device.uses = 1
    assert passkeys.proved(device.get(passkeys.ask())) is None


def test_another_site_or_key_or_a_locked_device_is_refused(bob: Account, passkeys: Passkeys) -> None:
    device = Device()
    register(passkeys, bob, device)
    device.origin = "https://linewarden.plant.example"
    assert passkeys.proved(device.get(passkeys.ask())) is None
    device.origin, device.verified = HERE.origins[0], False
    assert passkeys.proved(device.get(passkeys.ask())) is None
    device.verified, other = True, Device()
    right, device.key = device.key, other.key
    assert passkeys.proved(device.get(passkeys.ask())) is None
    device.key = right
    assert passkeys.proved(device.get(passkeys.ask()))
    assert passkeys.proved(Device().get(passkeys.ask())) is None


def test_what_was_asked_of_one_is_not_answered_by_another(house: House, bob: Account, passkeys: Passkeys) -> None:
    eve = house.onboarding.accept(house.onboarding.invite("eve", "Eve", []), "eve", "the pump hums at night")
    with pytest.raises(AccessError, match="no answer"):
        passkeys.keep_new(eve, Device().create(passkeys.ask_new(bob)), "")
    with pytest.raises(AccessError, match="not taken"):
        passkeys.keep_new(bob, Device(verified=False).create(passkeys.ask_new(bob)), "")
    device = Device()
    register(passkeys, bob, device)
    with pytest.raises(AccessError, match="known already"):
        register(passkeys, eve, device)
    with pytest.raises(AccessError, match="no such"):
        passkeys.remove(eve, house.store.passkeys(bob.id)[0].id)
    assert json.loads(passkeys.ask_new(bob))["excludeCredentials"][0]["id"] == house.store.passkeys(bob.id)[0].id


def test_an_account_that_ended_or_a_passkey_that_was_removed_is_refused(
    house: House, bob: Account, passkeys: Passkeys
) -> None:
    device = Device()
    register(passkeys, bob, device)
    house.store.set_disabled(bob.id, house.world.now)
    assert passkeys.proved(device.get(passkeys.ask())) is None
    house.store.set_disabled(bob.id, None)
    passkeys.remove(bob, house.store.passkeys(bob.id)[0].id)
    assert passkeys.proved(device.get(passkeys.ask())) is None


def test_no_answer_makes_it_fall_over(bob: Account, passkeys: Passkeys) -> None:
    """Any damage is a refusal, in whichever part."""
    device, dice = Device(counts=False), random.Random(5)
    register(passkeys, bob, device)
    for text in ("", "null", "[]", "{}", '{"response": 1}', '{"response": {"clientDataJSON": "e30"}}', "[" * 100_000):
        assert passkeys.proved(text) is None
    for _ in range(300):
        answer = bytearray(device.get(passkeys.ask()), "ascii")
        for _ in range(dice.randrange(1, 4)):
            answer[dice.randrange(len(answer))] = dice.randrange(32, 127)
        found = passkeys.proved(answer.decode())
        assert found is None or found.id == bob.id  # damage may hit what does not count
        new = bytearray(Device().create(passkeys.ask_new(bob)), "ascii")
        new[dice.randrange(len(new))] = dice.randrange(32, 127)
        try:
            kept = passkeys.keep_new(bob, new.decode(), "x")
        except AccessError:
            continue
        passkeys.remove(bob, kept.id)
