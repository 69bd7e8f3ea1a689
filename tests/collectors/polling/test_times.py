"""Times as exports write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from linewarden.collectors._polling.times import PER_SECOND, ns_of, zone_of

BERLIN = zone_of("Europe/Berlin")


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("2026-11-27T02:00:00+01:00", "iso"),
        ("2026-11-27T01:00:00Z", "iso"),
        ("2026-11-27 02:00:00", "iso"),
        ("27.11.2026 02:00:00,000000", "%d.%m.%Y %H:%M:%S,%f"),
        (1_795_741_200, "s"),
        ("1795741200.0", "s"),
        (1_795_741_200_000, "ms"),
        (datetime(2026, 11, 27, 2), "iso"),  # noqa: DTZ001
    ],
)
def test_the_same_moment_in_many_words(value: object, form: str) -> None:
    assert ns_of(value, form, BERLIN) == 1_795_741_200_000_000_000


def test_summer_and_the_hour_that_comes_twice() -> None:
    """On 25 October 2026, 02:30 comes twice in Berlin: the first is summer time."""
    assert ns_of("2026-10-25 02:30", "iso", BERLIN) == ns_of("2026-10-25T00:30Z", "iso", UTC)
    assert ns_of("2026-07-01 12:00", "iso", BERLIN) == ns_of("2026-07-01T10:00Z", "iso", UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_no_microsecond_is_lost(when: datetime) -> None:
    ns = ns_of(when.isoformat(), "iso", BERLIN)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000) == when


@pytest.mark.parametrize("form", ["iso", *PER_SECOND, "%H:%M"])
@pytest.mark.parametrize("value", [None, True, "", "soon", "nan", [1]])
def test_no_time_is_a_value_error(value: object, form: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ns_of(value, form, UTC)


def test_no_zone_is_told_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="Europe/Berlin"):
        zone_of("Mars/Base")
