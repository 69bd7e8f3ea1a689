"""The one place where API and pages ask: who comes in, what they may, and what is recorded of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from linewarden.errors import AccessError
from linewarden.people.model import Grant
from linewarden.people.signing_in import Answer
from linewarden.policy import Action, Kind, Place, Thing
from linewarden.service.access import Access, DeniedError, Principal
from linewarden.service.audit.checking import check
from linewarden.service.audit.entry import Change
from linewarden.service.audit.ledger import entries
from linewarden.service.people_house import opened
from linewarden.service.repeats import Repeats

GOOD, WRONG = "the pump hums at night", "the pump sings at noon"
DESK = "10.0.0.7"
SETTINGS = Thing(Kind.SETTINGS, "settings", Place("plant-a"))
ASSET = Thing(Kind.ASSET, "plc-1", Place("plant-a", "filling"))


@dataclass
class Office:
    """Access to a site with an owner (anna), and what its log says."""

    access: Access

    def log(self, *actions: str) -> list[dict[str, Any]]:
        found = [json.loads(e.body) for e in entries(self.access.house.state)]
        return [e for e in found if not actions or e["action"] in actions]

    def secret(self, login: str = "anna", source: str = DESK) -> str:
        found = self.access.sign_in(login, GOOD, "", source)
        assert found.answer is Answer.IN
        return found.secret

    def signed_in(self, login: str = "anna") -> Principal:
        found = self.access.session(self.secret(login), DESK)
        assert found is not None
        return found

    def join(self, login: str, *grants: Grant) -> Principal:
        code = self.access.house.onboarding.invite(login, login.title(), grants)
        self.access.accept(code, login, "", GOOD, DESK)
        return self.signed_in(login)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    path = tmp_path / "linewarden.toml"
    path.write_text('[service]\nsite = "plant-a"\ndata = "data"\n[[sensor]]\nname = "s"\ninterfaces = ["lo"]\n')
    with opened(path) as house:
        access = Access(house)
        access.accept(house.onboarding.first_owner("plant-a"), "anna", "Anna A.", GOOD, DESK)
        yield Office(access)


def test_signing_in_and_out_is_recorded_with_where_from(office: Office) -> None:
    secret = office.secret()
    assert office.access.session(secret, DESK) is not None
    office.access.sign_out(secret, DESK)
    assert office.access.session(secret, DESK) is None
    begin, end = office.log("session.begin", "session.end")
    assert (begin["target"], begin["who"]) == ("anna", {"from": DESK, "how": "password"})
    assert (end["target"], end["who"]["account"], end["detail"]) == ("anna", "anna", {"why": "signed out"})
    assert begin["after"]["session"] == end["before"]["session"]


def test_a_failure_is_recorded_but_not_what_was_typed(office: Office) -> None:
    assert office.access.sign_in("anna", WRONG, "", DESK).answer is Answer.REFUSED
    assert office.access.sign_in(GOOD, "anna", "", DESK).answer is Answer.REFUSED
    refused = office.log("session.refused")
    assert [e["target"] for e in refused] == ["anna", "an unknown login"]
    assert GOOD not in json.dumps(office.log())
    assert WRONG not in json.dumps(office.log())


def test_who_must_wait_is_recorded_once_and_not_for_each_try(office: Office) -> None:
    answers = [office.access.sign_in("anna", WRONG, "", DESK).answer for _ in range(12)]
    # On a slow machine the first, short waits may be over by the next try.
    assert answers.count(Answer.REFUSED) == len(office.log("session.refused")) >= 5
    assert answers.count(Answer.WAIT) == 12 - answers.count(Answer.REFUSED) > 1
    assert len(office.log("session.wait")) == 1


def test_a_repeated_thing_is_said_again_later_with_its_number() -> None:
    now = [0.0]
    repeats = Repeats(again_s=60, most=2, clock=lambda: now[0])
    assert [repeats.between("a") for _ in range(4)] == [0, None, None, None]
    now[0] = 61
    assert repeats.between("a") == 3
    assert [repeats.between(x) for x in ("b", "c", "a")] == [0, 0, 0]


def test_no_secret_of_anybody_is_in_the_log_and_the_log_holds(office: Office) -> None:
    house = office.access.house
    code = house.onboarding.invite("bob", "Bob", [Grant("viewer", "plant-a")])
    office.access.accept(code, "bob", "", GOOD, DESK)
    bob = house.onboarding.found("bob")
    totp_secret, _ = house.onboarding.new_totp(bob)
    recovery = _confirm(house, bob, totp_secret)
    session = office.secret()
    shown = house.tokens.make("siem", ["read"], [("plant-a", "")], _days(3), "anna")
    said = json.dumps(office.log())
    for secret in (code, GOOD, totp_secret, session, shown, shown.rpartition("_")[2], *recovery):
        assert secret not in said
    kept = house.store.account_of("bob")
    assert kept is not None
    assert kept.password not in said
    assert [e["action"] for e in office.log()].count("code.make") == 3
    assert not check(house.ledger).problems


def test_a_change_is_kept_with_its_entry_or_not_at_all(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, before = office.signed_in(), len(office.log())

    def full(*_args: object) -> int:
        raise OSError("disk full")

    monkeypatch.setattr("linewarden.service.audit.ledger._append", full)
    with pytest.raises(OSError, match="disk full"), office.access.acting(anna):
        office.access.house.onboarding.invite("eve", "Eve", [])
    monkeypatch.undo()
    assert office.access.house.store.account_of("eve") is None
    assert len(office.log()) == before


def test_who_may_does_and_the_entry_says_why_they_might(office: Office) -> None:
    anna = office.signed_in()
    with office.access.doing(anna, Action.ACCOUNT_INVITE, _site()) as decision:
        office.access.house.onboarding.invite("eve", "Eve", [])
    added = office.log("account.add")[-1]
    assert (added["target"], added["who"]["account"], added["who"]["from"]) == ("eve", "anna", DESK)
    assert added["detail"]["allowed"]["action"] == "account:invite"
    assert tuple(added["detail"]["allowed"]["policies"]) == decision.policies
    assert not office.log("access.allowed")


def test_a_change_without_an_entry_of_its_own_leaves_the_decision(office: Office) -> None:
    with office.access.doing(office.signed_in(), Action.ZONE_EDIT, ASSET_ZONE):
        pass
    (entry,) = office.log("access.allowed")
    assert (entry["target"], entry["who"]["account"]) == (ASSET_ZONE.id, "anna")
    assert entry["detail"]["allowed"]["action"] == "zone:edit"


def test_what_is_denied_does_not_begin_and_is_recorded_once(office: Office) -> None:
    bob, began = office.join("bob", Grant("viewer", "plant-a")), False
    for _ in range(3):
        with pytest.raises(DeniedError, match="it takes the role"), office.access.doing(bob, Action.ASSET_EDIT, ASSET):
            began = True
    assert not began
    (entry,) = office.log("access.denied")
    assert (entry["target"], entry["who"]["account"], entry["detail"]["action"]) == ("plc-1", "bob", "asset:edit")
    assert office.access.explain(bob, Action.ASSET_EDIT, ASSET).lacking == ("engineer", "owner")


def test_to_look_and_to_filter_records_nothing(office: Office) -> None:
    bob = office.join("bob", Grant("viewer", "plant-a"))
    before = len(office.log())
    assert office.access.may(bob, Action.ASSET_READ, ASSET)
    assert not office.access.may(bob, Action.SETTINGS_WRITE, SETTINGS)
    assert office.access.decide(bob, Action.ASSET_READ, ASSET)
    assert len(office.log()) == before


def test_a_token_opens_and_a_wrong_one_is_recorded_by_its_public_part(office: Office) -> None:
    shown = office.access.house.tokens.make("siem", ["read"], [("plant-a", "")], _days(3), "anna")
    machine = office.access.token(shown, DESK)
    assert machine is not None
    assert office.access.may(machine, Action.ASSET_READ, ASSET)
    assert not office.access.decide(machine, Action.ASSET_EDIT, ASSET)
    assert office.log("access.denied")[0]["who"]["token"] == machine.who.id
    assert office.access.token(shown[:-1] + ("A" if shown[-1] != "A" else "B"), DESK) is None
    assert office.access.token(GOOD, DESK) is None
    assert [e["target"] for e in office.log("token.refused")] == [machine.who.id, "no token of ours"]


def test_a_wrong_code_is_recorded(office: Office) -> None:
    with pytest.raises(AccessError, match="wrong"):
        office.access.accept("AAAAA-BBBBB", "anna", "", GOOD, DESK)
    assert office.log("code.refused")[0]["target"] == "anna"


def test_changed_rights_change_the_session_and_all_of_it_is_recorded(office: Office) -> None:
    bob = office.join("bob", Grant("viewer", "plant-a"))
    secret = office.secret("bob")
    assert bob.account is not None
    with office.access.doing(office.signed_in(), Action.ROLE_GRANT, _site()):
        office.access.house.administration.set_rights(bob.account, [Grant("engineer", "plant-a")], None)
    now = office.access.session(secret, DESK)
    assert now is not None
    assert now.new_secret
    assert office.access.session(secret, DESK) is None
    assert office.access.may(now, Action.ASSET_EDIT, ASSET)
    (rights,) = office.log("account.rights")
    assert rights["before"]["roles"] == ["viewer@plant-a"]
    assert rights["after"]["roles"] == ["engineer@plant-a"]
    assert office.log("session.renew")[0]["detail"] == {"why": "its rights changed"}


def test_many_at_once_are_each_told_as_themselves(office: Office) -> None:
    people = [office.join(f"p{n}", Grant("owner", "plant-a")) for n in range(4)]

    def invite(who: Principal) -> None:
        with office.access.doing(who, Action.ACCOUNT_INVITE, _site()):
            office.access.house.onboarding.invite(f"guest-of-{who.who.id}", "", [])

    threads = [threading.Thread(target=invite, args=(p,)) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    added = [e for e in office.log("account.add") if e["target"].startswith("guest")]
    assert sorted((e["target"], e["who"]["account"]) for e in added) == [(f"guest-of-p{n}", f"p{n}") for n in range(4)]
    assert not check(office.access.house.ledger).problems


def test_without_a_caller_an_entry_names_the_user_of_the_process(office: Office) -> None:
    office.access.house.ledger.add(Change("thing.done", "x"))
    assert "user" in office.log("thing.done")[0]["who"]


ASSET_ZONE = Thing(Kind.ZONE, "plant-a/filling", Place("plant-a", "filling"))


def _site() -> Thing:
    return Thing(Kind.SITE, "plant-a", Place("plant-a"))


def _days(days: int) -> Any:
    from datetime import timedelta

    return timedelta(days=days)


def _confirm(house: Any, account: Any, secret: str) -> list[str]:
    import base64
    from datetime import UTC, datetime

    from linewarden.people import totp

    code = totp.hotp(base64.b32decode(secret), totp.step_of(datetime.now(UTC)))
    return house.onboarding.confirm_totp(account, secret, code)
