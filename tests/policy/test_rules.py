"""The policy files: valid, named, and the same as what the Python code knows of them."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import cedarpy
import pytest

from linewarden.errors import ConfigError
from linewarden.policy import Action, Kind, Role, Scope, compiled, shipped
from linewarden.policy.deciding import TIMELESS
from linewarden.policy.rules import policy_files

FOLDER = Path(str(files("linewarden.policy") / "access"))
SCHEMA = (FOLDER / "schema.cedarschema").read_text()
FILES = [Path(str(f)) for f in policy_files(FOLDER)]
GOOD = '@id("a") @says("b") permit(principal, action == Action::"site:read", resource);'


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_each_file_fits_the_schema_and_is_formatted(file: Path) -> None:
    text = file.read_text()
    assert cedarpy.validate_policies(text, SCHEMA).errors == []
    assert cedarpy.format_policies(text, 120, 2) == text
    assert compiled([text], SCHEMA).rules


def test_each_role_and_scope_has_its_policy() -> None:
    names = shipped().rules
    assert {str(r) for r in Role} <= names.keys()
    assert {f"scope-{s}" for s in Scope} <= names.keys()
    assert {f.stem for f in FILES if f.parent.name == "roles"} == {*map(str, Role), "machine"}


def test_the_code_and_the_schema_know_the_same() -> None:
    said = dict(re.findall(r'^action "([a-z:]+)"(.*)', SCHEMA, re.MULTILINE))
    assert {a for a, rest in said.items() if "appliesTo" in rest} == set(Action)
    entities = set(re.findall(r"^entity (\w+)", SCHEMA, re.MULTILINE))
    assert entities == {*Kind, "Person", "Machine", "Account", "PlantAction"}
    assert set(re.findall(r'^  "(\w+)": Held,', SCHEMA, re.MULTILINE)) >= set(Role)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("permit(principal, action, resource)", "unexpected end of input"),
        ("permit(principal, action, resource);", "lacks @id"),
        (GOOD.replace("permit", "forbid"), "lacks"),
        (GOOD + GOOD, "two policies"),
        (GOOD.replace("site:read", "site:burn"), "site:burn"),
    ],
)
def test_a_policy_that_is_wrong_is_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        compiled([text], SCHEMA)


def test_no_policy_looks_at_the_moment_of_what_is_decided_once() -> None:
    groups: dict[str, set[str]] = {}
    for action, within in re.findall(r'^action "([a-z:]+)" in \[Action::"(\w+)"\]', SCHEMA, re.MULTILINE):
        groups.setdefault(within, set()).add(action)
    moving: set[str] = set()
    for file in FILES:
        for policy in json.loads(cedarpy.policies_to_json_str(file.read_text()))["staticPolicies"].values():
            if '"context"' in json.dumps(policy["conditions"]):
                about = policy["action"]
                assert about["op"] != "All"
                named = {e["id"] for e in about.get("entities", [about.get("entity")])}
                moving |= set().union(*(groups.get(name, {name}) for name in named))
    assert "plant:apply" in moving
    assert "notice:acknowledge" in moving
    assert moving.isdisjoint(TIMELESS)
