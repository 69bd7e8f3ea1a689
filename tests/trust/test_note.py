"""Signed notes and tree heads. Vector: golang.org/x/mod/sumdb/note, note_test.go."""

from __future__ import annotations

import base64
import contextlib
import os
import string
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linewarden.errors import ConfigError, StoreError
from linewarden.trust.key_files import key_of_32_bytes, make_file, private_bytes, read_signer, signer
from linewarden.trust.note import Signer, TreeHead, VerifierKey, head_in, signed, signers_of

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)  # fmt: skip
LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
HEAD = TreeHead("linewarden/plant", 7, bytes(range(32)))
LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


def new(name: str = "linewarden/plant") -> Signer:
    return Signer(name, Ed25519PrivateKey.generate())


def test_a_note_of_the_go_reference_is_made_and_accepted() -> None:
    peter = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(SEED))
    assert str(peter.verifier) == VKEY
    assert peter.line(TEXT) == LINE
    assert signers_of(f"{TEXT}\n{LINE}", [VerifierKey.parse(VKEY)]) == [peter.verifier]


def test_a_head_comes_back_and_names_who_signed_it() -> None:
    old, other, stranger = new(), new(), new()
    note = signed(HEAD, [old, other])
    assert head_in(note) == HEAD
    assert signers_of(note, [stranger.verifier]) == []
    assert signers_of(note, [stranger.verifier, other.verifier, old.verifier]) == [old.verifier, other.verifier]


def test_bytes_are_written_in_one_way_only() -> None:
    note = signed(HEAD, [key := new()])
    assert note.endswith("=\n") and not note.endswith("==\n"), "two bits of the last character mean nothing"
    last = LETTERS[LETTERS.index(note[-3]) + 1]
    with pytest.raises(ConfigError, match="a signature is no Base64"):
        signers_of(note[:-3] + last + note[-2:], [key.verifier])


def test_every_changed_character_is_seen() -> None:
    key = new()
    note = signed(HEAD, [key])
    for at, was in enumerate(note):
        changed = note[:at] + ("x" if was != "x" else "y") + note[at + 1 :]
        with contextlib.suppress(ConfigError):
            assert signers_of(changed, [key.verifier]) == [], at


@pytest.mark.parametrize(
    "text",
    ["", "a\n1\n", "a\n1\nAA==\n\n\u2014 a AA==\n", HEAD.text(), "a\n01\nAA==\n\n\u2014 a AA==\n", "\u2014 a b\n" * 40,
     signed(HEAD, [new()])[:-1], "a\r\n1\n\n\u2014 a AA==\n", "x" * 20_000],
)  # fmt: skip
def test_what_is_no_signed_head_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no"):
        head_in(text)


def test_every_part_of_a_verifier_key_counts() -> None:
    assert str(VerifierKey.parse(VKEY)) == VKEY
    for begin in range(len(VKEY)):
        for end in range(begin + 1, len(VKEY) + 1):
            if (begin, end) != (0, len(VKEY)):
                with pytest.raises(ConfigError, match="verifier key"):
                    VerifierKey.parse(VKEY[begin:end])


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit.key"
    made = signer(path, "a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert signer(path, "a").verifier == made.verifier
    make_file(path, b"another")
    assert read_signer(path, "a").verifier == made.verifier
    assert os.listdir(path.parent) == ["audit.key"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit.key"
    signer(path, "a")
    path.chmod(0o640)
    with pytest.raises(StoreError, match="others may read this key; chmod 600"):
        read_signer(path, "a")


def test_what_is_no_key_is_said(tmp_path: Path) -> None:
    path = tmp_path / "k"
    with pytest.raises(StoreError, match="cannot be read"):
        private_bytes(path)
    make_file(path, b"nonsense")
    with pytest.raises(StoreError, match="no private key"):
        read_signer(path, "a")
    with pytest.raises(StoreError, match="is no key"):
        key_of_32_bytes(b"short", "here")
    assert key_of_32_bytes(base64.b64encode(bytes(32)) + b"\n", "here") == key_of_32_bytes(bytes(32), "here")
