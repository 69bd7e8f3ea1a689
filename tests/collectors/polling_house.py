"""What the tests of collectors that ask have in common: a sink in memory, peers in own processes, certificates."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linewarden.collectors.contract import Kind, Quality, Samples, Sink, Tag
from linewarden.errors import StoreError
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One value as it came."""

    name: str
    value: float | str | None
    quality: Quality
    status: str | None
    source_ts: int | None
    server_ts: int | None
    history: bool
    at: float


@dataclass
class MemorySink:
    """A sink that keeps all it is given. full: every put fails, as on a full disk."""

    tags: list[Tag] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    puts: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    full: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def tag(self, tag: Tag) -> int:
        with self._lock:
            for number, known in enumerate(self.tags):
                if (known.source, known.name) == (tag.source, tag.name):
                    self.tags[number] = tag
                    return number
            self.tags.append(tag)
            return len(self.tags) - 1

    def put(self, samples: Samples) -> Future[None]:
        done: Future[None] = Future()
        if self.full:
            done.set_exception(StoreError("the disk is full"))
            return done
        columns = (samples.tag, samples.value, samples.text, samples.quality, samples.status)
        now = time.monotonic()
        with self._lock:
            rows = zip(*columns, samples.source_ts, samples.server_ts, strict=True)
            for tag, value, text, quality, status, source_ts, server_ts in rows:
                shown = text if text is not None else None if math.isnan(value) else value
                row = Row(self.tags[tag].name, shown, quality, status, source_ts, server_ts, samples.history, now)
                self.rows.append(row)
            self.puts.append(len(samples))
        done.set_result(None)
        return done

    def up(self, peer: str) -> None:
        self.said.append(f"UP {peer}")

    def down(self, peer: str, why: str) -> None:
        self.said.append(f"DOWN {peer}: {why}")

    def say(self, text: str) -> None:
        self.said.append(text)

    def of(self, name: str) -> list[float | str | None]:
        """All values of a tag."""
        with self._lock:
            return [r.value for r in self.rows if r.name == name]

    def last(self, name: str) -> Row:
        """The newest row of a tag."""
        with self._lock:
            return next(r for r in reversed(self.rows) if r.name == name)

    def values(self) -> dict[str, float | str | None]:
        """The newest value of each tag."""
        with self._lock:
            return {r.name: r.value for r in self.rows}

    def downs(self) -> list[str]:
        return [s for s in self.said if s.startswith("DOWN")]


_: type[Sink] = MemorySink


def until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not become true in time")


@contextmanager
def running(kind: Kind, settings: Any, sink: MemorySink | None = None) -> Iterator[MemorySink]:
    """The collector at work; it must end within a few seconds when it is told to."""
    sink = sink or MemorySink()
    assert kind.check is None or kind.check(settings) == []
    stop, failed = threading.Event(), []

    def work() -> None:
        try:
            kind.run(settings, sink, stop)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        stop.set()
        thread.join(10)
    assert not failed, failed
    assert not thread.is_alive()


class Peer:
    """A server in a process of its own: `python -m tests.collectors.peers.NAME '{"port": ...}'`. It says "ready" once
    it listens; each other line is a note of what it was asked."""

    def __init__(self, module: str, **options: Any) -> None:
        self.port: int = options.setdefault("port", free_port())
        self._command = [sys.executable, "-m", f"tests.collectors.peers.{module}", json.dumps(options, default=str)]
        self.notes: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        assert self._ready.wait(30), "the peer did not start"

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                if line.strip() == "ready":
                    self._ready.set()
                else:
                    self.notes.append(line.strip())

    def tell(self, line: str) -> None:
        """One line to the peer."""
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """At once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self._reader.join(10)
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process = None

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def certificates(folder: Path, *names: str) -> dict[str, Path]:
    """An authority and a certificate for each name, as PEM: `ca`, `NAME.pem`, `NAME.key`. They hold for 127.0.0.1."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder.mkdir(parents=True, exist_ok=True)
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    authority = ec.generate_private_key(ec.SECP256R1())
    found: dict[str, Path] = {}

    def make(name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ca")])
        builder = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if not is_authority:
            there = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(there), critical=False)
        return builder.sign(authority, hashes.SHA256())

    for name in ("ca", *names):
        key = authority if name == "ca" else ec.generate_private_key(ec.SECP256R1())
        pem = make(name, key, is_authority=name == "ca").public_bytes(serialization.Encoding.PEM)
        found[name] = folder / f"{name}.pem"
        found[name].write_bytes(pem)
        if name != "ca":
            found[f"{name}.key"] = folder / f"{name}.key"
            found[f"{name}.key"].write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
    return found
