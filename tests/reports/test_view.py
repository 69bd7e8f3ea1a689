"""The words and numbers that a plant manager reads first."""

from __future__ import annotations

import dataclasses

import factory
import pytest

from linewarden.plant.model import Finding, Plant, Role, Service, Severity
from linewarden.plant.vocabulary import CHANGING
from linewarden.reports import story, words
from linewarden.reports.view import plant_view


def said(plant: Plant) -> list[str]:
    return [s.text for s in plant_view(plant).summary]


def test_trouble_with_the_tap_is_said_first(bottling: Plant) -> None:
    first = plant_view(bottling).summary[0]
    assert "tap" in first.text and "One direction is missing" in first.text
    assert "tap" not in said(dataclasses.replace(bottling, tap=()))[0]


def test_the_sentences_count_what_is_there(bottling: Plant) -> None:
    text = " ".join(said(bottling))
    assert "Twelve devices, four of them controllers, on three networks, in 2 h of traffic." in text
    assert "Three stations write to three controllers, and no log-in was seen before it." in text
    assert "One device talks to a public address: ENG-LAPTOP." in text
    assert "ENG-LAPTOP loaded a program into Filler PLC" in text
    assert len(said(bottling)) <= 5


def test_a_log_in_that_was_seen_is_not_denied() -> None:
    plc, panel = factory.asset(1, "P", Role.CONTROLLER), factory.asset(2, "H", Role.HMI)
    talks = [factory.talk(panel, plc, "opcua", 5000, 4840, write=3, authenticate=1)]
    text = " ".join(said(factory.plant([plc, panel], talks)))
    assert "Two devices, one of them a controller, in 2 h of traffic." in text
    assert "One station writes to one controller." in text and "log-in" not in text


def test_public_addresses_and_unheard_devices_are_not_counted_as_devices(bottling: Plant) -> None:
    ghost = factory.asset(99, "ghost", Role.UNKNOWN, seen=False)
    more = dataclasses.replace(bottling, assets=(*bottling.assets, ghost))
    assert plant_view(more).tiles[0] == ("12", "devices")
    assert {r.name: r.state for r in plant_view(more).assets}["ghost"] == "not heard"


def test_what_is_grave_is_said_before_what_is_less(bottling: Plant) -> None:
    weights = [Severity(s.severity).order for s in plant_view(bottling).summary if s.severity != "info"]
    assert weights == sorted(weights)


def test_a_step_that_several_findings_ask_for_is_said_once() -> None:
    same = [
        Finding(kind, Severity.MEDIUM, title, "", "Close the port.")
        for kind, title in (("a", "Writes over A"), ("b", "Writes over B"), ("c", "Writes over C"))
    ]
    plant = dataclasses.replace(factory.works(), tap=(), exposures=tuple(same))
    assert story.next_steps(plant) == ("Writes over A and 2 more: Close the port.",)


def test_a_port_is_told_once_under_the_protocol_that_was_recognised() -> None:
    served = (Service("modbus", 502, "tcp", 2), Service("tcp", 502, "tcp", 1), Service("tcp", 9999, "tcp", 1))
    plc = factory.asset(1, "P", Role.CONTROLLER, serves=served)
    assert plant_view(dataclasses.replace(Plant(), assets=(plc,))).assets[0].serves == ("Modbus 502", "TCP 9999")


def test_who_changes_what_names_the_gravest_first(bottling: Plant) -> None:
    writers = plant_view(bottling).writers
    assert (writers[0].source.name, writers[0].target.name) == ("ENG-LAPTOP", "Filler PLC")
    assert [what for what, _ in writers[0].doing] == ["loads a program", "stops it", "starts it"]
    assert all("reads" not in what for w in writers for what, _ in w.doing)
    assert writers[0].proof.startswith("line-a.pcapng, frame ")


def test_the_matrix_adds_up(bottling: Plant) -> None:
    view = plant_view(bottling)
    assert view.matrix is not None
    assert sum(map(sum, view.matrix.cells)) == sum(w.total for w in view.writers)


def test_findings_come_worst_first(bottling: Plant) -> None:
    order = [Severity(f.severity).order for f in plant_view(bottling).exposures]
    assert order == sorted(order)


def test_a_good_tap_is_said_to_be_good() -> None:
    assert plant_view(factory.works()).verdict.severity == "ok"
    assert plant_view(Plant()).verdict.severity == "medium"


def test_what_counts_as_a_change_is_what_the_plant_counts() -> None:
    assert set(words.CHANGES) == {v.value for v in CHANGING}
    assert set(words.CHANGES) >= story.GRAVE


def test_every_role_and_severity_has_words() -> None:
    assert set(words.ROLES) == set(Role)
    assert set(words.SEVERITIES) == set(Severity)


@pytest.mark.parametrize(
    ("given", "shown"),
    [(0, "no devices"), (1, "one device"), (12, "twelve devices"), (36, "36 devices"), (2000, "2,000 devices")],
)
def test_counting_in_words(given: int, shown: str) -> None:
    assert words.plural(given, "device") == shown


@pytest.mark.parametrize(
    ("ns", "shown"),
    [(0, "an instant"), (200_000_000, "0.2 s"), (40_000_000_000, "40 s"), (7_500_000_000_000, "2 h 5 min"),
     (3 * 86_400_000_000_000, "3 d")],
)  # fmt: skip
def test_spans_of_time(ns: int, shown: str) -> None:
    assert words.duration(ns) == shown


def test_times_that_no_calendar_has_are_left_out() -> None:
    assert words.iso(1_772_600_400_000_000_000) == "2026-03-04T05:00:00Z"
    assert words.iso(0) == words.iso(-5) == ""
    assert words.iso(2**80) == ""


def test_names_sort_as_people_count() -> None:
    assert sorted(["PLC10", "PLC9", "plc1"], key=words.natural) == ["plc1", "PLC9", "PLC10"]


@pytest.mark.parametrize(("ip", "net"), [("10.1.2.3", "10.1.2.0/24"), ("fe80::1", ""), ("2001:db8::9", "2001:db8::/64"),
                                         ("00:11", ""), ("239.1.1.1", "")])  # fmt: skip
def test_the_network_of_an_address(ip: str, net: str) -> None:
    assert story.network(ip) == net
