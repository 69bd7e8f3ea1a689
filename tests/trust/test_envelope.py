"""Sealed secrets."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, strategies as st

from linewarden.errors import ConfigError
from linewarden.trust.envelope import SEALED, KeyRing, SiteKey

OLD, NEW = SiteKey(os.urandom(32)), SiteKey(os.urandom(32))
RING = KeyRing([OLD], "secrets.key")


@given(st.text(max_size=300).filter(lambda t: t.isascii() or not any("\ud800" <= c <= "\udfff" for c in t)))
def test_a_secret_comes_back(secret: str) -> None:
    sealed = RING.seal(secret)
    assert SEALED.fullmatch(sealed) and RING.open(sealed) == secret
    assert RING.seal(secret) != sealed


def test_every_changed_character_is_seen() -> None:
    sealed = RING.seal("the mail server's password")
    for at, was in enumerate(sealed):
        changed = sealed[:at] + ("A" if was != "A" else "B") + sealed[at + 1 :]
        with pytest.raises(ConfigError) as caught:
            RING.open(changed)
        assert "mail" not in str(caught.value)


def test_parts_of_two_secrets_make_no_third() -> None:
    one, two = RING.seal("one"), RING.seal("two")
    with pytest.raises(ConfigError, match="was changed since"):
        RING.open(one.rpartition(":")[0] + ":" + two.rpartition(":")[2])


def test_a_new_key_wraps_anew_and_leaves_the_secret() -> None:
    sealed = RING.seal("password")
    both = KeyRing([NEW, OLD], "secrets.key")
    again = both.rewrap(sealed)
    assert again.rpartition(":")[2] == sealed.rpartition(":")[2] and again != sealed
    assert both.rewrap(again) == again
    assert KeyRing([NEW], "x").open(again) == both.open(sealed) == "password"
    with pytest.raises(ConfigError, match=f"was sealed with key {OLD.id}, which x does not have"):
        KeyRing([NEW], "x").open(sealed)


def test_a_key_does_not_show_itself() -> None:
    assert OLD.key.hex() not in repr(OLD) and repr(OLD.key) not in repr(RING)


@pytest.mark.parametrize("text", ["", "enc:", "enc:v1:::", "enc:v2:" + "a" * 90, "plain", "enc:v1:12345678:AA:AA"])
def test_what_is_not_sealed_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match="is no sealed secret"):
        RING.open(text)
