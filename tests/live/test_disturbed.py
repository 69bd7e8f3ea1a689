"""What a clock that is set and a disk that is slow do to `linewarden watch`, and what it says (docs/watch.md).

The clock is set for that program alone, by a library that stands before the C library (`shim.c`): what the kernel
stamps frames with goes on as before. So jumps are small here, as if an NTP client had stepped.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import modbus
from tests.live.conftest import Space, Watch, until, waited
from tests.protocols import harness

Start = Callable[..., Watch]
FLOOD = """
import socket, sys
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind((sys.argv[1], 0))
frame, sent = bytes.fromhex(sys.argv[3]), 0
while sent < int(sys.argv[2]):
    try:
        sent += port.send(frame) > 0
    except BlockingIOError:
        pass
"""


class Shim:
    """The library, and what it does at the moment."""

    def __init__(self, folder: Path) -> None:
        self.control = folder / "control"
        self.set()
        library = folder / "shim.so"
        source = Path(__file__).with_name("shim.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl"], check=True)
        self.through = ("env", f"SHIM={self.control}", f"LD_PRELOAD={library}")

    def set(self, clock_s: float = 0, fsync_ms: int = 0) -> None:
        """In place, as the file is mapped."""
        file = os.open(self.control, os.O_WRONLY | os.O_CREAT)
        os.pwrite(file, struct.pack("=qq", int(clock_s * 1e9), fsync_ms), 0)
        os.close(file)


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler (cc), for a library that sets the clock of one program")
    return Shim(tmp_path)


def last_status(watch: Watch) -> dict[str, Any]:
    """After its end."""
    assert watch.process.stdout is not None
    found: dict[str, Any] = json.loads(watch.process.stdout.read().splitlines()[-1])
    return found


@pytest.mark.parametrize("jump", [5.0, -5.0])
def test_a_clock_that_is_set_ends_open_conversations_and_loses_nothing(
    space: Space, watch: Start, shim: Shim, jump: float
) -> None:
    running = watch(through=shim.through).listening()
    frames = [f for f in harness.tcp_frames(modbus(3, 4), 502, client_port=52_000) if not f[47] & 1]
    space.send(harness.pcap(frames[:7]))
    time.sleep(1)  # what is heard in the same fifth of a second as the jump counts as after it
    shim.set(clock_s=jump)
    until(lambda: running.said(f"the clock was set by {jump:+.1f} s"))
    space.send(harness.pcap(frames[7:]))
    space.modbus(6, client=52_001)
    until(lambda: running.rows("command").height)
    assert running.end() == 0
    conns = running.rows("conn")
    parts = conns.filter(conns["id.orig_p"] == 52_000)
    assert parts["uid"].n_unique() == 2
    assert parts["orig_pkts"].sum() + parts["resp_pkts"].sum() == len(frames)
    # A number of a packet means one of its capture: the one after the jump begins anew.
    assert parts["capture"].n_unique() == 2
    assert sum("clock" in line for line in running.lines) == 1


def test_a_disk_that_is_slow_for_a_while_delays_records_and_loses_none(space: Space, watch: Start, shim: Shim) -> None:
    running = watch("--json", through=shim.through).listening()
    space.modbus(6, client=53_000)
    until(lambda: running.rows("command").height)
    shim.set(fsync_ms=800)  # there are several files a second
    space.modbus(6, client=53_001)
    until(lambda: running.said("the disk is slow"))
    space.modbus(6, client=53_002)
    shim.set()
    until(lambda: running.rows("command").height == 3 * 3)
    assert running.end() == 0
    status = last_status(running)
    assert (status["lost"], status["rows_lost"]) == (0, 0)


def test_what_a_slow_disk_makes_the_kernel_drop_is_counted(space: Space, watch: Start, shim: Shim) -> None:
    running = watch("--json", "--ring", 2, through=shim.through).listening()
    space.modbus(6, client=54_000)
    until(lambda: running.rows("command").height)
    shim.set(fsync_ms=2_500)
    space.modbus(6, client=54_001)
    frame = harness.tcp_frames([("c", bytes(1_300))], 4_000, client_port=54_002)[3]
    flood, sent = 60_000, 0  # 80 MB: more than all that waits between the ring and the disk
    while not running.said("packets were lost"):
        assert sent < 10 * flood, "nothing was lost"  # a busy machine may send too slowly the first times
        subprocess.run(space.command(sys.executable, "-c", FLOOD, space.far, str(flood), frame.hex()), check=True)
        sent += flood
        waited(lambda: running.said("packets were lost"), 6)
    shim.set()
    space.modbus(6, client=54_003)
    until(lambda: running.rows("command").height >= 3)
    assert running.end() == 0
    status = last_status(running)
    assert status["lost"] > 0
    assert status["packets"] + status["lost"] >= sent
    assert status["rows_lost"] == 0
