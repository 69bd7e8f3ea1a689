"""Scoring of a small folder: what is right passes, what differs is told, what is explained is shown and passes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import accuracy
import pytest

from tests.protocols.harness import CLIENT_MAC, SERVER_MAC, pcap

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
READ = bytes.fromhex("0001 0000 0006 01 03 006b 0003")
READ_ANSWER = bytes.fromhex("0001 0000 0009 01 03 06 022b 0000 0064")
IDENTIFY = bytes.fromhex("0002 0000 0005 01 2b 0e 01 00")
IDENTIFY_ANSWER = bytes.fromhex("0002 0000 0010 01 2b 0e 01 01 00 00 01 00 06") + b"ACME-7"


def _frame(source: bool, seq: int, ack: int, flags: int, payload: bytes = b"") -> bytes:
    macs = SERVER_MAC + CLIENT_MAC if source else CLIENT_MAC + SERVER_MAC
    ports = (50_000, 502) if source else (502, 50_000)
    hosts = bytes([10, 0, 0, 1, 10, 0, 0, 2]) if source else bytes([10, 0, 0, 2, 10, 0, 0, 1])
    tcp = struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 8192, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + hosts
    return macs + b"\x08\x00" + ip + tcp


def _dialogue() -> list[bytes]:
    """Handshake, a read and its answer, an identification and its answer."""
    frames = [_frame(True, 99, 0, 2), _frame(False, 499, 100, 18), _frame(True, 100, 500, 16)]
    at = {True: 100, False: 500}
    for source, payload in ((True, READ), (False, READ_ANSWER), (True, IDENTIFY), (False, IDENTIFY_ANSWER)):
        frames.append(_frame(source, at[source], at[not source], 24, payload))
        at[source] += len(payload)
    return frames


def _truth(**changes: Any) -> dict[str, Any]:
    there, back = f"{CLIENT}>{SERVER}", f"{SERVER}>{CLIENT}"
    mac = {CLIENT: CLIENT_MAC.hex(":"), SERVER: SERVER_MAC.hex(":")}
    counts = {"3": 1, "43": 1}
    return {
        "packets": 7,
        "truncated_packets": 0,
        "functions_by_pair": {
            "modbus.func_code": {there: counts, back: counts},
            "modbus.mei": {there: {"14": 1}, back: {"14": 1}},
        },
        "functions_by_direction": {
            "modbus.func_code": {"to_server": counts, "from_server": counts},
            "modbus.mei": {"to_server": {"14": 1}, "from_server": {"14": 1}},
        },
        "identity": {
            "modbus.object_str_value": [{"value": "ACME-7 ", "frames": 1, "seen_from": [SERVER]}],
            "dns.qry.name": [{"value": "not.an.identity", "frames": 1, "seen_from": [CLIENT]}],
        },
        "mac_to_ip": {m: [ip] for ip, m in mac.items()},
    } | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.pcap").write_bytes(pcap(_dialogue()))
    return tmp_path


def _run(folder: Path, truth: dict[str, Any], *more: str) -> tuple[int, dict[str, Any]]:
    (folder / "plant.pcap.truth.json").write_text(json.dumps(truth))
    out = folder / "score.json"
    code = accuracy.main([str(folder), "--json", str(out), "--explained", str(folder / "explained.tsv"), *more])
    return code, json.loads(out.read_text())


def test_what_agrees_meets_every_goal(folder: Path) -> None:
    code, score = _run(folder, _truth())
    assert code == 0
    assert score["failures"] == []
    assert score["files"][0]["differences"] == []
    assert score["pairs"]["modbus"] == {"files": 1, "truth": 6, "ours": 6, "wrong": 0, "explained": 0, "right": 100.0}


def test_a_missing_request_an_unknown_name_and_an_unknown_address_are_told(folder: Path) -> None:
    truth = _truth()
    truth["functions_by_pair"]["modbus.func_code"][f"{CLIENT}>{SERVER}"] = {"3": 2, "43": 1}
    truth["identity"]["modbus.object_str_value"].append({"value": "OTHER-9", "frames": 1, "seen_from": [SERVER]})
    truth["mac_to_ip"]["02:00:00:00:00:09"] = ["10.0.0.9"]
    code, score = _run(folder, truth)
    told = {(d["kind"], d["pair"], d["value"], d["truth"], d["ours"]) for d in score["files"][0]["differences"]}
    assert code == 1
    assert ("pair", f"{CLIENT}>{SERVER}", "3", 2, 1) in told
    assert ("identity", SERVER, "OTHER-9", 1, 0) in told
    assert ("binding", "02:00:00:00:00:09", "10.0.0.9", 1, 0) in told
    assert len(score["failures"]) == 3


def test_a_wrong_packet_count_fails_even_if_all_else_agrees(folder: Path) -> None:
    code, score = _run(folder, _truth(packets=8))
    assert code == 1
    assert score["failures"] == ["packet counts differ in 1 files"]


def test_a_role_that_is_turned_round_shows_by_direction(folder: Path) -> None:
    truth = _truth()
    truth["functions_by_direction"]["modbus.func_code"] = {"to_server": {"3": 2, "43": 1}, "from_server": {"43": 1}}
    code, score = _run(folder, truth)
    assert code == 1
    assert any("by direction" in line for line in score["failures"])


def test_an_explained_difference_passes_and_is_still_counted_as_wrong(folder: Path) -> None:
    truth = _truth()
    truth["functions_by_pair"]["modbus.func_code"][f"{CLIENT}>{SERVER}"] = {"3": 2, "43": 1}
    lines = ["file\tfield\tpair\tvalue\ttruth\tours\treason"]
    lines.append(f"plant.pcap\tmodbus.func_code\t{CLIENT}>{SERVER}\t3\t2\t1\tframe 4 is there once")
    (folder / "explained.tsv").write_text("\n".join(lines) + "\n")
    code, score = _run(folder, truth)
    assert code == 0
    assert score["pairs"]["modbus"]["wrong"] == score["pairs"]["modbus"]["explained"] == 1
    assert score["files"][0]["differences"][0]["reason"] == "frame 4 is there once"


def test_an_explanation_with_other_numbers_does_not_count(folder: Path) -> None:
    truth = _truth()
    truth["functions_by_pair"]["modbus.func_code"][f"{CLIENT}>{SERVER}"] = {"3": 3, "43": 1}
    lines = ["file\tfield\tpair\tvalue\ttruth\tours\treason"]
    lines.append(f"plant.pcap\tmodbus.func_code\t{CLIENT}>{SERVER}\t3\t2\t1\tof another day")
    (folder / "explained.tsv").write_text("\n".join(lines) + "\n")
    assert _run(folder, truth)[0] == 1


def test_a_capture_that_cannot_be_read_is_a_failure_of_its_own(folder: Path) -> None:
    (folder / "noise.pcap").write_bytes(b"this is no capture at all")
    (folder / "noise.pcap.truth.json").write_text(json.dumps(_truth()))
    code, score = _run(folder, _truth())
    assert code == 1
    assert [f["file"] for f in score["files"] if f["error"]] == ["noise.pcap"]
    assert score["pairs"]["modbus"]["right"] == 100.0


def test_a_folder_without_truth_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert accuracy.main([str(tmp_path)]) == 2
    assert "no capture with a .truth.json" in capsys.readouterr().out
