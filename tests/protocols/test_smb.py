"""SMB 1 and 2: commands, chains, compounds, logon, names."""

import struct

import pytest

from linewarden.protocols._shared import ntlm
from tests.protocols.harness import tell


def framed(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message


def smb1(command: int, body: bytes, mid: int = 1, response: bool = False, status: int = 0) -> bytes:
    flags = 0x80 if response else 0
    return (
        b"\xffSMB"
        + struct.pack("<BIBH", command, status, flags, 0xC801)
        + bytes(12)
        + struct.pack("<HHHH", 5, 6, 7, mid)
        + body
    )


def smb2(command: int, body: bytes, mid: int = 1, response: bool = False, status: int = 0, following: int = 0) -> bytes:
    return (
        b"\xfeSMB"
        + struct.pack("<HHIHHIIQIIQ", 64, 1, status, command, 1, int(response), following, mid, 0, 3, 4)
        + bytes(16)
        + body
    )


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def challenge(computer: str = "HIST-01", domain: str = "PLANT") -> bytes:
    pairs = b"".join(
        struct.pack("<HH", kind, len(wide(text))) + wide(text)
        for kind, text in ((2, domain), (1, computer), (3, "hist-01.plant.example"))
    ) + bytes(4)
    return (
        ntlm.SIGNATURE
        + struct.pack("<IHHII", 2, 0, 0, 56, 0x02000001)
        + bytes(16)
        + struct.pack("<HHIBBH4s", len(pairs), len(pairs), 56, 10, 0, 17763, b"\0\0\0\x0f")
        + pairs
    )


def authenticate(host: str, user: str, domain: str) -> bytes:
    at, fields, payload = 72, b"", b""
    for text in (b"", b"", wide(domain), wide(user), wide(host), b""):
        fields += struct.pack("<HHI", len(text), len(text), at + len(payload))
        payload += text
    return (
        ntlm.SIGNATURE
        + struct.pack("<I", 3)
        + fields
        + struct.pack("<I", 0x02000001)
        + struct.pack("<BBH4s", 6, 1, 7601, b"\0\0\0\x0f")
        + payload
    )


def setup_request(blob: bytes) -> bytes:
    return struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 64 + 24, len(blob), 0) + blob


def setup_response(blob: bytes) -> bytes:
    return struct.pack("<HHHH", 9, 0, 64 + 8, len(blob)) + blob


def test_smb2_logon_tells_both_hosts_and_the_user() -> None:
    rows = tell(
        [
            ("c", framed(smb2(1, setup_request(ntlm.SIGNATURE + struct.pack("<II", 1, 0) + bytes(24)), mid=1))),
            ("s", framed(smb2(1, setup_response(challenge()), 1, True, 0xC0000016))),
            ("c", framed(smb2(1, setup_request(authenticate("ENG-7", "anna", "PLANT")), mid=2))),
            ("s", framed(smb2(1, setup_response(b""), 2, True, 0xC000006D))),
        ],
        port=445,
    )
    assert {(i["address"], i["name"], i["os"]) for i in rows["identity"]} == {
        ("10.0.0.2", "HIST-01", "Windows 10.0.17763"),
        ("10.0.0.1", "ENG-7", "Windows 6.1.7601"),
    }
    [command] = rows["command"]
    assert (command["verb"], command["function"], command["result"]) == (
        "authenticate",
        "session_setup",
        "logon_failure",
    )
    [user] = [r for r in rows["smb"] if r["user"]]
    assert (user["user"], user["domain"], user["client_host"]) == ("anna", "PLANT", "ENG-7")
    assert [r["status"] for r in rows["smb"] if r["status"]] == ["more_processing_required", "logon_failure"]


def test_smb2_negotiate_tells_dialect_and_signing() -> None:
    answer = struct.pack("<HHH", 65, 3, 0x0311) + bytes(58)
    rows = tell([("c", framed(smb2(0, bytes(36)))), ("s", framed(smb2(0, answer, 1, True)))], port=445)
    [row] = rows["smb"]
    assert (row["version"], row["dialect"], row["security_mode"], row["status"]) == ("SMB2", "3.1.1", 3, "ok")


def test_smb2_compound_has_a_row_a_command() -> None:
    path, file = wide("\\\\hist-01\\share"), wide("recipe.csv")
    tree = struct.pack("<HHHH", 9, 0, 72, len(path)) + path
    create = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 1, 0, 7, 1, 0, 64 + 56, len(file), 0, 0) + file
    first = smb2(3, tree.ljust(56, b"\0"), mid=5, following=120)
    rows = tell(
        [
            ("c", framed(first + smb2(5, create, mid=6))),
            ("s", framed(smb2(3, bytes(16), 5, True, following=80) + smb2(5, bytes(8), 6, True, 0xC0000022))),
        ],
        port=445,
    )
    assert [(r["function"], r["path"], r["name"], r["status"]) for r in rows["smb"]] == [
        ("tree_connect", "\\\\hist-01\\share", None, "ok"),
        ("create", None, "recipe.csv", "access_denied"),
    ]


def test_smb2_interim_answer_leaves_the_request_open() -> None:
    rows = tell(
        [
            ("c", framed(smb2(15, bytes(32)))),
            ("s", framed(smb2(15, bytes(9), 1, True, 0x103))),
            ("s", framed(smb2(15, bytes(9), 1, True))),
        ],
        port=445,
    )
    assert sorted((r["frame"], r["resp_frame"], r["status"]) for r in rows["smb"] if r["reply2"] is not None) == [
        (4, 6, "ok")
    ]


def test_encrypted_messages_are_noted_once_a_direction() -> None:
    secret = framed(b"\xfdSMB" + bytes(100))
    rows = tell([("c", secret), ("s", secret), ("c", secret), ("s", secret)], port=445)
    assert [(r["version"], r["is_orig"]) for r in rows["smb"]] == [("SMB3 encrypted", True), ("SMB3 encrypted", False)]


def test_smb1_chain_tells_share_system_and_end() -> None:
    blob = authenticate("PANEL-2", "op", "LINE")
    path = wide("\\\\HIST-01\\IPC$") + b"\0\0"
    words = struct.pack("<BBHHHHIHII", 0x75, 0, 0, 4356, 10, 0, 0, len(blob), 0, 0)
    data = blob + bytes((len(blob) + 1) % 2) + wide("Windows 2002 2600") + b"\0\0" + wide("5.1") + b"\0\0"
    setup = b"\x0c" + words + struct.pack("<H", len(data)) + data
    at = 32 + len(setup)
    setup = setup[:3] + struct.pack("<H", at) + setup[5:]
    tree_data = b"\0" + path + b"?????\0"
    tree = b"\x04" + struct.pack("<BBHHH", 0xFF, 0, 0, 0, 1) + struct.pack("<H", len(tree_data)) + tree_data
    # The path is aligned to an even offset; the password of one octet stands before it.
    if (at + 11 + 1) % 2:
        tree_data = b"\0\0" + path + b"?????\0"
        tree = b"\x04" + struct.pack("<BBHHH", 0xFF, 0, 0, 0, 1) + struct.pack("<H", len(tree_data)) + tree_data
    answer = b"\x03" + struct.pack("<BBHH", 0x75, 0, 32 + 9, 0) + struct.pack("<H", 0)
    answer += b"\x03" + struct.pack("<BBHH", 0xFF, 0, 0, 0) + struct.pack("<H", 0)
    rows = tell([("c", framed(smb1(0x73, setup + tree))), ("s", framed(smb1(0x73, answer, response=True)))], port=445)
    commands = [r for r in rows["smb"] if r["function"]]
    assert [(r["function"], r["andx"], r["reply"], r["path"]) for r in commands] == [
        ("session_setup_andx", None, 0x73, None),
        ("tree_connect_andx", 255, 0x75, "\\\\HIST-01\\IPC$"),
    ]
    assert {(i["name"], i["os"]) for i in rows["identity"]} == {
        ("PANEL-2", "Windows 6.1.7601"),
        (None, "Windows 2002 2600"),
    }
    assert [c["result"] for c in rows["command"]] == ["ok"]


def test_smb1_negotiate_answer_names_the_server() -> None:
    words = struct.pack("<HBHHIIIIQHB", 0, 3, 50, 1, 16644, 65536, 0, 0x0000E3FD, 0, 0, 8)
    data = bytes(8) + wide("LINE4") + b"\0\0" + wide("HIST-01") + b"\0\0"
    answer = b"\x11" + words + struct.pack("<H", len(data)) + data
    rows = tell(
        [("c", framed(smb1(0x72, b"\0\x0c\0\x02NT LM 0.12\0"))), ("s", framed(smb1(0x72, answer, response=True)))],
        port=139,
    )
    [who] = rows["identity"]
    assert (who["address"], who["name"], who["description"]) == ("10.0.0.2", "HIST-01", "workgroup or domain LINE4")
    assert (rows["smb"][0]["dialect"], rows["smb"][0]["version"]) == ("NT LM 0.12", "SMB1")


def test_netbios_session_request_names_the_caller() -> None:
    def encoded(name: str) -> bytes:
        octets = name.ljust(15).encode() + b"\0"
        return b"\x20" + b"".join(bytes([65 + (o >> 4), 65 + (o & 15)]) for o in octets) + b"\0"

    rows = tell(
        [
            ("c", b"\x81\0\0\x44" + encoded("HIST-01") + encoded("PANEL-2")),
            ("s", b"\x82\0\0\0"),
            ("c", framed(smb1(0x72, b"\0\0\0"))),
        ],
        port=139,
    )
    assert [(i["address"], i["name"]) for i in rows["identity"]] == [("10.0.0.1", "PANEL-2")]
    assert [r["function"] for r in rows["smb"]] == ["netbios_session_request", "negotiate"]


def test_cut_into_pieces_it_says_the_same() -> None:
    talk = [
        ("c", framed(smb2(1, setup_request(authenticate("ENG-7", "anna", "PLANT"))))),
        ("s", framed(smb2(1, setup_response(b""), 1, True))),
    ]
    whole, cut = (tell(talk, port=445, cut=size) for size in (0, 29))
    assert [(i["name"], i["os"]) for i in whole["identity"]] == [(i["name"], i["os"]) for i in cut["identity"]]
    assert len(whole["smb"]) == len(cut["smb"]) == 2


def test_a_write_of_megabytes_is_passed_over() -> None:
    large = framed(smb2(9, bytes(1_500_000), mid=2))
    talk = [("c", framed(smb2(0, bytes(36)))), ("c", large), ("c", framed(smb2(3, bytes(20), mid=3)))]
    assert [r["command2"] for r in tell(talk, port=445, cut=1_400)["smb"]] == [0, 9, 3]


@pytest.mark.parametrize("noise", [b"\0\0\0\x40" + bytes(64), framed(b"\xffSMC" + bytes(60)), b"\x99" * 50])
def test_noise_on_the_port_is_not_smb(noise: bytes) -> None:
    assert not tell([("c", noise)], port=445)["smb"]


def test_ntlm_without_names_says_nothing() -> None:
    said = ntlm.parse(authenticate("NULL", "NULL", ""))
    assert said is not None
    assert not list(said.identities("10.0.0.1", "smb"))
    assert ntlm.parse(b"no such message") is None
    with pytest.raises(struct.error):
        ntlm.parse(ntlm.SIGNATURE + b"\3\0\0\0\1")
