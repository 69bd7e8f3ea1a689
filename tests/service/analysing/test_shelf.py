"""What machines learned, as pages read and change it."""

from __future__ import annotations

from pathlib import Path

import pytest

from linewarden.cli import main
from linewarden.errors import ConfigError
from linewarden.service.analysing import kept
from linewarden.service.analysing.settings import Analytics, Wanted
from linewarden.service.analysing.shelf import Shelf, tags_of
from linewarden.service.audit.places import ledger_of_files
from tests.service.analysing.plant import BEGIN, PLC, heartbeat, readings
from tests.service.analysing.test_analysis import LEARNED
from tests.service.analysing.test_over_lake import lake_of


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    lake = lake_of(tmp_path / "lake", reading=readings(range(LEARNED)), command=heartbeat(range(0, LEARNED, 10)))
    assert main(["analytics", "learn", str(lake), "--out", str(tmp_path / "data/analytics/live-tap")]) == 0
    return Shelf(tmp_path / "data", Analytics(wanted=Wanted(learn_hours=1.0)))


def test_a_data_folder_without_any_is_empty(tmp_path: Path) -> None:
    assert Shelf(tmp_path).all() == ([], [])


def test_a_machine_is_known_as_far_as_the_configuration_wants(shelf: Shelf) -> None:
    ((found,), wrong) = shelf.all()
    assert (found.machine, found.folder, found.sources, wrong) == (PLC, "live-tap", (PLC,), [])
    assert found.known == pytest.approx(LEARNED / 3600, abs=0.01) and found.judged
    assert shelf.get(found.id) == found and shelf.get("none") is None


def test_tags_are_told_as_the_command_tells_them(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    ((found,), _) = shelf.all()
    capsys.readouterr()
    assert main(["analytics", "show", str(shelf.folder / "live-tap"), "--machine", PLC, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(t.tag, t.kind) for t in tags_of(found)] == [(t["tag"], t["kind"]) for t in said]
    assert [t.low for t in tags_of(found)] == pytest.approx([t["low"] for t in said])
    assert [t.high for t in tags_of(found)] == pytest.approx([t["high"] for t in said])


def test_the_service_sees_that_somebody_said_something(shelf: Shelf, tmp_path: Path) -> None:
    ((found,), _) = shelf.all()
    begin = int((BEGIN + 100) * 1e9)
    with ledger_of_files(tmp_path) as ledger:
        rows = shelf.approve(found.id, tmp_path / "lake", begin, begin + 60 * 10**9, ledger)
        assert rows == pytest.approx(60, abs=2)
        assert kept.facts_of(found.file).edit == 1
        shelf.forget(found.id, ledger)
        facts = kept.facts_of(found.file)
        assert (facts.edit, facts.rows, facts.tags) == (2, 0, found.tags)
        with pytest.raises(ConfigError, match="no such machine"):
            shelf.forget("none", ledger)
    ((after,), _) = shelf.all()
    assert not after.judged and after.id == found.id
