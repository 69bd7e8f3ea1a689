"""Values by data type (Sparkplug 3.0.0, 6.4.16 and 6.4.17)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._mqtt import values
from linewarden.collectors._mqtt.schema import payload_class


@pytest.mark.parametrize(
    ("datatype", "raw", "value"),
    [
        (1, 0xFB, -5.0),
        (1, 0xFFFFFFFB, -5.0),  # as some encoders write it
        (2, 0x8000, -32768.0),
        (3, 0xFFFFFFFF, -1.0),
        (3, 0x7FFFFFFF, 2147483647.0),
        (4, (1 << 64) - 7, -7.0),
        (5, 255, 255.0),
        (7, 0xFFFFFFFF, 4294967295.0),
        (8, (1 << 64) - 1, float((1 << 64) - 1)),
        (9, 0.5, 0.5),
        (10, -2.5, -2.5),
        (11, True, 1.0),
        (11, False, 0.0),
        (12, "Grüße".encode(), "Grüße"),
        (12, b"\xff\xfe", "\ufffd\ufffd"),
        (13, 1_700_000_000_000, 1_700_000_000_000.0),
        (14, b"text", "text"),
        (15, b"0-1-2", "0-1-2"),
        (0, 7, 7.0),
        (99, b"new", "new"),
        (10, float("nan"), None),
        (10, b"1.5", None),
        (11, b"false", None),
        (3, payload_class()(), None),
    ],
)
def test_a_field_means_what_its_data_type_says(datatype: int, raw: object, value: float | str | None) -> None:
    assert values.scalar(datatype, raw) == value


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.sampled_from([(1, 8), (2, 16), (3, 32), (4, 64)]))
def test_signed_numbers_come_back_from_two_s_complement(number: int, kind: tuple[int, int]) -> None:
    datatype, bits = kind
    number = number >> (64 - bits)
    assert values.scalar(datatype, number % (1 << bits)) == float(number)


@pytest.mark.parametrize(
    ("datatype", "raw", "found"),
    [
        (22, b"\xef\x7b", [-17.0, 123.0]),
        (23, b"\x30\x8a\x7b\x00", [-30160.0, 123.0]),
        (24, struct.pack("<2i", -1, 315338746), [-1.0, 315338746.0]),
        (25, struct.pack("<2q", -4270929666821191986, 1), [-4270929666821191986.0, 1.0]),
        (26, b"\x17\xfa", [23.0, 250.0]),
        (27, b"\x1e\x00\x88\xea", [30.0, 60040.0]),
        (28, struct.pack("<2I", 52, 3293969225), [52.0, 3293969225.0]),
        (29, struct.pack("<2Q", 52, 16444743074749521625), [52.0, 16444743074749521625.0]),
        (30, struct.pack("<2f", 1.25, 89.5), [1.25, 89.5]),
        (31, struct.pack("<2d", 12.354213, 1.0), [12.354213, 1.0]),
        (32, b"\x0c\x00\x00\x00\x34\xd0", [0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]),
        (33, b"ABC\x00hello\x00", ["ABC", "hello"]),
        (33, b"ABC\x00hello", ["ABC", "hello"]),
        (33, b"\x00\x00", ["", ""]),
        (33, b"", []),
        (34, struct.pack("<2q", 1256102875335, 1656107875000), [1256102875335.0, 1656107875000.0]),
        (24, b"\x01\x00\x00\x00\x02", [1.0]),  # cut
        (32, b"\xff\xff\xff\xff\x80", [1.0] + [0.0] * 7),  # says more than there is
        (32, b"\x01", []),
    ],
)
def test_arrays_are_packed_as_the_specification_shows(datatype: int, raw: bytes, found: list[float | str]) -> None:
    assert values.array(datatype, raw, 4096) == found
    assert values.array(datatype, raw, 1) == found[:1]


def test_an_array_of_each_type_survives_any_bytes() -> None:
    @given(st.integers(22, 34), st.binary(max_size=64), st.integers(0, 9))
    def any_bytes(datatype: int, raw: bytes, most: int) -> None:
        assert len(values.array(datatype, raw, most)) <= most

    any_bytes()


def test_a_data_set_is_made_to_fit() -> None:
    dataset = payload_class()().metrics.add().dataset_value
    dataset.columns.extend([b"a", b"b"])
    dataset.types.extend([3, 12])
    for number, word in ((0xFFFFFFFF, b"x"), (2, None)):
        row = dataset.rows.add()
        row.elements.add(int_value=number)
        if word is not None:
            row.elements.add(string_value=word)
    dataset.rows.add()
    columns, rows = values.table(dataset, 100)
    assert (columns, rows) == (["a", "b"], [[-1.0, "x"], [2.0, None], [None, None]])
    assert values.table_text(columns, rows) == '{"columns":["a","b"],"rows":[[-1,"x"],[2,null],[null,null]]}'
    assert values.table(dataset, 4)[1] == rows[:2]


def test_of_a_file_its_hash_is_kept_and_not_what_is_in_it() -> None:
    assert values.content(b"abc", b"recipe.txt") == (
        "recipe.txt 3 bytes sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_lists_are_told_as_json() -> None:
    assert values.as_json([1.0, 2.5, "ä", None, float("inf")]) == '[1,2.5,"ä",null,null]'
