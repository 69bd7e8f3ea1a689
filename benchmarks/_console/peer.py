"""ntopng on the same machine, with as many devices and people: as Ubuntu packs it, in a folder of its own.

scripts/ntopng-apart.sh makes that folder. It reads a capture of the plant's devices (peer_capture.py); the people open
its pages and lists, and ask for its figures every few seconds, which is how its pages are live.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

HTTP, REDIS = 13_000, 16_379
PAGES = (
    "/", "/lua/hosts_stats.lua", "/lua/flows_stats.lua",
    "/lua/get_hosts_data.lua?currentPage=1&perPage=100", "/lua/get_flows_data.lua?currentPage=1&perPage=100",
    "/lua/rest/v2/get/host/active.lua?ifid=0&currentPage=1&perPage=100",
    "/lua/rest/v2/get/flow/active.lua?ifid=0&currentPage=1&perPage=100",
)  # fmt: skip
FIGURES = "/lua/rest/v2/get/interface/data.lua?ifid=0"
READS_S = (2.0, 6.0)
LIVE_S = 3.0
"""s; its own pages ask every 2 s."""
READY_S = 300.0


def measured_peer(root: Path, assets: int, people: int, seconds: float) -> dict[str, Any]:
    """Times by path (s), memory at its highest (MB) and CPU (s) of ntopng and its database."""
    from _console.peer_capture import make_capture
    from _console.run import cpu_s, memory_mb

    folder = root / "lw"
    folder.mkdir(exist_ok=True)
    make_capture(folder / "plant.pcap", assets)
    with started(root) as processes:
        hosts = wait_until_read(assets)
        before = sum(cpu_s(p.pid) for p in processes)
        command = [sys.executable, __file__, str(people), str(seconds)]
        pages = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        return {
            "pages": pages, "hosts": hosts, "memory_mb": sum(memory_mb(p.pid, "VmHWM") for p in processes),
            "cpu_s": sum(cpu_s(p.pid) for p in processes) - before, "seconds": seconds,
        }  # fmt: skip


@contextmanager
def started(root: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Redis and ntopng, for as long as the block; both at loopback only."""
    (root / "lw" / "data").mkdir(exist_ok=True)
    redis = ["redis-server", "--port", str(REDIS), "--bind", "127.0.0.1", "--save", ""]
    ntopng = ["ntopng", "-i", "/lw/plant.pcap", "-r", f"127.0.0.1:{REDIS}", "-d", "/lw/data", "-w", f":{HTTP}",
              "-W", "0", "-n", "3", "-U", "root", "--disable-login", "1", "-m", "10.0.0.0/8"]  # fmt: skip
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command in (redis, ntopng):
            with (root / "lw" / f"{command[0]}.log").open("wb") as log:
                running.append(subprocess.Popen(["chroot", str(root), *command], stdout=log, stderr=log))
            time.sleep(2)
        yield running
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(60)


def wait_until_read(assets: int) -> int:
    """How many hosts it knows once it knows no more of them."""
    known, until = -1, time.monotonic() + READY_S
    while time.monotonic() < until:
        time.sleep(5)
        try:
            said = httpx.get(f"http://localhost:{HTTP}{FIGURES}", timeout=30).json()["rsp"]
        except (httpx.HTTPError, ValueError, KeyError):
            continue
        if said["num_hosts"] >= assets or said["num_hosts"] == known > 0:
            return int(said["num_hosts"])
        known = said["num_hosts"]
    raise SystemExit(f"ntopng did not read its capture in {READY_S:.0f} s: it knows {known} hosts")


async def look(client: httpx.AsyncClient, number: int, until: float, pages: list[tuple[str, float, int]]) -> None:
    """One of the people: a page every few seconds, and the figures all the time."""
    dice = random.Random(number)

    async def open_(path: str) -> None:
        began = time.monotonic()
        try:
            status = (await client.get(path)).status_code
        except httpx.HTTPError:
            status = 0
        pages.append((path, time.monotonic() - began, status))

    async def follow() -> None:
        while time.monotonic() < until:
            await open_(FIGURES)
            await asyncio.sleep(LIVE_S)

    async with asyncio.TaskGroup() as group:
        group.create_task(follow())
        await asyncio.sleep(dice.uniform(0, READS_S[1]))
        while time.monotonic() < until:
            await open_(dice.choice(PAGES))
            await asyncio.sleep(dice.uniform(*READS_S))


async def main(people: int, seconds: float) -> list[tuple[str, float, int]]:
    pages: list[tuple[str, float, int]] = []
    until = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=people * 4)
    async with httpx.AsyncClient(
        base_url=f"http://localhost:{HTTP}", timeout=60, follow_redirects=True, limits=limits
    ) as client:
        await asyncio.gather(*(look(client, n, until, pages) for n in range(people)))
    return pages


def show_peer(found: dict[str, Any], people: int) -> None:
    """As a table, and a line."""
    from _console.show import quantile

    by_path: dict[str, list[float]] = {}
    for path, took, _ in found["pages"]:
        by_path.setdefault(path, []).append(took)
    print(f"\nntopng: {found['hosts']:,} hosts, {people} people, {found['seconds']:.0f} s\n")
    for path, times in sorted(by_path.items()):
        print(f"{path:70} {len(times):5} {quantile(times, 0.5):9.3f} {quantile(times, 0.95):8.3f} {max(times):8.3f}")
    worst = max((quantile(times, 0.95) for times in by_path.values()), default=0.0)
    failed = sum(status != httpx.codes.OK for _, _, status in found["pages"])
    print(f"\nslowest path p95 {worst:.2f} s; memory {found['memory_mb']:.0f} MB; "
          f"{found['cpu_s'] / found['seconds']:.0%} of a core; failed {failed}")  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))))
