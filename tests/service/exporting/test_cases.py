"""Cases on their way: told when they open, rise and close, to real receivers on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linewarden.detections.knowledge import Knowledge
from linewarden.detections.run import Told
from linewarden.plant.corrections import Corrections
from linewarden.plant.model import Role
from linewarden.records.notice import Notice
from linewarden.service.board import Board
from linewarden.service.corrections_file import Kept, save
from linewarden.service.exporting.destination import destination
from linewarden.service.exporting.exporter import Exporter, Receiver
from linewarden.service.exporting.opening import open_carrier
from linewarden.service.live_cases import LiveCases
from tests.cases.test_export import read_cef, read_syslog
from tests.service.exporting.receivers import Hook, SyslogServer, running, until

HOUR, DAY = 3600 * 10**9, 86_400 * 10**9


def told(number: int, orig: str, resp: str, severity: str = "medium", note: str = "address_sweep") -> Told:
    tactic = {"address_sweep": "discovery", "program_download": "lateral_movement"}.get(note, "impair_process_control")
    notice = Notice(note=note, msg=f"{orig} to {resp}.", severity=severity, notice_id=f"n{number:06d}", tactic=tactic,
                    techniques="T0846", frames="4")  # fmt: skip
    return Told(10**18 + number * HOUR, "Cx", "line1", "live", 4, orig, 50_000, resp, 102, notice)


class Site:
    """An exporter with the cases of one sensor."""

    def __init__(self, folder: Path, *receivers: Receiver) -> None:
        self.exporter = Exporter(receivers, folder, Board(()), lambda *_: None)
        self.exporter.start()
        self.cases = LiveCases(self.exporter.take_event)

    def take(self, *found: Told) -> None:
        for one in found:
            self.exporter.take(one)
            self.cases.take(one)


@pytest.fixture
def sites() -> Iterator[list[Site]]:
    found: list[Site] = []
    yield found
    for site in found:
        site.exporter.stop()


def receiver(url: str, tell: str, form: str = "auto", least: str = "medium") -> Receiver:
    to = destination(url)
    return Receiver(tell, str(to), open_carrier(to, form), least, 10_000_000, tell=tell)


def test_a_webhook_hears_a_case_open_rise_and_close(tmp_path: Path, sites: list[Site]) -> None:
    with running(Hook()) as hook:
        sites.append(site := Site(tmp_path, receiver(f"http://127.0.0.1:{hook.port}/hook", "cases")))
        site.take(told(0, "10.0.0.9", "10.0.0.1"), told(1, "10.0.0.9", "10.0.0.2", "high", "program_download"))
        site.take(told(2, "10.0.0.9", "10.0.0.2"))  # adds nothing to its priority
        assert site.cases.turn(10**18 + 3 * HOUR) == 0
        assert site.cases.turn(10**18 + 3 * HOUR + DAY) == 1
        until(lambda: len(hook.requests) == 3)
        said: list[dict[str, Any]] = [json.loads(body) for _, _, body in hook.requests]
        assert [s["state"] for s in said] == ["opened", "raised", "closed"]
        assert {s["case"] for s in said} == {"n000000"} and {s["note"] for s in said} == {"case"}
        assert said[0]["priority"] < said[1]["priority"] == said[2]["priority"]
        assert [s["severity"] for s in said] == ["medium", "high", "high"]
        assert len({s["notice_id"] for s in said}) == 3
        assert "Case opened: " in said[0]["title"] and "3 notices" in said[2]["msg"]


def test_a_syslog_server_hears_both_and_one_that_was_away_hears_it_later(tmp_path: Path, sites: list[Site]) -> None:
    with running(SyslogServer()) as server:
        port = server.port
    sites.append(site := Site(tmp_path, receiver(f"syslog+tcp://127.0.0.1:{port}", "both")))
    site.take(told(0, "10.0.0.9", "10.0.0.1", "high", "program_download"))
    with running(SyslogServer(port=port)) as server:
        until(lambda: len(server.messages) == 2)
        notice, case = (read_syslog(m) for m in server.messages)
    assert notice[1]["linewarden@32473"]["note"] == "program_download"
    ours = case[1]["linewarden@32473"]
    assert (ours["note"], ours["case"], ours["state"]) == ("case", "n000000", "opened") and int(ours["priority"]) > 0
    head, fields = read_cef(case[2])
    assert head[4] == "case" and fields["act"] == "opened" and fields["cs6"] == "n000000"


def test_each_hears_what_it_asked_for(tmp_path: Path, sites: list[Site]) -> None:
    with running(Hook()) as cases, running(Hook()) as notices:
        sites.append(site := Site(
            tmp_path, receiver(f"http://127.0.0.1:{cases.port}/", "cases", "ocsf", least="high"),
            receiver(f"http://127.0.0.1:{notices.port}/", "notices"),
        ))  # fmt: skip
        site.take(told(0, "10.0.0.9", "10.0.0.1"), told(1, "10.0.0.9", "10.0.0.2", "high", "program_download"))
        until(lambda: cases.requests and len(notices.requests) == 2)
        (said,) = [json.loads(body) for _, _, body in cases.requests]
        assert (said["activity_name"], said["finding_info"]["uid"]) == ("Update", "case-n000000")


def test_addresses_of_one_device_and_its_own_drives_are_one_case(tmp_path: Path, sites: list[Site]) -> None:
    known = Knowledge(
        roles={"mac-plc": Role.CONTROLLER, "10.0.0.1": Role.CONTROLLER, "mac-io": Role.IO, "10.0.0.3": Role.IO},
        ids={"aa": "mac-pc", "10.0.0.9": "mac-pc", "10.0.0.1": "mac-plc", "10.0.0.3": "mac-io"},
        masters={"10.0.0.3": frozenset({"mac-plc"})},
    )
    heard: list[Any] = []
    cases = LiveCases(heard.append)
    cases.know("line1", known)
    cases.take(told(0, "aa", ""))
    cases.take(replace(told(1, "10.0.0.9", "10.0.0.3"), ts=10**18 + 10**9))
    cases.take(replace(told(2, "10.0.0.1", "10.0.0.7", note="value_out_of_range"), ts=10**18 + 2 * 10**9))
    assert {e.case for e in heard} == {"n000000"}


def test_two_that_turn_out_to_be_one_are_told_as_one(tmp_path: Path) -> None:
    heard: list[Any] = []
    cases = LiveCases(heard.append)
    for one in (told(0, "a", "b"), told(1, "c", "d")):
        cases.take(one)
    cases.take(replace(told(2, "b", "c", "high"), ts=10**18 + HOUR + 1))
    assert [(e.case, e.state) for e in heard[:2]] == [("n000000", "opened"), ("n000001", "opened")]
    assert {(e.case, e.state) for e in heard[2:]} == {("n000000", "raised"), ("n000001", "closed")}


def test_a_damaged_lake_ends_no_service_and_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "lake" / "stream=notice" / "site=default" / f"date={datetime.now(UTC):%Y-%m-%d}"
    folder.mkdir(parents=True)
    (folder / "live-a-00000.parquet").write_bytes(b"PAR1 half of it")
    assert "open cases are not taken up" in LiveCases(lambda _: None).remember(tmp_path / "lake")
    assert LiveCases(lambda _: None).remember(tmp_path / "none") == ""


def test_what_depends_on_an_asset_is_in_the_urgency_that_is_told(tmp_path: Path) -> None:
    known = Knowledge(ids={"10.0.0.1": "mac-plc", "10.0.0.9": "mac-pc"})
    urgency = {}
    for word in ("low", "critical"):
        fields = {"10.0.0.1": {"criticality": word}, "10.0.0.9": {"criticality": word}}
        save(tmp_path, Kept(None, Corrections.from_dict({"fields": fields})))
        heard: list[Any] = []
        cases = LiveCases(heard.append)
        cases.remember(tmp_path)
        cases.know("line1", known)
        cases.take(told(0, "10.0.0.9", "10.0.0.1"))
        urgency[word] = heard[0].priority
    assert urgency["low"] < urgency["critical"]
