"""Sign-in by a provider: right with a real one, and every way to be wrong refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linewarden.errors import AccessError, SendError
from linewarden.people.model import Account, Grant, Purpose
from linewarden.people.signing_in import Answer
from linewarden.policy import Action, Kind, Place, Thing
from linewarden.service.audit.ledger import entries
from tests.service.oidc.conftest import DESK, Door, Idp, Make

GOOD = "the pump hums at night"


def log(door: Door, action: str) -> list[dict[str, Any]]:
    return [json.loads(e.body) for e in entries(door.house.state) if e.action == action]


def test_who_has_a_group_gets_an_account_with_its_roles(door: Door) -> None:
    found = door.attempt()
    assert found.answer is Answer.IN, found.why
    carla = door.access.session(found.secret, DESK)
    assert carla is not None
    assert carla.account is not None
    assert (carla.account.login, carla.account.name, carla.account.password) == ("carla", "Carla C.", "")
    roles = [Grant("engineer", "plant-a"), Grant("viewer", "plant-b", "filling")]
    assert list(door.house.store.grants(carla.account.id)) == roles
    assert door.access.may(carla, Action.ASSET_EDIT, Thing(Kind.ASSET, "plc-1", Place("plant-a")))
    (begin,) = log(door, "session.begin")
    assert begin["who"] == {"from": DESK, "how": "oidc plant-id"}
    assert log(door, "account.link")[0]["after"] == {"issuer": door.idp.issuer, "subject": "user-17"}


def test_the_second_time_it_is_the_same_account_with_the_groups_of_now(door: Door) -> None:
    door.attempt()
    door.idp.lever(user={"sub": "user-17", "preferred_username": "renamed", "groups": []})
    assert door.attempt().answer is Answer.IN
    (carla,) = door.house.store.accounts()
    assert carla.login == "carla"
    assert not door.house.store.grants(carla.id)


def test_without_a_group_nobody_is_made(door: Door) -> None:
    for groups in ([], ["visitors"], "visitors", {"engineers": True}, None, 7, [["engineers"]]):
        door.idp.lever(user={"sub": "user-18", "preferred_username": "dan", "groups": groups})
        found = door.attempt()
        assert (found.answer, "no group that would make one" in found.why) == (Answer.REFUSED, True)
    assert not door.house.store.accounts()


def test_groups_of_the_userinfo_count_if_it_is_theirs(door: Door) -> None:
    user = {"sub": "user-17", "preferred_username": "carla"}
    door.idp.lever(user=user, userinfo={**user, "groups": ["engineers"]})
    assert door.attempt().answer is Answer.IN
    door.idp.lever(user=user, userinfo={"sub": "user-1", "groups": ["owners"]})
    found = door.attempt()
    assert (found.answer, "somebody else" in found.why) == (Answer.REFUSED, True)


def test_an_account_of_the_same_login_or_e_mail_is_not_taken_over(door: Door) -> None:
    code = door.house.onboarding.first_owner("plant-a")
    anna = door.house.onboarding.accept_first_owner(code, "carla", "", GOOD)
    found = door.attempt()
    assert (found.answer, "not linked" in found.why) == (Answer.REFUSED, True)
    door.idp.lever(user={"sub": "x", "preferred_username": "c2", "email": "carla", "groups": ["engineers"]})
    assert door.attempt().answer is Answer.IN
    assert [a.login for a in door.house.store.accounts()] == ["c2", "carla"]
    assert not door.house.store.identities(anna.id)


def test_an_account_that_an_owner_linked_is_theirs(make: Make) -> None:
    door = make("create = false")
    code = door.house.onboarding.first_owner("plant-a")
    anna = door.house.onboarding.accept_first_owner(code, "anna", "", GOOD)
    assert door.attempt().answer is Answer.REFUSED
    door.house.store.link(anna.id, door.idp.issuer, "user-17", datetime.now(UTC))
    door.idp.lever(user={"sub": "user-17", "groups": ["owners"]})
    assert door.attempt().answer is Answer.IN


def test_the_last_owner_is_not_lost_by_a_group_that_went(door: Door) -> None:
    door.idp.lever(user={"sub": "user-1", "preferred_username": "eve", "groups": ["owners"]})
    assert door.attempt().answer is Answer.IN
    door.idp.lever(user={"sub": "user-1", "groups": ["engineers"]})
    found = door.attempt()
    assert (found.answer, "last owner" in found.why) == (Answer.REFUSED, True)


def test_who_was_disabled_does_not_come_in(door: Door) -> None:
    door.attempt()
    (carla,) = door.house.store.accounts()
    door.house.administration.disable(carla)
    found = door.attempt()
    assert (found.answer, found.why) == (Answer.REFUSED, "carla: is disabled")


def test_an_account_without_a_password_is_not_opened_by_any(door: Door) -> None:
    door.attempt()
    for password in ("", GOOD):
        assert door.access.sign_in("carla", password, "", DESK).answer is Answer.REFUSED


# --- tokens that are not right ---

FUTURE, PAST = int(time.time()) + 10_000, int(time.time()) - 10_000
WRONG = {
    "nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"without": ["nonce"]},
    "audience": {"claims": {"aud": "another-client"}},
    "audience among others without azp": {"claims": {"aud": ["linewarden", "another-client"]}},
    "azp": {"claims": {"aud": ["linewarden", "another-client"], "azp": "another-client"}},
    "no audience": {"without": ["aud"]},
    "issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"without": ["iss"]},
    "expired": {"claims": {"exp": PAST, "iat": PAST - 300}},
    "no end": {"without": ["exp"]},
    "not yet": {"claims": {"nbf": FUTURE}},
    "from the future": {"claims": {"iat": FUTURE, "exp": FUTURE + 300}},
    "nobody": {"without": ["sub"]},
    "an empty subject": {"claims": {"sub": ""}},
    "a subject that is no text": {"claims": {"sub": 17}},
    "alg none": {"forge": "none"},
    "HMAC with the public key": {"forge": "hmac"},
    "a stranger's key": {"forge": "stranger"},
    "changed after signing": {"forge": "changed"},
    "a weak key": {"signs": "weak"},
    "a key of another kind": {"claims": {}, "signs": "k1", "alg": "RS256", "shown": ["e1"]},
    "at_hash": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_is_not_right_opens_nothing(make: Make, wrong: str) -> None:
    door = make()
    door.idp.lever(**WRONG[wrong])
    found = door.attempt()
    assert (found.answer, found.secret) == (Answer.REFUSED, "")
    assert "the ID token is not right" in found.why
    assert not door.house.store.accounts()
    (refused,) = log(door, "session.refused")
    assert refused["detail"]["how"] == "oidc plant-id"
    door.idp.lever()
    assert make().attempt().answer is Answer.IN


@pytest.mark.parametrize(("alg", "signs"), [("PS256", "k1"), ("ES256", "e1")])
def test_other_algorithms_of_public_keys_are_taken(door: Door, alg: str, signs: str) -> None:
    door.idp.lever(alg=alg, signs=signs)
    found = door.attempt()
    assert found.answer is Answer.IN, found.why


def test_new_keys_are_fetched_and_not_for_every_forgery(door: Door) -> None:
    assert door.attempt().answer is Answer.IN
    provider = door.providers._providers["plant-id"]
    now = [provider._clock()]
    provider._clock = lambda: now[0]
    door.idp.lever(signs="k2", shown=["k2"])
    now[0] += 31
    assert door.attempt().answer is Answer.IN
    before = door.idp.lever(forge="stranger", shown=["k2"], signs="k2")["jwks"]
    for _ in range(5):
        assert door.attempt().answer is Answer.REFUSED
    assert door.idp.lever()["jwks"] == before
    door.idp.lever(signs="k1", shown=["k1"])
    assert door.attempt().answer is Answer.REFUSED
    now[0] += 31
    assert door.attempt().answer is Answer.IN


# --- answers that are not right ---


def test_a_used_answer_does_not_work_again(door: Door) -> None:
    begun = door.providers.begin("plant-id")
    answer = door.idp.visit(begun.url)
    assert door.finish(begun.secret, answer).answer is Answer.IN
    found = door.finish(begun.secret, answer)
    assert (found.answer, "used already" in found.why) == (Answer.REFUSED, True)


def test_a_code_of_another_attempt_does_not_fit(door: Door) -> None:
    """Somebody brings the code of their victim (or the other way round): PKCE, at the provider, refuses it."""
    theirs = door.idp.visit(door.providers.begin("plant-id").url)
    found = door.attempt(change=lambda q: q.update(code=theirs["code"]))
    assert (found.answer, "invalid_grant" in found.why) == (Answer.REFUSED, True)


def test_an_answer_belongs_to_the_browser_that_began(door: Door) -> None:
    begun, other = door.providers.begin("plant-id"), door.providers.begin("plant-id")
    answer = door.idp.visit(begun.url)
    for secret in (other.secret, "", "x"):
        found = door.finish(secret, answer)
        assert (found.answer, "another browser" in found.why) == (Answer.REFUSED, True)
    assert door.finish(begun.secret, answer).answer is Answer.IN


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda q: q.update(state="x"), "another attempt"),
        (lambda q: q.pop("state"), "another attempt"),
        (lambda q: q.update(iss="https://evil.example"), "another provider"),
        (lambda q: q.pop("iss"), "another provider"),
        (lambda q: q.update(code="made-up"), "invalid_grant"),
        (lambda q: q.pop("code"), "did not sign you in"),
        (lambda q: q.update(error="access_denied"), "access_denied"),
    ],
)
def test_a_changed_answer_opens_nothing(door: Door, change: Callable[[dict[str, str]], Any], why: str) -> None:
    found = door.attempt(change=change)
    assert (found.answer, why in found.why) == (Answer.REFUSED, True), found.why


def test_an_answer_for_one_provider_is_none_for_another(make: Make) -> None:
    more = 'create = true\n[[oidc]]\nname = "other-id"\nissuer = "https://other.example"\nclient_id = "linewarden"'
    door = make(more)
    begun = door.providers.begin("plant-id")
    found = door.finish(begun.secret, door.idp.visit(begun.url), "other-id")
    assert (found.answer, "another attempt" in found.why) == (Answer.REFUSED, True)


def test_an_answer_comes_too_late(door: Door) -> None:
    begun = door.providers.begin("plant-id")
    answer = door.idp.visit(begun.url)
    door.house.store.prune(*[datetime.now(UTC) + timedelta(minutes=11)] * 5)
    found = door.finish(begun.secret, answer)
    assert (found.answer, "too late" in found.why) == (Answer.REFUSED, True)


def test_attempts_that_nobody_ends_do_not_fill_the_database(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewarden.service.oidc.flow.MOST_OPEN", 3)
    begun = [door.providers.begin("plant-id") for _ in range(5)]
    assert door.house.store.count_codes(Purpose.PROVIDER, "") == 3
    assert door.finish(begun[-1].secret, door.idp.visit(begun[-1].url)).answer is Answer.IN


def test_nothing_secret_goes_into_the_log_or_the_database(door: Door) -> None:
    begun = door.providers.begin("plant-id")
    answer = door.idp.visit(begun.url)
    door.finish(begun.secret, answer)
    said = "".join(e.body for e in entries(door.house.state))
    data = b"".join(f.read_bytes() for f in (door.house.ledger.key_file.parent).glob("state.db*"))
    for secret in (begun.secret, answer["code"], answer["state"]):
        assert secret not in said
        assert secret.encode() not in data


# --- how fresh ---


def test_the_session_is_as_fresh_as_the_proof(door: Door) -> None:
    long_ago = int(time.time()) - 7200
    door.idp.lever(claims={"auth_time": long_ago})
    carla = door.access.session(door.attempt().secret, DESK)
    assert carla is not None
    assert carla.session is not None
    assert carla.session.authenticated == datetime.fromtimestamp(long_ago, UTC)
    door.idp.lever(without=["auth_time"])
    unknown = door.access.session(door.attempt().secret, DESK)
    assert unknown is not None
    assert unknown.session is not None
    assert unknown.session.authenticated.year == 1970


def test_to_prove_it_again_must_be_new(door: Door) -> None:
    assert "prompt=login" in door.providers.begin("plant-id", again=True).url
    found = door.attempt(again=True)
    assert found.answer is Answer.IN, found.why
    for how in ({"claims": {"auth_time": int(time.time()) - 600}}, {"without": ["auth_time"]}):
        door.idp.lever(**how)
        found = door.attempt(again=True)
        assert (found.answer, "did not ask anew" in found.why) == (Answer.REFUSED, True)


def test_a_longest_age_of_the_configuration_is_held_to(make: Make) -> None:
    door = make("max_age_minutes = 60")
    assert "max_age=3600" in door.providers.begin("plant-id").url
    door.idp.lever(claims={"auth_time": int(time.time()) - 1800})
    assert door.attempt().answer is Answer.IN
    door.idp.lever(claims={"auth_time": int(time.time()) - 7200})
    assert door.attempt().answer is Answer.REFUSED


# --- what a provider says of itself ---


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://id.plant.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
def test_a_description_that_does_not_fit_is_refused(make: Make, said: dict[str, Any]) -> None:
    door = make()
    door.idp.lever(discovery=said)
    with pytest.raises(SendError, match=r"calls itself otherwise|over https"):
        door.providers.begin("plant-id")


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(make: Make) -> None:
    door = make()
    door.idp.lever(discovery={"token_endpoint_auth_methods_supported": ["client_secret_post"]})
    found = door.attempt()
    assert found.answer is Answer.IN, found.why


def test_a_provider_that_is_away_is_said(make: Make) -> None:
    door = make(issuer="https://localhost:9")
    with pytest.raises(SendError, match="cannot be reached"):
        door.providers.begin("plant-id")
    with pytest.raises(AccessError, match="no such provider"):
        door.providers.begin("nobody")


def test_a_certificate_of_nobody_we_know_is_refused(make: Make, idp: Idp) -> None:
    door = make()
    from linewarden.service.oidc.fetching import Fetcher

    door.providers._providers["plant-id"]._fetcher = Fetcher()
    with pytest.raises(SendError, match=r"cannot be reached.*certificate"):
        door.providers.begin("plant-id")


def test_the_account_is_one_that_may_be_used(door: Door) -> None:
    door.attempt()
    (carla,) = door.house.store.accounts()
    assert isinstance(carla, Account)
    assert carla.usable
    assert carla.linked
