"""`linewarden people` and `linewarden access`, as an administrator types them."""

from __future__ import annotations

import io
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from linewarden.service.config import load_config
from linewarden.service.people_house import opened
from linewarden.service.state import open_state
from tests.cli.conftest import Ran, Run

GOOD = "the pump hums at night"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "linewarden.toml"
    text = '[service]\nsite = "plant-a"\ndata = "data"\n[[sensor]]\nname = "s"\ninterfaces = ["lo"]\n'
    path.write_text(text)
    return path


class Admin:
    """The command line with the configuration, and with something typed into it."""

    def __init__(self, run: Run, config: Path, patch: pytest.MonkeyPatch) -> None:
        self._run, self.config, self._patch = run, config, patch

    def __call__(self, *argv: object, typed: str = "") -> Ran:
        self._patch.setattr(sys, "stdin", io.StringIO(typed))
        return self._run(*argv, "--config", self.config)

    def json(self, *argv: object, typed: str = "") -> Any:
        ran = self(*argv, "--json", typed=typed)
        assert ran.code == 0, ran.err
        return ran.json

    def owner(self, login: str = "anna") -> None:
        code = self.json("people", "first")["code"]
        self.json("people", "accept", login, "--stdin", typed=f"{code}\n{GOOD}\n")


@pytest.fixture
def admin(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> Admin:
    return Admin(run, config, monkeypatch)


def test_from_nothing_to_an_owner_and_an_operator(admin: Admin) -> None:
    assert "no accounts yet" in admin("people", "list").out
    code = admin.json("people", "first")["code"]
    shown = admin.json("people", "accept", "anna", "--name", "Anna A.", "--stdin", typed=f"{code}\n{GOOD}\n")
    assert (shown["state"], shown["roles"], shown["name"]) == ("active", ["owner@plant-a"], "Anna A.")
    invited = admin("people", "invite", "bob", "--role", "operator", "--role", "engineer@plant-a/filling")
    code = invited.out.split()[0]
    assert re.fullmatch(r"([A-Z2-7]{5}-){5}[A-Z2-7]", code)
    assert admin("people", "accept", "bob", "--stdin", typed=f"{code}\n{GOOD}\n").code == 0
    again = admin("people", "accept", "bob", "--stdin", typed=f"{code}\n{GOOD}\n")
    assert (again.code, "expired" in again.err) == (9, True)
    anna, bob = admin.json("people", "list")
    assert (anna["login"], bob["state"], bob["roles"]) == (
        "anna", "active", ["engineer@plant-a/filling", "operator@plant-a"],
    )  # fmt: skip
    assert "Second factor" in admin("people", "list").out


def test_a_weak_password_is_said_and_the_code_is_still_good(admin: Admin) -> None:
    code = admin.json("people", "first")["code"]
    weak = admin("people", "accept", "anna", "--stdin", typed=f"{code}\npasswordpassword\n")
    assert (weak.code, "guessed first" in weak.err) == (9, True)
    assert admin("people", "accept", "anna", "--stdin", typed=f"{code}\n{GOOD}\n").code == 0


def test_a_site_keeps_its_last_owner(admin: Admin) -> None:
    admin.owner()
    for command in (("disable", "anna"), ("roles", "anna", "--revoke", "owner")):
        ran = admin("people", *command)
        assert (ran.code, "last owner of plant-a" in ran.err) == (9, True)
    admin.json("people", "invite", "bob", "--role", "owner")  # who never accepted is no owner yet
    assert admin("people", "disable", "anna").code == 9
    code = admin.json("people", "recover", "bob")["code"]
    admin.json("people", "accept", "bob", "--stdin", typed=f"{code}\n{GOOD}\n")
    assert admin.json("people", "disable", "anna")["state"] == "disabled"
    assert admin.json("people", "disable", "anna", "--undo")["state"] == "enabled"


def test_roles_and_shifts_change_and_are_told_to_the_events(admin: Admin) -> None:
    admin.owner()
    admin.json("people", "invite", "bob", "--role", "operator")
    shown = admin.json(
        "people", "roles", "bob", "--grant", "planner@plant-b", "--revoke", "operator", "--shift", "early"
    )
    assert (shown["roles"], shown["shifts"]) == (["planner@plant-b"], ["early"])
    assert admin.json("people", "roles", "bob", "--any-shift")["shifts"] is None
    assert admin("people", "roles", "bob", "--revoke", "owner").code == 9
    assert admin("people", "roles", "bob", "--grant", "king").code == 2
    with opened(admin.config) as house:
        told = [e.text for e in house.state.events()]
    assert any("bob is now planner@plant-b; shifts: early" in t for t in told)
    assert not [t for t in told if GOOD in t]


def test_a_token_is_shown_once_and_ends(admin: Admin) -> None:
    made = admin("people", "token", "make", "siem", "--scope", "audit", "--scope", "read", "--days", "30")
    token = made.out.split()[0]
    (listed,) = admin.json("people", "token", "list")
    assert (listed["state"], listed["scopes"], listed["places"]) == ("active", ["audit", "read"], ["plant-a"])
    assert token.startswith(listed["prefix"])
    assert token[12:] not in admin("people", "token", "list").out
    with opened(admin.config) as house:
        assert house.tokens.check(token)
        assert admin("access", "explain", f"token:{listed['prefix']}", "audit:read", "audit").code == 0
        assert admin("people", "token", "revoke", listed["prefix"]).code == 0
        assert house.tokens.check(token) is None
    assert admin("access", "explain", f"token:{listed['prefix']}", "audit:read", "audit").code == 9
    assert admin("people", "token", "make", "x", "--scope", "everything").code == 2
    assert admin("people", "token", "make", "x", "--scope", "read", "--days", "400").code == 9


def test_why_and_why_not(admin: Admin) -> None:
    admin.owner()
    yes = admin("access", "explain", "anna", "asset:edit", "asset:plc-1")
    assert (yes.code, yes.out.startswith("anna may asset:edit plc-1, as owner")) == (0, True)
    no = admin("access", "explain", "anna", "settings:write", "settings", "--signed-in", "30", "--json")
    assert (no.code, no.json["policies"], no.json["instead"]) == (9, ["fresh-sign-in"], ["sign in again"])
    own = admin("access", "explain", "anna", "plant:approve", "action:x", "--proposed-by", "anna")
    assert (own.code, "nobody approves what they proposed" in own.out) == (9, True)
    assert admin("access", "explain", "anna", "account:manage", "account:anna").code == 0
    admin.json("people", "invite", "bob", "--role", "owner")
    invited = admin("access", "explain", "bob", "asset:read", "asset:plc-1")
    assert (invited.code, "has not accepted" in invited.err) == (9, True)
    assert admin("access", "explain", "eve", "asset:read", "asset:plc-1").code == 9


def test_a_role_is_asked_of_without_a_configuration(run: Run, tmp_path: Path) -> None:
    ran = run("access", "explain", "role:operator", "lake:query", "lake", "--config", tmp_path / "none.toml")
    assert (ran.code, "it takes the role engineer, analyst or owner at default" in ran.out) == (9, True)
    wrong = (
        ("role:king", "lake:query", "lake"),
        ("role:owner", "lake:burn", "lake"),
        ("role:owner", "asset:read", "ship"),
    )
    for asked in wrong:
        assert run("access", "explain", *asked).code == 2
    assert len(run("access", "policies", "--json").json) > 20
    assert "two-persons" in run("access", "policies").out


def test_nobody_else_on_the_machine_reads_the_accounts(admin: Admin) -> None:
    admin.owner()
    config = load_config(admin.config)
    file = admin.config.parent / "data" / "state.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)  # of a version before there were accounts
    open_state(config.state_url).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_an_account_is_linked_to_a_provider_by_its_subject(admin: Admin) -> None:
    admin.owner("anna")
    with admin.config.open("a") as file:
        file.write('[[oidc]]\nname = "plant-id"\nissuer = "https://id.plant.example"\nclient_id = "linewarden"\n')
    assert "can sign in by plant-id" in admin("people", "link", "anna", "plant-id", "user-17").out
    assert "linked to an account already" in admin("people", "link", "anna", "plant-id", "user-17").err
    assert "no [[oidc]] table" in admin("people", "link", "anna", "other", "user-18").err
    with opened(admin.config) as house:
        anna = house.onboarding.found("anna")
        assert list(house.store.identities(anna.id)) == [("https://id.plant.example", "user-17")]


def test_what_the_command_line_changes_is_in_the_audit_log(admin: Admin, run: Run) -> None:
    admin.owner("anna")
    admin.json("people", "invite", "bob", "--role", "operator")
    admin.json("people", "roles", "bob", "--grant", "viewer")
    admin.json("people", "disable", "bob")
    token = admin.json("people", "token", "make", "siem", "--scope", "read")["token"]
    admin.json("people", "token", "revoke", token)
    told = run("audit", "list", admin.config, "--json").json
    assert [e["action"] for e in told][1:] == [
        "code.make", "code.use", "account.add", "account.add", "code.make", "account.rights", "account.disable",
        "code.drop", "token.make", "token.revoke",
    ]  # fmt: skip
    assert all("user" in e["who"] for e in told)
    assert run("audit", "verify", admin.config).code == 0
