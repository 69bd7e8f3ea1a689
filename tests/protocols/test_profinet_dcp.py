"""PROFINET DCP transcripts: who is named how, and what a Set does."""

from __future__ import annotations

import struct

from tests.protocols.harness import ethernet

PROFINET = 0x8892
MULTICAST = bytes.fromhex("010ecf000000")


def dcp(frame: int, service: int, kind: int, *blocks: bytes, xid: int = 7) -> bytes:
    """A DCP frame's payload."""
    body = b"".join(b + b"\0" * (len(b) % 2) for b in blocks)
    return struct.pack("!HBBIHH", frame, service, kind, xid, 1, len(body)) + body


def block(option: int, suboption: int, data: bytes) -> bytes:
    """A block with its length."""
    return struct.pack("!BBH", option, suboption, len(data)) + data


def test_an_identify_answer_names_the_device() -> None:
    answer = dcp(
        0xFEFF, 5, 1,
        block(2, 1, b"\0\0ET200SP"),
        block(2, 2, b"\0\0mixer-1"),
        block(2, 3, b"\0\0" + struct.pack("!HH", 0x002A, 0x0313)),
        block(2, 4, b"\0\0\x01\0"),
        block(1, 2, b"\0\x01" + bytes([10, 0, 0, 9, 255, 255, 255, 0, 10, 0, 0, 1])),
    )  # fmt: skip
    rows = ethernet(PROFINET, [("s", answer)])
    (who,) = rows["identity"]
    assert (who["address"], who["name"], who["vendor"], who["model"]) == (
        "02:00:00:00:00:02", "mixer-1", "Siemens", "ET200SP",
    )  # fmt: skip
    assert (who["ip"], who["role"]) == ("10.0.0.9", "io")
    # One row a block; the message's own columns stand in the first only, at the one who answers.
    natives = rows["profinet_dcp"]
    assert len(natives) == 5
    assert [r["reply_service_id"] for r in natives] == [5, None, None, None, None]
    assert natives[0]["is_orig"] is False
    assert natives[4]["gateway"] == "10.0.0.1"
    assert rows["conn"][0]["service"] == "profinet_dcp"


def test_a_set_of_a_name_is_a_command_with_its_result() -> None:
    rows = ethernet(PROFINET, [
        ("c", dcp(0xFEFD, 4, 0, block(2, 2, b"\0\x01press-4"))),
        ("s", dcp(0xFEFD, 4, 1, block(5, 4, bytes([2, 2, 5])))),
    ])  # fmt: skip
    (command,) = rows["command"]
    assert (command["verb"], command["target"], command["value"], command["result"]) == (
        "configure", "name_of_station", "press-4", "set_not_possible",
    )  # fmt: skip
    (row,) = rows["profinet_dcp"]
    assert (row["frame"], row["resp_frame"], row["block"], row["error"]) == (1, 2, "name_of_station", 5)
    assert (row["frame_id"], row["reply_frame_id"], row["option"], row["reply_option"]) == (0xFEFD, 0xFEFD, 2, 5)


def test_a_set_of_several_blocks_tells_how_each_went() -> None:
    ip = bytes([10, 0, 0, 8, 255, 255, 255, 0, 0, 0, 0, 0])
    rows = ethernet(PROFINET, [
        ("c", dcp(0xFEFD, 4, 0, block(1, 2, b"\0\x01" + ip), block(5, 6, b"\0\x08"))),
        ("s", dcp(0xFEFD, 4, 1, block(5, 4, bytes([1, 2, 0])), block(5, 4, bytes([5, 6, 1])))),
    ])  # fmt: skip
    assert [(c["verb"], c["target"], c["value"], c["result"]) for c in rows["command"]] == [
        ("configure", "ip_parameter", "10.0.0.8", "ok"),
        ("restart", "reset_to_factory", None, "option_not_supported"),
    ]  # fmt: skip
    assert rows["profinet_dcp"][0]["ip"] == "10.0.0.8"


def test_an_identify_request_names_nobody() -> None:
    rows = ethernet(PROFINET, [("c", dcp(0xFEFE, 5, 0, block(2, 2, b"valve-7")))], dst=MULTICAST)
    (who,) = rows["identity"]
    assert who["name"] is None
    assert who["description"] == "looks for station valve-7"
    assert (rows["command"][0]["verb"], rows["command"][0]["target"]) == ("browse", "device valve-7")


def test_cyclic_data_are_recognised_and_leave_no_rows() -> None:
    rows = ethernet(PROFINET, [("s", b"\x80\x00" + bytes(40) + b"\x12\x34\x35\x00")])
    assert rows["conn"][0]["service"] == "profinet_rt"
    assert rows["profinet_rt"] == []


def test_a_set_among_cyclic_data_is_not_lost() -> None:
    cyclic = b"\x80\x00" + bytes(40) + b"\x12\x34\x35\x00"
    rows = ethernet(PROFINET, [("s", cyclic), ("c", dcp(0xFEFD, 4, 0, block(2, 2, b"\0\x01x"))), ("s", cyclic)])
    assert [c["value"] for c in rows["command"]] == ["x"]


def test_an_alarm_has_a_row() -> None:
    alarm = struct.pack("!HHBBHIHH", 0x0001, 0x1A, 1, 0, 0x0003, 0, 2, 1) + bytes(16)
    head = struct.pack("!HHHBBHHH", 0xFE01, 1, 2, 0x11, 0x11, 1, 0, len(alarm))
    rows = ethernet(PROFINET, [("s", head + alarm)])
    (row,) = rows["profinet_rt"]
    assert (row["alarm_name"], row["slot"], row["subslot"]) == ("pull", 2, 1)


def test_a_block_longer_than_its_frame_is_a_weird() -> None:
    rows = ethernet(PROFINET, [("s", dcp(0xFEFF, 5, 1, struct.pack("!BBH", 2, 2, 500) + b"\0\0x"))])
    assert [w["name"] for w in rows["weird"]] == ["profinet_dcp_truncated"]
