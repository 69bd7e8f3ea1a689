"""What the parameters of the API mean, by name: the same word means the same everywhere.

A route that says it itself is left alone; a test holds that each parameter has a description and an example.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Word(NamedTuple):
    """What a parameter means, and a value as somebody would give it."""

    text: str
    example: Any


WORDS: dict[str, Word] = {
    "about": Word("which kinds of weakness; several mean any of them", ["exposure"]),
    "acknowledged": Word("true: only those that somebody acknowledged; false: only the others", False),
    "action": Word("the name of an action", "zone.write"),
    "address": Word("an IP or MAC address that takes part", "10.0.0.5"),
    "asset": Word("ids or addresses of assets", ["00:1d:9c:c7:b0:12"]),
    "buckets": Word("how many pieces of time", 60),
    "case": Word("id of a case", "a41f09c27be3"),
    "column": Word("columns to give; without, all", ["ts", "id.orig_h"]),
    "changes": Word("true: only those in which something is changed", True),
    "crosses": Word("true: only those between zones", True),
    "cursor": Word("`next` of the page before", "WyItbW92ZWQiLCBbZmFsc2UsIDQsICIzZjBjMmI3ZTlkMWE0YzU1Il1d"),
    "device": Word("ids of assets, or addresses", ["10.0.0.5"]),
    "does": Word("what a conversation does: change, read or other", ["change"]),
    "expected": Word("true: only what was announced or is usual; false: only the rest", False),
    "format": Word("json: a page; else all of it as a file", "csv"),
    "from": Word("nothing older; RFC 3339, UTC without a zone", "2026-11-23T06:00:00Z"),
    "hours": Word("of so many hours until now", 24),
    "id": Word("its id", "00:1d:9c:c7:b0:12"),
    "kind": Word("which kinds", ["plant"]),
    "language": Word("of what people read: en or de", "de"),
    "last": Word("of so many seconds until the newest value", 3600),
    "last-event-id": Word("the last event that was seen; a browser sends it by itself", "41"),
    "level": Word("Purdue levels", [1]),
    "limit": Word("rows at most", 100),
    "login": Word("of an account", "anna"),
    "moves": Word("true: only those that were seen to change", True),
    "needless": Word("true: only those that cross without need", True),
    "new": Word("true: only those that were seen in the last day for the first time", True),
    "note": Word("names of detections", ["new_peer"]),
    "points": Word("points that a tag has at most", 600),
    "prefix": Word("the beginning of a token, which is not secret", "lw_1a2b3c4d"),
    "priority_from": Word("only with this urgency or a higher one, 0 to 100", 60),
    "protocol": Word("protocols", ["modbus"]),
    "q": Word("words that must all be in it, in any case", "pump"),
    "role": Word("roles", ["controller"]),
    "saved": Word("true: only those that were kept; false: only what was asked lately", True),
    "seconds": Word("what their conversations said so long before and after", 10),
    "seen": Word("true: only what sent something itself; false: only what others mentioned", True),
    "severity": Word("weights", ["high"]),
    "show": Word("what to show", "open"),
    "since": Word("nothing older; RFC 3339, UTC without a zone", "2026-11-23T06:00:00Z"),
    "sort": Word("a column; with - before it, the highest first", "-last_seen"),
    "source_zone": Word("zones of who asks; - is none", ["office"]),
    "state": Word("how far it is", ["open"]),
    "step": Word("id of a step of the runbook", "5d41402a"),
    "stream": Word("name of a stream of the lake", "conn"),
    "tactic": Word("tactics of ATT&CK for ICS", ["lateral_movement"]),
    "tag": Word("ids of tags", ["3f0c2b7e9d1a4c55"]),
    "target_zone": Word("zones of who is asked; - is none", ["cell"]),
    "technique": Word("techniques of ATT&CK for ICS", ["T0843"]),
    "there": Word("true: only those of which there are records", True),
    "to": Word("nothing newer; RFC 3339, UTC without a zone", "2026-11-23T18:00:00Z"),
    "uid": Word("of a conversation", "C4f9a1b2c3d4e"),
    "until": Word("nothing newer; RFC 3339, UTC without a zone", "2026-11-23T18:00:00Z"),
    "vendor": Word("vendors", ["Siemens"]),
    "verb": Word("what is asked", ["write"]),
    "zone": Word("zones; - is none", "cell"),
}
OF: dict[tuple[str, str], Word] = {
    ("delete_zone", "to"): Word("where its assets go", "site"),
    ("delete_zone", "zone"): Word("its name", "cell"),
    ("explain", "zone"): Word("the zone that is asked about; empty for the site", "cell"),
    ("list_assets", "case"): Word("true: only those that an open case touches", True),
    ("list_audit", "cursor"): Word("`next` of the page before", "4096"),
    ("list_audit", "sort"): Word("seq: the oldest first; -seq: the newest", "-seq"),
    ("list_cases", "hours"): Word("something happened in the last hours", 24),
    ("get_energy", "forecast"): Word("the slot after the last, too: takes some seconds", True),
    ("get_energy", "kind"): Word("what the meter says; without: by its unit", "power"),
    ("get_output", "by"): Word("a row for all of the time, for each shift, or for each day", "day"),
    ("get_output", "good"): Word("id of the counter of good pieces", "3f0c2b7e9d1a4c55"),
    ("get_output", "ideal"): Word("planned seconds a piece", 2.4),
    ("get_output", "made"): Word("id of the counter of pieces", "3f0c2b7e9d1a4c55"),
    ("get_output", "micro"): Word("s: a shorter stop is a micro-stop", 120),
    ("get_output", "planned"): Word("values of the state that are planned stops, with commas", "pause"),
    ("get_output", "rejected"): Word("id of the counter of rejected pieces", "3f0c2b7e9d1a4c55"),
    ("get_output", "run"): Word("values of the state that mean production, with commas", "1"),
    ("get_output", "setup"): Word("values of the state that mean set-up, with commas", "3"),
    ("get_output", "stale"): Word("s: how long a state holds", 86_400),
    ("get_output", "stop"): Word("values of the state that mean a stop, with commas", "0"),
    ("get_maintenance_calendar", "state"): Word("only these", "accepted"),
    ("list_records", "sort"): Word("ts: the oldest first; -ts: the newest", "-ts"),
    ("list_maintenance", "state"): Word("what was said of it; several mean any of them", ["proposed"]),
    ("list_people", "state"): Word("how accounts are", ["active"]),
    ("move_assets", "zone"): Word("its name", "cell"),
    ("put_zone", "zone"): Word("its name", "cell"),
    ("take_assets_out", "zone"): Word("its name", "cell"),
    ("undo_move", "id"): Word("of the move that is meant", 12),
}
"""Of one operation, where the word means something else."""
IDS = {
    "case": "a41f09c27be3", "notice": "20000041", "report": "5d41402abc4b2a76b9719d91", "step": "a41f09c27be3",
    "quer": "17", "upload": "5f1d8a2b9c3e4f60718293a4b5c6d7e8", "normal": "20000041",
    "machine": "3f0c2b7e9d1a4c55", "maintenance": "f4df61874d18d417",
}  # fmt: skip
"""An id as it looks, by what is in the operation's name; else that of an asset."""


def explained(document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document in which each parameter says what it means, with an example."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                _explain(operation["operationId"], parameter)
    return document


def _explain(operation: str, parameter: dict[str, Any]) -> None:
    name, schema = parameter["name"], parameter["schema"]
    word = OF.get((operation, name)) or WORDS.get(name)
    if word is None:
        return
    parameter.setdefault("description", word.text)
    if "example" not in parameter and "examples" not in parameter and "examples" not in schema:
        parameter["example"] = _example(operation, name, schema, word.example)


def _example(operation: str, name: str, schema: dict[str, Any], example: Any) -> Any:
    """As one or as several, as the schema wants it; of an enumeration one of its own."""
    if name == "id" and (operation, name) not in OF:
        return next((found for part, found in IDS.items() if part in operation), example)
    listed = schema.get("type") == "array"
    one = example[0] if isinstance(example, list) else example
    return [one] if listed else one
