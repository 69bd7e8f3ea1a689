"""Two persons for what can touch a plant.

The rules themselves are policies (access/rules/two_persons.cedar); this asks them of all three steps once more, at the
moment of applying: of the proposal, the approval, and who applies. So a role that was taken away in between counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from linewarden.policy.deciding import Decision, decide
from linewarden.policy.model import Action, Moment, Person, PlantAction, Request
from linewarden.policy.rules import Access, shipped


@dataclass(frozen=True, slots=True)
class Act:
    """A step that somebody took: who, with the roles that they hold *now*; when, and of which action (its id)."""

    by: Person
    moment: Moment
    of: str


def may_apply(
    action: PlantAction, proposal: Act, approval: Act, by: Person, moment: Moment, access: Access | None = None
) -> Decision:
    """May the action be applied now? Only if each step was, and is, allowed to who took it. The first no is given."""
    rules = access or shipped()
    if not proposal.of == approval.of == action.id:
        return Decision(False, "what was proposed, what was approved and what would be applied are not the same")
    bare = PlantAction(action.id, action.place, action.disruptive)
    proposed = replace(bare, proposer=proposal.by.id, proposed=proposal.moment.now)
    approved = replace(proposed, approver=approval.by.id, approved=approval.moment.now)
    steps = (
        ("proposal", Request(proposal.by, Action.PLANT_PROPOSE, bare, proposal.moment)),
        ("approval", Request(approval.by, Action.PLANT_APPROVE, proposed, approval.moment)),
        ("application", Request(by, Action.PLANT_APPLY, approved, moment)),
    )
    decision = Decision(False, "nothing was asked")
    for name, request in steps:
        decision = decide(request, rules)
        if not decision:
            return replace(decision, why=f"the {name} by {request.who.id}: {decision.why}")
    return decision
