"""Why, and "why can I not..."."""

from __future__ import annotations

from dataclasses import replace

from linewarden.policy import Account, Action, Machine, Moment, PlantAction, Request, Role, Scope, explain
from tests.policy.world import CELL, FRESH, HERE, NOW, ask, person


def test_what_is_allowed_names_the_policy_that_allowed_it() -> None:
    found = explain(ask(person(Role.VIEWER, name="anna"), Action.ASSET_READ))
    assert found.decision
    assert found.sentence == "anna may asset:read one, as viewer: viewers look at what is at their place."


def test_what_no_policy_allows_tells_which_roles_would() -> None:
    found = explain(ask(person(Role.OPERATOR, name="anna"), Action.ASSET_EDIT, CELL))
    assert found.lacking == ("engineer", "owner")
    assert found.sentence == (
        "anna may not asset:edit one: no policy allows it; it takes the role engineer or owner at here/cell-1."
    )


def test_what_is_forbidden_tells_what_to_do_and_not_of_roles_that_are_there() -> None:
    found = explain(ask(person(Role.OWNER), Action.SETTINGS_WRITE, moment=Moment(NOW)))
    assert (found.lacking, found.instead) == ((), ("sign in again",))
    assert found.decision.policies == ("fresh-sign-in",)


def test_of_what_is_the_sites_the_role_at_the_site_is_told() -> None:
    found = explain(ask(person(Role.OWNER, CELL), Action.SETTINGS_READ, CELL))
    assert found.sentence.endswith("it takes the role auditor or owner at here.")


def test_both_are_told_where_both_are_so() -> None:
    action = PlantAction("a1", HERE, proposer="anna", proposed=NOW)
    found = explain(Request(person(Role.OPERATOR, name="anna"), Action.PLANT_APPROVE, action, FRESH))
    assert found.lacking == ("engineer", "owner")
    assert found.instead == ("ask another person who may approve it",)
    assert "nobody approves what they proposed" in found.sentence


def test_a_token_is_told_its_scope() -> None:
    request = replace(ask(person(), Action.LAKE_QUERY), who=Machine("t", frozenset({Scope.READ}), frozenset({HERE})))
    assert explain(request).lacking == ("query",)
    assert explain(replace(request, action=Action.PLANT_APPLY, what=PlantAction("a", HERE))).lacking == ()


def test_an_account_of_two_sites_takes_the_role_at_both() -> None:
    found = explain(
        Request(person(Role.OWNER), Action.ACCOUNT_MANAGE, Account("bob", frozenset({"here", "there"})), FRESH)
    )
    assert found.sentence.endswith("it takes the role owner at here and there.")
