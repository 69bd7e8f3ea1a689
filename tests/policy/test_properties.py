"""What must hold whatever is asked."""

from __future__ import annotations

import random
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from hypothesis import given, settings, strategies as st

from linewarden.policy import (
    Access,
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
    compiled,
    decide,
    explain,
    shipped,
)
from linewarden.policy.rules import policy_files
from tests.policy.world import NOW

FOLDER = Path(str(files("linewarden.policy") / "access"))
TEXTS = [f.read_text("utf-8") for f in policy_files(FOLDER)]
SCHEMA = (FOLDER / "schema.cedarschema").read_text()
EVERYTHING = '@id("all") @says("all") permit(principal, action, resource);'
NOTHING = '@id("none") @says("none") @instead("nothing") forbid(principal, action, resource);'

names = st.text(min_size=1, max_size=8)
places = st.builds(Place, st.sampled_from(["here", "there"]), st.sampled_from(["", "cell-1", "cell-2"]))
sites = st.frozensets(st.sampled_from(["here", "there"]))
times = st.integers(-2000, 2000).map(lambda minutes: NOW + timedelta(minutes=minutes))
people = st.builds(
    Person, names, st.frozensets(st.builds(Held, st.sampled_from(Role), places), max_size=4),
    st.none() | st.frozensets(st.sampled_from(["early", "late"])),
)  # fmt: skip
machines = st.builds(Machine, names, st.frozensets(st.sampled_from(Scope)), st.frozensets(places, max_size=3))
things = st.one_of(
    st.builds(Thing, st.sampled_from(Kind), names, places),
    st.builds(Account, names, sites),
    st.builds(PlantAction, names, places, st.booleans(), names, st.none() | times, names, st.none() | times),
)
moments = st.builds(
    Moment, times, st.none() | times, st.none() | st.sampled_from(["early", "late"]), st.frozensets(places, max_size=2)
)
requests = st.builds(Request, people | machines, st.sampled_from(Action), things, moments)


def with_rules(*more: str) -> Access:
    return compiled([*TEXTS, *more], SCHEMA)


NO_POLICY, ALL_ALLOWED, ALL_FORBIDDEN = compiled([], SCHEMA), with_rules(EVERYTHING), with_rules(EVERYTHING, NOTHING)
SHUFFLED = [compiled(random.Random(seed).sample(TEXTS, len(TEXTS)), SCHEMA) for seed in range(5)]


@settings(deadline=None)
@given(requests)
def test_without_a_policy_the_answer_is_no(request: Request) -> None:
    assert not decide(request, NO_POLICY)


@settings(deadline=None)
@given(requests)
def test_what_forbids_beats_what_permits(request: Request) -> None:
    assert not decide(request, ALL_FORBIDDEN)
    ours = decide(request)
    if not ours and ours.policies:  # forbidden: no further permission helps
        assert not decide(request, ALL_ALLOWED)


@settings(deadline=None)
@given(requests)
def test_the_order_of_policies_does_not_matter(request: Request) -> None:
    expected = decide(request)
    for other in SHUFFLED:
        assert decide(request, other) == expected


@settings(deadline=None)
@given(requests.filter(lambda r: isinstance(r.who, Person)), st.frozensets(st.sampled_from(Role)))
def test_roles_at_one_site_are_nothing_at_another(request: Request, roles: frozenset[Role]) -> None:
    here = Place("here")
    who = Person("x", frozenset(Held(r, here) for r in roles | {Role.OWNER}))
    what = request.what
    if isinstance(what, Account):
        elsewhere: Thing | Account | PlantAction = Account(what.id, what.sites | {"there"})
        if request.action is Action.ACCOUNT_READ and Role.AUDITOR in roles and "here" in what.sites:
            return  # an auditor of one of its sites reads an account; nobody of one site changes it
    elif isinstance(what, Thing):
        elsewhere = Thing(what.kind, what.id, Place("there", what.place.zone))
    else:
        elsewhere = PlantAction(what.id, Place("there", what.place.zone), False, "p", NOW, "a", NOW)
    assert not decide(Request(who, request.action, elsewhere, request.moment))


@settings(deadline=None)
@given(requests.filter(lambda r: isinstance(r.who, Machine)))
def test_no_token_administers_or_touches_a_plant(request: Request) -> None:
    if request.action.partition(":")[0] in ("plant", "settings", "account", "role", "token"):
        assert not decide(request)
        assert not decide(request, ALL_ALLOWED) or request.action in (Action.SETTINGS_READ, Action.ACCOUNT_READ)


@settings(deadline=None, max_examples=50)
@given(requests)
def test_an_explanation_says_what_the_decision_is(request: Request) -> None:
    found = explain(request)
    assert found.decision == decide(request)
    assert (" may not " in found.sentence) or found.decision.allowed
    assert found.sentence.endswith(".")
    assert set(found.decision.policies) <= shipped().rules.keys()
