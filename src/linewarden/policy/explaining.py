"""Why, and "why can I not...": what would have to be otherwise. Each "would" was asked of the engine, not guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from linewarden.policy.cedar import evaluate
from linewarden.policy.deciding import Decision, decide, deciding_rules
from linewarden.policy.entities import entities_of, request_of
from linewarden.policy.model import Account, Held, Machine, Person, Place, Request, Role, Scope, Thing
from linewarden.policy.rules import Access, shipped


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in one sentence. `lacking`: any one of these roles or scopes would allow it, if nothing forbade it;
    `instead`: what to do about each policy that forbids.
    """

    decision: Decision
    sentence: str
    lacking: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


def explain(request: Request, access: Access | None = None) -> Explanation:
    """Says which policy allowed or forbade it; if none allowed it, which roles or scopes would have."""
    rules = access or shipped()
    decision = decide(request, rules)
    asked = f"{request.who.id} may{'' if decision else ' not'} {request.action} {request.what.id}"
    if decision:
        return Explanation(decision, f"{asked}, as {decision.why}.")
    lacking = () if _permitted(request, rules) else tuple(_would(request, rules))
    instead = tuple(r.instead for r in deciding_rules(decision, rules))
    return Explanation(decision, f"{asked}: {'; '.join(_parts(request, decision, lacking, instead, rules))}.",
                       lacking, instead)  # fmt: skip


def _parts(
    request: Request, decision: Decision, lacking: tuple[str, ...], instead: tuple[str, ...], access: Access
) -> Iterator[str]:
    yield decision.why
    if instead:
        yield f"what to do: {', and '.join(instead)}"
    if _permitted(request, access):
        return
    what = "scope" if isinstance(request.who, Machine) else "role"
    if lacking:
        yield f"{'also ' if instead else ''}it takes the {what} {_either(lacking)} at {_place(request)}"
    else:
        yield f"{'also ' if instead else ''}no {what} would allow it"


def _either(names: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`"""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _permitted(request: Request, access: Access) -> bool:
    try:
        return evaluate(request_of(request), access.permits, entities_of(request), access.schema).allowed
    except ValueError:
        return False


def _would(request: Request, access: Access) -> Iterator[str]:
    """Each role, or scope, that alone would do at the place of the thing."""
    who, places = request.who, _places(request)
    if isinstance(who, Machine):
        for scope in Scope:
            more: Person | Machine = replace(who, scopes=who.scopes | {scope}, places=who.places | places)
            if _permitted(replace(request, who=more), access):
                yield str(scope)
        return
    for role in Role:
        more = replace(who, held=who.held | {Held(role, p) for p in places})
        if _permitted(replace(request, who=more), access):
            yield str(role)


def _places(request: Request) -> frozenset[Place]:
    if isinstance(request.what, Account):
        return frozenset(map(Place, request.what.sites))
    return frozenset({request.what.covered if isinstance(request.what, Thing) else request.what.place})


def _place(request: Request) -> str:
    return " and ".join(sorted(map(str, _places(request)))) or "a site of the account"
