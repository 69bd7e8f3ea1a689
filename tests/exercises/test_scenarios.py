"""Every scenario file says what the others say, so that list, runner and scoring find it."""

import csv
import os
import re
from pathlib import Path

import pytest

from linewarden.exercises.line import DEVICES
from linewarden.exercises.physics import Controls, Plant
from linewarden.exercises.scenario import load_scenario, scenario_names

SCENARIOS = [load_scenario(name) for name in scenario_names()]
INCIDENTS = [s for s in SCENARIOS if s.kind == "incident"]
SHARED = Path(os.environ.get("LINEWARDEN_SHARED", Path(__file__).resolve().parents[3] / "shared"))
TECHNIQUES = SHARED / "data/advisories/attack_ics_v18.1_to_v19.csv"


def test_there_are_enough_of_each_kind() -> None:
    assert len(SCENARIOS) >= 12
    assert len(INCIDENTS) >= 10
    assert {s.kind for s in SCENARIOS} == {"routine", "fault", "incident"}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_devices_and_times_fit(scenario) -> None:
    named = {s.device for s in scenario.steps} | {t for s in scenario.steps for t in s.targets}
    assert named <= set(DEVICES)
    assert len({s.name for s in scenario.steps}) == len(scenario.steps)
    assert scenario.least_seconds <= scenario.seconds
    assert set(scenario.controls) <= set(Controls.__dataclass_fields__)
    assert set(scenario.plant) <= set(Plant.__dataclass_fields__)
    assert len(scenario.summary) > 60


@pytest.mark.parametrize("scenario", INCIDENTS, ids=lambda s: s.name)
def test_an_incident_has_sources_and_techniques(scenario) -> None:
    assert scenario.sources
    assert all(source.url.startswith("https://") for source in scenario.sources)
    assert any(step.hostile for step in scenario.steps)
    techniques = [t for step in scenario.steps for t in step.techniques]
    assert all(re.fullmatch(r"T08\d\d", technique) for technique in techniques)


@pytest.mark.parametrize("scenario", INCIDENTS, ids=lambda s: s.name)
def test_an_incident_says_what_its_harm_is_and_what_comes_before(scenario) -> None:
    hostile = [s for s in scenario.steps if s.hostile]
    assert all(s.hostile for s in scenario.steps if s.impact or s.looks_normal)
    assert not any(s.impact and s.looks_normal for s in scenario.steps)
    if scenario.name == "reconnaissance":  # it changes nothing
        assert scenario.impact is None
    else:
        # Real attackers look first, and that is when they can be seen in time; one poisons and changes in one step.
        assert scenario.impact is not None
        assert scenario.impact is not hostile[0] or scenario.name == "man-in-the-middle"


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.kind != "incident"], ids=lambda s: s.name)
def test_what_is_no_incident_has_no_attack(scenario) -> None:
    assert not any(step.hostile for step in scenario.steps)


@pytest.mark.skipif(not TECHNIQUES.exists(), reason=f"no {TECHNIQUES}; set LINEWARDEN_SHARED")
@pytest.mark.parametrize("scenario", INCIDENTS, ids=lambda s: s.name)
def test_techniques_are_those_of_attack_for_ics(scenario) -> None:
    with TECHNIQUES.open(encoding="utf-8", newline="") as file:
        known = {row["v18.1_id"] for row in csv.DictReader(file)}
    assert {t for step in scenario.steps for t in step.techniques} <= known
