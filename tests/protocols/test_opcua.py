"""OPC UA transcripts: services on nodes, values with their quality, sessions, and what encryption leaves to see."""

from __future__ import annotations

import struct

import pytest

from tests.protocols.harness import SERVER, Rows, tell
from tests.protocols.test_tls import certificate, named

NONE = b"http://opcfoundation.org/UA/SecurityPolicy#None"
SECURE = b"http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"
READ, READ_ANSWER, WRITE, WRITE_ANSWER = 631, 634, 673, 676
GOOD, BAD_NODE = 0, 0x80340000


def text(value: bytes | None) -> bytes:
    """A String or ByteString."""
    return struct.pack("<i", -1) if value is None else struct.pack("<i", len(value)) + value


def chunk(kind: bytes, body: bytes) -> bytes:
    """A message chunk: type and place, length, body."""
    return kind + struct.pack("<I", len(body) + 8) + body


def hello() -> tuple[bytes, bytes]:
    """HEL and its ACK."""
    numbers = struct.pack("<5I", 0, 65_535, 65_535, 0, 0)
    return chunk(b"HELF", numbers + text(b"opc.tcp://plc:4840")), chunk(b"ACKF", numbers)


def head(rid: int) -> bytes:
    """Channel, token, sequence number, request id."""
    return struct.pack("<4I", 5, 1, rid + 50, rid)


def ask(service: int, body: bytes, rid: int = 1) -> bytes:
    """A request in one chunk."""
    header = b"\0\0" + bytes(8) + struct.pack("<II", rid, 0) + text(None) + struct.pack("<I", 1000) + b"\0\0\0"
    return chunk(b"MSGF", head(rid) + b"\x01\x00" + struct.pack("<H", service) + header + body)


def answer(service: int, body: bytes, rid: int = 1, status: int = GOOD) -> bytes:
    """A response in one chunk."""
    header = bytes(8) + struct.pack("<II", rid, status) + b"\0" + struct.pack("<i", 0) + b"\0\0\0"
    return chunk(b"MSGF", head(rid) + b"\x01\x00" + struct.pack("<H", service) + header + body)


def node(space: int, name: bytes | int) -> bytes:
    """A NodeId with a string or a number."""
    if isinstance(name, int):
        return b"\x01" + struct.pack("<BH", space, name)
    return b"\x03" + struct.pack("<H", space) + text(name)


def read(*nodes: bytes, attribute: int = 13) -> bytes:
    """A ReadRequest's body."""
    items = b"".join(n + struct.pack("<I", attribute) + text(None) + b"\0\0" + text(None) for n in nodes)
    return bytes(8) + struct.pack("<Ii", 3, len(nodes)) + items


def talk(*messages: bytes, **options: int | bool) -> Rows:
    """A dialogue on the usual port; the asker begins, then they take turns."""
    turns = [("cs"[i % 2], m) for i, m in enumerate(messages)]
    return tell(turns, 4840, **options)  # type: ignore[arg-type]


def test_each_node_read_is_a_row_and_a_reading() -> None:
    results = struct.pack("<i", 2)
    results += b"\x01\x0b" + struct.pack("<d", 42.5)
    results += b"\x03\x06" + struct.pack("<i", -7) + struct.pack("<I", 0x40000000)
    rows = talk(
        *hello(),
        ask(READ, read(node(2, b"Tank.Level"), node(3, 1001))),
        answer(READ_ANSWER, results + struct.pack("<i", 0)),
    )
    said = [(r["source"], r["area"], r["name"], r["start"], r["values"], r["quality"]) for r in rows["reading"]]
    assert said == [
        (SERVER, "ns=2", "Tank.Level", None, [42.5], "good"),
        (SERVER, "ns=3", None, 1001, [-7.0], "uncertain"),
    ]
    hel, first, second = rows["opcua"]
    assert (hel["type"], hel["reply_type"], hel["endpoint_url"]) == ("HEL", "ACK", "opc.tcp://plc:4840")
    assert (first["type"], first["service_id"], first["reply_service_id"], first["items"]) == ("MSG", 631, 634, 2)
    assert (second["type"], second["service_id"], second["node_number"]) == (None, None, 1001)
    assert (second["frame"], second["resp_frame"]) == (first["frame"], first["resp_frame"])


def test_an_array_is_one_reading() -> None:
    results = struct.pack("<i", 1) + b"\x01\x85" + struct.pack("<i3H", 3, 1, 2, 3) + struct.pack("<i", 0)
    rows = talk(ask(READ, read(node(1, b"x"))), answer(READ_ANSWER, results))
    assert [r["values"] for r in rows["reading"]] == [[1.0, 2.0, 3.0]]


def test_other_attributes_are_no_readings() -> None:
    results = struct.pack("<i", 1) + b"\x01\x03\x05" + struct.pack("<i", 0)
    rows = talk(ask(READ, read(node(1, b"x"), attribute=17)), answer(READ_ANSWER, results))
    assert rows["reading"] == []
    assert rows["opcua"][0]["attribute_name"] == "access_level"


def test_a_write_tells_node_value_and_result_of_each() -> None:
    def item(name: bytes, value: bytes) -> bytes:
        return node(2, name) + struct.pack("<I", 13) + text(None) + b"\x01" + value

    body = struct.pack("<i", 2) + item(b"Speed", b"\x0a" + struct.pack("<f", 1.5)) + item(b"Run", b"\x01\x01")
    rows = talk(ask(WRITE, body), answer(WRITE_ANSWER, struct.pack("<iIIi", 2, GOOD, BAD_NODE, 0)))
    assert [(c["verb"], c["target"], c["value"], c["result"]) for c in rows["command"]] == [
        ("write", "ns=2 Speed", "1.5", "ok"),
        ("write", "ns=2 Run", "1", "bad_node_id_unknown"),
    ]


def test_texts_are_read_and_written() -> None:
    results = struct.pack("<i", 1) + b"\x01\x0c" + text(b"Batch 7") + struct.pack("<i", 0)
    rows = talk(ask(READ, read(node(2, b"Recipe"))), answer(READ_ANSWER, results))
    assert [(r["name"], r["text"], r["values"]) for r in rows["reading"]] == [("Recipe", "Batch 7", [])]
    item = node(2, b"Recipe") + struct.pack("<I", 13) + text(None) + b"\x01\x0c" + text(b"Batch 8")
    rows = talk(ask(WRITE, struct.pack("<i", 1) + item), answer(WRITE_ANSWER, struct.pack("<iIi", 1, GOOD, 0)))
    assert [(c["value"], c["result"]) for c in rows["command"]] == [("Batch 8", "ok")]


def test_a_fault_answers_every_item_but_is_counted_once() -> None:
    rows = talk(ask(READ, read(node(1, b"a"), node(1, b"b"))), answer(397, b"", status=0x80100000))
    assert [r["reply_service_id"] for r in rows["opcua"]] == [397, None]
    assert {r["status_name"] for r in rows["opcua"]} == {"bad_too_many_operations"}


def test_a_method_call() -> None:
    body = struct.pack("<i", 1) + node(2, b"Press") + node(2, b"Press.Start") + struct.pack("<i", 1) + b"\x07"
    rows = talk(
        ask(712, body + struct.pack("<I", 9)),
        answer(715, struct.pack("<iIiiii", 1, GOOD, 0, 0, 0, 0)),
    )
    (command,) = rows["command"]
    assert (command["verb"], command["target"], command["value"], command["result"]) == (
        "write", "method ns=2 Press.Start", "9", "ok",
    )  # fmt: skip


def test_values_of_a_subscription_come_under_the_clients_handle() -> None:
    item = node(2, b"Temp") + struct.pack("<I", 13) + text(None) + b"\0\0" + text(None)
    item += struct.pack("<II", 2, 77) + struct.pack("<d", 500) + b"\0\0\0" + struct.pack("<IB", 1, 1)
    data = struct.pack("<i", 1) + struct.pack("<I", 77) + b"\x01\x0b" + struct.pack("<d", 21.5) + struct.pack("<i", 0)
    notification = struct.pack("<I", 1) + bytes(8) + struct.pack("<i", 1) + b"\x01\x00" + struct.pack("<H", 811)
    notification += b"\x01" + text(data)
    rows = talk(
        ask(751, struct.pack("<IIi", 4, 3, 1) + item, rid=1),
        answer(754, struct.pack("<iII", 1, GOOD, 900) + struct.pack("<dI", 500, 1) + b"\0\0\0" + bytes(4), rid=1),
        ask(826, struct.pack("<i", 0), rid=2),
        answer(829, struct.pack("<Ii", 4, 0) + b"\0" + notification + struct.pack("<ii", 0, 0), rid=2),
    )
    (reading,) = rows["reading"]
    assert (reading["area"], reading["start"], reading["values"]) == ("subscription 4", 77, [21.5])
    monitored, published = rows["opcua"]
    assert (monitored["node"], monitored["client_handle"], monitored["item_id"]) == ("Temp", 77, 900)
    assert (published["items"], published["subscription"]) == (1, 4)


def test_a_message_in_chunks_is_put_together() -> None:
    whole = ask(READ, read(node(1, b"a" * 40)))
    body = whole[24:]
    first = chunk(b"MSGC", head(1) + body[:30])
    last = chunk(b"MSGF", head(1) + body[30:])
    rows = tell([("c", first), ("c", last)], 4840)
    (row,) = rows["opcua"]
    assert (row["service"], row["node"]) == ("read", "a" * 40)


def test_a_message_given_up_tells_why() -> None:
    reason = struct.pack("<I", 0x80B90000) + text(b"too big")
    rows = talk(ask(READ, read(node(1, b"a"))), chunk(b"MSGA", head(1) + reason))
    (row,) = rows["opcua"]
    assert (row["service"], row["status_name"], row["text"]) == ("read", "bad_response_too_large", "too big")


def test_a_login_with_a_name() -> None:
    token = text(b"policy") + text(b"maria") + text(b"\x01\x02") + text(None)
    body = text(None) * 2 + struct.pack("<ii", 0, 0) + b"\x01\x00" + struct.pack("<H", 324) + b"\x01" + text(token)
    rows = talk(ask(467, body + text(None) * 2), answer(470, b"", status=0x80210000))
    (command,) = rows["command"]
    assert (command["verb"], command["target"], command["result"]) == (
        "authenticate", "username maria", "bad_identity_token_rejected",
    )  # fmt: skip


def application(uri: bytes, product: bytes, name: bytes, kind: int) -> bytes:
    """An ApplicationDescription."""
    return text(uri) + text(product) + b"\x02" + text(name) + struct.pack("<I", kind) + text(None) * 2 + b"\0\0\0\0"


def test_endpoints_tell_who_the_server_is_and_how_it_is_guarded() -> None:
    server = application(b"urn:line1:plc", b"urn:maker:server", b"Line 1", 0)
    policy = text(b"p") + struct.pack("<I", 0) + text(None) * 3
    endpoint = text(b"opc.tcp://line1:4840") + server + text(None) + struct.pack("<I", 1) + text(NONE)
    endpoint += struct.pack("<i", 1) + policy + text(b"transport") + b"\0"
    rows = talk(
        ask(428, text(b"opc.tcp://line1:4840") + bytes(8)),
        answer(431, struct.pack("<i", 1) + endpoint),
    )
    who = [i for i in rows["identity"] if i["name"]]
    assert [(i["address"], i["name"], i["software"], i["description"]) for i in who] == [
        (SERVER, "Line 1", "urn:maker:server", "urn:line1:plc (server)"),
    ]
    guard = next(i["description"] for i in rows["identity"] if "security" in (i["description"] or ""))
    assert guard == "opc.tcp://line1:4840 security None (none; login anonymous)"
    assert any(r["application_uri"] == "urn:line1:plc" and r["tokens"] == "anonymous" for r in rows["opcua"])


def test_encrypted_channels_leave_types_only() -> None:
    policy = text(SECURE) + text(b"\x30\x03abc") + text(b"t" * 20)
    opening = chunk(b"OPNF", struct.pack("<I", 0) + policy + b"\xa5" * 256)
    opened = chunk(b"OPNF", struct.pack("<I", 9) + policy + b"\xa6" * 256)
    sealed = chunk(b"MSGF", struct.pack("<II", 9, 1) + b"\xa7" * 64)
    rows = talk(opening, opened, sealed, sealed)
    channel, there, back = rows["opcua"]
    assert (channel["type"], channel["reply_type"], channel["security_policy"]) == ("OPN", "OPN", "Basic256Sha256")
    assert [(r["type"], r["encrypted"], r["service_id"], r["is_orig"]) for r in (there, back)] == [
        ("MSG", True, None, True), ("MSG", True, None, False),
    ]  # fmt: skip
    assert rows["weird"] == []


@pytest.mark.parametrize("cut", [0, 5, 50])
def test_the_same_however_the_stream_is_cut(cut: int) -> None:
    rows = talk(
        *hello(),
        ask(READ, read(node(2, b"x"))),
        answer(READ_ANSWER, struct.pack("<i", 1) + b"\x01\x03\x09" + bytes(4)),
        cut=cut,
    )
    assert [(r["service"], r["reply_service_id"]) for r in rows["opcua"]] == [("hello", None), ("read", 634)]
    assert [r["values"] for r in rows["reading"]] == [[9.0]]


def test_known_on_another_port_and_from_the_middle() -> None:
    messages = [("c", ask(READ, read(node(2, b"x")))), ("s", answer(READ_ANSWER, struct.pack("<ii", 0, 0)))]
    rows = tell(messages, 48_010, handshake=False)
    assert rows["conn"][0]["service"] == "opcua"
    assert rows["conn"][0]["id.resp_p"] == 48_010
    assert len(rows["opcua"]) == 1


@pytest.mark.parametrize(
    "foreign", [b"GET / HTTP/1.1\r\n\r\n", b"MSGX" + bytes(40), b"HELF\xff\xff\xff\x7f" + bytes(40)]
)
def test_foreign_traffic_on_our_port_is_refused(foreign: bytes) -> None:
    assert tell([("c", foreign)], 4840)["opcua"] == []


def test_damaged_answers_are_weirds() -> None:
    rows = talk(ask(428, text(b"u") + bytes(8)), answer(431, struct.pack("<i", 1) + text(b"opc.tcp://x") + b"\xff\xff"))
    assert [w["name"] for w in rows["weird"]] == ["opcua_endpoints_malformed"]


def test_the_certificate_of_a_secure_channel_has_a_row_that_says_whose_it_is() -> None:
    """The client's stands in the request, the server's in the answer; the rest of both is encrypted."""
    panel, plc = (certificate(named(CN=name), named(CN="plant CA")) for name in ("panel", "plc7"))
    opened = [
        chunk(b"OPNF", struct.pack("<I", 5) + text(SECURE) + text(shown) + text(bytes(20)) + bytes(range(1, 129)))
        for shown in (panel, plc)
    ]
    rows = tell([("c", hello()[0]), ("s", hello()[1]), ("c", opened[0]), ("s", opened[1])], 4840)
    found = [r for r in rows["opcua"] if r["subject"]]
    assert [(r["subject"], r["issuer"], r["not_after"], r["resp_frame"] is None) for r in found] == [
        ("CN=panel", "CN=plant CA", "2054-01-01T00:00:00Z", True),
        ("CN=plc7", "CN=plant CA", "2054-01-01T00:00:00Z", False),
    ]
    assert [r["key_bits"] for r in found] == [2048, 2048] and not any(r["self_signed"] for r in found)
