"""NetBIOS names and browser announcements."""

import struct

import pytest

from tests.protocols.harness import llc, tell


def encoded(name: str, suffix: int) -> bytes:
    octets = name.upper().ljust(15).encode() + bytes([suffix])
    return b"\x20" + b"".join(bytes([65 + (o >> 4), 65 + (o & 15)]) for o in octets) + b"\0"


def head(ident: int, flags: int, *counts: int) -> bytes:
    return struct.pack("!HH4H", ident, flags, *counts)


OWN = bytes([10, 0, 0, 1])


def registration(suffix: int = 0, nb_flags: int = 0, address: bytes = OWN) -> bytes:
    record = b"\xc0\x0c" + struct.pack("!HHIHH", 0x20, 1, 300, 6, nb_flags) + address
    return head(5, 0x2910, 1, 0, 0, 1) + encoded("PRESS-HMI", suffix) + struct.pack("!HH", 0x20, 1) + record


def test_a_registered_name_is_the_senders() -> None:
    rows = tell([("c", registration())], port=137, udp=True)
    [who] = rows["identity"]
    assert (who["address"], who["name"], who["evidence"]) == ("10.0.0.1", "PRESS-HMI", "name registration")
    [row] = rows["nbns"]
    assert row["query"] == "PRESS-HMI<00>"
    assert (row["opcode_name"], row["suffix"], row["qtype_name"], row["broadcast"]) == (
        "registration",
        "0x00",
        "NB",
        True,
    )


@pytest.mark.parametrize(
    "message",
    [
        registration(nb_flags=0x8000),  # a group
        registration(suffix=0x1B),  # a domain's master browser
        registration(address=bytes([10, 0, 0, 50])),  # somebody else's address
        head(5, 0x0110, 1, 0, 0, 0) + encoded("PRESS-HMI", 0) + struct.pack("!HH", 0x20, 1),  # a question
    ],
)
def test_names_that_are_not_the_senders(message: bytes) -> None:
    assert not tell([("c", message)], port=137, udp=True)["identity"]


def test_node_status_tells_name_workgroup_and_mac() -> None:
    query = head(9, 0x0000, 1, 0, 0, 0) + encoded("*", 0) + struct.pack("!HH", 0x21, 1)
    names = b"".join(
        n.ljust(15).encode() + bytes([s]) + struct.pack("!H", f)
        for n, s, f in (("FILLER-3", 0x20, 0x0400), ("LINE4", 0x00, 0x8400), ("FILLER-3", 0x00, 0x0400))
    )
    data = b"\x03" + names + bytes.fromhex("02a0b0c0d0e0")
    reply = head(9, 0x8400, 0, 1, 0, 0) + encoded("*", 0) + struct.pack("!HHIH", 0x21, 1, 0, len(data)) + data
    rows = tell([("c", query), ("s", reply)], port=137, udp=True)
    [who] = rows["identity"]
    assert (who["name"], who["mac"], who["description"]) == (
        "FILLER-3",
        "02:a0:b0:c0:d0:e0",
        "workgroup or domain LINE4",
    )
    [row] = rows["nbns"]
    assert (row["frame"], row["resp_frame"], row["rcode_name"]) == (1, 2, "NOERROR")


def mailslot(data: bytes, slot: bytes = b"\\MAILSLOT\\BROWSE\0") -> bytes:
    """An SMB transaction to a mailslot ([MS-CIFS] 2.2.4.33): 17 words, then name and data."""
    at = 32 + 1 + 34 + 2 + len(slot)
    words = struct.pack("<HHHHBBHIHHHHHBB", 0, len(data), 0, 0, 0, 0, 0, 1000, 0, 0, 0, len(data), at, 3, 0)
    words += struct.pack("<HHH", 1, 1, 2)
    return b"\xffSMB\x25" + bytes(27) + b"\x11" + words + struct.pack("<H", len(slot) + len(data)) + slot + data


def datagram(smb: bytes) -> bytes:
    names = encoded("PRESS-HMI", 0) + encoded("LINE4", 0x1D)
    return b"\x11\x02\x00\x07" + OWN + struct.pack("!HHH", 138, len(names) + len(smb), 0) + names + smb


def announced(command: int, server: str, kind: int, comment: bytes) -> bytes:
    return (
        bytes([command, 0])
        + bytes(4)
        + server.encode().ljust(16, b"\0")
        + bytes([6, 1])
        + struct.pack("<IBBH", kind, 15, 1, 0xAA55)
        + comment
        + b"\0"
    )


def test_host_announcement_tells_name_system_and_role() -> None:
    rows = tell([("c", datagram(mailslot(announced(1, "PRESS-HMI", 0x9003, b"press line"))))], port=138, udp=True)
    [who] = rows["identity"]
    assert (who["name"], who["os"], who["role"], who["description"]) == (
        "PRESS-HMI",
        "Windows 6.1",
        "server",
        "press line",
    )
    [row] = rows["browser"]
    assert (row["smb_command"], row["function"], row["mailslot"], row["source_ip"]) == (
        37,
        "host_announcement",
        "\\MAILSLOT\\BROWSE",
        "10.0.0.1",
    )


def test_samba_is_no_windows() -> None:
    rows = tell([("c", datagram(mailslot(announced(15, "FILER", 0x9803, b"Samba"))))], port=138, udp=True)
    assert [(i["name"], i["os"]) for i in rows["identity"]] == [("FILER", None)]


def test_domain_announcement_names_its_master_browser() -> None:
    rows = tell([("c", datagram(mailslot(announced(12, "LINE4", 0x80001000, b"PRESS-HMI"))))], port=138, udp=True)
    [who] = rows["identity"]
    assert (who["name"], who["description"], who["role"]) == ("PRESS-HMI", "workgroup or domain LINE4", None)


def test_other_mailslots_are_no_announcements() -> None:
    message = mailslot(announced(1, "X", 3, b""), b"\\MAILSLOT\\NET\\NETLOGON\0")
    rows = tell([("c", datagram(message))], port=138, udp=True)
    assert not rows["identity"]
    assert rows["browser"][0]["function"] is None


def test_netbeui_below_ip() -> None:
    names = "LINE4".ljust(15).encode() + b"\x1d" + "PRESS-HMI".ljust(15).encode() + b"\0"
    frame = b"\xf0\xf0\x03" + struct.pack("<HHB", 44, 0xEFFF, 8) + bytes(7) + names
    smb = mailslot(announced(1, "PRESS-HMI", 0x1003, b""))
    rows = llc([("c", frame + smb)], dst=bytes.fromhex("030000000001"))
    [who] = rows["identity"]
    assert (who["address"], who["name"], who["role"]) == ("02:00:00:00:00:01", "PRESS-HMI", "workstation")
