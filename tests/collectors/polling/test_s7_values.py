"""S7 addresses and types."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._polling.s7_values import address_of, fits, size_of, value_of


@pytest.mark.parametrize(
    ("text", "area", "db", "byte", "bit", "usual"),
    [
        ("DB10.DBD4", 0x84, 10, 4, 0, "dword"),
        ("db10.dbx4.7", 0x84, 10, 4, 7, "bool"),
        ("MW20", 0x83, 0, 20, 0, "word"),
        ("E0.1", 0x81, 0, 0, 1, "bool"),
        ("AB4", 0x82, 0, 4, 0, "byte"),
    ],
)
def test_addresses_as_manuals_write_them(text: str, area: int, db: int, byte: int, bit: int, usual: str) -> None:
    found = address_of(text)
    assert (found.area, found.db, found.byte, found.bit, found.usual) == (area, db, byte, bit, usual)


@given(st.text(max_size=12))
def test_any_text_is_an_address_or_told_why_not(text: str) -> None:
    with suppress(ValueError):
        assert 0 <= address_of(text).bit <= 7


@given(st.binary(min_size=12, max_size=12), st.sampled_from(["date_and_time", "dtl", "s5time", "date", "time"]))
def test_any_bytes_are_a_time_or_a_value_error(data: bytes, kind: str) -> None:
    try:
        found = value_of(data[: size_of(kind, 0)], kind, 0, "latin-1")
    except ValueError:
        return
    assert found == found


def test_texts() -> None:
    assert value_of(b"\x05\x03ABCxx", "string", 0, "latin-1") == "ABC"
    assert value_of(struct.pack(">HH", 4, 2) + "Ω1".encode("utf-16-be") + bytes(4), "wstring", 0, "") == "Ω1"
    assert value_of(b"AB\0 ", "char", 0, "latin-1") == "AB"
    with pytest.raises(ValueError, match="string_longer"):
        value_of(b"\xfe\xfeAB", "string", 0, "latin-1")


def test_a_wide_address_is_not_read_as_something_narrower() -> None:
    assert fits(address_of("DB1.DBD0"), "real") and not fits(address_of("DB1.DBW0"), "real")
    assert fits(address_of("DB1.DBB0"), "string") and not fits(address_of("DB1.DBX0.0"), "int")
