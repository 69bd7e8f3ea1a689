from datetime import UTC, datetime, timedelta

import pytest

from linewarden.errors import ConfigError
from linewarden.service.maintenance.planning import daily, span_of

NOW = datetime(2026, 12, 1, 6, tzinfo=UTC)


def test_windows_need_a_zone_and_an_end() -> None:
    found = span_of("2026-12-05T06:00Z/2026-12-05T14:00+01:00")
    assert found.end - found.begin == timedelta(hours=7)
    for text, why in (
        ("2026-12-05T06:00/2026-12-05T14:00", "need a zone"),
        ("2026-12-05T06:00Z", "BEGIN/END"),
        ("2026-12-05T06:00Z/2026-12-05T05:00Z", "ends before"),
    ):
        with pytest.raises(ConfigError, match=why):
            span_of(text)


def test_without_windows_there_is_one_a_day() -> None:
    found = daily(NOW, timedelta(days=3.5), timedelta(hours=2))
    assert [s.begin.day for s in found] == [2, 3, 4] and all(s.begin.hour == 6 for s in found)
    assert len(daily(NOW, timedelta(days=9_000), timedelta(hours=2))) == 200
