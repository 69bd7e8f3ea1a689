"""Who may call what: one row an operation of the API, held against the running console by test_allow.py.

`roles` are those that may; all others are refused (403). `body` and `path` are what a call needs to get as far as the
question of rights; a value that is a callable is given the console.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.console.house import ROLES, Served

ALL = frozenset(ROLES)
AUDIT = frozenset({"auditor", "owner"})
LAKE = frozenset({"engineer", "analyst", "owner"})


@dataclass(frozen=True)
class Row:
    """An operation. `query` is its query string."""

    roles: frozenset[str]
    path: Mapping[str, str | Callable[[Served], str]] = field(default_factory=dict)
    body: Any = None
    query: str = ""


def asset(served: Served) -> str:
    return next(iter(served.place.follower.view.assets))


def case(served: Served) -> str:
    return served.place.follower.view.cases[0][1].id


def notice(served: Served) -> str:
    return served.place.follower.view.notices[0].notice_id


ALLOW: dict[str, Row] = {
    "get_activity": Row(ALL),
    "get_asset": Row(ALL, {"id": asset}),
    "get_audit_head": Row(AUDIT),
    "get_case": Row(ALL, {"id": case}),
    "get_notice": Row(ALL, {"id": notice}),
    "get_now": Row(ALL),
    "list_assets": Row(ALL),
    "list_audit": Row(AUDIT),
    "list_cases": Row(ALL),
    "list_conversations": Row(ALL),
    "list_findings": Row(ALL),
    "keep_query": Row(LAKE, body={"title": "mine", "sql": "SELECT 1"}),
    "list_notices": Row(ALL),
    "list_queries": Row(LAKE),
    "list_streams": Row(LAKE),
    "list_tags": Row(ALL),
    "query": Row(LAKE, body={"sql": "SELECT 1"}),
    "remove_query": Row(LAKE, {"id": "none"}),
    "tag_events": Row(ALL),
    "tag_values": Row(ALL),
    "verify_audit": Row(AUDIT),
}
STREAMS = {"follow"}
"""Never end: tested by themselves."""
