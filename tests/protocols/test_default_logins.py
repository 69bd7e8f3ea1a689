"""Factory logins: told once the server took them, in whichever protocol, and without the password."""

import base64

import pytest

from linewarden.protocols._shared.default_logins import makers
from tests.protocols.harness import Rows, tell
from tests.protocols.test_mqtt import connack, connect
from tests.protocols.test_telnet import HELLO, typed

USER, PASSWORD = b"admin", b"superuser"
Turns = list[tuple[str, bytes]]


def ftp(password: bytes, taken: bool) -> Rows:
    answer = b"230 ok\r\n" if taken else b"530 no\r\n"
    login: Turns = [("c", b"USER " + USER + b"\r\n"), ("s", b"331 and?\r\n"), ("c", b"PASS " + password + b"\r\n")]
    return tell([("s", b"220 ready\r\n"), *login, ("s", answer)], 21)


def http(password: bytes, taken: bool) -> Rows:
    shown = base64.b64encode(USER + b":" + password)
    ask = b"GET / HTTP/1.1\r\nHost: d\r\nAuthorization: Basic " + shown + b"\r\n\r\n"
    answer = b"HTTP/1.1 " + (b"200 OK" if taken else b"401 no") + b"\r\nContent-Length: 0\r\n\r\n"
    return tell([("c", ask), ("s", answer)], 80)


def mqtt(password: bytes, taken: bool) -> Rows:
    return tell([("c", connect(user=USER, password=password)), ("s", connack(0 if taken else 5))], 1883)


def telnet(password: bytes, taken: bool, letters: bool = False) -> Rows:
    end = b"\r\n$ welcome" if taken else b"\r\nLogin incorrect\r\nlogin: "
    secret = typed(password, False) if letters else [("c", password + b"\r\n")]
    return tell([*HELLO, ("c", USER + b"\r\n"), ("s", b"\r\nPassword: "), *secret, ("s", b"\r\n"), ("s", end)], 23)


def telnet_by_letter(password: bytes, taken: bool) -> Rows:
    return telnet(password, taken, letters=True)


ALL = pytest.mark.parametrize(
    ("stream", "login"),
    [("ftp", ftp), ("http", http), ("mqtt", mqtt), ("telnet", telnet), ("telnet", telnet_by_letter)],
)


def told(rows: Rows, stream: str) -> list[tuple[str, str]]:
    return [(r["username"], r["default_of"]) for r in rows[stream] if r["default_of"]]


@ALL
def test_a_factory_login_that_was_taken_is_told(stream: str, login: object) -> None:
    rows = login(PASSWORD, True)  # type: ignore[operator]
    [(user, whose)] = told(rows, stream)
    assert user == "admin" and whose == makers("admin", "superuser")
    assert PASSWORD.decode() not in str(rows) and not rows["weird"]


@ALL
def test_one_that_was_refused_is_not(stream: str, login: object) -> None:
    assert told(login(PASSWORD, False), stream) == []  # type: ignore[operator]


@ALL
def test_a_password_of_their_own_is_not(stream: str, login: object) -> None:
    assert told(login(b"superuser7", True), stream) == []  # type: ignore[operator]


def test_the_maker_is_named_and_the_table_holds_no_password() -> None:
    assert makers("admin", "moxa") == "Moxa"
    assert makers("admin", "") is None and makers("", "moxa") is None
