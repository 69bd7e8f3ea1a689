"""The audit log in SQL, on each kind of database: what is written stays, and what is changed is named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from linewarden.errors import StoreError
from linewarden.service.audit.checking import Checked, Kept, check
from linewarden.service.audit.entry import Change
from linewarden.service.audit.heads import finish_rotation, newest_note, rotate, sign
from linewarden.service.audit.ledger import Ledger, entries, getter
from linewarden.service.state import State, open_state
from linewarden.trust import merkle
from linewarden.trust.note import VerifierKey, head_in

Database = tuple[str, str | None]


@pytest.fixture
def ledger(database: Database, tmp_path: Path) -> Iterator[Ledger]:
    state = open_state(database[0], password=database[1])
    yield Ledger(state, tmp_path / "keys" / "audit.key")
    state.close()


def fill(ledger: Ledger, count: int, signed_each: int = 5) -> None:
    for n in range(count):
        ledger.add(Change("test.change", f"thing {n}", before=n, after={"now": n + 1}))
        if n % signed_each == signed_each - 1:
            sign(ledger)


def sql(ledger: Ledger, *statements: str) -> None:
    """What somebody does who has the database, and not the key."""
    with ledger.state.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def told(found: Checked) -> list[str]:
    return [p.text for p in found.problems]


def test_what_was_written_is_there_with_who_when_and_what(ledger: Ledger) -> None:
    fill(ledger, 3)
    sign(ledger)
    first, *rest = entries(ledger.state)
    assert first.action == "audit.begin"
    said = json.loads(rest[1].body)
    assert (said["seq"], said["action"], said["target"], said["before"], said["after"]) == (
        2, "test.change", "thing 1", 1, {"now": 2},
    )  # fmt: skip
    assert said["who"]["user"] and said["host"] and said["ts"].endswith("Z")
    found = check(ledger)
    assert (found.entries, found.heads, found.covered, told(found)) == (4, 1, 4, [])


def test_it_is_written_with_the_change_or_not_at_all(ledger: Ledger) -> None:
    with ledger.state.engine.connect() as connection:
        connection.execute(text("INSERT INTO job_run (job, started, ended, outcome, detail) VALUES "
                                "('x', '2026-01-01', '2026-01-01', 'ok', '')"))  # fmt: skip
        ledger.record(connection, Change("job.change", "x"))
        connection.rollback()
    assert list(entries(ledger.state)) == []
    assert ledger.state.jobs() == []
    assert check(ledger).problems == []


def test_a_killed_writer_leaves_neither_without_the_other(database: Database, ledger: Ledger) -> None:
    fill(ledger, 2)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from linewarden.service.audit.ledger import Ledger\n"
        "from linewarden.service.audit.entry import Change\n"
        "from linewarden.service.state import open_state\n"
        "state = open_state(sys.argv[1], password=sys.argv[2] or None)\n"
        "with state.engine.begin() as connection:\n"
        "    Ledger(state, Path(sys.argv[3])).record(connection, Change('a.b', 'c'))\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", code, database[0], database[1] or "", str(ledger.key_file)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -9
    assert [e.seq for e in entries(ledger.state)] == [0, 1, 2]
    fill(ledger, 1)
    assert check(ledger).problems == []


def test_several_writers_make_one_log(database: Database, ledger: Ledger) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from linewarden.service.audit.ledger import Ledger\n"
        "from linewarden.service.audit.entry import Change\n"
        "from linewarden.service.audit.heads import sign\n"
        "from linewarden.service.state import open_state\n"
        "state = open_state(sys.argv[1], password=sys.argv[2] or None)\n"
        "ledger = Ledger(state, Path(sys.argv[3]))\n"
        "for n in range(25):\n"
        "    ledger.add(Change('test.many', str(n)))\n"
        "    if n % 10 == 0: sign(ledger)\n"
    )
    command = [sys.executable, "-c", code, database[0], database[1] or "", str(ledger.key_file)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [w.communicate(timeout=120)[1] for w in writers]
    assert [w.returncode for w in writers] == [0, 0, 0], said
    found = check(ledger)
    assert (found.entries, told(found)) == (76, [])
    assert sign(ledger) == "" or check(ledger).covered == 76


ATTACKS: dict[str, tuple[list[str], str]] = {
    "a text": (
        ["UPDATE audit_entry SET body = replace(body, 'thing 6', 'thing 9') WHERE seq = 7"], "entry 7 was changed"
    ),
    "an action": (
        ["UPDATE audit_entry SET action = 'other.thing' WHERE seq = 7"], "the columns of entry 7 were changed"
    ),
    "a time": (["UPDATE audit_entry SET ts = '2020-01-01' WHERE seq = 7"], "the columns of entry 7 were changed"),
    "one is dropped": (["DELETE FROM audit_entry WHERE seq = 7"], "entry 7 is missing"),
    "some are dropped": (["DELETE FROM audit_entry WHERE seq BETWEEN 3 AND 5"], "entries 3 to 5 are missing"),
    "the last are dropped": (["DELETE FROM audit_entry WHERE seq >= 9"], "entries 9 to 10 are missing"),
    "two change places": (
        ["UPDATE audit_entry SET seq = 100 WHERE seq = 3", "UPDATE audit_entry SET seq = 3 WHERE seq = 4",
         "UPDATE audit_entry SET seq = 4 WHERE seq = 100"],
        "entry 3 says that it is entry 4",
    ),
    "one is put in": (
        ["INSERT INTO audit_entry SELECT 11, ts, action, body, leaf FROM audit_entry WHERE seq = 2"],
        "entry 11 says that it is entry 2",
    ),
    "no entry any more": (["UPDATE audit_entry SET body = 'nonsense' WHERE seq = 7"], "it is no entry any more"),
    "a node of the tree": (
        ["UPDATE audit_node SET hash = (SELECT leaf FROM audit_entry WHERE seq = 1) WHERE level = 2 AND place = 1"],
        "the tree over entries 4 to 7 was changed",
    ),
    "a head": (["UPDATE audit_head SET note = replace(note, '11', '12') WHERE size = 11"], "is not signed by the key"),
    "a head that is none": (["UPDATE audit_head SET note = 'x' WHERE size = 6"], "a head of the log was changed"),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_change_is_named(ledger: Ledger, attack: str) -> None:
    fill(ledger, 10)  # entries 0 to 10, heads over 6 and 11
    assert told(check(ledger)) == []
    statements, expected = ATTACKS[attack]
    sql(ledger, *statements)
    assert any(expected in line for line in told(check(ledger))), told(check(ledger))


def rebuilt(ledger: Ledger, at: int, forge: Callable[[str], str]) -> None:
    """Somebody changes an entry and makes the hash and the tree over it anew."""
    bodies = [e.body for e in entries(ledger.state)]
    bodies[at] = forge(bodies[at])
    frontier = merkle.Frontier()
    with ledger.state.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_node"))
        for seq, body in enumerate(bodies):
            for level, place, found in frontier.append(merkle.leaf_hash(body.encode())):
                row = {"level": level, "place": place, "hash": found, "body": body, "seq": seq}
                if level == 0:
                    connection.execute(text("UPDATE audit_entry SET body = :body, leaf = :hash WHERE seq = :seq"), row)
                else:
                    connection.execute(text("INSERT INTO audit_node VALUES (:level, :place, :hash)"), row)


def test_who_makes_the_tree_anew_cannot_sign_it(ledger: Ledger) -> None:
    fill(ledger, 20)  # heads over 6, 11, 16, 21
    rebuilt(ledger, 12, lambda body: body.replace("thing 11", "thing 99"))
    (line,) = told(check(ledger))
    assert line == (
        "one of the entries 11 to 15 was changed, with the tree over it: the head over 16 entries says so"
    )  # fmt: skip
    with pytest.raises(StoreError, match="does not go on from its last signed head"):
        fill(ledger, 1, signed_each=1)


def test_a_hash_changed_with_its_text_is_found_by_the_tree(ledger: Ledger) -> None:
    fill(ledger, 10)
    body = next(e.body for e in entries(ledger.state, 7)).replace("thing 6", "thing 9")
    with ledger.state.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entry SET body = :b, leaf = :l WHERE seq = 7"),
                           {"b": body, "l": merkle.leaf_hash(body.encode())})  # fmt: skip
    assert told(check(ledger)) == ["entry 6 or 7 was changed: it does not fit the tree"]


def test_a_head_kept_elsewhere_tells_what_the_database_cannot(ledger: Ledger) -> None:
    """Even who deletes the later heads, or has the key, cannot undo a head that somebody else has."""
    fill(ledger, 10)
    kept = Kept("head.txt", newest_note(ledger))
    fill(ledger, 3, signed_each=1)
    assert told(check(ledger, [kept])) == []
    ends = "(place + 1) * (CASE level WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 8 END)"
    sql(ledger, "DELETE FROM audit_head WHERE size > 6", "DELETE FROM audit_entry WHERE seq >= 6",
        f"DELETE FROM audit_node WHERE {ends} > 6")  # fmt: skip
    assert told(check(ledger)) == []  # a log cut back to an older head is whole: for this the head is kept elsewhere
    assert told(check(ledger, [kept])) == ["head.txt: entries 6 to 10 are missing"]
    fill(ledger, 9, signed_each=1)
    (line,) = told(check(ledger, [kept]))
    assert line.startswith("head.txt: the log does not go on from this head: one of the entries 0 to 10 was changed,")


def test_a_head_of_another_log_is_no_proof(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, 3, signed_each=1)
    other = Ledger(open_state(f"sqlite:///{tmp_path / 'other.db'}"), tmp_path / "other.key")
    fill(other, 3, signed_each=1)
    assert "is of another log" in told(check(ledger, [Kept("h", newest_note(other))]))[0]
    stranger = VerifierKey.parse(check(other).key)
    assert "this is another log" in told(check(ledger, trusted=stranger))[0]
    other.state.close()


def test_a_log_that_was_begun_anew_with_another_key_is_seen(ledger: Ledger) -> None:
    fill(ledger, 3, signed_each=1)
    known = VerifierKey.parse(check(ledger).key)
    sql(ledger, "DELETE FROM audit_entry", "DELETE FROM audit_node", "DELETE FROM audit_head")
    forged = Ledger(ledger.state, ledger.key_file.with_name("forged.key"))
    fill(forged, 3, signed_each=1)
    assert told(check(forged)) == []
    assert "this is another log" in told(check(ledger))[0]  # whose key file is still there
    assert "this is another log" in told(check(forged, trusted=known))[0]


def test_a_new_key_is_vouched_for_by_the_old(ledger: Ledger) -> None:
    fill(ledger, 3, signed_each=1)
    old = VerifierKey.parse(check(ledger).key)
    new = rotate(ledger)
    fill(ledger, 3, signed_each=1)
    found = check(ledger, trusted=old)
    assert told(found) == [] and found.key == str(new) != str(old)
    assert ledger.key_file.stat().st_mode & 0o777 == 0o600
    assert not list(ledger.key_file.parent.glob("*.next"))


def test_a_new_key_for_which_nobody_vouches_is_seen(ledger: Ledger) -> None:
    """Who has the database puts in a key of their own, and signs with that."""
    fill(ledger, 3, signed_each=1)
    from linewarden.trust.key_files import signer

    thief = signer(ledger.key_file.with_name("thief.key"), head_in(newest_note(ledger)).origin)
    ledger.add(Change("audit.rotate", "x", after={"key": str(thief.verifier)}))
    sign(Ledger(ledger.state, ledger.key_file.with_name("thief.key")))
    assert any("for which the old one does not vouch" in line for line in told(check(ledger)))


def test_killed_while_the_key_changes_the_log_goes_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    from linewarden.service.audit import heads

    fill(ledger, 2, signed_each=1)
    with monkeypatch.context() as broken:
        broken.setattr(heads, "_take", lambda _ledger: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rotate(ledger)
    with pytest.raises(StoreError, match="is not the key of this audit log"):
        fill(ledger, 1, signed_each=1)
    finish_rotation(ledger)
    fill(ledger, 1, signed_each=1)
    assert told(check(ledger)) == []


def test_a_key_that_is_not_that_of_the_log_signs_nothing(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, 1)
    wrong = Ledger(ledger.state, tmp_path / "wrong.key")
    with pytest.raises(StoreError, match="cannot be read"):
        sign(wrong)


def test_what_is_odd_can_be_recorded(ledger: Ledger) -> None:
    ledger.add(
        Change("a.b", "\ud800\0", before=float("nan"), after=[2**70, b"x", Path("/y")], detail={"k": "x" * 99_999})
    )
    (entry,) = entries(ledger.state, 1)
    said = json.loads(entry.body)
    assert said["target"] == "?\0" and said["after"][2] == "/y"
    assert said["detail"]["too_long"] > 99_999
    assert told(check(ledger)) == []


def test_proofs_come_from_the_stored_tree(ledger: Ledger) -> None:
    fill(ledger, 12)
    with ledger.state.engine.connect() as connection:
        get = getter(connection)
        proof = merkle.inclusion_proof(4, 13, get)
        leaf = get(0, 4)
    assert merkle.inclusion_holds(leaf, 4, 13, proof, check(ledger).root)


def test_appending_does_not_go_through_the_log_again(ledger: Ledger) -> None:
    """What an append reads grows with the logarithm."""
    fill(ledger, 70)
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(ledger.state.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    ledger.add(Change("a.b", "c"))
    assert len(statements) < 16, statements


def test_an_empty_log_is_whole(ledger: Ledger) -> None:
    found = check(ledger)
    assert (found.entries, told(found)) == (0, [])
    assert isinstance(ledger.state, State) and sign(ledger) == "" and newest_note(ledger) == ""
