"""The drawings of a case hold what they stand for: every notice in its lane, every pair in the list."""

from __future__ import annotations

from typing import Any

import pytest

from linewarden.api.routes.notices import NoticeRow, notice_row
from linewarden.cases.model import STAGES
from linewarden.console.case_drawings import MOST_NODES, doings, lanes, matrix
from linewarden.detections.attack import TECHNIQUES
from tests.console.house import Served


@pytest.fixture
def told(served: Served) -> NoticeRow:
    """Some notice."""
    view = served.place.follower.view
    return notice_row(view, view.notices[0], None)


def other(row: NoticeRow, **changes: Any) -> NoticeRow:
    return row.model_copy(update=changes)


def test_a_lane_for_each_tactic_in_the_order_of_the_matrix(told: NoticeRow) -> None:
    rows = [other(told, tactic=t, ts_ns=told.ts_ns + n * 10**9) for n, t in enumerate(reversed(STAGES))]
    found = lanes(rows)
    assert [lane.tactic for lane in found] == list(STAGES)
    places = [lane.marks[0].at for lane in found]
    assert places == sorted(places, reverse=True)
    assert all(m.at >= 0 and m.at + m.wide <= 100 for lane in found for m in lane.marks)


def test_one_moment_is_no_division_by_nothing(told: NoticeRow) -> None:
    assert lanes([other(told, until=told.ts)])[0].marks[0].wide == 0
    assert lanes([]) == []


def test_all_pairs_are_in_the_list_and_no_more_drawn_than_there_is_room_for(told: NoticeRow) -> None:
    rows = [other(told, orig="a", orig_name="A", resp=f"r{n}", resp_name=f"R{n}", count=n + 1) for n in range(20)]
    found = doings(rows)
    assert {(p.orig, p.resp) for p in found.pairs} == {("A", f"R{n}") for n in range(20)}
    assert len(found.arrows) == MOST_NODES
    assert found.left_out == 20 - MOST_NODES
    assert len({(a.x, a.y) for a in found.arrows}) == MOST_NODES
    assert all(n.y >= 0 and n.y <= found.high for n in found.nodes)


def test_who_acts_and_is_acted_upon_is_on_both_sides(told: NoticeRow) -> None:
    rows = [other(told, orig="a", resp="b"), other(told, orig="b", resp="c"), other(told, orig="c", resp="", resp_h="")]
    found = doings(rows)
    assert sorted(n.id for n in found.nodes) == ["a", "b", "b", "c", "c"]
    assert (len(found.arrows), len(found.pairs), found.left_out) == (2, 3, 0)


def test_the_matrix_is_whole_and_marks_what_was_seen() -> None:
    found = {c.tactic: c for c in matrix({"execution": ["T0858", "T9999"]})}
    assert list(found) == list(STAGES)
    assert [t.id for t in found["execution"].seen] == ["T0858"]
    assert "T0858" in {t.id for t in found["evasion"].others}
    listed = {t.id for c in found.values() for t in (*c.seen, *c.others)}
    assert listed == set(TECHNIQUES)
