"""DCE/RPC over TCP, and the logon of remote calls in pipes."""

import struct
from uuid import UUID

import pytest

from linewarden.protocols._shared import dcerpc as rpc, ntlm
from tests.protocols.harness import Rows, tell
from tests.protocols.test_smb import authenticate, challenge, framed, smb1, smb2, wide

MAPPER, SYNC_IO = "e1af8308-5d1f-11c9-91a4-08002b14a0fa", "39c13a52-011e-11d0-9675-0020afd8adb3"
NDR = UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<HH", 2, 0)
NEGOTIATE = ntlm.SIGNATURE + struct.pack("<II", 1, 0) + bytes(24)
FIRST, LAST, WHOLE = 1, 2, 3


def packet(
    kind: int, body: bytes, call: int = 1, logon: bytes = b"", flags: int = WHOLE, auth: int = rpc.NTLM
) -> bytes:
    """One packet; with a logon it is padded to four and has the trailer before it."""
    if logon:
        body += bytes(-len(body) % 4) + struct.pack("<BBBBI", auth, 2, 0, 0, 79231)
    length = 16 + len(body) + len(logon)
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, length, len(logon), call) + body + logon


def bind(*uuids: str, kind: int = rpc.BIND, logon: bytes = b"", auth: int = rpc.NTLM) -> bytes:
    contexts = b"".join(
        struct.pack("<HBB", n, 1, 0) + UUID(uuid).bytes_le + struct.pack("<HH", 3, 0) + NDR
        for n, uuid in enumerate(uuids)
    )
    return packet(kind, struct.pack("<HHIBBH", 5840, 5840, 0, len(uuids), 0, 0) + contexts, logon=logon, auth=auth)


def bound(*results: int, kind: int = rpc.BIND_ACK, logon: bytes = b"") -> bytes:
    body = struct.pack("<HHIH", 5840, 5840, 7, 4) + b"135\0"
    body += bytes(-(16 + len(body)) % 4) + struct.pack("<BBH", len(results), 0, 0)
    return packet(kind, body + b"".join(struct.pack("<HH", r, 0) + NDR for r in results), logon=logon)


def call(opnum: int, number: int = 2, context: int = 0, flags: int = WHOLE) -> bytes:
    return packet(rpc.REQUEST, struct.pack("<IHH", 8, context, opnum) + bytes(8), number, flags=flags)


def answer(number: int = 2, flags: int = WHOLE) -> bytes:
    return packet(rpc.RESPONSE, struct.pack("<IHBB", 8, 0, 0, 0) + bytes(8), number, flags=flags)


TALK = [("c", bind(MAPPER)), ("s", bound(0)), ("c", call(3)), ("s", answer())]


def test_a_bind_and_a_call_are_a_row_each() -> None:
    rows = tell(TALK, port=135)
    assert [(r["type"], r["reply_type"], r["function"], r["interface"], r["opnum"]) for r in rows["dcerpc"]] == [
        (11, 12, "bind", "endpoint_mapper", None),
        (0, 2, "request", "endpoint_mapper", 3),
    ]
    assert rows["dcerpc"][0]["uuid"] == MAPPER.replace("-", "")
    assert (rows["dcerpc"][0]["interface_version"], rows["dcerpc"][0]["result"]) == (3, "accepted")
    assert not rows["weird"]


def test_a_bind_of_several_interfaces_has_a_row_each_and_its_calls_know_theirs() -> None:
    other = "00112233-4455-6677-8899-aabbccddeeff"
    rows = tell(
        [("c", bind(MAPPER, SYNC_IO, other)), ("s", bound(0, 0, 2)), ("c", call(4, context=1)), ("s", answer())],
        port=49_152,
    )
    assert rows["conn"][0]["service"] == "dcerpc"
    assert [(r["type"], r["context"], r["interface"], r["result"]) for r in rows["dcerpc"][:3]] == [
        (11, 0, "endpoint_mapper", "accepted"),
        (None, 1, "opc_da_sync_io", "accepted"),
        (None, 2, None, "provider_rejected"),
    ]
    assert rows["dcerpc"][2]["uuid"] == other.replace("-", "")
    assert (rows["dcerpc"][3]["interface"], rows["dcerpc"][3]["opnum"]) == ("opc_da_sync_io", 4)


def test_ntlm_tells_both_hosts_and_the_user() -> None:
    rows = tell(
        [
            ("c", bind(MAPPER, logon=NEGOTIATE)),
            ("s", bound(0, logon=challenge())),
            ("c", packet(rpc.AUTH3, bytes(4), logon=authenticate("ENG-7", "anna", "PLANT"))),
            *TALK[2:],
        ],
        port=135,
    )
    assert {(i["address"], i["protocol"], i["name"], i["os"]) for i in rows["identity"]} == {
        ("10.0.0.2", "dcerpc", "HIST-01", "Windows 10.0.17763"),
        ("10.0.0.1", "dcerpc", "ENG-7", "Windows 6.1.7601"),
    }
    [user] = [r for r in rows["dcerpc"] if r["user"]]
    assert (user["user"], user["domain"], user["client_host"]) == ("anna", "PLANT", "ENG-7")
    [logon] = rows["command"]
    assert (logon["verb"], logon["function"], logon["id.orig_h"]) == ("authenticate", "auth3", "10.0.0.1")
    assert (rows["dcerpc"][0]["auth"], rows["dcerpc"][0]["level"]) == ("ntlm", "connect")


def test_a_ticket_logs_on_in_the_bind_and_a_refusal_is_told() -> None:
    refused = packet(rpc.BIND_NAK, struct.pack("<HB", 8, 0))
    rows = tell([("c", bind(MAPPER, logon=b"a ticket", auth=16)), ("s", refused)], port=135)
    [logon] = rows["command"]
    assert (logon["verb"], logon["result"]) == ("authenticate", "unknown_authentication")
    assert (rows["dcerpc"][0]["auth"], rows["dcerpc"][0]["status"]) == ("kerberos", "unknown_authentication")


def test_a_fault_is_told_with_its_call() -> None:
    fault = packet(rpc.FAULT, struct.pack("<IHBBII", 32, 0, 0, 0, 5, 0), 2)
    [row] = tell([TALK[2], ("s", fault)], port=135)["dcerpc"]
    assert (row["reply_type"], row["opnum"], row["status"]) == (3, 3, "access_denied")


def test_fragments_of_a_call_make_one_row() -> None:
    parts = [("c", call(7, flags=FIRST)), ("c", call(7, flags=0)), ("c", call(7, flags=LAST))]
    rows = tell([*parts, ("s", answer(flags=FIRST)), ("s", answer(flags=LAST))], port=135)
    [row] = rows["dcerpc"]
    assert (row["opnum"], row["frame"], row["resp_frame"]) == (7, 4, 7)


NETLOGON, SERVICES = "12345678-1234-abcd-ef00-01234567cffb", "367abb81-9844-35f1-ad32-98f038001003"


def named(text: str) -> bytes:
    """A string in NDR, padded to four."""
    chars = len(text) + 1
    said = struct.pack("<III", chars, 0, chars) + wide(text + "\0")
    return said + bytes(-len(said) % 4)


def ask(opnum: int, stub: bytes, number: int = 2, level: int = 0) -> bytes:
    packed = packet(rpc.REQUEST, struct.pack("<IHH", len(stub), 0, opnum) + stub, number)
    if not level:
        return packed
    trailer = struct.pack("<BBBBI", 68, level, 0, 0, 0) + bytes(16)
    return packed[:8] + struct.pack("<HH", len(packed) + 24, 16) + packed[12:] + trailer


def returns(code: int, number: int = 2) -> bytes:
    return packet(rpc.RESPONSE, struct.pack("<IHBB", 8, 0, 0, 0) + bytes(4) + struct.pack("<I", code), number)


def logon_server(credential: bytes) -> bytes:
    return (struct.pack("<I", 1) + named("\\\\DC1") + named("DC1$")[:-2] + struct.pack("<H", 6) + named("DC1")
            + credential + struct.pack("<I", 0x212FFFFF))  # fmt: skip


@pytest.mark.parametrize(("credential", "zero"), [(bytes(8), True), (b"\x11\x22\x33\x44" * 2, False)])
def test_netlogon_without_a_credential_is_told_and_none_is_kept(credential: bytes, zero: bool) -> None:
    rows = tell([("c", bind(NETLOGON)), ("s", bound(0)), ("c", ask(26, logon_server(credential))),
                 ("s", returns(0xC0000022))], 49_668)  # fmt: skip
    row = rows["dcerpc"][1]
    assert (row["operation"], row["object"], row["zero_credential"], row["returned"]) == (
        "NetrServerAuthenticate3", "DC1$", zero, "access_denied",
    )  # fmt: skip
    [logon] = rows["command"]
    assert (logon["verb"], logon["target"], logon["result"]) == ("authenticate", "netlogon", "access_denied")
    assert "11223344" not in str(rows) and not rows["weird"]


def test_a_service_that_is_made_and_stopped_is_told() -> None:
    made = (
        bytes(20)
        + named("PSEXESVC")
        + struct.pack("<I", 7)
        + named("PSEXESVC")
        + bytes(16)
        + named("%SystemRoot%\\x.exe")
    )
    rows = tell([("c", bind(SERVICES)), ("s", bound(0)), ("c", ask(12, made)), ("s", returns(0)),
                 ("c", ask(1, bytes(20) + struct.pack("<I", 1), 3)), ("s", returns(1062, 3))], 49_668)  # fmt: skip
    assert [(c["verb"], c["target"], c["result"]) for c in rows["command"]] == [
        ("configure", "service", "ok"), ("stop", "service", "service_not_started"),
    ]  # fmt: skip
    row = rows["dcerpc"][1]
    assert (row["operation"], row["object"], row["program"]) == ("CreateServiceW", "PSEXESVC", "%SystemRoot%\\x.exe")
    assert not rows["weird"]


def test_a_sealed_call_has_no_arguments() -> None:
    rows = tell([("c", bind(SERVICES)), ("s", bound(0)), ("c", ask(12, b"\xa5" * 60, level=6))], 49_668)
    row = rows["dcerpc"][1]
    assert (row["operation"], row["object"]) == ("CreateServiceW", None)
    assert not rows["weird"]


def carried_by_smb2(pdu: bytes, said: bytes) -> Rows:
    """A bind in SMB 2: written and read, or both at once."""
    ask = struct.pack("<HHIQQQIIHHI", 49, 64 + 48, len(pdu), 0, 1, 2, 0, 0, 0, 0, 0) + pdu
    tell_it = struct.pack("<HBBIIII", 17, 64 + 16, 0, len(said), 0, 0, 0)[:16] + said
    return tell(
        [
            ("c", framed(smb2(9, ask, mid=1))), ("s", framed(smb2(9, bytes(16), 1, True))),
            ("c", framed(smb2(8, bytes(48), mid=2))), ("s", framed(smb2(8, tell_it, 2, True))),
        ],
        port=445,
    )  # fmt: skip


def transceived(pdu: bytes, said: bytes) -> Rows:
    head = struct.pack("<HHIQQ", 57, 0, 0x11C017, 1, 2)
    ask = head + struct.pack("<IIIIIIII", 64 + 56, len(pdu), 0, 0, 0, 1024, 1, 0) + pdu
    tell_it = head + struct.pack("<IIIIII", 0, 0, 64 + 48, len(said), 0, 0) + said
    return tell([("c", framed(smb2(11, ask))), ("s", framed(smb2(11, tell_it, 1, True)))], port=445)


def carried_by_smb1(pdu: bytes, said: bytes) -> Rows:
    write = struct.pack("<BBHHIIHHHHH", 0xFF, 0, 0, 5, 0, 0, 8, 0, 0, len(pdu), 32 + 27)
    read = struct.pack("<BBHHHHHHHII", 0xFF, 0, 0, 0, 0, 0, len(said), 32 + 27, 0, 0, 0)
    return tell(
        [
            ("c", framed(smb1(0x2F, b"\x0c" + write + struct.pack("<H", len(pdu)) + pdu, mid=1))),
            ("s", framed(smb1(0x2E, b"\x0c" + read + struct.pack("<H", len(said)) + said, 2, True))),
        ],
        port=445,
    )


def transacted(pdu: bytes, said: bytes) -> Rows:
    ask = struct.pack("<HHHHBBHIHHHHHBBHH", 0, len(pdu), 0, 1024, 0, 0, 0, 0, 0, 0, 0, len(pdu), 67, 2, 0, 0x26, 5)
    tell_it = struct.pack("<HHHHHHHHHBB", 0, len(said), 0, 0, 0, 0, len(said), 55, 0, 0, 0)
    return tell(
        [
            ("c", framed(smb1(0x25, b"\x10" + ask + struct.pack("<H", len(pdu)) + pdu))),
            ("s", framed(smb1(0x25, b"\x0a" + tell_it + struct.pack("<H", len(said)) + said, response=True))),
        ],
        port=445,
    )


@pytest.mark.parametrize("way", [carried_by_smb2, transceived, carried_by_smb1, transacted])
def test_a_remote_call_in_a_pipe_tells_who_logs_on(way) -> None:  # type: ignore[no-untyped-def]
    alter = bind(SYNC_IO, kind=rpc.ALTER, logon=authenticate("ENG-7", "anna", "PLANT"))
    rows = way(alter, bound(0, logon=challenge()))
    assert {(i["address"], i["protocol"], i["name"]) for i in rows["identity"]} == {
        ("10.0.0.2", "smb", "HIST-01"),
        ("10.0.0.1", "smb", "ENG-7"),
    }
    assert [r["user"] for r in rows["smb"] if r["user"]] == ["anna"]
    assert not rows["weird"]


def test_a_pipe_that_carries_part_of_a_packet_says_nothing() -> None:
    rows = transceived(bind(MAPPER, logon=authenticate("ENG-7", "anna", "PLANT"))[:90], b"")
    assert not rows["identity"]
    assert not rows["weird"]


@pytest.mark.parametrize("noise", [b"\x05\0\x0b\x03\0\0\0\x10" + bytes(40), b"\x04" + TALK[0][1][1:], b"\x05" * 40])
def test_other_bytes_are_not_dcerpc(noise: bytes) -> None:
    assert not tell([("c", noise)], port=135)["dcerpc"]
