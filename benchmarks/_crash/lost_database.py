"""Kills while PostgreSQL goes away and comes back: what the service says of itself must be in its table, each once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from _crash.kills import killed
from _crash.place import NEAR, ip
from _crash.rounds import Round


class Cluster:
    """A PostgreSQL cluster of our own on a local socket."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            raise SystemExit("crash: PostgreSQL is not installed: scripts/install-test-deps.sh --bench, or --lost 0")
        self._bin, self.folder = found[-1], folder
        folder.mkdir()
        shutil.chown(folder, "postgres", "postgres")
        for above in folder.parents[:2]:
            above.chmod(0o755)
        self._run("initdb", "-D", str(folder / "db"), "-A", "trust", "-U", "postgres", "--no-sync")
        self.url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(self._bin / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        """Starts it, unless it runs."""
        if not (self.folder / "db" / "postmaster.pid").exists():
            options = f"-k {self.folder} -c listen_addresses= -c fsync=off"
            self._run(
                "pg_ctl", "-D", str(self.folder / "db"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
            )

    def stop(self) -> None:
        """Stops it at once, as a crash would."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", str(self.folder / "db"), "-m", "immediate", "stop")

    def events(self) -> list[tuple[str, str]]:
        """(id, text) of what the service said."""
        import psycopg

        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres") as connection:
            return [(str(i), t) for i, t in connection.execute("SELECT id, text FROM event").fetchall()]


def _objects(log: str) -> list[str]:
    """The lines of the log that are whole: a kill may cut one short, and Python's own last words are none."""
    return [line for line in log.splitlines() if line.startswith("{") and line.endswith("}")]


def of_events(kept: list[tuple[str, str]], log: str) -> Round:
    """A line in the log comes after the event is in the spool: each must be in the table, and none twice."""
    logged = Counter(said["event"] for said in map(json.loads, _objects(log)) if said.get("sensor"))
    stored = Counter(text for _, text in kept)
    lost = sum((logged - stored).values())
    note = f"events of the service: {sum(logged.values())} logged, {len(kept)} in PostgreSQL"
    return Round(0, 0.0, note, sum(logged.values()), lost, len(kept) - len(dict(kept)), 0, 0.0, 0)


def rounds(folder: Path, count: int, rng: random.Random) -> Iterator[Round]:
    """So many kills; in each round the interface goes down and up, which the service says, and the database is away."""
    cluster = Cluster(folder / "cluster")

    def disturb(number: int, after: float) -> str:
        time.sleep(after * rng.uniform(0.0, 0.3))
        cluster.stop()
        ip("link", "set", NEAR, "down")
        time.sleep(1.2)
        ip("link", "set", NEAR, "up")
        if number % 2:
            return "away at the kill"
        cluster.start()
        return "away for a while"

    try:
        yield from killed(folder, count, rng, cluster.url, disturb, cluster.start)
        yield of_events(cluster.events(), (folder / "log").read_text())
    finally:
        cluster.stop()
        os.sync()
