"""A PostgreSQL cluster that lives as long as the tests: Debian's programs, a folder of its own, a local socket only."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

PASSWORD = secrets.token_urlsafe(12)


def programs() -> Path | None:
    """The folder of initdb and pg_ctl of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def why_not() -> str:
    """Why there can be no cluster here; empty: there can."""
    if programs() is None:
        return "PostgreSQL is not installed: scripts/install-test-deps.sh"
    if os.geteuid() == 0 and "postgres" not in {p.pw_name for p in pwd.getpwall()}:
        return "root cannot run PostgreSQL, and there is no user postgres"
    return ""


class Cluster:
    """Started when made. Whoever connects needs PASSWORD."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="linewarden-pg-"))
        self._databases = 0
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres", "postgres")
        self._run(
            "initdb", "-D", str(self.folder / "db"), "-A", "scram-sha-256", "-U", "postgres", "--no-sync",
            "--pwfile", str(secret), "-E", "UTF8", "--locale", "C",
        )  # fmt: skip
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(programs() / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def _control(self, *arguments: str) -> None:
        # The server keeps what it inherits: not our pipes, which would not end before it.
        self._run("pg_ctl", "-D", str(self.folder / "db"), "-w", "-l", str(self.folder / "log"), *arguments)

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB -c max_connections=40"
        self._control("-o", options, "start")

    def stop(self) -> None:
        """At once, as a crash would."""
        self._control("-m", "immediate", "stop")

    def new_database(self) -> str:
        """The URL of an empty database, without the password."""
        import psycopg

        self._databases += 1
        name = f"linewarden_{self._databases}"
        where = f"host={self.folder} user=postgres dbname=postgres password={PASSWORD}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def end(self) -> None:
        if (self.folder / "db" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
