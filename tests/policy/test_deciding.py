"""Who may do what: the table of roles, and the rules that forbid."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from linewarden.policy import (
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
    decide,
)
from tests.policy.world import CELL, FRESH, HERE, NOW, THERE, ask, person

LOOK = {"site:read", "asset:read", "case:read", "notice:read", "tag:read", "report:read"}
LAKE = {"lake:query", "lake:packets", "lake:add"}
KEEP = {"zone:edit", "asset:edit", "tag:edit"}
PLANT = {"plant:propose", "plant:approve", "plant:apply"}
MAY = {
    Role.VIEWER: LOOK,
    Role.OPERATOR: LOOK | {"case:comment", "notice:acknowledge", "plant:propose"},
    Role.ENGINEER: LOOK | LAKE | KEEP | PLANT
    | {"report:create", "case:comment", "notice:acknowledge", "maintenance:announce"},
    Role.ANALYST: LOOK | LAKE
    | {"report:create", "case:comment", "case:work", "notice:acknowledge", "notice:normal", "plant:propose"},
    Role.PLANNER: LOOK | {"report:create", "case:comment", "maintenance:announce"},
    Role.AUDITOR: LOOK | {"report:create", "audit:read", "settings:read", "account:read"},
    Role.OWNER: set(Action),
}  # fmt: skip


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_the_table_says_and_nothing_else(role: Role) -> None:
    assert {str(a) for a in Action if decide(ask(person(role), a))} == MAY[role]


@pytest.mark.parametrize("action", Action)
def test_without_a_role_nothing_is_allowed(action: Action) -> None:
    decision = decide(ask(person(), action))
    assert not decision
    assert decision.why == "no policy allows it"


def test_a_role_in_a_zone_is_no_role_in_the_rest_of_the_site() -> None:
    in_cell = person(Role.ENGINEER, CELL)
    assert decide(ask(in_cell, Action.ASSET_EDIT, CELL))
    assert not decide(ask(in_cell, Action.ASSET_EDIT, HERE))
    assert not decide(ask(in_cell, Action.ASSET_EDIT, Place("here", "cell-2")))
    assert not decide(ask(in_cell, Action.ASSET_EDIT, Place("there", "cell-1")))
    assert decide(ask(person(Role.ENGINEER, HERE), Action.ASSET_EDIT, CELL))


def test_of_a_lake_a_zone_has_its_part() -> None:
    part, whole = Thing(Kind.LAKE, "it", CELL), Thing(Kind.LAKE, "it", HERE)
    assert decide(Request(person(Role.ANALYST, CELL), Action.LAKE_QUERY, part, FRESH))
    assert not decide(Request(person(Role.ANALYST, CELL), Action.LAKE_QUERY, whole, FRESH))
    assert decide(Request(person(Role.ANALYST, HERE), Action.LAKE_QUERY, part, FRESH))


def test_settings_and_audit_are_of_the_site_whatever_zone_is_named() -> None:
    for kind, action in ((Kind.SETTINGS, Action.SETTINGS_READ), (Kind.AUDIT, Action.AUDIT_READ)):
        named = Thing(kind, "it", CELL)
        assert decide(Request(person(Role.OWNER, HERE), action, named, FRESH))
        assert decide(Request(person(Role.OWNER, CELL), action, named, FRESH)).why == "no policy allows it"


def test_an_account_with_a_role_elsewhere_is_not_one_owners_alone() -> None:
    both = Account("bob", frozenset({"here", "there"}))
    here, everywhere = person(Role.OWNER), Person("x", frozenset({Held(Role.OWNER, HERE), Held(Role.OWNER, THERE)}))
    for action in (Action.ACCOUNT_MANAGE, Action.ACCOUNT_READ):
        assert not decide(Request(here, action, both, FRESH))
        assert decide(Request(everywhere, action, both, FRESH))
    assert not decide(Request(person(Role.OWNER, CELL), Action.ACCOUNT_MANAGE, Account("new"), FRESH))


@pytest.mark.parametrize("action", [Action.SETTINGS_WRITE, Action.ROLE_GRANT, Action.PLANT_PROPOSE])
@pytest.mark.parametrize("signed_in", [None, NOW - timedelta(minutes=16), NOW + timedelta(minutes=1)])
def test_what_weighs_most_takes_a_fresh_sign_in(action: Action, signed_in: datetime | None) -> None:
    stale = decide(ask(person(Role.OWNER), action, moment=Moment(NOW, authenticated=signed_in)))
    assert (stale.allowed, stale.policies) == (False, ("fresh-sign-in",))
    assert decide(ask(person(Role.OWNER), action, moment=Moment(NOW, authenticated=NOW - timedelta(minutes=15))))


def test_who_audits_a_place_changes_nothing_there() -> None:
    both = Person("x", frozenset({Held(Role.OWNER, HERE), Held(Role.AUDITOR, HERE), Held(Role.OWNER, THERE)}))
    assert decide(ask(both, Action.AUDIT_READ))
    assert decide(ask(both, Action.ASSET_EDIT)).policies == ("auditor-changes-nothing",)
    assert decide(ask(both, Action.ACCOUNT_MANAGE)).policies == ("auditor-manages-no-account",)
    assert decide(ask(both, Action.ASSET_EDIT, THERE))


def test_who_works_on_a_shift_acts_on_that_shift() -> None:
    early = person(Role.OPERATOR, shifts=frozenset({"early"}))
    for shift, allowed in (("early", True), ("late", False), (None, False)):
        moment = replace(FRESH, shift=shift)
        assert decide(ask(early, Action.NOTICE_ACKNOWLEDGE, moment=moment)).allowed is allowed
        assert decide(ask(early, Action.NOTICE_READ, moment=moment))


def test_what_interrupts_production_waits_for_a_window() -> None:
    action = PlantAction("a1", CELL, True, "anna", NOW - timedelta(hours=1), "bob", NOW)
    request = Request(person(Role.ENGINEER), Action.PLANT_APPLY, action, FRESH)
    assert decide(request).policies == ("maintenance-window",)
    for window, open_here in ((CELL, True), (HERE, True), (Place("here", "cell-2"), False), (THERE, False)):
        moment = replace(FRESH, maintenance=frozenset({window}))
        assert decide(replace(request, moment=moment)).allowed is open_here
    assert decide(replace(request, what=replace(action, disruptive=False)))


OPENS = {
    Scope.READ: LOOK, Scope.QUERY: LAKE - {"lake:add"}, Scope.REPORT: {"report:create"}, Scope.AUDIT: {"audit:read"},
    Scope.CASE: {"case:comment", "case:work", "notice:acknowledge"},
}  # fmt: skip


@pytest.mark.parametrize("scope", Scope)
def test_each_scope_opens_what_the_table_says_at_its_places(scope: Scope) -> None:
    token = Machine("siem", frozenset({scope}), frozenset({HERE}))
    may = {str(a) for a in Action if decide(replace(ask(person(), a), who=token))}
    assert may == OPENS[scope]
    assert not any(decide(replace(ask(person(), a, THERE), who=token)) for a in Action)


def test_names_cannot_change_what_is_asked() -> None:
    """Neither quotes nor Cedar in a name mean anything; and no name of a site is another's zone."""
    sly = 'x"}], permit(principal, action, resource); //'
    assert not decide(
        Request(Person(sly), Action.ASSET_READ, Thing(Kind.ASSET, sly, Place(sly.replace("/", ""))), FRESH)
    )
    with pytest.raises(ValueError, match="slash"):
        Place("here/cell-1")


def test_what_cannot_be_asked_is_denied() -> None:
    naive = Moment(NOW.replace(tzinfo=None))
    decision = decide(ask(person(Role.OWNER), Action.ASSET_READ, moment=naive))
    assert not decision
    assert "zone" in decision.why
    wrong = decide(Request(person(Role.OWNER), Action.LAKE_QUERY, Thing(Kind.ASSET, "x", HERE), FRESH))
    assert not wrong
    assert "could not be answered" in wrong.why
    surrogate = decide(Request(Person("\ud800"), Action.ASSET_READ, Thing(Kind.ASSET, "x", HERE), FRESH))
    assert not surrogate


def test_a_question_with_a_time_that_is_none_is_denied_also_where_no_time_matters() -> None:
    asked = ask(person(Role.VIEWER), Action.ASSET_READ)
    assert decide(asked)
    assert not decide(replace(asked, moment=Moment(datetime(2026, 1, 1))))  # noqa: DTZ001 - the point


def test_with_other_grants_the_same_person_is_asked_anew() -> None:
    assert decide(ask(person(Role.VIEWER), Action.ASSET_READ))
    assert not decide(ask(person(), Action.ASSET_READ))
