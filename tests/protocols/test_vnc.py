"""VNC: what is offered and chosen, the result, the desktop's name; never challenge or response."""

import struct

from tests.protocols.harness import SERVER, Rows, tell

V8 = b"RFB 003.008\n"
INIT = struct.pack("!HH16sI", 800, 600, bytes(16), 5) + b"HMI 3"
CHALLENGE, RESPONSE = b"challenge-16-oct", b"response-16-octe"


def login(result: int) -> Rows:
    return tell([("s", V8), ("c", V8), ("s", b"\x02\x02\x10"), ("c", b"\x02"), ("s", CHALLENGE), ("c", RESPONSE),
                 ("s", struct.pack("!I", result)), ("c", b"\x01"), ("s", INIT), ("s", bytes(500))], 5900)  # fmt: skip


def test_a_login_with_a_password_is_told_with_its_result() -> None:
    rows = login(0)
    [row] = rows["vnc"]
    assert (row["server_version"], row["client_version"], row["offered"], row["security"], row["result"]) == (
        8, 8, 1 << 2 | 1 << 16, "vnc password", "ok",
    )  # fmt: skip
    assert [(c["verb"], c["target"], c["result"]) for c in rows["command"]] == [("authenticate", "vnc", "ok")]
    assert [(i["address"], i["name"]) for i in rows["identity"] if i["name"]] == [(SERVER, "HMI 3")]
    assert "16-oct" not in str(rows) and not rows["weird"]


def test_a_refused_login_is_told() -> None:
    rows = login(1)
    assert rows["vnc"][0]["result"] == "failed"
    assert (rows["command"][0]["result"], rows["command"][0]["errors"]) == ("failed", 1)


def test_no_password_at_all_is_told() -> None:
    rows = tell(
        [("s", V8), ("c", V8), ("s", b"\x01\x01"), ("c", b"\x01"), ("s", bytes(4)), ("c", b"\1"), ("s", INIT)], 5901
    )
    assert rows["vnc"][0]["security"] == "none"
    assert [(c["target"], c["result"]) for c in rows["command"]] == [("vnc, no password", "ok")]


def test_in_version_3_3_the_server_decides() -> None:
    old = b"RFB 003.003\n"
    [row] = tell([("s", V8), ("c", old), ("s", struct.pack("!I", 1)), ("c", b"\1"), ("s", INIT)], 5900)["vnc"]
    assert (row["client_version"], row["security"]) == (3, "none")


def test_other_bytes_are_not_vnc() -> None:
    assert not tell([("s", b"RFB is a word\n")], 5900)["vnc"]
