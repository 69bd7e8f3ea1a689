"""Which notices belong together: the rules, and what must hold whatever comes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, strategies as st

from linewarden.cases.correlate import Correlation
from linewarden.cases.model import STAGES, Case, Event, is_group, priority

HOUR = 3600 * 10**9
BASE = Event(
    "a", 0, 0, "program_download", "Program written into a controller", "x wrote.", "high", "lateral_movement",
    ("T0843",), 1.0, "eng", "plc", "10.0.0.9", "10.0.0.1", "a.pcap", 1,
)  # fmt: skip


def event(ts: int, orig: str, resp: str, severity: str = "high", **more: object) -> Event:
    found = replace(BASE, notice_id=f"{ts}-{orig}-{resp}", ts=ts, until=ts, orig=orig, resp=resp, severity=severity)
    return replace(found, **more)  # type: ignore[arg-type]


def cases(*events: Event) -> tuple[Case, ...]:
    board = Correlation()
    for one in events:
        board.add(one)
    return board.cases()


def test_what_one_actor_does_within_a_day_is_one_case() -> None:
    assert len(cases(event(0, "x", "a"), event(5 * HOUR, "x", "b"), event(20 * HOUR, "x", "c"))) == 1
    assert len(cases(event(0, "x", "a"), event(30 * HOUR, "x", "b"))) == 2


def test_what_was_hit_and_acts_now_is_the_same_case() -> None:
    (case,) = cases(event(0, "office", "historian"), event(HOUR, "historian", "plc"))
    assert case.assets == ("office", "historian", "plc")


def test_who_reached_the_machine_that_acts_belongs_to_its_case() -> None:
    (case,) = cases(event(0, "gateway", "panel"), event(HOUR // 4, "stranger", "gateway"))
    assert set(case.assets) == {"gateway", "panel", "stranger"}
    assert len(cases(event(0, "gateway", "panel"), event(2 * HOUR, "stranger", "gateway"))) == 2


def test_two_strangers_at_one_controller_soon_after_each_other() -> None:
    assert len(cases(event(0, "x", "plc"), event(HOUR // 2, "y", "plc"))) == 1
    assert len(cases(event(0, "x", "plc"), event(2 * HOUR, "y", "plc"))) == 2


def test_what_a_controller_does_when_its_own_io_was_hit_is_a_consequence() -> None:
    board = Correlation(partners={"plc": frozenset({"io"})})
    for one in (event(0, "laptop", "io"), event(HOUR // 60, "plc", "drive", "medium"), event(HOUR // 2, "other", "x")):
        board.add(one)
    assert [c.assets for c in board.cases()] == [("laptop", "plc", "io", "drive"), ("other", "x")]
    assert len(cases(event(0, "laptop", "io"), event(HOUR // 60, "plc", "drive"))) == 2


def test_a_quiet_day_closes_a_case() -> None:
    board = Correlation()
    board.add(event(0, "x", "a"))
    assert board.let_go(24 * HOUR) == [] and board.open_ids() == {"0-x-a"}
    (gone,) = board.let_go(24 * HOUR + 1)
    assert gone.id == "0-x-a" and not board.open_ids() and board.cases() == ()


def test_broadcast_ties_nothing_together() -> None:
    everyone = "ff:ff:ff:ff:ff:ff"
    assert len(cases(event(0, "x", everyone, resp_h=everyone), event(1, "y", everyone, resp_h=everyone))) == 2


def test_noteworthy_events_open_no_case_but_are_told_with_one() -> None:
    early, late = event(0, "x", "a", "low"), event(HOUR // 2, "x", "b", "high")
    assert cases(early) == ()
    (case,) = cases(early, late)
    assert [e.severity for e in case.events] == ["low", "high"]
    assert case.id == late.notice_id


def test_an_event_between_two_cases_makes_them_one_with_the_older_id() -> None:
    first, second = event(0, "x", "a"), event(1, "y", "b")
    (case,) = cases(first, second, event(2, "x", "b"))
    assert case.id == first.notice_id
    assert len(case.events) == 3


def test_what_was_expected_weighs_nothing() -> None:
    (case,) = cases(event(0, "x", "a", expected="change 17"))
    assert priority(case) == 0
    assert case.severity == "info"


def test_priority_grows_with_criticality_weight_and_stages() -> None:
    (one,) = cases(event(0, "x", "plc"))
    (two,) = cases(event(0, "x", "plc"), event(1, "x", "plc", tactic="impair_process_control"))
    assert (
        priority(one, {"plc": 0.1, "x": 0.1}) < priority(one) < priority(one, {"plc": 1.0}) < priority(two, {"plc": 1})
    )
    assert 0 < priority(two) <= 100


def test_groups() -> None:
    assert all(map(is_group, ("224.0.0.1", "10.0.0.255", "255.255.255.255", "ff02::1", "01:0e:cf:00:00:00")))
    assert not any(map(is_group, ("10.0.0.1", "fe80::1", "00:0e:cf:00:00:01", "", "plc")))


EVENTS = st.lists(
    st.builds(
        event,
        st.integers(0, 40).map(lambda h: h * HOUR),
        st.sampled_from(["x", "y", "z", ""]),
        st.sampled_from(["a", "b", "x", ""]),
        st.sampled_from(["info", "low", "medium", "high", "critical"]),
        tactic=st.sampled_from(STAGES),
    ),
    max_size=40,
).map(lambda found: sorted((replace(e, notice_id=str(i)) for i, e in enumerate(found)), key=lambda e: e.ts))


@given(EVENTS)
def test_no_event_is_lost_or_in_two_cases_and_what_weighs_is_in_one(events: list[Event]) -> None:
    board = Correlation()
    for one in events:
        board.add(one)
    found = board.cases()
    held = [e.notice_id for c in found for e in c.events]
    assert len(held) == len(set(held))
    assert {e.notice_id for e in events if e.severity in ("medium", "high", "critical")} <= set(held)
    assert len({c.id for c in found}) == len(found)
    assert all(c.began <= c.until and 0 <= priority(c) <= 100 for c in found)


@given(EVENTS, st.integers(0, 40))
def test_looking_meanwhile_changes_nothing(events: list[Event], at: int) -> None:
    watched = Correlation()
    for i, one in enumerate(events):
        watched.add(one)
        if i == at:
            watched.cases()
    assert watched.cases() == cases(*events)
