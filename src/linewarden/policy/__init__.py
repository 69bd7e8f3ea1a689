"""WHAT IS ALLOWED: access as Cedar policies. Pure: who asks, what for and when is handed in; the default is no.

`access/` has the schema and one file a role or rule. `decide` answers, `explain` says why and what would help, and
`may_apply` is the two-person rule for what can touch a plant.
"""

from __future__ import annotations

from linewarden.policy.approval import Act, may_apply
from linewarden.policy.deciding import Decision, decide
from linewarden.policy.explaining import Explanation, explain
from linewarden.policy.model import (
    Account,
    Action,
    Held,
    Kind,
    Machine,
    Moment,
    Person,
    Place,
    PlantAction,
    Request,
    Role,
    Scope,
    Thing,
)
from linewarden.policy.rules import Access, Rule, compiled, shipped

__all__ = [
    "Access", "Account", "Act", "Action", "Decision", "Explanation", "Held", "Kind", "Machine", "Moment", "Person",
    "Place", "PlantAction", "Request", "Role", "Rule", "Scope", "Thing", "compiled", "decide", "explain", "may_apply",
    "shipped",
]  # fmt: skip
