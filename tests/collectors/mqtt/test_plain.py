"""Topics with names, paths in JSON, and times."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._mqtt.plain import Path, Pattern, leaves, loaded, moment


@pytest.mark.parametrize(
    ("pattern", "topic", "levels"),
    [
        ("plant/{line}/+/level", "plant/A/7/level", {"1": "A", "2": "7", "line": "A"}),
        ("plant/{line}/+/level", "plant/A/7/temp", None),
        ("plant/{line}", "plant/A/7", None),
        ("plant/#", "plant", {"1": ""}),
        ("plant/#", "plant/a/b", {"1": "a/b"}),
        ("#", "a/b", {"1": "a/b"}),
        ("#", "$SYS/broker/uptime", None),
        ("+/x", "$SYS/x", None),
        ("$SYS/#", "$SYS/broker", {"1": "broker"}),
        ("a.b", "axb", None),
        ("+", "", {"1": ""}),
    ],
)
def test_a_pattern_fits_as_a_filter_does(pattern: str, topic: str, levels: dict[str, str] | None) -> None:
    assert Pattern(pattern).match(topic) == levels


def test_the_filter_that_is_subscribed_to_has_no_names() -> None:
    assert Pattern("plant/{line}/+/{what}/#").filter == "plant/+/+/+/#"


@pytest.mark.parametrize("pattern", ["", "a/#/b", "a+/b", "a/{b", "a/{b}c", "{a}/{a}", "a\0b", "x" * 70_000])
def test_what_is_no_filter_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Pattern(pattern)


SAID: Any = {"a": {"b": [1, {"c": 2}]}, "x y": 3, "list": [{"v": 1}, {"v": 2}, {}], "n": None}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", [SAID]),
        ("$", [SAID]),
        ("a.b[0]", [1]),
        ("$.a.b[1].c", [2]),
        ('["x y"]', [3]),
        ("list[*].v", [1, 2]),
        ("n", [None]),
        ("a.z", []),
        ("a.b[9]", []),
        ("a[0]", []),
        ("list.v", []),
    ],
)
def test_a_path_leads_to_what_is_there(path: str, found: list[Any]) -> None:
    assert Path(path).of(SAID) == found


@pytest.mark.parametrize("path", [".a", "a..b", "a[", "a[-1]", "a b", "a[x]", "[", "a."])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        Path(path)


def test_leaves_are_named_by_their_path() -> None:
    assert dict(leaves(SAID)) == {
        "a.b[0]": 1.0, "a.b[1].c": 2.0, "x y": 3.0, "list[0].v": 1.0, "list[1].v": 2.0, "n": None,
    }  # fmt: skip
    assert list(leaves(True)) == [("", 1.0)] and list(leaves("on")) == [("", "on")]
    assert list(leaves(float("inf"))) == [("", None)] and list(leaves(10**400)) == [("", None)]


@pytest.mark.parametrize(
    ("value", "unit", "ns"),
    [
        (1_700_000_000, "auto", 1_700_000_000 * 10**9),
        (1_700_000_000.5, "auto", 1_700_000_000_500_000_000),
        (1_700_000_000_123, "auto", 1_700_000_000_123 * 10**6),
        (1_700_000_000_123_456, "auto", 1_700_000_000_123_456 * 1000),
        (1_700_000_000_123_456_789, "auto", 1_700_000_000_123_456_789),
        ("2023-11-14T22:13:20Z", "auto", 1_700_000_000 * 10**9),
        ("2023-11-14T23:13:20.25+01:00", "iso", 1_700_000_000_250_000_000),
        ("2023-11-14 22:13:20", "auto", 1_700_000_000 * 10**9),
        ("1700000000", "s", 1_700_000_000 * 10**9),
        (5000, "ms", 5 * 10**9),
        (1_700_000_000, "iso", None),
        ("yesterday", "auto", None),
        (True, "auto", None),
        (None, "auto", None),
        (0, "auto", None),
        (-5, "s", None),
        (10**30, "s", None),
        (float("nan"), "auto", None),
        ([], "auto", None),
        ("9999-12-31T23:59:59Z", "iso", None),
    ],
)
def test_times_of_all_forms(value: Any, unit: Any, ns: int | None) -> None:
    assert moment(value, unit) == ns


@pytest.mark.parametrize(
    ("payload", "value"),
    [(b"21.5", 21.5), (b" 7 ", 7), (b"true", True), (b'"on"', "on"), (b"ON", "ON"), (b'{"a":1}', {"a": 1})],
)
def test_payloads_are_json_or_short_texts(payload: bytes, value: Any) -> None:
    assert loaded(payload) == value


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"{broken", b"[" * 200_000, b"a\x00b", b"x" * 70_000])
def test_what_is_neither_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        loaded(payload)


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(payload: bytes) -> None:
    try:
        value = loaded(payload)
    except ValueError:
        return
    list(leaves(value))
    moment(value, "auto")
