"""A whole example of each JSON body that the API takes, by the name of its schema; a test holds that it is taken."""

from __future__ import annotations

from typing import Any

BODIES: dict[str, dict[str, Any]] = {
    "Answer": {"state": "accepted", "reason": "at the stop on Saturday, with the gearbox"},
    "AssetPatch": {"name": "plc-filler", "role": "controller", "zone": "filling", "criticality": "high"},
    "AssetsIn": {"assets": ["00:1d:9c:c7:b0:12", "10.0.0.5"]},
    "Body_recover": {"without_second_factor": False},
    "Body_set_disabled": {"disabled": True},
    "BulkIn": {"cases": ["a41f09c27be3"]},
    "CaseChange": {"version": 3, "state": "in_work", "comment": "Called the shift: the line runs by hand."},
    "CommentIn": {"text": "Called the shift: nobody was at the engineering station."},
    "Freeze": {"frozen": True},
    "Invitation": {"login": "bob", "name": "Bob Miller", "roles": ["engineer@plant-a/filling"]},
    "KeepIn": {
        "title": "Who wrote to controllers?",
        "sql": "SELECT ts, \"id.orig_h\", target FROM command WHERE verb = 'write' ORDER BY ts DESC",
        "shared": True,
    },
    "NormalIn": {"because": "the vendor's box reports to its cloud", "days": 90},
    "QueryIn": {
        "sql": "SELECT verb, count(*) AS times FROM command GROUP BY verb ORDER BY times DESC",
        "from": "2026-11-23T06:00:00Z",
        "to": "2026-11-23T18:00:00Z",
    },
    "ReportIn": {"kind": "plant", "format": "pdf", "zone": "filling"},
    "Rights": {"roles": ["analyst", "engineer@plant-a/filling"], "shifts": None},
    "StepIn": {"done": True},
    "TagFacts": {"ucum": "m3/h", "description": "inflow of the filler", "low": 0, "high": 40, "line": "line 2"},
    "TimeIn": {"since": "2026-11-23T06:00:00Z", "until": "2026-11-23T18:00:00Z"},
    "TokenAsked": {"name": "SIEM", "scopes": ["read"], "days": 90},
    "WindowIn": {
        "assets": ["10.0.0.5"],
        "begin": "2026-12-01T06:00:00Z",
        "until": "2026-12-01T10:00:00Z",
        "because": "recipe for line 2, change 4711",
        "verbs": ["program_download"],
        "who": ["10.0.0.9"],
    },
    "ZoneIn": {"name": "filling", "description": "filler and capper", "security_level": 2, "criticality": "high"},
}


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document in which each JSON body has an example."""
    for operations in document["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
            if name in BODIES:
                body.setdefault("example", BODIES[name])
    return document
