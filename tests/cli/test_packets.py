"""`linewarden packets`, and the packets of `detect` and `cases`, as a person calls them and as Wireshark reads them."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Run, modbus
from tests.cli.test_detect import CONFIRM_COTP, REQUEST_DOWNLOAD, SETUP_COTP, s7
from tests.protocols import harness

START_S = 1_700_000_000
REQUEST = 6
"""The packet of the download that the notice names: after the handshake and two of COTP."""


@dataclass(frozen=True)
class Packet:
    number: int
    ts_ns: int
    comment: str
    protocols: str
    interface: str


def tshark(path: Path) -> list[Packet]:
    """The packets as Wireshark sees them."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    fields = ("frame.number", "frame.time_epoch", "frame.comment", "frame.protocols", "frame.interface_description")
    ran = subprocess.run(
        ["tshark", "-n", "-r", path, "-T", "fields", *(a for f in fields for a in ("-e", f))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = []
    for line in ran.stdout.splitlines():
        number, epoch, comment, protocols, interface = line.split("\t")
        seconds, _, rest = epoch.partition(".")
        ts = int(seconds) * 10**9 + int(rest.ljust(9, "0"))
        found.append(Packet(int(number), ts, comment, protocols, interface))
    return found


def download_frames() -> list[bytes]:
    """A program is written to a controller, while somebody else polls another one: every second frame is theirs."""
    messages = [("c", SETUP_COTP), ("s", CONFIRM_COTP), ("c", REQUEST_DOWNLOAD), ("s", s7(3, b"\x1a\0", b"\0\0"))]
    return harness.tcp_frames(messages, 102, client_port=50_000)


def between(frames: list[bytes]) -> list[tuple[int, int, bytes]]:
    """(ns, interface, frame): the frames, each a second after the other, then a conversation that has no part in it."""
    others = harness.tcp_frames(modbus(3, 2), 502, client_port=51_000)
    both = [*((n * 10**9 + 123_456_789, 0, f) for n, f in enumerate(frames)),
            *((n * 10**9 + 500_000_001, 1, f) for n, f in enumerate(others))]  # fmt: skip
    return sorted(both)


def old(order: str, nano: bool, packets: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A pcap file, in either byte order, with microseconds or nanoseconds."""
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)]
    for ns, _, frame in packets:
        part = ns % 10**9 if nano else ns % 10**9 // 1_000
        out.append(struct.pack(order + "IIII", START_S + ns // 10**9, part, len(frame), len(frame)) + frame)
    return b"".join(out)


def new(packets: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A pcapng file of two interfaces: Ethernet, and raw IP with times in ns and the Ethernet header cut away."""

    def block(kind: int, body: bytes) -> bytes:
        total = len(body) + (-len(body) % 4) + 12
        return struct.pack("<II", kind, total) + body.ljust(total - 12, b"\0") + struct.pack("<I", total)

    head = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    ports = b"".join(block(1, struct.pack("<HHIHHB3xI", kind, 0, 0, 9, 1, 9, 0)) for kind in (1, 101))
    out = [head + ports]
    for ns, interface, whole in packets:
        frame = whole[14:] if interface else whole
        ticks = START_S * 10**9 + ns
        fields = struct.pack("<IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        out.append(block(6, fields + frame))
    return b"".join(out)


def zstd(data: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("zstd is not installed")
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


FORMATS: dict[str, tuple[str, int, Callable[[list[tuple[int, int, bytes]]], bytes]]] = {
    "pcap": (".pcap", 1_000, lambda p: old("<", False, p)),
    "pcap, the other order": (".pcap", 1_000, lambda p: old(">", False, p)),
    "pcap with ns": (".pcap", 1, lambda p: old("<", True, p)),
    "pcap with ns, the other order": (".pcap", 1, lambda p: old(">", True, p)),
    "pcapng": (".pcapng", 1, new),
    "gzip": (".pcap.gz", 1, lambda p: gzip.compress(old("<", True, p))),
    "zstd": (".pcapng.zst", 1, lambda p: zstd(new(p))),
}


@pytest.mark.parametrize("form", FORMATS)
def test_wireshark_shows_the_named_packet_with_its_conversation(run: Run, tmp_path: Path, form: str) -> None:
    suffix, grain, write = FORMATS[form]
    packets = between(download_frames())
    path = tmp_path / f"plant{suffix}"
    path.write_bytes(write(packets))
    notice = judged(run, tmp_path, path)
    cut = tmp_path / "cut.pcapng"
    assert run("packets", tmp_path / "lake", "--notice", notice[:8], "--out", cut).code == 0
    expected = [START_S * 10**9 + ns // grain * grain for ns, interface, _ in packets if interface == 0]
    found = tshark(cut)
    assert [p.ts_ns for p in found] == expected
    assert [p.number for p in found if p.comment] == [REQUEST]
    assert "program" in found[REQUEST - 1].comment.lower()
    assert {p.interface for p in found} == {path.name}


def judged(run: Run, tmp_path: Path, path: Path) -> str:
    """A lake with the notice of the download; its id."""
    found = run("detect", path, "--only", "program_download", "--out", tmp_path / "lake", "--no-progress")
    assert found.code == 0, found.err
    asked = run("query", tmp_path / "lake", "SELECT notice_id FROM notice WHERE NOT again", "--json").json
    (notice,) = asked
    return str(notice["notice_id"])


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    path = tmp_path / "plant.pcapng"
    path.write_bytes(new(between(download_frames())))
    return path


@pytest.fixture
def notice(run: Run, tmp_path: Path, plant: Path) -> str:
    return judged(run, tmp_path, plant)


def test_link_types_that_differ_stay_as_they_are(run: Run, tmp_path: Path, plant: Path) -> None:
    cut = tmp_path / "cut.pcapng"
    ran = run("packets", plant, "--frames", "1-4", "--only", "--out", cut, "--json")
    assert ran.json["packets"] == 4 == ran.json["named"]
    whole = tshark(plant)[:4]
    found = tshark(cut)
    assert [(p.ts_ns, p.protocols) for p in found] == [(p.ts_ns, p.protocols) for p in whole]
    assert {p.protocols.split(":")[0] for p in found} == {"eth", "raw"}
    assert [p.comment for p in found] == [f"packet {n} of plant.pcapng" for n in range(1, 5)]
    if shutil.which("capinfos"):
        said = subprocess.run(["capinfos", "-I", cut], capture_output=True, text=True, check=True).stdout
        assert "Ethernet" in said and "Raw IP" in said


def test_how_much_is_around(run: Run, tmp_path: Path, plant: Path, notice: str) -> None:
    def cut(*more: object) -> int:
        ran = run("packets", tmp_path / "lake", "--notice", notice, "--out", tmp_path / "c.pcapng", "--json", *more)
        return int(ran.json["packets"])

    assert cut("--only") == 1
    assert cut("--seconds", 0) == 1
    assert cut("--seconds", 2) == 5
    assert cut() == len(download_frames())
    assert cut("--most", 3) == 3
    said = run("packets", tmp_path / "lake", "--notice", notice, "--out", tmp_path / "c.pcapng", "--most", 3).out
    assert "left out" in said


def test_a_capture_that_has_moved_is_found_where_it_is_said_to_be(
    run: Run, tmp_path: Path, plant: Path, notice: str
) -> None:
    lake, cut = tmp_path / "lake", tmp_path / "cut.pcapng"
    elsewhere = tmp_path / "archive" / "2023"
    elsewhere.mkdir(parents=True)
    moved = elsewhere / "plant.pcapng.gz"
    moved.write_bytes(gzip.compress(plant.read_bytes()))
    plant.unlink()
    lost = run("packets", lake, "--notice", notice, "--out", cut)
    assert (lost.code, len(lost.err.splitlines())) == (3, 1)
    assert "plant.pcapng" in lost.err and "--captures" in lost.err
    assert not cut.exists()
    assert run("packets", lake, "--notice", notice, "--captures", tmp_path / "archive", "--out", cut).code == 0
    renamed = moved.rename(elsewhere / "evidence-17.gz")
    assert run("packets", lake, "--notice", notice, "--captures", renamed, "--out", cut).code == 0
    again = elsewhere / "deeper"
    again.mkdir()
    for folder in (elsewhere, again):
        shutil.copy(renamed, folder / "plant.pcapng")
    twice = run("packets", lake, "--notice", notice, "--captures", tmp_path / "archive", "--out", cut)
    assert twice.code == 3 and "more than once" in twice.err


def test_a_capture_that_has_changed_is_told_and_nothing_is_cut(
    run: Run, tmp_path: Path, plant: Path, notice: str
) -> None:
    lake, cut = tmp_path / "lake", tmp_path / "cut.pcapng"
    packets = between(download_frames())
    for changed, words in ((packets[:5], "has 5 packets"), (packets[1:], "is of 2023-11-14")):
        plant.write_bytes(new(changed))
        ran = run("packets", lake, "--notice", notice, "--out", cut)
        assert (ran.code, len(ran.err.splitlines())) == (3, 1)
        assert words in ran.err and "plant.pcapng" in ran.err
        assert not cut.exists()


def test_the_capture_itself_is_never_overwritten(run: Run, tmp_path: Path, plant: Path, notice: str) -> None:
    before = plant.read_bytes()
    assert run("packets", tmp_path / "lake", "--notice", notice, "--out", plant).code == 2
    link = tmp_path / "link.pcapng"
    os.link(plant, link)
    assert run("packets", plant, "--frames", 1, "--out", link).code == 2
    assert plant.read_bytes() == before


@pytest.mark.parametrize("text", ["", "0", "a", "3-1", "1,,2", "-4", "1-999999999", "\u0664"])
def test_numbers_that_are_none(run: Run, tmp_path: Path, plant: Path, text: str) -> None:
    ran = run("packets", plant, f"--frames={text}", "--out", tmp_path / "cut.pcapng")
    assert ran.code == 2
    assert "1,2,10-12" in ran.err or "range" in ran.err


def test_ids_that_are_none(run: Run, tmp_path: Path, plant: Path, notice: str) -> None:
    lake = tmp_path / "lake"
    for option in ("--notice", "--case", "--uid"):
        for wanted in ("zzz", ""):
            ran = run("packets", lake, option, wanted, "--out", tmp_path / "cut.pcapng")
            assert (ran.code, len(ran.err.splitlines())) == (2, 1), ran.err


def test_the_packets_of_a_flow(run: Run, tmp_path: Path, plant: Path, notice: str) -> None:
    lake, cut = tmp_path / "lake", tmp_path / "cut.pcapng"
    (row, *_) = run("query", lake, "SELECT DISTINCT uid FROM modbus", "--json").json
    ran = run("packets", lake, "--uid", row["uid"], "--out", cut, "--json")
    assert ran.json["problems"] == []
    assert ran.json["named"] == ran.json["wanted"] > 2
    found = tshark(cut)
    assert all(p.protocols.startswith("raw:ip:tcp") for p in found)
    assert len(found) == len(harness.tcp_frames(modbus(3, 2), 502, client_port=51_000))
    assert {p.comment for p in found} >= {"", "conn"} or any("modbus" in p.comment for p in found)


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """The download over three files, as `watch --keep` writes them, and a later one."""
    ring = tmp_path / "ring"
    ring.mkdir()
    packets = [p for p in between(download_frames()) if p[1] == 0]
    later = [(ns + 10**12, interface, frame) for ns, interface, frame in packets]
    for n, part in enumerate((packets[:4], packets[4:7], packets[7:], later)):
        path = ring / f"watch-20231114T221320.000Z-{n:06}.pcapng"
        path.write_bytes(new(part))
        os.utime(path, ns=(0, START_S * 10**9 + part[-1][0]))
    return ring


def test_a_conversation_goes_on_in_the_next_file_of_a_ring(run: Run, tmp_path: Path, ring: Path) -> None:
    cut, expected = tmp_path / "cut.pcapng", [ns for ns, interface, _ in between(download_frames()) if interface == 0]
    by_hand = ("packets", ring, "--of", "watch-20231114T221320.000Z-000001.pcapng:2")
    notice = judged(run, tmp_path, ring)
    by_notice = ("packets", tmp_path / "lake", "--captures", ring, "--notice", notice)
    for command in (by_hand, by_notice):
        ran = run(*command, "--out", cut, "--json")
        assert ran.json["packets"] == len(expected)
        assert [p.ts_ns - START_S * 10**9 for p in tshark(cut)] == expected


def test_what_a_ring_has_no_more_is_said(run: Run, tmp_path: Path, ring: Path) -> None:
    notice = judged(run, tmp_path, ring)
    (ring / "watch-20231114T221320.000Z-000001.pcapng").unlink()
    command = ("packets", tmp_path / "lake", "--notice", notice, "--captures", ring, "--out", tmp_path / "cut.pcapng")
    ran = run(*command)
    assert (ran.code, len(ran.err.splitlines())) == (3, 1)
    assert "--keep" in ran.err


def test_a_name_in_a_record_leads_nowhere_else(run: Run, tmp_path: Path, ring: Path, plant: Path) -> None:
    """Names come from records, and those may come from anybody."""
    out = tmp_path / "cut.pcapng"
    for name in ("../plant.pcapng", str(plant), "plant.pcapng"):
        assert run("packets", ring, "--of", f"{name}:1", "--out", out).code == 3
        assert (
            run("packets", ring / "watch-20231114T221320.000Z-000001.pcapng", "--of", f"{name}:1", "--out", out).code
            == 3
        )
    assert not out.exists()


def test_what_is_no_file_stays(run: Run, tmp_path: Path, plant: Path) -> None:
    folder, pipe = tmp_path / "folder", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    for out in (folder, pipe, tmp_path / "none" / "cut.pcapng"):
        ran = run("packets", plant, "--frames", 1, "--out", out)
        assert ran.code in (2, 4) and len(ran.err.splitlines()) == 1
    assert folder.is_dir() and pipe.is_fifo()
    link = tmp_path / "link.pcapng"
    link.symlink_to(tmp_path / "there.pcapng")
    assert run("packets", plant, "--frames", 1, "--out", link).code == 0
    assert link.is_symlink() and (tmp_path / "there.pcapng").is_file()


def test_a_file_for_each_notice_of_a_run(run: Run, tmp_path: Path, plant: Path) -> None:
    proof = tmp_path / "proof"
    ran = run("detect", plant, "--packets", proof, "--json", "--no-progress")
    worth = [n for n in ran.json if n["severity"] in ("critical", "high", "medium")]
    files = sorted(proof.iterdir())
    assert len(files) == len(worth) > 0
    assert f"{len(files)} of {len(files)} files" in ran.err
    (download,) = (f for f in files if "program_download" in f.name)
    assert [p.number for p in tshark(download) if p.comment] == [REQUEST]
    lake = tmp_path / "lake"
    judged(run, tmp_path, plant)
    assert run("detect", lake, "--packets", tmp_path / "again", "--no-progress").code == 0
    assert (tmp_path / "again" / download.name).read_bytes() == download.read_bytes()


def test_a_case_with_its_packets_and_what_they_say(run: Run, tmp_path: Path, plant: Path, notice: str) -> None:
    lake, cut = tmp_path / "lake", tmp_path / "case.pcapng"
    (case,) = run("cases", lake, "--json").json
    assert "evidence" not in case["events"][0]
    shown = run("cases", lake, case["id"], "--packets", cut)
    assert shown.code == 0
    assert "Evidence" in shown.out and "s7comm" in shown.out
    assert [p.number for p in tshark(cut) if p.comment] == [REQUEST]
    told = run("cases", lake, case["id"], "--json").json
    records = told["events"][0]["evidence"]
    assert {"command", "s7comm"} <= {r["stream"] for r in records}
    assert {r["frame"] for r in records} == {told["events"][0]["frame"]}
    assert all(None not in r["fields"].values() for r in records)
    other = tmp_path / "other.pcapng"
    assert run("packets", lake, "--case", case["id"], "--out", other).code == 0
    assert other.read_bytes() == cut.read_bytes()
    assert run("cases", lake, "--packets", cut).code == 2
