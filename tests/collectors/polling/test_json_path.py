"""Paths in JSON documents."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._polling.json_path import MISSING, at, steps_of

keys = st.text(
    st.characters(exclude_characters=".[]'\" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0$", exclude_categories=["Z", "C"]),
    min_size=1,
)
steps = st.lists(keys | st.integers(-9, 99), min_size=1, max_size=6)


@given(steps)
def test_a_path_is_its_steps_in_either_spelling(given_steps: list[str | int]) -> None:
    dotted = "$" + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in given_steps)
    quoted = "$" + "".join(f"[{s}]" if isinstance(s, int) else f"['{s}']" for s in given_steps)
    assert list(steps_of(dotted)) == list(steps_of(quoted)) == given_steps


@pytest.mark.parametrize("path", ["$..a", "$.a[*]", "$.a[1:2]", "$[?@.a]", "a b", "$.a["])
def test_what_may_be_many_values_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"no path to one value"):
        steps_of(path)


def test_what_is_not_there_is_missing_and_null_is_null() -> None:
    document = {"a": [None, {"b": 1}]}
    assert at(document, steps_of("a[1].b")) == 1
    assert at(document, steps_of("a[0]")) is None
    assert at(document, ()) is document
    for path in ("a[2]", "a[-3]", "b", "a.b", "a[1][0]", "a[0].x"):
        assert at(document, steps_of(path)) is MISSING
