"""The calendar as other programs read it (RFC 5545)."""

from datetime import UTC, datetime, timedelta

from linewarden.service.maintenance.calendar import Entry, State
from linewarden.service.maintenance.ics import calendar

AT = datetime(2026, 12, 5, 6, tzinfo=UTC)


def entry(why: str, state: State = State.PROPOSED) -> Entry:
    return Entry("3fa9", "Füller; Pumpe, 1", AT, AT + timedelta(hours=4), state, why, {}, AT, AT, "anna")


def test_lines_are_folded_and_signs_escaped() -> None:
    text = calendar([entry("left: 5,5 h\nshake \\ heat; " + "ä" * 80 + "\x07"), entry("", State.DECLINED)])
    lines = text.encode().split(b"\r\n")
    assert all(len(line) <= 75 for line in lines) and lines[-1] == b""
    unfolded = text.replace("\r\n ", "").split("\r\n")
    assert "SUMMARY:Maintenance: Füller\\; Pumpe\\, 1" in unfolded
    assert "DESCRIPTION:left: 5\\,5 h\\nshake \\\\ heat\\; " + "ä" * 80 in unfolded
    assert "DTSTART:20261205T060000Z" in unfolded and "DTEND:20261205T100000Z" in unfolded
    assert [x for x in unfolded if x.startswith("STATUS")] == ["STATUS:TENTATIVE", "STATUS:CANCELLED"]
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("END:VEVENT") == 2
