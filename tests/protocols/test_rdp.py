"""RDP connection requests: cookie, protection asked for, chosen and refused."""

import struct

import pytest

from tests.protocols.harness import tell


def x224(kind: int, rest: bytes) -> bytes:
    return struct.pack("!HHBBHHB", 0x0300, 11 + len(rest), 6 + len(rest), kind, 0, 0, 0) + rest


def negotiation(kind: int, value: int) -> bytes:
    return struct.pack("<BBHI", kind, 0, 8, value)


ASK = x224(0xE0, b"Cookie: mstshash=anna\r\n" + negotiation(1, 3))


@pytest.mark.parametrize(("answer", "selected", "failure"), [
    (x224(0xD0, negotiation(2, 2)), "credssp", None),
    (x224(0xD0, negotiation(2, 0)), "rdp", None),
    (x224(0xD0, negotiation(3, 5)), None, "credssp_required"),
])  # fmt: skip
def test_a_connection_is_a_row(answer: bytes, selected: str | None, failure: str | None) -> None:
    rows = tell([("c", ASK), ("s", answer), ("c", b"\x16\x03\x01\0\x04abcd")], 3389)
    [row] = rows["rdp"]
    assert (row["username"], row["requested"], row["selected"], row["failure"]) == (
        "anna", "tls or credssp", selected, failure,
    )  # fmt: skip
    assert not rows["weird"]


def test_a_request_without_cookie_is_told() -> None:
    [row] = tell([("c", x224(0xE0, negotiation(1, 0)))], 3390)["rdp"]
    assert (row["username"], row["requested"]) == (None, "rdp")


def test_s7_on_its_port_is_not_rdp() -> None:
    assert not tell([("c", x224(0xE0, b"\xc1\x02\x01\0\xc2\x02\x01\x02\xc0\x01\x0a"))], 3389)["rdp"]
