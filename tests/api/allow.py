"""Who may call what: one row an operation of the API, held against the running console by test_allow.py.

`roles` are those that may; all others are refused (403). `body` and `path` are what a call needs to get as far as the
question of rights; a value that is a callable is given the console.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from linewarden.service.analysing.shelf import Shelf
from linewarden.service.casework.model import step_id
from linewarden.service.maintenance.calendar import Calendar
from linewarden.service.values import Ask, Names
from tests.console.house import ROLES, Served

ALL = frozenset(ROLES)
AUDIT = frozenset({"auditor", "owner"})
REPORT = frozenset({"engineer", "analyst", "planner", "auditor", "owner"})
LAKE = frozenset({"engineer", "analyst", "owner"})
EDIT = frozenset({"engineer", "owner"})


@dataclass(frozen=True)
class Row:
    """An operation. `query` is its query string."""

    roles: frozenset[str]
    path: Mapping[str, str | Callable[[Served], str]] = field(default_factory=dict)
    body: Any = None
    query: str = ""


def asset(served: Served) -> str:
    return next(iter(served.place.follower.view.assets))


def zone(served: Served) -> str:
    return next(a.zone for a in served.place.follower.view.plant.assets if a.zone)


def case(served: Served) -> str:
    return served.place.follower.view.cases[0][1].id


def notice(served: Served) -> str:
    return served.place.follower.view.notices[0].notice_id


def tag(served: Served) -> str:
    return served.place.values.find(Ask(limit=1), Names()).tags[0].id


def machine(served: Served) -> str:
    return Shelf(served.place.config.service.data).all()[0][0].id


def work(served: Served) -> str:
    return Calendar(served.place.ledger, served.place.site).all()[0].id


OWNER = frozenset({"owner"})


def step(served: Served) -> str:
    return step_id(served.place.follower.view.cases[0][1].worst.runbook[0])


COMMENT = frozenset({"operator", "engineer", "analyst", "planner", "owner"})
ACKNOWLEDGE = frozenset({"operator", "engineer", "analyst", "owner"})
WORK = frozenset({"analyst", "owner"})
PACKETS = frozenset({"engineer", "analyst", "owner"})
ANNOUNCE = frozenset({"engineer", "planner", "owner"})
WINDOW = {"begin": "2031-12-01T06:00:00Z", "until": "2031-12-01T07:00:00Z", "because": "a test of rights"}


ALLOW: dict[str, Row] = {
    "explain": Row(ALL, query="action=asset:edit&kind=Asset"),
    # A version that is none: who may is told so, and nothing is changed for other tests.
    "change_case": Row(WORK, {"id": case}, {"version": 999, "state": "in_work"}),
    "comment_on_case": Row(COMMENT, {"id": case}, {"text": "seen"}),
    "tick_step": Row(COMMENT, {"id": case, "step": step}, {"done": False}),
    "acknowledge_cases": Row(ACKNOWLEDGE, {}, lambda served: {"cases": [case(served)]}),
    "acknowledge_notice": Row(ACKNOWLEDGE, {"id": notice}),
    "say_normal": Row(WORK, {"id": notice}, {"because": "a test of rights", "days": 1}),
    "announce_work": Row(ANNOUNCE, {}, lambda served: {**WINDOW, "assets": [asset(served)]}),
    "list_windows": Row(ALL),
    "list_assignees": Row(WORK),
    "get_case_file": Row(ALL, {"id": case}, query="format=stix"),
    "get_notice_packets": Row(PACKETS, {"id": notice}),
    "take_notice_packets": Row(PACKETS, {"id": notice}),
    "take_case_packets": Row(PACKETS, {"id": case}),
    "change_asset": Row(EDIT, {"id": asset}, {}),
    "delete_zone": Row(EDIT, {"zone": zone}),
    "get_activity": Row(ALL),
    "get_asset": Row(ALL, {"id": asset}),
    "get_audit_head": Row(AUDIT),
    "get_case": Row(ALL, {"id": case}),
    "get_notice": Row(ALL, {"id": notice}),
    "get_me": Row(ALL),
    "get_last_move": Row(ALL),
    "get_map": Row(ALL),
    "get_map_activity": Row(ALL),
    "get_now": Row(ALL),
    "get_settings": Row(AUDIT),
    "get_tags_reading": Row(ALL),
    "get_upload": Row(LAKE, {"id": "none"}),
    "list_uploads": Row(LAKE),
    "send_capture": Row(LAKE),
    "send_names": Row(EDIT),
    "invite": Row(OWNER, body={"login": "x" * 64, "name": "", "roles": ["nothing"]}),
    "list_assets": Row(ALL),
    "list_collectors": Row(ALL),
    "list_machines": Row(ALL),
    "get_machine": Row(ALL, {"id": machine}),
    # A time without values: who may is told so, and nothing is learned.
    "approve_machine": Row(EDIT, {"id": machine}, {"since": "2001-01-01T00:00:00Z", "until": "2001-01-01T01:00:00Z"}),
    "forget_machine": Row(EDIT, {"id": machine}),
    "freeze_machine": Row(EDIT, {"id": machine}, {"frozen": False}),
    "list_maintenance": Row(ALL),
    "get_maintenance": Row(ALL, {"id": work}),
    "get_maintenance_calendar": Row(ALL),
    "list_maintenance_models": Row(ALL),
    "list_maintenance_units": Row(ALL),
    "answer_maintenance": Row(ANNOUNCE, {"id": work}, {"state": "accepted"}),
    "list_audit": Row(AUDIT),
    "list_cases": Row(ALL),
    "list_conduits": Row(ALL),
    "list_conversations": Row(ALL),
    "list_findings": Row(ALL),
    "keep_query": Row(LAKE, body={"title": "mine", "sql": "SELECT 1"}),
    "list_notices": Row(ALL),
    "list_people": Row(AUDIT),
    "list_tokens": Row(AUDIT),
    "make_token": Row(OWNER, body={"name": "t", "scopes": ["read"], "days": 1}),
    "recover": Row(OWNER, {"login": "planner"}, body={}),
    "revoke_token": Row(OWNER, {"prefix": "lw_aaaaaaaa"}),
    "set_disabled": Row(OWNER, {"login": "planner"}, body={"disabled": False}),
    "set_rights": Row(OWNER, {"login": "planner"}, body={"roles": ["planner"], "shifts": None}),
    "list_queries": Row(LAKE),
    "list_records": Row(LAKE, {"stream": "conn"}),
    "list_streams": Row(LAKE),
    "list_tags": Row(ALL),
    "query": Row(LAKE, body={"sql": "SELECT 1"}),
    "get_report": Row(ALL, {"id": "none"}),
    "get_report_file": Row(ALL, {"id": "none"}),
    "list_reports": Row(ALL),
    "make_report": Row(REPORT, body={"kind": "cases"}),
    "remove_report": Row(ALL, {"id": "none"}),
    "remove_query": Row(LAKE, {"id": "none"}),
    "describe_tag": Row(EDIT, {"id": tag}, {}),
    # Without a tag nothing is counted: who may ask is told to name one.
    "get_energy": Row(ALL),
    "get_output": Row(ALL),
    "list_meters": Row(ALL),
    "tag_events": Row(ALL),
    "tag_values": Row(ALL),
    "list_zone_suggestions": Row(ALL),
    "list_zones": Row(ALL),
    "move_assets": Row(EDIT, {"zone": zone}, {"assets": ["none"]}),
    "put_zone": Row(EDIT, {"zone": "a zone of the table"}, {}),
    "take_assets_out": Row(EDIT, {"zone": zone}, query="asset=none"),
    "undo_move": Row(EDIT, query="id=0"),
    "verify_audit": Row(AUDIT),
}
STREAMS = {"follow"}
"""Never end: tested by themselves."""
