"""FTP: logins and their results, files, and that no password is kept."""

import pytest

from tests.protocols.harness import Rows, tell

GREETING = ("s", b"220-Welcome\r\n220 of two lines\r\n")


def login(user: bytes, password: bytes, reply: bytes) -> list[tuple[str, bytes]]:
    return [("c", b"USER " + user + b"\r\n"), ("s", b"331 Password required.\r\n"),
            ("c", b"PASS " + password + b"\r\n"), ("s", reply + b"\r\n")]  # fmt: skip


TALK = [
    ("s", b"220 ProFTPD ready\r\n"),
    *login(b"anna", b"sesame", b"230 ok"),
    ("c", b"TYPE I\r\n"),
    ("s", b"200 ok\r\n"),
]


def no_secret(rows: Rows) -> bool:
    return not any("sesame" in str(row) for stream in rows.values() for row in stream)


def test_a_login_is_told_with_its_result_and_without_its_password() -> None:
    rows = tell(
        [GREETING, *login(b"anna", b"sesame", b"530 no"), *login(b"anna", b"sesame2", b"230-Hi\r\n 1\r\n230 in")], 21
    )
    assert [(c["verb"], c["function"], c["target"], c["value"], c["result"]) for c in rows["command"]] == [
        ("authenticate", "PASS", "ftp, clear text", "anna", "not_logged_in"),
        ("authenticate", "PASS", "ftp, clear text", "anna", "ok"),
    ]
    asked = [r for r in rows["ftp"] if r["function"]]
    assert [(r["function"], r["username"], r["clear_password"], r["reply_code"]) for r in asked] == [
        ("USER", "anna", None, 331), ("PASS", "anna", True, 530),
        ("USER", "anna", None, 331), ("PASS", "anna", True, 230),
    ]  # fmt: skip
    assert no_secret(rows) and not rows["weird"]
    assert [i["description"] for i in rows["identity"]] == ["Welcome"]


@pytest.mark.parametrize(("user", "password", "target", "clear"), [
    (b"Anonymous", b"me@example", "ftp, anonymous", False),
    (b"ftp", b"x", "ftp, anonymous", False),
    (b"op", b"", "ftp, no password", False),
    (b"op", b"sesame", "ftp, clear text", True),
])  # fmt: skip
def test_what_kind_of_login_it_was(user: bytes, password: bytes, target: str, clear: bool) -> None:
    rows = tell([GREETING, *login(user, password, b"230 ok")], 21)
    [command] = rows["command"]
    assert (command["target"], command["value"]) == (target, user.decode())
    assert [r["clear_password"] for r in rows["ftp"] if r["function"] == "PASS"] == [clear]


def test_a_user_without_a_password_is_in_at_once() -> None:
    rows = tell([GREETING, ("c", b"user op\r\n"), ("s", b"230 welcome\r\n")], 21)
    [command] = rows["command"]
    assert (command["target"], command["value"], command["result"]) == ("ftp, no password", "op", "ok")


def test_files_are_transfers_and_commands() -> None:
    rows = tell([
        *TALK,
        ("c", b"STOR cmd.exe\r\n"), ("s", b"150 Ok\r\n"), ("s", b"226 done\r\n"),
        ("c", b"RETR plan.txt\r\n"), ("s", b"150 Opening data connection for plan.txt (734 bytes).\r\n"),
        ("s", b"226 done\r\n"),
        ("c", b"DELE plan.txt\r\n"), ("s", b"550 no\r\n"), ("c", b"RETR lost\r\n"), ("s", b"550 no\r\n"),
    ], 21)  # fmt: skip
    assert [(t["kind"], t["direction"], t["name"], t["bytes"]) for t in rows["transfer"]] == [
        ("file", "download", "cmd.exe", 0), ("file", "upload", "plan.txt", 734),
    ]  # fmt: skip
    done = [(c["verb"], c["function"], c["target"], c["result"]) for c in rows["command"] if c["verb"] == "write"]
    assert done == [("write", "STOR", "file cmd.exe", "ok"), ("write", "DELE", "file plan.txt", "file_unavailable")]


def test_nothing_is_read_after_encryption_began() -> None:
    rows = tell([GREETING, ("c", b"AUTH TLS\r\n"), ("s", b"234 go\r\n"), ("c", b"STOR x\r\n\x16\x03\x01\n\x80")], 21)
    assert [r["function"] for r in rows["ftp"] if r["function"]] == ["AUTH"]


def test_the_argument_of_an_unknown_command_is_not_kept() -> None:
    rows = tell([*TALK, ("c", b"PASSWD sesame\r\n"), ("c", b"XYZZ sesame\r\n"), ("s", b"500 what?\r\n")], 21)
    assert no_secret(rows)


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_cut_into_pieces_it_says_the_same(cut: int) -> None:
    whole, pieces = (tell(TALK, 21, cut=size) for size in (0, cut))
    for stream in ("ftp", "command", "identity"):
        said = [[{k: v for k, v in r.items() if "frame" not in k and k not in ("ts", "uid", "rtt_ns", "until")}
                 for r in rows[stream]] for rows in (whole, pieces)]  # fmt: skip
        assert said[0] == said[1]


@pytest.mark.parametrize("noise", [b"HELO relay\r\n", b"\x16\x03\x01\0\x05hello\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_other_bytes_are_not_ftp(noise: bytes) -> None:
    assert not tell([("c", noise)], 21)["ftp"]
