#!/usr/bin/env python3
"""Makes the demonstration capture: builds a small plant of network namespaces, runs real protocol stacks in
it, records its switch ports and checks that every promised protocol is there.

    sudo python3 tools/demo_capture/make.py --out demo-plant.pcapng.zst

Needs Linux, root, Python 3.11 or newer with venv, and these Debian packages:
    iproute2 ethtool procps tshark zstd dnsmasq-base udhcpc chrony snmpd snmp samba smbclient lldpd
    iputils-ping
Nothing leaves the machine: no namespace has a way out. It ends by itself: --seconds plus a minute.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import daemons
import network
from jobs import LISTENERS, PROMISES, Job, missing, plan
from plant import DEVICES, ZONES, device, recorded_subnets

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "src"
"""Recorder and DCP are the practice plant's (linewarden.exercises); they need nothing that is not Python's own."""
NEEDED = ("ip", "ss", "ethtool", "sysctl", "tshark")
COMMENT = "Linewarden demonstration plant: synthetic devices, real stacks; tools/demo_capture/make.py"


def virtual_environment(folder: Path) -> str:
    """Path of a Python that has the pinned stacks; makes the environment when it is missing or outdated."""
    wish = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    stamp, python = folder / "requirements.sha256", folder / "bin" / "python"
    if not (python.exists() and stamp.exists() and stamp.read_text() == wish):
        print(f"making {folder} from requirements.txt")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run(
            [
                str(python),
                "-m",
                "pip",
                "install",
                "-q",
                "--disable-pip-version-check",
                "-r",
                str(HERE / "requirements.txt"),
            ],
            check=True,
        )
        stamp.write_text(wish)
    return str(python)


class Plant:
    """The running plant: starts jobs, ends them all."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, space: str, title: str, argv: list[str]) -> subprocess.Popen[bytes]:
        """Starts a process in a namespace, in a session of its own, with its output in the logs."""
        name = f"{space}-{title}".replace(" ", "_").replace("/", "_").replace(":", "")
        with (self.logs / f"{name}.log").open("wb") as log:
            environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(SOURCES)}
            process = subprocess.Popen(
                ["ip", "netns", "exec", space, *argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
                cwd=self.logs.parent,
            )
        self.running.append((f"{space.removeprefix(network.PREFIX)} {title}", process))
        return process

    def stop(self) -> None:
        """Ends every process group that it started."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for _, process in self.running:
                if process.poll() is None:
                    os.killpg(process.pid, sign)
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline and any(process.poll() is None for _, process in self.running):
                time.sleep(0.1)


def start_recorder(plant: Plant, out: Path) -> subprocess.Popen[bytes]:
    """Starts the recorder in the switches' namespace."""
    argv = [sys.executable, "-m", "linewarden.exercises.recorder", "--out", str(out), "--comment", COMMENT]
    for subnet in recorded_subnets():
        argv += ["--subnet", str(subnet)]
    for zone in ZONES:
        argv += ["--router", zone.gateway]
    process = plant.start(network.SWITCH, "recorder", argv)
    time.sleep(0.7)
    return process


def wait_for_listeners(limit: float) -> list[str]:
    """Waits until every server accepts connections, at most `limit` seconds; gives those that do not."""
    closed, end = list(LISTENERS), time.monotonic() + limit
    while closed and time.monotonic() < end:
        time.sleep(0.5)
        open_ports = {name: network.inside(network.namespace(name), "ss", "-Hltn", check=False) for name, _ in closed}
        closed = [(name, port) for name, port in closed if f":{port} " not in open_ports[name]]
    return [f"{name}: nothing listens on TCP port {port}" for name, port in closed]


def run_jobs(plant: Plant, jobs: list[Job], seconds: float) -> list[str]:
    """Starts the servers, waits for them, starts each client at its time, and waits until `seconds` have
    passed since the servers were ready; gives what was skipped."""
    skipped, begin, waited = [], time.monotonic(), False
    for job in jobs:
        if job.start > 0 and not waited:
            skipped += wait_for_listeners(40.0)
            begin, waited = time.monotonic(), True
        if reason := missing(job):
            skipped.append(f"{job.device}: {job.title} ({reason})")
            continue
        time.sleep(max(0.0, begin + job.start - time.monotonic()))
        plant.start(network.namespace(job.device), job.title, job.argv)
        print(f"  {time.monotonic() - begin:5.1f} s  {job.device:16} {job.title}", flush=True)
    time.sleep(max(0.0, begin + seconds - time.monotonic()))
    return skipped


def record(work: Path, python: str, seconds: int) -> tuple[Path, list[str]]:
    """Builds the plant, runs it, records it and takes it down, whatever happens."""
    logs, raw = work / "logs", work / "raw.pcapng"
    logs.mkdir()
    plant = Plant(logs)
    try:
        network.build()
        for item in DEVICES:
            network.write_resolver(network.namespace(item.name), device("dc-plant").address, daemons.DOMAIN)
        recorder = start_recorder(plant, raw)
        skipped = run_jobs(plant, plan(work, python, seconds), seconds)
        for title, process in plant.running:
            if process.poll() not in (None, 0):
                skipped.append(f"{title}: ended with status {process.returncode}, see {logs}")
        os.killpg(recorder.pid, signal.SIGTERM)
        recorder.wait(timeout=30)
    finally:
        plant.stop()
        network.remove()
    return raw, skipped


def check(capture: Path) -> int:
    """Prints protocol -> frames, as tshark sees them; gives the number of promises that were not kept."""
    statistics = ",".join(["io", "stat", "0", *PROMISES.values()])
    argv = ["tshark", "-n", "-r", str(capture), "-q", "-z", statistics]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    # The one row of data: | 0.0 <> 99.9 | frames | bytes | frames | bytes | ...
    row = next((line for line in done.stdout.splitlines() if "<>" in line), "")
    counts = [cell.strip() for cell in row.split("|")[2:-1:2]]
    if len(counts) != len(PROMISES):
        raise RuntimeError(f"tshark could not check the capture: {done.stderr.strip()}")
    print(f"\n{'promised':24} {'frames':>7}")
    broken = 0
    for name, frames in zip(PROMISES, counts, strict=True):
        broken += frames == "0"
        print(f"{name:24} {frames:>7}{'' if frames != '0' else '  MISSING'}")
    return broken


def place(raw: Path, out: Path) -> None:
    """Compresses by the name's end: .zst (needs zstd), .gz, or not at all."""
    if out.suffix == ".zst":
        subprocess.run(["zstd", "-q", "-19", "-f", str(raw), "-o", str(out)], check=True)
    elif out.suffix == ".gz":
        with raw.open("rb") as source, gzip.GzipFile(out, "wb", compresslevel=9, mtime=0) as target:
            shutil.copyfileobj(source, target)
    else:
        shutil.copyfile(raw, out)
    print(f"\n{out}: {out.stat().st_size} bytes ({raw.stat().st_size} before compression)")


def main() -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="capture to write: .pcapng, .pcapng.gz or .pcapng.zst")
    parser.add_argument("--seconds", type=int, default=100, help="length of the recording, 60 to 180 (default 100)")
    parser.add_argument("--venv", type=Path, default=Path.home() / ".cache/linewarden/demo-capture-venv")
    parser.add_argument("--keep", type=Path, help="copy logs and the raw capture to this folder")
    parser.add_argument("--clean", action="store_true", help="only remove what an earlier run left")
    args = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("run this as root: network namespaces need it")
    if args.clean:
        network.remove()
        return 0
    if args.out is None or not 60 <= args.seconds <= 180:
        parser.error("give --out FILE, and --seconds from 60 to 180")
    needed = [*NEEDED, "zstd"] if args.out.suffix == ".zst" else list(NEEDED)
    if lacking := [tool for tool in needed if shutil.which(tool) is None]:
        parser.error(f"install first: {', '.join(lacking)}")
    return make(args.out.resolve(), virtual_environment(args.venv.resolve()), args.seconds, args.keep)


def make(out: Path, python: str, seconds: int, keep: Path | None) -> int:
    """Makes one capture; 0 when every promise was kept, otherwise 1 (the capture is written all the same)."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="linewarden-demo-") as name:
        work = Path(name)
        work.chmod(0o755)
        try:
            raw, skipped = record(work, python, seconds)
            broken = check(raw)
            place(raw, out)
        finally:
            if keep is not None:
                unneeded = shutil.ignore_patterns("*.sock", "samba")
                shutil.copytree(work, keep, dirs_exist_ok=True, ignore=unneeded)
    for line in skipped:
        print(f"skipped: {line}")
    print("every promised protocol is in the capture" if not broken else f"{broken} promises were not kept")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
