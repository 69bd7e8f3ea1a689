"""SSH: who both sides are, and what they offer, however their words are cut."""

import struct

import pytest

from tests.protocols.harness import CLIENT, SERVER, tell


def lists(*names: bytes) -> bytes:
    body = b"\x14" + bytes(range(16)) + b"".join(struct.pack("!I", len(n)) + n for n in names) + bytes(5)
    padding = 8 - (len(body) + 5) % 8 + 4
    return struct.pack("!IB", 1 + len(body) + padding, padding) + body + bytes(padding)


def offer(kex: bytes, cipher: bytes) -> bytes:
    return lists(kex, b"ssh-ed25519", cipher, b"other", b"hmac-sha1", b"other", b"none", b"other", b"", b"")


GREETING, HELLO = b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n", b"SSH-2.0-PuTTY_Release_0.81\r\n"
EXCHANGE = struct.pack("!IB", 12, 6) + b"\x1e" + bytes(10)
TALK = [
    ("s", GREETING), ("c", HELLO), ("s", offer(b"curve25519-sha256", b"aes128-ctr")),
    ("c", offer(b"diffie-hellman-group14-sha1", b"3des-cbc")), ("c", EXCHANGE), ("s", EXCHANGE), ("c", bytes(600)),
]  # fmt: skip


@pytest.mark.parametrize("cut", [0, 4, 7, 64])
def test_a_session_is_a_row(cut: int) -> None:
    rows = tell(TALK, 22, cut=cut)
    [row] = rows["ssh"]
    assert (row["client"], row["server"]) == (HELLO.decode().strip(), GREETING.decode().strip())
    assert (row["client_kex"], row["client_ciphers"], row["client_macs"], row["client_compression"]) == (
        "diffie-hellman-group14-sha1", "3des-cbc", "hmac-sha1", "none",
    )  # fmt: skip
    assert (row["server_kex"], row["server_ciphers"]) == ("curve25519-sha256", "aes128-ctr")
    assert row["resp_frame"]
    assert {(i["address"], i["software"], i["os"]) for i in rows["identity"]} == {
        (SERVER, "OpenSSH_9.6p1", "Ubuntu"), (CLIENT, "PuTTY_Release_0.81", None),
    }  # fmt: skip
    assert not rows["weird"]


def test_all_at_once_and_on_another_port_it_says_the_same() -> None:
    client, server = (b"".join(m for w, m in TALK if w == who) for who in "cs")
    [row] = tell([("c", client), ("s", server)], 2222)["ssh"]
    assert (row["client_ciphers"], row["server_ciphers"]) == ("3des-cbc", "aes128-ctr")


def test_a_greeting_that_nobody_answers_names_the_server() -> None:
    rows = tell([("s", GREETING)], 22)
    assert [i["address"] for i in rows["identity"]] == [SERVER]
    assert not rows["ssh"] and not rows["weird"]


def test_version_1_has_no_lists() -> None:
    old = b"SSH-1.5-1.2.27\n"
    [row] = tell([("s", old), ("c", old), ("s", bytes(3) + b"\x05" + bytes(40)), ("c", bytes(3) + b"\x05" + bytes(40)),
                  ("s", bytes(40))], 22)["ssh"]  # fmt: skip
    assert (row["client"], row["server"], row["client_kex"]) == ("SSH-1.5-1.2.27",) * 2 + (None,)


def test_a_peer_that_never_comes_to_the_point_is_let_go() -> None:
    rows = tell([("s", b"SSH-2.0-x\r\n"), ("c", b"SSH-2.0-" + bytes(60_000))], 22, cut=1400)
    assert [bool(r["client"]) for r in rows["ssh"]] == [True]
    assert not rows["weird"]


def test_other_bytes_are_not_ssh() -> None:
    assert tell([("c", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")], 22)["conn"][0]["service"] != "ssh"
