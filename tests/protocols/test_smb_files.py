"""SMB: files that are made, written, renamed and deleted; services over pipes; transactions of exploits."""

import struct
from hashlib import sha256

from tests.protocols import test_dcerpc as rpc
from tests.protocols.harness import Rows, tell
from tests.protocols.test_smb import framed, smb1, smb2, wide

Turn = tuple[str, bytes]
OK = 0


def fid(n: int) -> bytes:
    return struct.pack("<QQ", n, n)


def both(command: int, ask: bytes, answer: bytes, mid: int, status: int = OK) -> list[Turn]:
    return [("c", framed(smb2(command, ask, mid))), ("s", framed(smb2(command, answer, mid, True, status)))]


def opened(name: str, n: int, mid: int, disposition: int = 5, options: int = 0) -> list[Turn]:
    file = wide(name)
    ask = struct.pack(
        "<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x10002, 0, 7, disposition, options, 64 + 56, len(file), 0, 0
    )
    answer = struct.pack("<HBBI", 89, 0, 0, 2) + bytes(56) + fid(n) + bytes(8)
    return both(5, ask + file, answer, mid)


def written(n: int, data: bytes, mid: int, at: int = 0) -> list[Turn]:
    ask = struct.pack("<HHIQ16sIIHHI", 49, 64 + 48, len(data), at, fid(n), 0, 0, 0, 0, 0) + data
    return both(9, ask, bytes(16), mid)


def read(n: int, data: bytes, mid: int) -> list[Turn]:
    ask = struct.pack("<HBBIQ16s", 49, 0, 0, len(data), 0, fid(n)) + bytes(16)
    return both(8, ask, struct.pack("<HBBIII", 17, 64 + 16, 0, len(data), 0, 0) + data, mid)


def closed(n: int, mid: int) -> list[Turn]:
    return both(6, struct.pack("<HHI", 24, 0, 0) + fid(n), bytes(60), mid)


def changed(n: int, kind: int, data: bytes, mid: int, status: int = OK) -> list[Turn]:
    ask = struct.pack("<HBBIHHI", 33, 1, kind, len(data), 64 + 32, 0, 0) + fid(n) + data
    return both(17, ask, bytes(2), mid, status)


def renamed(n: int, name: str, mid: int) -> list[Turn]:
    return changed(n, 10, bytes(16) + struct.pack("<I", len(wide(name))) + wide(name), mid)


def share(kind: int) -> list[Turn]:
    path = wide("\\\\DC1\\ADMIN$")
    return both(3, struct.pack("<HHHH", 9, 0, 72, len(path)) + path, struct.pack("<HBB", 16, kind, 0) + bytes(12), 1)


def moves(rows: Rows) -> list[tuple[str, str, int, str | None]]:
    return [(t["direction"], t["name"], t["bytes"], t["sha256"]) for t in rows["transfer"]]


def test_a_written_file_is_a_transfer_with_its_hash() -> None:
    program = bytes(range(256)) * 1_024
    parts = [program[i : i + 65_536] for i in range(0, len(program), 65_536)]
    writes = [t for i, p in enumerate(parts) for t in written(9, p, 10 + i, i * 65_536)]
    rows = tell([*share(1), *opened("evil.exe", 9, 2), *writes, *closed(9, 30)], 445, cut=1400)
    assert moves(rows) == [("download", "evil.exe", len(program), sha256(program).hexdigest())]
    made = next(r for r in rows["smb"] if r["function"] == "create")
    assert (made["disposition"], made["action"], made["file_id"] is not None) == ("overwrite_if", "created", True)
    assert [r["bytes"] for r in rows["smb"] if r["function"] == "write"] == [65_536] * 4
    assert next(r["path"] for r in rows["smb"] if r["path"]) == "\\\\DC1\\ADMIN$"
    assert not rows["weird"]


def test_a_file_with_a_hole_has_no_hash_and_a_read_one_is_an_upload() -> None:
    rows = tell(
        [*share(1), *opened("a", 3, 2), *written(3, b"x" * 9, 3, 100), *read(3, b"y" * 20, 4), *closed(3, 5)], 445
    )
    assert moves(rows) == [("download", "a", 9, None), ("upload", "a", 20, None)]


def test_mass_renames_and_deletes_are_a_row_and_a_command_each() -> None:
    talk = share(1)
    for n in range(1, 301):
        talk += opened(f"plan{n}.doc", n, 5 * n) + written(n, b"locked", 5 * n + 1)
        talk += renamed(n, f"plan{n}.locked", 5 * n + 2) if n % 2 else changed(n, 13, b"\1", 5 * n + 2)
        talk += closed(n, 5 * n + 3)
    rows = tell(talk, 445)
    done = [r for r in rows["smb"] if r["function"] == "set_info"]
    assert [(r["name"], r["new_name"]) for r in done if r["new_name"]][:2] == [
        ("plan1.doc", "plan1.locked"), ("plan3.doc", "plan3.locked"),
    ]  # fmt: skip
    assert sum(bool(r["delete"]) for r in done) == 150
    targets = [c["target"] for c in rows["command"] if c["verb"] == "write"]
    assert (targets.count("file rename"), targets.count("file delete")) == (150, 150)
    assert rows["command"][0]["value"] in ("plan1.locked", None)


def test_a_refused_delete_says_so() -> None:
    rows = tell([*share(1), *opened("a", 3, 2), *changed(3, 13, b"\1", 4, 0xC0000022)], 445)
    assert [(c["target"], c["result"]) for c in rows["command"]] == [("file delete", "access_denied")]


def test_many_open_files_are_no_weird() -> None:
    talk = share(1)
    for n in range(1, 41):
        talk += opened(f"f{n}", n, 2 * n) + written(n, b"data", 2 * n + 1)
    for n in range(1, 41):
        talk += closed(n, 100 + n)
    rows = tell(talk, 445)
    assert not rows["weird"]
    assert {t["name"] for t in rows["transfer"]} == {f"f{n}" for n in range(33, 41)}


def test_a_service_over_a_pipe_is_told_and_is_no_file() -> None:
    def called(pdu: bytes, said: bytes, mid: int) -> list[Turn]:
        head = struct.pack("<HHI", 57, 0, 0x11C017) + fid(7)
        ask = head + struct.pack("<IIIIIIII", 64 + 56, len(pdu), 0, 0, 0, 1024, 1, 0) + pdu
        return both(11, ask, head + struct.pack("<IIIIII", 0, 0, 64 + 48, len(said), 0, 0) + said, mid)

    made = bytes(20) + rpc.named("PSEXESVC") + bytes(4) + bytes(16) + rpc.named("x.exe")
    rows = tell([*share(2), *opened("svcctl", 7, 2), *written(7, rpc.bind(rpc.SERVICES), 3), *read(7, rpc.bound(0), 4),
                 *called(rpc.ask(12, made), rpc.returns(1073), 5),
                 *called(rpc.ask(19, bytes(28), 3), rpc.returns(0, 3), 6), *closed(7, 7)], 445)  # fmt: skip
    assert [(r["interface"], r["operation"], r["object"], r["program"], r["returned"])
            for r in rows["smb"] if r["operation"]] == [
        ("service_control", "CreateServiceW", "PSEXESVC", "x.exe", "service_exists"),
        ("service_control", "StartServiceW", None, None, "ok"),
    ]  # fmt: skip
    assert [(c["verb"], c["target"]) for c in rows["command"]] == [("configure", "service"), ("start", "service")]
    assert not rows["transfer"] and not rows["weird"]


def test_the_marks_of_an_exploit_are_in_the_rows() -> None:
    trans2 = b"\x0f" + struct.pack("<HH", 12, 0) + bytes(22) + b"\1\0" + struct.pack("<H", 14) + bytes(2)
    nt = b"\x14" + b"\1\0\0" + struct.pack("<II", 30, 66_512) + bytes(24) + b"\1" + struct.pack("<H", 0) + bytes(4)
    second = b"\x09" + struct.pack("<HH", 0, 4_096) + bytes(16)
    rows = tell([("c", framed(smb1(0x32, trans2, 65))), ("s", framed(smb1(0x32, b"\0\0\0", 81, True, 0xC0000002))),
                 ("c", framed(smb1(0xA0, nt, 66))), ("s", framed(smb1(0xA0, b"\0\0\0", 66, True))),
                 ("c", framed(smb1(0x33, second, 66)))], 445)  # fmt: skip
    said = {(r["function"], r["mid"], r["subcommand"], r["total"], r["status"]) for r in rows["smb"]}
    assert said == {
        ("transaction2", 65, "trans2_session_setup", 0, None), ("transaction2", 81, None, None, "not_implemented"),
        ("nt_transact", 66, "nt_unknown", 66_512, "ok"), ("transaction2_secondary", 66, None, 4_096, None),
    }  # fmt: skip


def test_old_renames_and_deletes_are_told() -> None:
    old, new = wide("a.doc\0"), wide("b.doc\0")
    pair = b"\4\0" + old + b"\4\0" + new
    rows = tell([("c", framed(smb1(0x07, b"\1\0\0" + struct.pack("<H", len(pair)) + b"\4" + old + b"\4\0" + new))),
                 ("s", framed(smb1(0x07, b"\0\0\0", 1, True)))], 445)  # fmt: skip
    assert [(r["name"], r["new_name"]) for r in rows["smb"]] == [("a.doc", "b.doc")]


def test_a_file_opened_in_a_compound_is_closed_without_harm() -> None:
    file = wide("a.txt")
    ask = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 1, 0, 7, 1, 0, 64 + 56, len(file), 0, 0) + file
    ask += bytes(-len(ask) % 8)
    answer = struct.pack("<HBBI", 89, 0, 0, 1) + bytes(56) + fid(5) + bytes(8)
    query = struct.pack("<HBB", 41, 1, 18) + bytes(20) + b"\xff" * 16
    rows = tell(
        [
            *share(1),
            ("c", framed(smb2(5, ask, 2, following=64 + len(ask)) + smb2(16, query, 3))),
            ("s", framed(smb2(5, answer, 2, True, following=64 + len(answer)) + smb2(16, bytes(16), 3, True))),
            *closed(5, 4),
        ],
        445,
    )
    assert [r["function"] for r in rows["smb"]] == ["tree_connect", "create", "query_info", "close"]
    assert not rows["weird"]
