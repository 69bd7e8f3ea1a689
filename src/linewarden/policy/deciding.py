"""May somebody do something? Yes only if a policy says so, none forbids it, and none failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from linewarden.policy.cedar import Verdict, evaluate
from linewarden.policy.entities import entities_of, request_of
from linewarden.policy.model import Account, Action, Machine, Moment, Person, PlantAction, Request, Thing
from linewarden.policy.rules import Access, Rule, shipped

TIMELESS = frozenset({
    Action.SITE_READ, Action.ASSET_READ, Action.CASE_READ, Action.NOTICE_READ, Action.TAG_READ, Action.REPORT_READ,
    Action.LAKE_QUERY, Action.LAKE_PACKETS, Action.REPORT_CREATE, Action.AUDIT_READ, Action.SETTINGS_READ,
    Action.ACCOUNT_READ,
})  # fmt: skip
"""Of these no policy looks at the moment (a test holds that): who asks, what for and of what is all that decides."""
MOST_KEPT = 8_192
_ANY_MOMENT = Moment(datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, why in half a sentence, and the @ids of the policies that made it."""

    allowed: bool
    why: str
    policies: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed


def decide(request: Request, access: Access | None = None) -> Decision:
    """The decision. Pure, and never raises: what cannot be asked is denied."""
    if access is None and request.action in TIMELESS and _has_zone(request.moment):
        return _once(request.who, request.action, request.what)
    return _asked(request, access or shipped())


@lru_cache(MOST_KEPT)
def _once(who: Person | Machine, action: Action, what: Thing | Account | PlantAction) -> Decision:
    """A page asks the same dozens of times. `who` has all grants in it: with other rights it is another question."""
    return _asked(Request(who, action, what, _ANY_MOMENT), shipped())


def _has_zone(moment: Moment) -> bool:
    """A question with a time that is none is denied, whatever it is about."""
    return all(t is None or t.tzinfo is not None for t in (moment.now, moment.authenticated))


def _asked(request: Request, rules: Access) -> Decision:
    try:
        verdict = evaluate(request_of(request), rules.policies, entities_of(request), rules.schema)
    except ValueError as error:  # a time without a zone, a lone surrogate
        return Decision(False, f"the question could not be asked ({error})")
    return Decision(verdict.allowed, _why(verdict, rules), tuple(sorted(verdict.named)))


def deciding_rules(decision: Decision, access: Access) -> list[Rule]:
    """The policies behind a decision."""
    return [access.rules[name] for name in decision.policies if name in access.rules]


def _why(verdict: Verdict, access: Access) -> str:
    if verdict.errors:
        return f"the question could not be answered ({' '.join(verdict.errors[0].split())}), so the answer is no"
    if not verdict.named:
        return "no policy allows it"
    return "; ".join(f"{name}: {access.rules[name].says}" for name in sorted(verdict.named))
