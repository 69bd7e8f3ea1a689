"""Telnet: names and results of logins; passwords are not kept."""

import pytest

from tests.protocols.harness import SERVER, tell

HELLO = [
    ("s", b"\xff\xfd\x18\xff\xfd\x20"),
    ("c", b"\xff\xfb\x18"),
    ("s", b"\xff\xfb\x01\r\nPanel 7 console\r\n\r\npanel login: "),
]


def typed(text: bytes, echo: bool) -> list[tuple[str, bytes]]:
    letters = [bytes([b]) for b in text] + [b"\r\0"]
    return [turn for x in letters for turn in ([("c", x), ("s", x)] if echo else [("c", x)])]


@pytest.mark.parametrize(("after", "accepted", "result"), [
    (b"\r\nLogin incorrect\r\nlogin: ", False, "refused"),
    (b"\r\nLast login: Monday\r\n$ ", True, "ok"),
])  # fmt: skip
@pytest.mark.parametrize("lines", [False, True])
def test_a_login_is_told_with_its_result(after: bytes, accepted: bool, result: str, lines: bool) -> None:
    name = [("c", b"anna\r\n")] if lines else typed(b"anna", True)
    secret = [("c", b"sesame\r\n")] if lines else typed(b"sesame", False)
    rows = tell([*HELLO, *name, ("s", b"\r\nPassword: "), *secret, ("s", b"\r\n"), ("s", after)], 23)
    [row] = rows["telnet"]
    assert (row["username"], row["accepted"]) == ("anna", accepted)
    [command] = rows["command"]
    assert (command["verb"], command["target"], command["value"], command["result"]) == (
        "authenticate", "telnet, clear text", "anna", result,
    )  # fmt: skip
    assert [(i["address"], i["description"]) for i in rows["identity"]] == [(SERVER, "Panel 7 console")]
    assert "sesame" not in str(rows) and not rows["weird"]


def test_three_refusals_are_three_rows() -> None:
    attempt = [("c", b"root\r\n"), ("s", b"Password: "), ("c", b"sesame\r\n"), ("s", b"Login incorrect\r\nlogin: ")]
    rows = tell([*HELLO, *attempt * 3], 23)
    assert [(r["username"], r["accepted"]) for r in rows["telnet"]] == [("root", False)] * 3
    assert [c["errors"] for c in rows["command"]] == [1, 1, 1]


def test_what_is_said_later_leaves_no_rows() -> None:
    rows = tell([*HELLO, ("c", b"ls\r\n"), ("s", b"a b c\r\n$ "), ("c", b"exit\r\n")], 23)
    assert not rows["telnet"] and not rows["command"]
