"""What is wrong, in the report of a plant."""

from __future__ import annotations

from tests.reports.test_html import AT, Reader

from linewarden.cases.model import Case, Event
from linewarden.plant.model import Plant
from linewarden.reports.html import render_plant

BASE = Event(
    "a", AT, AT, "program_download", "Program written into a controller", "eng wrote DB1 into plc.", "high",
    "lateral_movement", ("T0843",), 1.0, "eng", "plc", "10.0.0.9", "10.0.0.1", "a.pcap", 43,
    meaning="From now on it may do something else.", runbook=("Ask who planned it.", "b", "c"),
)  # fmt: skip


def text(cases: list[tuple[int, Case]] | None) -> str:
    return " ".join(Reader(render_plant(Plant(), AT, "0.1.0", "a.pcap", cases=cases)).words)


def test_a_case_stands_there_with_its_packet_and_the_first_step() -> None:
    shown = text([(78, Case("a", (BASE,)))])
    for said in ("What is wrong", "eng wrote DB1 into plc.", "Priority 78", "T0843 Program Download", "a.pcap:43"):
        assert said in shown
    assert "Ask who planned it." in shown


def test_nothing_found_is_not_the_same_as_nobody_looked() -> None:
    assert "Nothing that needs somebody was found" in text([])
    assert "What is wrong" not in text(None)


def test_what_was_expected_is_no_case() -> None:
    from dataclasses import replace

    assert "eng wrote DB1" not in text([(0, Case("a", (replace(BASE, expected="announced"),)))])


def test_hostile_names_stay_text() -> None:
    from dataclasses import replace

    hostile = replace(BASE, msg='<script>alert("x")</script>', capture="<img src=x>")
    page = render_plant(Plant(), AT, "0.1.0", "a.pcap", cases=[(1, Case("a", (hostile,)))])
    assert "<script>alert" not in page and "<img src=x>" not in page
