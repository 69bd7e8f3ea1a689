"""Two persons for what can touch a plant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from linewarden.policy import Act, Moment, PlantAction, Role, may_apply
from tests.policy.world import CELL, HERE, NOW, THERE, person

ACTION = PlantAction("sha256:1", CELL, disruptive=False)
ANNA, BOB, EVE = (person(Role.ENGINEER, name=n) for n in ("anna", "bob", "eve"))


def at(hours: float) -> Moment:
    """So many hours ago, just signed in."""
    then = NOW - timedelta(hours=hours)
    return Moment(then, authenticated=then)


PROPOSAL, APPROVAL = Act(ANNA, at(3), ACTION.id), Act(BOB, at(2), ACTION.id)


def test_two_persons_with_the_right_are_enough() -> None:
    for applier in (ANNA, BOB, EVE):
        assert may_apply(ACTION, PROPOSAL, APPROVAL, applier, at(0))


@pytest.mark.parametrize(
    ("proposal", "approval", "why"),
    [
        (PROPOSAL, replace(APPROVAL, by=ANNA), "the approval by anna: not-the-own-proposal"),
        (PROPOSAL, replace(APPROVAL, by=person(Role.OPERATOR, name="op")), "the approval by op: no policy"),
        (PROPOSAL, replace(APPROVAL, by=person(name="gone")), "the approval by gone: no policy"),
        (replace(PROPOSAL, by=person(Role.PLANNER, name="pia")), APPROVAL, "the proposal by pia: no policy"),
        (PROPOSAL, replace(APPROVAL, by=person(Role.OWNER, THERE, "far")), "the approval by far: no policy"),
        (replace(PROPOSAL, moment=at(25)), APPROVAL, "an-approval-ages"),
        (replace(PROPOSAL, moment=at(30)), APPROVAL, "a-proposal-ages"),
        (PROPOSAL, replace(APPROVAL, moment=at(4.1)), "a-proposal-ages"),
        (PROPOSAL, replace(APPROVAL, moment=at(-1)), "an-approval-ages"),
        (replace(PROPOSAL, moment=at(9)), replace(APPROVAL, moment=at(4.1)), "an-approval-ages"),
        (PROPOSAL, replace(APPROVAL, moment=replace(at(2), authenticated=NOW - timedelta(hours=3))), "fresh-sign-in"),
        (PROPOSAL, replace(APPROVAL, of="sha256:2"), "not the same"),
    ],
)  # fmt: skip
def test_anything_less_is_not(proposal: Act, approval: Act, why: str) -> None:
    decision = may_apply(ACTION, proposal, approval, EVE, at(0))
    assert not decision
    assert why in decision.why


def test_who_applies_needs_the_right_and_a_fresh_sign_in_too() -> None:
    assert "application by op" in may_apply(ACTION, PROPOSAL, APPROVAL, person(Role.OPERATOR, name="op"), at(0)).why
    assert "fresh-sign-in" in may_apply(ACTION, PROPOSAL, APPROVAL, EVE, Moment(NOW)).why


def test_steps_that_the_action_itself_claims_do_not_count() -> None:
    claimed = replace(ACTION, proposer="x", proposed=NOW, approver="y", approved=NOW)
    assert not may_apply(claimed, PROPOSAL, replace(APPROVAL, by=ANNA), EVE, at(0))
    assert may_apply(replace(ACTION, place=HERE), PROPOSAL, APPROVAL, EVE, at(0))
