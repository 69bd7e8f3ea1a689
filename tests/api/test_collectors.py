"""Collectors over the API: what is configured, and what the service of the same configuration says of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linewarden.service.board import Board
from linewarden.service.collecting.status import CollectorStatus, SpoolStatus
from linewarden.service.health import HealthServer, application
from linewarden.service.metrics import registry_of
from linewarden.service.schedule import Schedule
from tests.api.test_casework import ask
from tests.console.house import Served
from tests.console.works import works

PRESS = CollectorStatus("modbus", "running", 1200, 3, peers={"127.0.0.1:9": "refused; is it switched on?", "b": ""})


@pytest.fixture(scope="module")
def service() -> Iterator[HealthServer]:
    """The pages of a service that runs a collector."""
    board = Board(())

    def status() -> dict[str, object]:
        said = {"press-line": PRESS.as_dict()}
        return {"version": "1", "collectors": said, "spool": SpoolStatus(5, 900, 64_000_000, full=True).as_dict()}

    found = HealthServer(application(board, registry_of(board, Schedule([], lambda _: None)), status), "127.0.0.1", 0)
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def site(service: HealthServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with works(tmp_path_factory.mktemp("works"), service.port) as found:
        yield found


def test_the_service_says_how_they_are(site: Served) -> None:
    found = ask(site, "viewer", "GET", "/collectors").json()
    press, cell = found["collectors"]
    assert found["why"] == "" and found["spool"]["full"]
    assert (press["state"], press["samples"], press["bad"], press["peers_up"]) == ("running", 1200, 3, 1)
    assert press["peers"][0] == {"name": "127.0.0.1:9", "up": False, "why": "refused; is it switched on?"}
    assert (cell["state"], cell["samples"]) == ("", None)
    with site.client("viewer") as client:
        page = client.get("/collectors").text
    assert "not of the service" in page and "is it switched on?" in page and "The spool is full" in page


def test_settings_are_for_who_may_read_them_and_hold_no_secret(site: Served) -> None:
    assert all(not c["settings"] for c in ask(site, "viewer", "GET", "/collectors").json()["collectors"])
    answer = ask(site, "owner", "GET", "/collectors")
    press, cell = answer.json()["collectors"]
    assert press["settings"] == {"host": "127.0.0.1", "port": "9", "tags": "(1)"}
    assert cell["settings"]["password"] == "***" and "a word" not in answer.text


def test_without_a_service_it_says_what_to_do(site: Served, service: HealthServer) -> None:
    service.stop()
    found = ask(site, "viewer", "GET", "/collectors").json()
    assert "linewarden serve" in found["why"] and found["spool"] is None
    assert [c["state"] for c in found["collectors"]] == ["", ""]


def test_of_a_lake_alone_no_service_is_known(served: Served) -> None:
    found = ask(served, "viewer", "GET", "/collectors").json()
    assert found["collectors"] == [] and "name a configuration file" in found["why"]
    assert {k["kind"] for k in found["kinds"]} >= {"modbus", "mqtt", "opcua"}
