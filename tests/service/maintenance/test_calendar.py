"""The calendar in both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linewarden.errors import ConfigError
from linewarden.service.audit.ledger import Ledger, entries
from linewarden.service.maintenance.calendar import Calendar, State
from linewarden.service.state import open_state

AT = datetime(2026, 12, 5, 6, tzinfo=UTC)


def test_a_proposal_is_replaced_until_somebody_answers(database: tuple[str, str | None], tmp_path: Path) -> None:
    url, password = database
    state = open_state(url, password=password)
    calendar = Calendar(Ledger(state, tmp_path / "audit.key"), "plant-a")
    first = calendar.enter("E7", AT, AT + timedelta(hours=4), "why", {"cost": 5.5}, "anna")
    second = calendar.enter("E7", AT + timedelta(days=1), AT + timedelta(days=1, hours=4), "why", {"cost": 6}, "anna")
    other = calendar.enter("E8", AT, AT + timedelta(hours=2), "why", {}, "anna")
    assert [e.id for e in calendar.all()] == [other.id, second.id]
    done = calendar.answer(second.id[:10], State.DECLINED, "bob", "no part")
    assert (done.state, done.by, done.reason, done.facts) == (State.DECLINED, "bob", "no part", {"cost": 6})
    third = calendar.enter("E7", AT, AT + timedelta(hours=4), "why", {}, "anna")
    assert {e.id for e in calendar.all()} == {second.id, third.id, other.id}
    assert [e.id for e in calendar.all(State.DECLINED)] == [second.id]
    assert calendar.all(State.DECLINED)[0].begin == AT + timedelta(days=1)
    assert Calendar(calendar.ledger, "plant-b").all() == []
    for wrong in ("", first.id):
        with pytest.raises(ConfigError, match="no such entry"):
            calendar.answer(wrong, State.ACCEPTED, "bob")
    told = [e.action for e in entries(state)]
    assert told.count("maintenance.propose") == 4 and told.count("maintenance.decline") == 1
    state.close()
