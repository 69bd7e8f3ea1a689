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


OWNER = frozenset({"owner"})


ALLOW: dict[str, Row] = {
    "explain": Row(ALL, query="action=asset:edit&kind=Asset"),
    "get_activity": Row(ALL),
    "get_asset": Row(ALL, {"id": asset}),
    "get_audit_head": Row(AUDIT),
    "get_case": Row(ALL, {"id": case}),
    "get_notice": Row(ALL, {"id": notice}),
    "get_me": Row(ALL),
    "get_map": Row(ALL),
    "get_map_activity": Row(ALL),
    "get_now": Row(ALL),
    "get_settings": Row(AUDIT),
    "invite": Row(OWNER, body={"login": "x" * 64, "name": "", "roles": ["nothing"]}),
    "list_assets": Row(ALL),
    "list_audit": Row(AUDIT),
    "list_cases": Row(ALL),
    "list_conversations": Row(ALL),
    "list_findings": Row(ALL),
    "list_notices": Row(ALL),
    "list_people": Row(AUDIT),
    "list_tokens": Row(AUDIT),
    "make_token": Row(OWNER, body={"name": "t", "scopes": ["read"], "days": 1}),
    "recover": Row(OWNER, {"login": "planner"}, body={}),
    "revoke_token": Row(OWNER, {"prefix": "lw_aaaaaaaa"}),
    "set_disabled": Row(OWNER, {"login": "planner"}, body={"disabled": False}),
    "set_rights": Row(OWNER, {"login": "planner"}, body={"roles": ["planner"], "shifts": None}),
    "verify_audit": Row(AUDIT),
}
STREAMS = {"follow"}
"""Never end: tested by themselves."""
