"""Encrypted files. Vectors: the keys in c2sp.org/age; files of and for the `age` program, where it is installed."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from linewarden.errors import ConfigError, StoreError
from linewarden.trust import bech32
from linewarden.trust.age import CHUNK, Identity, Passphrase, Reader, Recipient, Writer

SECRET = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
PUBLIC = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
ME = Identity.parse(SECRET)
QUICK = Passphrase("correct horse", 10)


def encrypted(data: bytes, *recipients: Recipient | Passphrase) -> bytes:
    file = io.BytesIO()
    writer = Writer(file, recipients or (ME.recipient,))
    writer.write(data)
    writer.close()
    return file.getvalue()


def opened(data: bytes, *identities: Identity | Passphrase) -> bytes:
    return Reader(io.BytesIO(data), identities or (ME,)).read()


def test_keys_are_written_as_in_the_specification() -> None:
    assert str(ME) == SECRET and ME.private == b"\x42" * 32
    assert str(ME.recipient) == PUBLIC
    assert Recipient.parse(PUBLIC) == ME.recipient
    assert "SECRET" not in repr(ME)


@given(st.binary(max_size=80))
def test_bech32_comes_back_and_no_character_may_change(data: bytes) -> None:
    text = bech32.encode("age", data)
    assert bech32.decode(text) == bech32.decode(text.upper()) == ("age", data)
    for at in range(4, len(text)):
        changed = text[:at] + ("q" if text[at] != "q" else "p") + text[at + 1 :]
        with pytest.raises(ValueError, match=r"wrong|padding"):
            bech32.decode(changed)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])
def test_what_was_written_comes_back(size: int) -> None:
    data = os.urandom(size)
    other = Identity.new()
    file = encrypted(data, ME.recipient, other.recipient)
    assert opened(file) == opened(file, other) == data
    assert opened(encrypted(data, QUICK), QUICK) == data
    reader, pieces = Reader(io.BytesIO(file), [ME]), []
    while piece := reader.read(1000):
        pieces.append(piece)
    assert b"".join(pieces) == data


def test_for_another_it_is_nothing() -> None:
    with pytest.raises(StoreError, match="not for this key"):
        opened(encrypted(b"x"), Identity.new())
    with pytest.raises(StoreError, match="not for this key"):
        opened(encrypted(b"x", QUICK), Passphrase("another", 10))
    with pytest.raises(StoreError, match="not for this key"):
        opened(encrypted(b"x"), QUICK)


def test_every_changed_byte_is_seen() -> None:
    file = encrypted(b"some bytes")
    for at in range(len(file)):
        changed = file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]
        with pytest.raises(StoreError):
            opened(changed)


@settings(max_examples=60)
@given(st.integers(0, 3 * CHUNK), st.data())
def test_what_was_cut_is_seen(size: int, data: st.DataObject) -> None:
    file = encrypted(bytes(size))
    with pytest.raises(StoreError):
        opened(file[: data.draw(st.integers(0, len(file) - 1))])
    with pytest.raises(StoreError):
        opened(file + b"x")


def test_chunks_cannot_be_dropped_swapped_or_doubled() -> None:
    file = encrypted(os.urandom(3 * CHUNK + 9))
    begin = len(file) - (3 * (CHUNK + 16) + 25)
    head = file[:begin]
    a, b, c, end = (file[begin + n * (CHUNK + 16) : begin + (n + 1) * (CHUNK + 16)] for n in range(4))
    assert opened(head + a + b + c + end)
    orders = ((b, a, c, end), (a, c, end), (a, b, c), (a, b, c, end, end), (end,), (a, b, b, c, end))
    for wrong in (head + b"".join(order) for order in orders):
        with pytest.raises(StoreError, match="cut or changed"):
            opened(wrong)


@pytest.mark.parametrize(
    "text",
    [b"", b"nonsense", b"age-encryption.org/v2\n", b"age-encryption.org/v1\n", b"age-encryption.org/v1\n--- \n",
     b"age-encryption.org/v1\n-> X25519 AA\n\n--- " + b"A" * 43 + b"\n",
     b"age-encryption.org/v1\n-> scrypt " + b"A" * 22 + b" 40\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n",
     b"age-encryption.org/v1\n" + b"-> x\n\n" * 40_000],
)  # fmt: skip
def test_what_is_no_such_file_is_said(text: bytes) -> None:
    with pytest.raises(StoreError):
        opened(text)
    with pytest.raises(StoreError):
        opened(text, QUICK)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(StoreError):
        opened(b"age-encryption.org/v1\n" + data)


def test_a_passphrase_stands_alone() -> None:
    for wrong in ((QUICK, ME.recipient), ()):
        with pytest.raises(ConfigError, match="recipient"):
            Writer(io.BytesIO(), wrong)


@pytest.mark.parametrize("text", ["", "age1", PUBLIC[:-1], SECRET, PUBLIC.replace("q", "p"), "AGE1" + PUBLIC[4:]])
def test_a_mistyped_key_is_no_key(text: str) -> None:
    with pytest.raises(ConfigError, match="is no public key of age"):
        Recipient.parse(text)


@pytest.mark.skipif(shutil.which("age") is None, reason="the program age is not installed")
@pytest.mark.parametrize("size", [0, 5, CHUNK, 3 * CHUNK + 1])
def test_the_program_age_opens_ours_and_we_open_its(tmp_path: Path, size: int) -> None:
    data, key = os.urandom(size), tmp_path / "key"
    key.write_text(f"# for a test\n{SECRET}\n")
    theirs = subprocess.run(["age", "-r", PUBLIC], input=data, capture_output=True, check=True).stdout
    assert opened(theirs) == data
    ours = subprocess.run(["age", "-d", "-i", key], input=encrypted(data), capture_output=True, check=True).stdout
    assert ours == data
