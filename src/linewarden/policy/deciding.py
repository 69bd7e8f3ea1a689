"""May somebody do something? Yes only if a policy says so, none forbids it, and none failed."""

from __future__ import annotations

from dataclasses import dataclass

from linewarden.policy.cedar import Verdict, evaluate
from linewarden.policy.entities import entities_of, request_of
from linewarden.policy.model import Request
from linewarden.policy.rules import Access, Rule, shipped


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
    rules = access or shipped()
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
