"""Work on cases through the API: who changed what first, what is kept, what is recorded, and what nobody may guess."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from linewarden.errors import CaptureError
from linewarden.people.model import Grant
from linewarden.policy import Scope
from linewarden.service.audit.ledger import entries
from linewarden.service.config import Config
from linewarden.service.packet_places import KeptCaptures
from linewarden.service.workplace import config_of
from linewarden.wire.pcapng import read_packets
from tests.console.house import Served, serve, served_lake

API = "/api/v1"


@pytest.fixture(scope="module")
def house(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console of this file's own."""
    with served_lake(lake, tmp_path_factory.mktemp("work")) as found:
        yield found


@pytest.fixture
def case(house: Served) -> str:
    """The most urgent."""
    return str(house.place.follower.view.cases[0][1].id)


def ask(house: Served, role: str, method: str, path: str, body: Any = None) -> httpx.Response:
    with house.client(role) as client:
        headers = {"Origin": house.url, "X-CSRF-Token": house.csrf(client)}
        return client.request(method, API + path, json=body, headers=headers)


def told(house: Served) -> list[str]:
    return [e.body for e in entries(house.place.state)]


def test_who_changes_an_older_version_learns_what_the_other_changed(house: Served, case: str) -> None:
    before = ask(house, "analyst", "GET", f"/cases/{case}").json()
    first = ask(house, "analyst", "PATCH", f"/cases/{case}", {"version": before["version"], "state": "in_work"})
    assert (first.status_code, first.json()["state"]) == (200, "in_work")
    second = ask(house, "owner", "PATCH", f"/cases/{case}", {"version": before["version"], "state": "benign"})
    assert second.status_code == 409
    assert "Analyst: state from open to in work" in second.json()["detail"]
    assert ask(house, "owner", "GET", f"/cases/{case}").json()["state"] == "in_work"
    assert any('"case.change"' in body and '"analyst"' in body and "case:work" in body for body in told(house))


def test_a_case_is_given_only_to_who_is_here(house: Served, case: str) -> None:
    people = ask(house, "analyst", "GET", "/assignees").json()
    engineer = next(p["id"] for p in people if p["name"].casefold() == "engineer")
    version = ask(house, "analyst", "GET", f"/cases/{case}").json()["version"]
    given = ask(house, "analyst", "PATCH", f"/cases/{case}", {"version": version, "assignee": engineer})
    assert given.json()["assignee"]["id"] == engineer
    wrong = ask(house, "analyst", "PATCH", f"/cases/{case}", {"version": version + 1, "assignee": "nobody-here"})
    assert wrong.status_code == 404
    assert [c["id"] for c in ask(house, "engineer", "GET", "/cases?show=mine").json()["items"]] == [case]


def test_a_closed_case_leaves_what_needs_work(house: Served, case: str) -> None:
    version = ask(house, "analyst", "GET", f"/cases/{case}").json()["version"]
    urgent = ask(house, "analyst", "GET", "/now").json()["cases"]
    ask(house, "analyst", "PATCH", f"/cases/{case}", {"version": version, "state": "true", "comment": "It was real."})
    assert case not in [c["id"] for c in ask(house, "analyst", "GET", "/cases?show=open").json()["items"]]
    assert case in [c["id"] for c in ask(house, "analyst", "GET", "/cases?show=closed").json()["items"]]
    assert ask(house, "analyst", "GET", "/now").json()["cases"] == urgent - 1
    assert ask(house, "analyst", "GET", f"/cases/{case}").json()["comments"][-1]["text"] == "It was real."
    ask(house, "analyst", "PATCH", f"/cases/{case}", {"version": version + 1, "state": "open"})


def test_steps_are_kept_and_a_step_that_is_none_is_refused(house: Served, case: str) -> None:
    step = ask(house, "operator", "GET", f"/cases/{case}").json()["steps"][0]
    done = ask(house, "operator", "PUT", f"/cases/{case}/steps/{step['step']}", {"done": True}).json()
    assert (done[0]["done"], done[0]["by"]) == (True, "Operator")
    assert ask(house, "operator", "PUT", f"/cases/{case}/steps/0000", {"done": True}).status_code == 404
    undone = ask(house, "operator", "PUT", f"/cases/{case}/steps/{step['step']}", {"done": False}).json()
    assert not undone[0]["done"]


def test_all_notices_of_cases_are_acknowledged_at_once(house: Served, case: str) -> None:
    notices = ask(house, "operator", "GET", f"/cases/{case}").json()["notices"]
    found = ask(house, "operator", "POST", "/cases/acknowledge", {"cases": [case]}).json()
    assert found == {"acknowledged": len(notices), "refused": []}
    again = ask(house, "engineer", "POST", "/cases/acknowledge", {"cases": [case]}).json()
    assert again["acknowledged"] == 0
    seen = ask(house, "viewer", "GET", f"/notices?acknowledged=true&case={case}").json()
    assert seen["total"] == len(notices)
    assert {n["acknowledged"]["by"] for n in seen["items"]} == {"Operator"}


def test_normal_is_a_rule_that_ends_and_is_recorded(house: Served, case: str) -> None:
    notice = ask(house, "analyst", "GET", f"/cases/{case}").json()["notices"][0]
    path = f"/notices/{notice['id']}/normal"
    both = {"because": "a reason", "any_target": True, "any_sender": True}
    assert ask(house, "analyst", "POST", path, both).status_code == 422
    rule = ask(house, "analyst", "POST", path, {"because": "vendor's box; see #4711", "days": 30}).json()
    assert "linewarden detect" in rule["note"]
    after = ask(house, "analyst", "GET", f"/notices/{notice['id']}").json()
    assert after["rules"] == [f"vendor's box; see #4711 (Analyst) [{rule['id']}]"]
    again = ask(house, "analyst", "POST", path, {"because": "once more", "days": 1}).json()
    assert again["id"] != rule["id"]
    assert any('"notices.normal"' in b and "4711" in b and '"analyst"' in b for b in told(house))
    assert {w["id"] for w in ask(house, "viewer", "GET", "/windows").json()} >= {rule["id"], again["id"]}


def test_work_is_announced_on_assets_that_one_may_see(house: Served) -> None:
    asset = next(iter(house.place.follower.view.assets))
    window = {"assets": [asset], "begin": "2031-01-01T06:00:00Z", "until": "2031-01-01T08:00:00Z", "because": "4711"}
    assert ask(house, "planner", "POST", "/windows", window).status_code == 201
    assert ask(house, "planner", "POST", "/windows", {**window, "assets": ["no-such"]}).status_code == 404
    assert ask(house, "planner", "POST", "/windows", {**window, "until": window["begin"]}).status_code == 422
    of_old = {**window, "begin": "0001-01-01T00:00:00+14:00"}
    assert ask(house, "planner", "POST", "/windows", of_old).status_code == 422


def test_a_time_beyond_all_measure_is_no_mistake_of_ours(house: Served) -> None:
    assert ask(house, "viewer", "GET", "/cases?hours=1196132791").status_code == 422
    assert ask(house, "viewer", "GET", "/cases?since=0001-01-01T00:00:00%2B14:00").status_code == 200


def test_packets_stand_beside_what_was_decoded(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = next(n for n in house.place.follower.view.notices if n.frame)
    found = ask(house, "engineer", "GET", f"/notices/{notice.notice_id}/packets").json()
    assert found["missing"] == []
    packet = next(p for p in found["packets"] if p["frame"] == notice.frame)
    frame = bytes.fromhex(packet["hex"])
    assert packet["ts_ns"] == notice.ts
    assert sum(layer["length"] for layer in packet["layers"]) == len(frame) or packet["length"] > len(frame)
    monkeypatch.setattr(KeptCaptures, "find", _gone)
    gone = ask(house, "engineer", "GET", f"/notices/{notice.notice_id}/packets").json()
    assert gone["packets"] == []
    assert "keep" in gone["missing"][0]
    file = ask(house, "engineer", "GET", f"/notices/{notice.notice_id}/packets.pcap")
    assert (file.status_code, "keep" in file.json()["detail"]) == (404, True)


def _gone(_self: KeptCaptures, name: str, _alone: bool = False) -> Path:
    raise CaptureError(f"{name}: not here; `watch --keep DIR` keeps them")


def test_a_cut_file_has_the_packets_of_the_case(house: Served, case: str) -> None:
    file = ask(house, "analyst", "GET", f"/cases/{case}/packets.pcap?seconds=0")
    frames = {f for e in house.place.follower.view.cases[0][1].events for f in (e.frame, *e.frames)}
    assert len(list(read_packets(file.content))) == len(frames)


@pytest.mark.parametrize("form", ["json", "stix", "ocsf", "ecs", "cef", "csv", "html"])
def test_a_case_as_a_file(house: Served, case: str, form: str) -> None:
    file = ask(house, "viewer", "GET", f"/cases/{case}/file?format={form}")
    assert file.status_code == 200
    assert case[:12] in file.headers["content-disposition"]
    assert len(file.content) > 200


def test_a_pdf_needs_the_right_to_make_reports(house: Served, case: str) -> None:
    pytest.importorskip("weasyprint")
    assert ask(house, "viewer", "GET", f"/cases/{case}/file?format=pdf").status_code == 403
    assert ask(house, "analyst", "GET", f"/cases/{case}/file?format=pdf").content.startswith(b"%PDF-")


def test_what_is_in_another_zone_is_not_there(house: Served, case: str) -> None:
    house.add("elsewhere", Grant("owner", house.place.site, "no-such-zone"))
    for method, path, body in (
        ("GET", f"/cases/{case}", None), ("PATCH", f"/cases/{case}", {"version": 0, "state": "true"}),
        ("POST", f"/cases/{case}/comments", {"text": "x"}), ("GET", f"/cases/{case}/file", None),
        ("POST", "/cases/acknowledge", {"cases": [case]}), ("GET", f"/cases/{case}/packets.pcap", None),
    ):  # fmt: skip
        assert ask(house, "elsewhere", method, path, body).status_code == 404, (method, path)


def test_a_token_works_on_cases_in_its_own_name(house: Served, case: str) -> None:
    token = house.place.people.tokens.make(
        "ticket system", {Scope.CASE, Scope.READ}, {(house.place.site, "")}, timedelta(hours=1), "owner"
    )
    with house.client(token=token) as client:
        version = client.get(f"{API}/cases/{case}").json()["version"]
        done = client.patch(f"{API}/cases/{case}", json={"version": version, "state": "in_work"})
    assert done.status_code == 200
    assert done.json()["turns"][-1]["by"].startswith("lw_")


def test_a_rule_that_nothing_would_read_is_not_written(lake: Path, tmp_path: Path) -> None:
    file = tmp_path / "linewarden.toml"
    file.write_text(
        f'[service]\nsite = "site"\ndata = "{tmp_path}/data"\n[secrets]\n[lake]\nfolder = "{lake}"\n'
        '[[sensor]]\nname = "tap"\ninterfaces = ["lo"]\n'
    )
    config: Config = config_of(file)
    with serve(config, file) as house:
        notice = house.place.follower.view.notices[0].notice_id
        answer = ask(house, "analyst", "POST", f"/notices/{notice}/normal", {"because": "a reason"})
    assert answer.status_code == 400
    assert "[detect] expected" in answer.json()["detail"]
