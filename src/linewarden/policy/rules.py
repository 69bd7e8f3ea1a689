"""The policies as a whole: checked against the schema, each with a name and a sentence, ready to be asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import cedarpy

from linewarden.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy as people see it: `says` is its sentence, `instead` what to do where it forbids."""

    id: str
    permits: bool
    says: str
    instead: str


@dataclass(frozen=True, slots=True)
class Access:
    """Policies that were read. `permits` are those alone that permit: what somebody lacks is asked of them."""

    schema: cedarpy.Schema
    policies: cedarpy.PolicySet
    permits: cedarpy.PolicySet
    rules: Mapping[str, Rule]


def compiled(texts: Sequence[str], schema: str) -> Access:
    """Reads policies. Raises ConfigError if one does not fit the schema, or lacks @id and @says (and @instead, where it
    forbids), or has another's @id.
    """
    text = "\n".join(texts)
    try:
        read = cedarpy.Schema.from_str(schema)
        policies = cedarpy.PolicySet.from_str(text)
        listed: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    except ValueError as error:
        raise ConfigError(f"access: {' '.join(str(error).split())}") from error
    if wrong := cedarpy.validate_policies(text, read).errors:
        raise ConfigError(f"access: {' '.join(str(wrong[0]).split())}")
    permits = {name: p for name, p in listed.items() if p["effect"] == "permit"}
    only = json.dumps({"templates": {}, "staticPolicies": permits, "templateLinks": []})
    return Access(read, policies, cedarpy.PolicySet.from_json_str(only), _named(listed.values()))


@cache
def shipped() -> Access:
    """The policies that come with Linewarden."""
    folder = files(__package__) / "access"
    schema = (folder / "schema.cedarschema").read_text("utf-8")
    return compiled([f.read_text("utf-8") for f in policy_files(folder)], schema)


def policy_files(folder: Traversable) -> Iterator[Traversable]:
    """Every `.cedar` file of a folder and those in it, by name."""
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from policy_files(entry)
        elif entry.name.endswith(".cedar"):
            yield entry


def _named(policies: Any) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for policy in policies:
        notes = policy.get("annotations", {})
        rule = Rule(
            notes.get("id", ""), policy["effect"] == "permit", notes.get("says", ""), notes.get("instead", "")
        )  # fmt: skip
        if not rule.id or not rule.says or not (rule.permits or rule.instead):
            raise ConfigError(f"access: policy {rule.id or '?'} lacks @id or @says, or @instead where it forbids")
        if rule.id in found:
            raise ConfigError(f"access: two policies have the @id {rule.id}")
        found[rule.id] = rule
    return found
