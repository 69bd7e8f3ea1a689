"""`linewarden health`, from histories to a date in the calendar."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from linewarden.analytics.maintenance.runs import Run as History
from tests.analytics.maintenance.made import COLUMNS, machines
from tests.cli.conftest import Run


def table(runs: list[History]) -> pl.DataFrame:
    parts = [
        pl.DataFrame({"machine": [r.unit] * len(r.at), "hour": r.at, "note": ["ok"] * len(r.at),
                      **{c: r.rows[:, k] for k, c in enumerate(COLUMNS)}})
        for r in runs
    ]  # fmt: skip
    return pl.concat(parts)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Histories, a configuration, and a model."""
    from linewarden.cli import main

    folder = tmp_path_factory.mktemp("plant")
    table(machines(20, 1, points=3)).write_parquet(folder / "failed.parquet")
    worn, half, fresh = machines(3, 2, points=3)
    table([worn.until(len(worn.at) - 25), half.until(80), fresh.until(30)]).write_csv(folder / "now.csv")
    text = '[service]\nsite = "plant-a"\ndata = "data"\n[[sensor]]\nname = "s"\ninterfaces = ["lo"]\n'
    (folder / "linewarden.toml").write_text(text)
    (folder / "models").mkdir()
    where = ["--unit", "machine", "--time", "hour", "--setting", "speed", "--hours", "1"]
    assert main(["health", "train", str(folder / "failed.parquet"), *where, "--out", str(model(folder))]) == 0
    return folder


def model(folder: Path) -> Path:
    return folder / "models" / "press.json"


def test_the_shortest_life_stands_first_with_its_reasons(plant: Path, run: Run) -> None:
    ran = run("health", "score", plant / "now.csv", "--model", model(plant))
    assert ran.code == 0 and "model press, version 1" in ran.out and "or more" in ran.out
    said = run("health", "score", plant / "now.csv", "--model", model(plant), "--json").json
    units = said["units"]
    assert units[0]["unit"] == "m0" and 10 < units[0]["left"] < 45 and units[0]["low"] <= 25 <= units[0]["high"]
    assert units[0]["why"][0]["tag"] in ("heat", "shake", "current") and units[0]["why"][0]["moves"] < 0
    assert units[-1]["unit"] == "m2" and units[-1]["high"] is None


def test_a_model_has_a_card_and_keeps_its_versions(plant: Path, run: Run, tmp_path: Path) -> None:
    card = run("health", "card", model(plant)).out
    assert "20 units" in card and "3 operating point(s)" in card and "failed.parquet (SHA-256 " in card
    again = tmp_path / "press.json"
    again.write_bytes(model(plant).read_bytes())
    where = ["--unit", "machine", "--time", "hour", "--hours", "1", "--seed", "4"]
    said = run("health", "train", plant / "failed.parquet", *where, "--out", again, "--json").json
    assert (said["version"], said["seed"], said["settings"]) == (2, 4, [])
    assert said["metrics"]["rmse_of_units_not_seen"] < said["metrics"]["rmse_of_the_mean"]
    listed = run("health", "list", tmp_path, "--json").json
    assert [(Path(m["file"]).name, m["version"]) for m in listed] == [("press.json", 2), ("press.v1.json", 1)]


def test_onnx_scores_the_same(plant: Path, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    graph = tmp_path / "press.onnx"
    assert run("health", "export", model(plant), "--onnx", graph).code == 0
    one, other = (
        run("health", "score", plant / "now.csv", "--model", m, "--json").json["units"] for m in (model(plant), graph)
    )
    assert [u["left"] for u in other] == pytest.approx([u["left"] for u in one], abs=0.1)


def test_work_is_proposed_entered_and_decided(plant: Path, run: Run, tmp_path: Path) -> None:
    ask = ["health", "propose", plant / "now.csv", "--model", model(plant), "--failure-cost", 20000, "--planned-cost",
           2000, "--failure-hours", 12, "--planned-hours", 3, "--hour-cost", 500, "--now", "2026-12-01T06:00Z",
           "--config", plant / "linewarden.toml"]  # fmt: skip
    windows = [f"2026-12-01T{h:02}:00+00:00/2026-12-01T{h + 3:02}:00+00:00" for h in (9, 12, 15)]
    said = run(*ask, *(x for w in windows for x in ("--window", w)), "--enter", "--json")
    assert said.code == 0, said.err
    found = said.json
    assert found["estimate"]["unit"] == "m0" and found["needed"]
    assert found["cost"] == min(c["cost"] for c in found["choices"])
    assert found["cost"] <= found["cost_at_once"] < found["cost_of_failure"] == 26000
    calendar = ["health", "calendar", "--config", plant / "linewarden.toml"]
    assert "proposed" in run(*calendar).out
    id_ = run(*calendar, "--json").json[0]["id"]
    again = run(*ask, "--window", windows[0], "--enter", "--json").json  # an older proposal is replaced
    assert [e["id"] for e in run(*calendar, "--json").json] == [again["entry"]] != [id_]
    done = run("health", "accept", again["entry"][:5], "--config", plant / "linewarden.toml")
    assert "accepted by" in done.out
    ics = tmp_path / "plant.ics"
    assert run(*calendar, "--state", "accepted", "--ics", ics).code == 0
    assert "STATUS:CONFIRMED" in ics.read_text() and "SUMMARY:Maintenance: m0" in ics.read_text()
    audit = run("audit", "list", plant / "linewarden.toml")
    assert "maintenance.accept" in audit.out and "maintenance.propose" in audit.out


def test_what_will_last_needs_nothing(plant: Path, run: Run) -> None:
    ran = run("health", "propose", plant / "now.csv", "--model", model(plant), "--of", "m2", "--failure-cost", 2000,
              "--planned-cost", 1500)  # fmt: skip
    assert ran.code == 0 and ("nothing to do" in ran.out or "work 2" in ran.out)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text[: len(text) // 2], "no JSON"),
        (lambda text: text.replace("0.1", "0.2", 1), "its hash does not fit"),
        (lambda text: '{"format": "something"}', "no model that this version knows"),
        (lambda text: "[1]", "no model that this version knows"),
    ],
)
def test_a_damaged_model_is_refused_in_a_line(plant: Path, run: Run, tmp_path: Path, damage, told: str) -> None:  # type: ignore[no-untyped-def]
    bad = tmp_path / "bad.json"
    bad.write_text(damage(model(plant).read_text()))
    ran = run("health", "score", plant / "now.csv", "--model", bad)
    assert ran.code == 2 and told in ran.err and len(ran.err.splitlines()) == 1
    assert told.split(" ")[-1] in run("health", "list", tmp_path, "--json").json[0]["problem"]


def test_trees_that_were_changed_with_their_hash_are_refused(plant: Path, run: Run, tmp_path: Path) -> None:
    from linewarden.service.maintenance.models import told_hash

    said = json.loads(model(plant).read_text())
    del said["sha256"]
    said["model"]["models"] = ["tree\nnum_leaves=nonsense\n"]
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({**said, "sha256": told_hash(said)}))
    ran = run("health", "card", bad)
    assert ran.code == 2 and "does not fit itself" in ran.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["score", "now.csv", "--model", "none.json"], "no model there"),
        (["score", "gone.csv", "--model", "models/press.json"], "gone.csv: no such file"),
        (["score", "linewarden.toml", "--model", "models/press.json"], "neither Parquet nor CSV"),
        (["score", "now.csv", "--model", "models/press.json", "--time", "day"], "no column day"),
        (["score", "now.csv", "--model", "models/press.json", "--coverage", "1.5"], "--coverage 1.5"),
        (["train", "now.csv", "--unit", "machine", "--time", "hour", "--out", "new.json"], "needs 10 that failed"),
        (["train", "now.csv", "--unit", "machine", "--time", "note", "--out", "new.json"], "neither numbers nor dates"),
        (["train", "now.csv", "--unit", "machine", "--time", "hour", "--out", "new.bin"], "a model is a .json file"),
        (["list", "nowhere"], "nowhere: no such folder"),
        (["accept", "abc"], "abc: no such entry"),
    ],
)
def test_errors_name_what_is_wrong(
    plant: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(plant)
    ran = run("health", *arguments)
    assert ran.code == 2 and told in ran.err and len(ran.err.splitlines()) == 1
    assert not (plant / "new.json").exists()
