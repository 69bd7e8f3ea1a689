"""What a user of `linewarden watch` sees, with real frames over a veth pair."""

from __future__ import annotations

import json
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from linewarden.cli import main
from tests.cli.conftest import modbus
from tests.live.conftest import Space, Watch, until
from tests.protocols import harness

Start = Callable[..., Watch]


def writes(watch: Watch) -> int:
    rows = watch.rows("command")
    return rows.filter(rows["verb"] == "write").height if rows.height else 0


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4_096)


def test_a_record_can_be_asked_for_soon_after_its_packet(space: Space, watch: Start) -> None:
    """The goal is 2 s (benchmarks/live.py measures it); a machine that runs all tests gets 5, three times."""
    running = watch().listening()
    for attempt in range(3):
        space.modbus(6, client=50_001 + attempt)
        sent = time.monotonic()
        until(lambda n=attempt: writes(running) >= 3 * (n + 1))
        if time.monotonic() - sent < 5:
            break
    else:
        pytest.fail(f"{time.monotonic() - sent:.1f} s")
    asked = subprocess.run(
        [sys.executable, "-m", "linewarden", "query", running.out, "SELECT count(*) AS n FROM modbus", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(asked.stdout)[0]["n"] >= 3
    assert running.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_that_was_read_is_in_the_lake_and_a_second_start_doubles_nothing(
    space: Space, watch: Start, number: int
) -> None:
    for run in (1, 2):
        running = watch("--json").listening()
        space.modbus(6, 3, client=51_000 + run, times=4)
        assert running.end(number) == 0
        assert running.process.stdout is not None
        last = json.loads(running.process.stdout.read().splitlines()[-1])
        assert last["ended"] is True
        assert last["lost"] == 0
        conns = running.rows("conn").filter(running.rows("conn")["service"] == "modbus")
        assert conns.height == conns["uid"].n_unique() == run
        assert writes(running) == 4 * run
    assert not list(running.out.rglob("*.tmp"))


def test_rights_are_given_up(space: Space, watch: Start, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    out = Path("/tmp") / f"linewarden-{tmp_path.parent.name}-{tmp_path.name}"  # pytest's own folder is root's alone
    try:
        running = watch("--user", "nobody", out=out).listening()
        status = Path(f"/proc/{running.process.pid}/status").read_text()
        found = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        assert "0" not in found["Uid"].split()
        assert "0" not in found["Groups"].split() + found["Gid"].split()
        assert {int(found[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Amb")} == {0}
        assert found["NoNewPrivs"].strip() == "1"
        threads = Path(f"/proc/{running.process.pid}/task").glob("*/status")
        assert all("CapEff:\t0000000000000000" in t.read_text() for t in threads)
        space.modbus(6, client=52_000)
        until(lambda: writes(running) == 3)
        assert running.end() == 0
    finally:
        shutil.rmtree(out, ignore_errors=True)


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="filters need tcpdump")
def test_a_filter_lets_through_what_it_says(space: Space, watch: Start) -> None:
    running = watch("--filter", "tcp port 502 and not tcp src port 53001").listening()
    space.modbus(6, client=53_000)
    space.send(harness.pcap(harness.tcp_frames([("c", b"GET / HTTP/1.1\r\n\r\n")], 80, client_port=53_002)))
    until(lambda: writes(running) == 3)
    assert running.end() == 0
    conns = running.rows("conn")
    assert conns["service"].to_list() == ["modbus"]


def test_tags_that_the_kernel_took_out_are_seen(space: Space, watch: Start) -> None:
    running = watch().listening()
    frames = harness.tcp_frames([("c", b"hello")], 4_000, client_port=54_000)
    space.send(harness.pcap([f[:12] + struct.pack("!HH", 0x8100, 5) + f[12:] for f in frames]))
    time.sleep(1)
    assert running.end() == 0
    conns = running.rows("conn")
    assert conns.filter(conns["proto"] == "tcp")["vlan"].to_list() == [5]


def test_an_interface_goes_comes_back_and_is_made_anew(space: Space, watch: Start) -> None:
    running = watch().listening()
    space.ip("link", "set", space.near, "down")
    until(lambda: running.said("interface is down"))
    space.ip("link", "set", space.near, "up")
    until(lambda: running.said("is up again"))
    space.modbus(6, client=55_000)
    until(lambda: writes(running) == 3)
    space.ip("link", "del", space.far)
    until(lambda: running.said("interface is gone"))
    space.cable()
    until(lambda: running.said("interface is back"))
    space.modbus(6, client=55_001)
    until(lambda: writes(running) == 6)
    assert running.end() == 0


def test_a_full_disk_is_a_pause(space: Space, watch: Start, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False).returncode:
        pytest.skip("this user may not mount a tmpfs")
    try:
        running = watch("--keep", disk / "packets", out=disk / "lake").listening()
        space.modbus(6, client=56_000)
        until(lambda: writes(running) == 3)
        with pytest.raises(OSError, match="No space"):
            fill(disk / "filler")
        space.modbus(6, client=56_001)
        until(lambda: running.said("no space left"))
        assert running.process.poll() is None
        (disk / "filler").unlink()
        until(lambda: space.modbus(6, client=56_002) or running.said("written again"), 60)
        assert writes(running) > 3
        assert running.end() == 0
        assert not list(disk.rglob("*.tmp"))
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def test_a_record_hands_out_its_packet(space: Space, watch: Start, tmp_path: Path) -> None:
    ring, cut = tmp_path / "ring", tmp_path / "cut.pcapng"
    running = watch("--keep", ring).listening()
    space.modbus(6, client=57_000)
    until(lambda: writes(running) == 3 and running.rows("modbus").height == 3)
    row = running.rows("modbus").row(1, named=True)
    assert main(["packets", str(ring), "--out", str(cut), "--only", "--of", f"{row['capture']}:{row['frame']}"]) == 0
    assert main(["read", str(cut), "--out", str(tmp_path / "again"), "--quiet"]) == 0
    assert running.end() == 0
    import polars as pl

    (found,) = (tmp_path / "again").glob("stream=conn/*/*/*.parquet")
    again = pl.read_parquet(found, hive_partitioning=False)
    assert again["orig_pkts"].sum() + again["resp_pkts"].sum() == 1
    assert again["ts"].to_list() == [row["ts"]]
    assert main(["packets", str(ring), "--out", str(cut), "--of", "../cut.pcapng:1"]) == 3


def test_the_ring_on_disk_stays_within_its_size(space: Space, watch: Start, tmp_path: Path) -> None:
    ring = tmp_path / "ring"
    running = watch("--keep", ring, "--keep-mb", 1).listening()
    frames = [f + bytes(1_200) for f in harness.tcp_frames([("c", b"x" * 20)] * 30, 4_000, client_port=58_000)]
    for _ in range(60):
        space.send(harness.pcap(frames))
        if len(list(ring.glob("*.pcapng"))) > 12:
            break
    assert running.end() == 0
    files = sorted(ring.glob("*.pcapng"))
    assert len(files) > 3
    assert sum(f.stat().st_size for f in files) < 1_300_000


def test_a_conversation_that_lasts_is_told_in_parts_that_add_up(space: Space, watch: Start) -> None:
    running = watch().listening()
    frames = harness.tcp_frames(modbus(3, 5), 502, client_port=59_000)
    open_end = [f for f in frames if not f[47] & 1]  # without the segments that end it
    space.send(harness.pcap(open_end))
    until(lambda: running.rows("conn").height and "modbus" in running.rows("conn")["service"].to_list())
    assert running.end() == 0
    conns = running.rows("conn")
    parts = conns.filter(conns["service"] == "modbus")
    assert parts.height == 2
    assert parts["uid"].n_unique() == 1
    data = parts["orig_bytes"].sum() + parts["resp_bytes"].sum()
    assert data == 5 * (12 + 13)
    assert parts["orig_pkts"].sum() + parts["resp_pkts"].sum() == len(open_end)


def test_a_watch_that_was_killed_leaves_nothing_half_written(space: Space, watch: Start) -> None:
    running = watch().listening()
    space.modbus(6, client=60_000)
    until(lambda: writes(running) == 3)
    half = next(running.out.glob("stream=modbus/*/*")) / ".live-local-00099.parquet.tmp"
    running.process.kill()
    running.process.wait(30)
    half.write_bytes(b"half a file")
    again = watch().listening()
    until(lambda: not half.exists())
    space.modbus(6, client=60_001)
    until(lambda: writes(again) == 6)
    assert again.end() == 0


def test_what_cannot_be_is_said_in_one_line(
    space: Space, watch: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = watch().listening()
    second = watch()
    assert second.process.wait(30) == 4
    until(lambda: second.said("another `linewarden watch`"))
    assert running.end() == 0
    assert main(["packets", str(tmp_path), "--out", str(tmp_path / "x"), "--of", "nonsense"]) == 2
    assert "CAPTURE:FRAME" in capsys.readouterr().err


def test_an_interface_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """In a process of its own: rights are given up for good."""
    command = [sys.executable, "-m", "linewarden", "watch", "no-such0", "--out", tmp_path / "lake"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    assert len(ran.stderr.splitlines()) == 1
    assert not (tmp_path / "lake").exists()
