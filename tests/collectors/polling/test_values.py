"""Numbers and texts in registers, in each order that devices use."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._polling.values import NUMBERS, Form, is_number, scaled, value_of


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (("big", "big"), (0x41AC, 0xCCCD)),
        (("big", "little"), (0xCCCD, 0x41AC)),
        (("little", "big"), (0xAC41, 0xCDCC)),
        (("little", "little"), (0xCDCC, 0xAC41)),
    ],
)
def test_a_float_in_each_of_the_four_orders(order: tuple[str, str], words: tuple[int, int]) -> None:
    """21.6 as IEEE 754 is 41 AC CC CD: ABCD, CDAB, BADC and DCBA, as makers call them."""
    form = Form("float32", byte_order=order[0], word_order=order[1])  # type: ignore[arg-type]
    assert value_of(words, form) == pytest.approx(21.6, abs=1e-6)


@given(st.sampled_from(sorted(NUMBERS)), st.binary(min_size=8, max_size=8))
def test_every_number_comes_back(kind: str, data: bytes) -> None:
    size = struct.calcsize(NUMBERS[kind])
    expected = struct.unpack(f">{NUMBERS[kind]}", data[:size])[0]
    words = struct.unpack(f">{size // 2}H", data[:size])
    found = value_of(words, Form(kind))
    assert found == float(expected) or (math.isnan(expected) and math.isnan(float(found)))
    assert value_of(words[::-1], Form(kind, word_order="little")) == found or not is_number(found)


def test_bits_count_from_the_least_in_either_byte_order() -> None:
    assert [value_of((0x8001,), Form("bit", bit=at)) for at in (0, 1, 15)] == [1.0, 0.0, 1.0]
    assert value_of((0x0100,), Form("bit", bit=0, byte_order="little")) == 1.0


def test_text_ends_at_the_first_zero_and_loses_its_filling() -> None:
    words = struct.unpack(">4H", b"P-7 \0junk"[:8])
    assert value_of(words, Form("string", length=4)) == "P-7"
    assert value_of(struct.unpack(">2H", b"-P7\0"), Form("string", length=2, byte_order="little")) == "P-"
    assert value_of((0xB0C3,), Form("string", encoding="latin-1")) == "°Ã"
    assert "\ufffd" in str(value_of((0xFFFE,), Form("string")))


def test_scaling_leaves_text_alone() -> None:
    assert scaled(1234.0, 0.1, -20.0) == pytest.approx(103.4)
    assert scaled("x", 0.1, 1.0) == "x"
