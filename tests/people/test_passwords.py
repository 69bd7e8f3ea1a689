"""Which passwords are taken, and how they are kept."""

from __future__ import annotations

import random

import pytest
from argon2 import extract_parameters

from linewarden.people.passwords import Cost, Passwords, refused

DICE = random.Random(1).randbytes


@pytest.mark.parametrize(
    "password",
    ["the pump hums at night", "dreizehn graue Ventile", "нержавеющая труба", "a" * 7 + "b" * 8,
     "only lower case letters", "password of my aunt's parrot", "w" * 40 + " and " + "v" * 60],
)  # fmt: skip
def test_length_is_enough(password: str) -> None:
    """No rule of composition (SP 800-63B-4, 3.1.1.2)."""
    assert refused(password) == ""


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Tr0ub4dor&3", "needs 15"), ("", "needs 15"), ("x" * 257, "longer than 256"),
        ("u\u0308" * 600, "longer than 256"), ("xyz" * 1000, "longer than 256"),
        ("passwordpassword", "guessed"), ("Password12345678", "guessed"), ("linewarden2026!!", "guessed"),
        ("aaaaaaaaaaaaaaaa", "guessed"), ("abcabcabcabcabcabc", "guessed"), ("qwertyuiopasdfgh", "guessed"),
        ("123456789012345", "guessed"), ("zyxwvutsrqponmlk", "guessed"), ("schmidt-mueller1", "guessed"),
        ("\uff50assword12345678", "guessed"), ("1111111111111112", "guessed"),
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_not_taken(password: str, why: str) -> None:
    assert why in refused(password, ("schmidt-mueller@plant.example", "S. Mueller"))


def test_the_shipped_cost_is_that_of_the_rfc() -> None:
    """RFC 9106, section 4: the second recommended option."""
    found = extract_parameters(Passwords(DICE).hash("the pump hums at night"))
    assert found.type.name == "ID"
    assert (found.memory_cost, found.time_cost, found.parallelism) == (2**16, 3, 4)
    assert (found.salt_len, found.hash_len) == (16, 32)


def test_a_password_fits_itself_only_and_all_of_it_counts() -> None:
    passwords = Passwords(DICE, Cost(64, 1, 1))
    long = "a very long password " * 12
    kept = passwords.hash(long)
    assert "password" not in kept
    assert passwords.fits(kept, long)
    for other in (long[:-1], long + "x", long.upper(), ""):
        assert not passwords.fits(kept, other)
    assert not passwords.fits("", "")
    assert not passwords.fits("no hash", long)
    assert passwords.hash(long) != kept


def test_what_looks_the_same_is_the_same() -> None:
    passwords = Passwords(DICE, Cost(64, 1, 1))
    assert passwords.fits(passwords.hash("Überdruckventil zu"), "U\u0308berdruckventil zu")


def test_a_hash_of_other_parameters_is_outdated() -> None:
    old, new = Passwords(DICE, Cost(64, 1, 1)), Passwords(DICE, Cost(128, 1, 1))
    assert new.outdated(old.hash("the pump hums at night"))
    assert not new.outdated(new.hash("the pump hums at night"))
