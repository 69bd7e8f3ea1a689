"""The store of people: in memory, as the tests of people have it, and in each kind of database, it is the same."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linewarden.people.model import Account, Grant, OneTime, Passkey, Purpose, Session, Token, Tries
from linewarden.people.store import Store
from linewarden.service.state import State, open_state
from linewarden.service.state.people import PeopleState
from tests.people.memory import MemoryStore

NOW = datetime(2026, 11, 26, 10, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA = Account("a" * 32, "anna", "Anna A.", NOW)
BOB = Account("b" * 32, "bob", "Bob", NOW, "$argon2id$x", shifts=frozenset({"late", "early"}))


class Turned:
    """Seals so that it can be seen."""

    def seal(self, secret: str) -> str:
        return f"sealed {secret[::-1]}"

    def open(self, kept: str) -> str:
        assert kept.startswith("sealed ")
        return kept[7:][::-1]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    opened = request.getfixturevalue("opened") if request.param == "sqlite" else _postgresql(request)
    yield PeopleState(opened.engine, opened.where, Turned())
    opened.close()


@pytest.fixture
def opened(tmp_path_factory: pytest.TempPathFactory) -> State:
    return open_state(f"sqlite:///{tmp_path_factory.mktemp('state')}/state.db")


def _postgresql(request: pytest.FixtureRequest) -> State:
    from tests.service.postgres import PASSWORD

    return open_state(request.getfixturevalue("cluster").new_database(), password=PASSWORD)


def test_accounts_come_back_as_they_were(store: Store) -> None:
    assert store.add_account(BOB, [Grant("viewer", "here"), Grant("viewer", "here"), Grant("engineer", "here", "c1")])
    assert store.add_account(ANNA, [])
    assert not store.add_account(replace(ANNA, id="c" * 32), [])
    assert list(store.accounts()) == [ANNA, BOB]
    assert (store.account(BOB.id), store.account_of("anna"), store.account_of("eve")) == (BOB, ANNA, None)
    assert list(store.grants(BOB.id)) == [Grant("engineer", "here", "c1"), Grant("viewer", "here")]


def test_rights_are_set_as_a_whole_and_counted(store: Store) -> None:
    store.add_account(BOB, [Grant("viewer", "here")])
    store.set_rights(BOB.id, [Grant("owner", "there")], None)
    assert list(store.grants(BOB.id)) == [Grant("owner", "there")]
    assert store.account(BOB.id) == replace(BOB, rights=1, shifts=None)


def test_a_password_and_the_second_factor_and_an_end(store: Store) -> None:
    store.add_account(BOB, [])
    assert not store.set_password(BOB.id, "new", instead_of="another")
    assert store.set_password(BOB.id, "new", instead_of=BOB.password)
    assert not store.set_password("nobody", "new")
    store.set_totp(BOB.id, "SECRET", 7)
    assert [store.take_step(BOB.id, s) for s in (7, 8, 8, 6, 9)] == [False, True, False, False, True]
    store.set_disabled(BOB.id, NOW)
    assert store.account(BOB.id) == replace(BOB, password="new", totp=True, disabled=NOW)
    assert (store.totp_secret(BOB.id), store.totp_secret("nobody")) == ("SECRET", "")
    store.set_disabled(BOB.id, None)
    assert (store.account(BOB.id) or BOB).disabled is None


def test_a_code_is_taken_once_in_time_and_for_what_it_is_good(store: Store) -> None:
    store.add_account(BOB, [])
    code = OneTime("d" * 64, Purpose.INVITATION, NOW + HOUR, BOB.id)
    owner = OneTime("e" * 64, Purpose.FIRST_OWNER, NOW + HOUR, site="here")
    store.add_codes([code, owner])
    assert store.redeem(code.digest, Purpose.RECOVERY, NOW, BOB.id) is None
    assert store.redeem(code.digest, Purpose.INVITATION, NOW, "x") is None
    assert store.redeem(code.digest, Purpose.INVITATION, NOW + HOUR, BOB.id) is None
    assert store.redeem(code.digest, Purpose.INVITATION, NOW, BOB.id) == code
    assert store.redeem(code.digest, Purpose.INVITATION, NOW, BOB.id) is None
    assert store.count_codes(Purpose.FIRST_OWNER, "") == 1
    assert store.redeem(owner.digest, Purpose.FIRST_OWNER, NOW, "") == owner
    store.add_codes([code, owner])
    store.drop_codes(Purpose.FIRST_OWNER, "")
    assert store.count_codes(Purpose.FIRST_OWNER, "") == 0
    assert store.count_codes(Purpose.INVITATION, BOB.id) == 1


def test_sessions_are_replaced_only_where_they_are(store: Store) -> None:
    store.add_account(BOB, [])
    first = Session("1" * 64, BOB.id, NOW, NOW, NOW, 0)
    second = replace(first, digest="2" * 64, seen=NOW + HOUR, rights=1)
    store.add_session(first)
    assert store.replace_session(first.digest, second)
    assert not store.replace_session(first.digest, second)
    assert (store.session(first.digest), store.session(second.digest)) == (None, second)
    store.add_session(first)
    store.end_session(first.digest)
    assert store.session(first.digest) is None
    store.end_sessions(BOB.id)
    assert store.session(second.digest) is None


def test_tries_are_read_and_written_in_one(store: Store) -> None:
    seen: list[Tries | None] = []

    def change(tries: Tries | None) -> Tries | None:
        seen.append(tries)
        return Tries(2, NOW) if tries is None else None

    for _ in range(3):
        store.change_tries("key", change)
    assert seen == [None, Tries(2, NOW), None]


def test_a_source_is_familiar_since_it_was_used(store: Store) -> None:
    store.add_account(BOB, [])
    assert not store.is_familiar(BOB.id, "10.0.0.1", NOW)
    for at in (NOW - HOUR, NOW):
        store.make_familiar(BOB.id, "10.0.0.1", at)
    assert store.is_familiar(BOB.id, "10.0.0.1", NOW)
    assert not store.is_familiar(BOB.id, "10.0.0.2", NOW)


def test_tokens_come_back_and_end_once(store: Store) -> None:
    token = Token("abcdefgh", "f" * 64, "siem", "anna", NOW, NOW + HOUR, frozenset({"read", "audit"}),
                  frozenset({("here", ""), ("here", "c1")}))  # fmt: skip
    newer = replace(token, prefix="bcdefghi", created=NOW + HOUR)
    store.add_token(token)
    store.add_token(newer)
    assert list(store.tokens()) == [newer, token]
    store.token_used(token.prefix, NOW)
    assert store.token(token.prefix) == replace(token, used=NOW)
    assert [store.revoke_token(p, NOW) for p in (token.prefix, token.prefix, "x")] == [True, False, False]
    assert (store.token(token.prefix) or token).revoked == NOW


def test_what_is_over_is_forgotten(store: Store) -> None:
    store.add_account(BOB, [])
    store.add_codes([OneTime("d" * 64, Purpose.INVITATION, NOW, BOB.id)])
    store.add_codes([OneTime("e" * 64, Purpose.INVITATION, NOW + HOUR, BOB.id)])
    store.add_session(Session("1" * 64, BOB.id, NOW - HOUR, NOW, NOW, 0))
    store.change_tries("key", lambda _tries: Tries(1, NOW - HOUR))
    store.make_familiar(BOB.id, "old", NOW - HOUR)
    store.prune(NOW, NOW, NOW, NOW, NOW)
    assert store.count_codes(Purpose.INVITATION, BOB.id) == 1
    assert store.session("1" * 64) is None
    assert not store.is_familiar(BOB.id, "old", NOW - 2 * HOUR)
    seen: list[Tries | None] = []
    store.change_tries("key", lambda tries: seen.append(tries))
    assert seen == [None]


def test_of_many_at_once_one_gets_the_code_and_every_try_counts(store: Store) -> None:
    if isinstance(store, MemoryStore):
        pytest.skip("the memory of the tests is for one thread")
    store.add_account(BOB, [])
    store.add_codes([OneTime("d" * 64, Purpose.INVITATION, NOW + HOUR, BOB.id)])
    got: list[OneTime | None] = []

    def one() -> None:
        got.append(store.redeem("d" * 64, Purpose.INVITATION, NOW, BOB.id))
        store.change_tries("key", lambda tries: Tries(tries.count + 1 if tries else 1, NOW))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(g is not None for g in got) == 1
    seen: list[Tries | None] = []
    store.change_tries("key", lambda tries: seen.append(tries))
    assert seen == [Tries(8, NOW)]


def test_passkeys_come_back_and_count_up(store: Store) -> None:
    store.add_account(BOB, [])
    key = Passkey("id-1", BOB.id, "phone", b"\x00\xff", 0, NOW)
    other = replace(key, id="id-2", created=NOW + HOUR)
    assert [store.add_passkey(k) for k in (other, key, key)] == [True, True, False]
    assert list(store.passkeys(BOB.id)) == [key, other]
    counted = [store.passkey_used(key.id, n, NOW) for n in (0, 0, 2, 2, 1, 0, 2**32 - 1)]
    assert counted == [True, True, True, False, False, False, True]
    assert store.passkey(key.id) == replace(key, count=2**32 - 1, used=NOW)
    assert not store.passkey_used("nobody", 1, NOW)
    assert [store.drop_passkey(a, key.id) for a in ("x", BOB.id, BOB.id)] == [False, True, False]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_makes_is_for_the_user_of_the_service(tmp_path: Path) -> None:
    """`sudo linewarden people first` before the first start must not leave a database that the service cannot write."""
    os.chown(tmp_path, 4711, 4712)
    open_state(f"sqlite:///{tmp_path}/state.db").close()
    made = (tmp_path / "state.db").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (4711, 4712, 0o600)


def test_an_identity_has_one_account_and_makes_it_usable(store: Store) -> None:
    store.add_account(ANNA, [])
    store.add_account(BOB, [])
    assert store.link(ANNA.id, "https://idp", "17", NOW)
    assert not store.link(BOB.id, "https://idp", "17", NOW)
    assert store.link(ANNA.id, "https://idp", "18", NOW)
    assert store.account_by("https://idp", "17") == replace(ANNA, linked=True)
    assert (store.account_by("https://other", "17"), store.account_by("https://idp", "1")) == (None, None)
    assert list(store.identities(ANNA.id)) == [("https://idp", "17"), ("https://idp", "18")]
    assert not ANNA.usable
    assert replace(ANNA, linked=True).usable


def test_of_too_many_codes_the_oldest_go(store: Store) -> None:
    codes = [OneTime(f"{n}" * 64, Purpose.PASSKEY, NOW + n * HOUR) for n in range(1, 6)]
    store.add_codes([*codes, OneTime("f" * 64, Purpose.FIRST_OWNER, NOW + HOUR)])
    store.bound_codes(Purpose.PASSKEY, "", 2)
    assert store.count_codes(Purpose.PASSKEY, "") == 2
    assert store.count_codes(Purpose.FIRST_OWNER, "") == 1
    assert store.redeem(codes[-1].digest, Purpose.PASSKEY, NOW) is not None


def test_what_is_done_together_is_kept_as_a_whole(opened: State) -> None:
    store = PeopleState(opened.engine, opened.where, Turned())

    def made_and_broken_off() -> None:
        with store.together():
            assert store.add_account(ANNA, [])
            assert store.account(ANNA.id) == ANNA
            raise RuntimeError

    with pytest.raises(RuntimeError):
        made_and_broken_off()
    assert store.account(ANNA.id) is None
