"""MQTT: logins, topics and sizes; packets that are cut or come several at once."""

import struct

import pytest

from tests.protocols.harness import CLIENT, tell


def field(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


def packet(head: int, body: bytes) -> bytes:
    size, octets = len(body), b""
    while size >= 128:
        octets, size = octets + bytes([size & 127 | 128]), size >> 7
    return bytes([head]) + octets + bytes([size]) + body


def connect(version: int = 4, user: bytes | None = b"sven", password: bytes | None = b"sesame") -> bytes:
    flags = 2 | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    body = field(b"MQTT") + bytes([version, flags]) + struct.pack("!H", 60)
    body += (b"\x05\x11\0\0\0\x0a" if version == 5 else b"") + field(b"gw-12")
    return packet(0x10, body + b"".join(field(x) for x in (user, password) if x is not None))


def connack(code: int, version: int = 4) -> bytes:
    return packet(0x20, bytes([0, code]) + (b"\0" if version == 5 else b""))


def publish(topic: bytes, payload: bytes) -> bytes:
    return packet(0x30, field(topic) + payload)


@pytest.mark.parametrize(("version", "code", "result"), [
    (4, 0, "ok"), (4, 5, "not_authorized"), (5, 0, "ok"), (5, 134, "bad_user_name_or_password"),
])  # fmt: skip
def test_a_login_is_told_with_its_result_and_without_its_password(version: int, code: int, result: str) -> None:
    rows = tell([("c", connect(version)), ("s", connack(code, version))], 1883)
    [row] = rows["mqtt"]
    assert (row["client_id"], row["username"], row["password"], row["keep_alive"], row["reason"]) == (
        "gw-12", "sven", True, 60, result,
    )  # fmt: skip
    [command] = rows["command"]
    assert (command["target"], command["value"], command["result"]) == ("mqtt, clear text", "sven", result)
    assert rows["identity"][0]["name"] == "gw-12"
    assert "sesame" not in str(rows) and not rows["weird"]


def test_a_client_without_a_name_is_anonymous() -> None:
    [command] = tell([("c", connect(user=None, password=None)), ("s", connack(0))], 1883)["command"]
    assert (command["target"], command["value"]) == ("mqtt, anonymous", None)


TALK = [
    ("c", connect()), ("s", connack(0)),
    ("c", packet(0x82, b"\0\x01" + field(b"line/#") + b"\1" + field(b"tank/+") + b"\0") + packet(0xC0, b"")
     + publish(b"line/a", b"x" * 10) + publish(b"line/b", b"y" * 9_000) + publish(b"line/c", b"")),
    ("s", packet(0x90, b"\0\x01\1\0") + packet(0xD0, b"") + publish(b"tank/1", b"z" * 200)),
    ("c", packet(0xE0, b"")),
]  # fmt: skip


@pytest.mark.parametrize("cut", [0, 17, 100, 1400])
def test_however_it_is_cut_each_packet_is_a_row(cut: int) -> None:
    rows = tell(TALK, 1883, cut=cut)
    assert sorted((str(r["type"]), r["topic"], r["size"], r["is_orig"]) for r in rows["mqtt"]) == sorted([
        ("connect", None, None, True), ("subscribe", None, None, True), ("publish", "line/a", 10, True),
        ("publish", "line/b", 9_000, True), ("publish", "line/c", 0, True), ("publish", "tank/1", 200, False),
        ("disconnect", None, None, True),
    ])  # fmt: skip
    assert [r["filters"] for r in rows["mqtt"] if r["filters"]] == ["line/# tank/+"]
    assert [c["target"] for c in rows["command"] if c["verb"] == "write"] == [f"topic line/{x}" for x in "abc"]
    assert [c["verb"] for c in rows["command"]].count("subscribe") == 1
    assert not rows["weird"]


def test_sparkplug_names_its_nodes_once() -> None:
    data = [("c", publish(b"spBv1.0/plant/DDATA/gw-12/pump 1", bytes([n]))) for n in range(5)]
    said = [i for i in tell([*TALK[:2], *data], 1883)["identity"] if i["evidence"] == "Sparkplug topic"]
    assert [(i["address"], i["name"], i["role"]) for i in said] == [(CLIENT, "gw-12", "gateway")]
    assert "device pump 1" in said[0]["description"]


def test_who_commands_a_sparkplug_node_is_not_the_node() -> None:
    command = ("c", publish(b"spBv1.0/plant/NCMD/gw-12", b"rebirth"))
    assert not [i for i in tell([*TALK[:2], command], 1883)["identity"] if i["evidence"] == "Sparkplug topic"]


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x10\x05hello", bytes(40)])
def test_other_bytes_are_not_mqtt(noise: bytes) -> None:
    assert not tell([("c", noise)], 1883)["mqtt"]
