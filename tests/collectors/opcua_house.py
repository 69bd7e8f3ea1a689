"""What the tests of the OPC UA collector share: a sink in memory, servers as processes, a line that breaks."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from linewarden.collectors.contract import Samples, Tag
from linewarden.collectors.opcua import OpcUa, run
from tests.ports import free_port

HERE = Path(__file__).parent
NODE_MODULES = Path(os.environ.get("LINEWARDEN_NODE_OPCUA", HERE / "node" / "node_modules"))


class MemorySink:
    """Keeps what it is given, in the order in which it came. `hold`: nothing becomes safe while it is set."""

    def __init__(self) -> None:
        self.tags: list[Tag] = []
        self.rows: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.ups: list[str] = []
        self.downs: list[str] = []
        self.batches: list[int] = []
        self.hold = threading.Event()
        self.fail: Exception | None = None
        self._held: list[Future[None]] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def tag(self, tag: Tag) -> int:
        with self._lock:
            number = self._numbers.setdefault((tag.source, tag.name), len(self.tags))
            if number == len(self.tags):
                self.tags.append(tag)
            self.tags[number] = tag
            return number

    def put(self, samples: Samples) -> Future[None]:
        future: Future[None] = Future()
        if self.fail is not None:
            future.set_exception(self.fail)
            return future
        with self._lock:
            self.batches.append(len(samples))
            columns = (
                samples.tag, samples.value, samples.text, samples.quality,
                samples.status, samples.source_ts, samples.server_ts,
            )  # fmt: skip
            for tag, value, text, quality, status, source, server in zip(*columns, strict=True):
                self.rows.append(
                    {
                        "name": self.tags[tag].name, "value": value, "text": text, "quality": quality,
                        "status": status, "source_ts": source, "server_ts": server, "history": samples.history,
                    }
                )  # fmt: skip
        if self.hold.is_set():
            self._held.append(future)
        else:
            future.set_result(None)
        return future

    def release(self) -> None:
        self.hold.clear()
        for future in self._held:
            future.set_result(None)
        self._held = []

    def up(self, peer: str) -> None:
        self.ups.append(peer)

    def down(self, peer: str, why: str) -> None:
        self.downs.append(why)

    def say(self, text: str) -> None:
        self.said.append(text)

    def of(self, name: str) -> list[dict[str, Any]]:
        with self._lock:
            return [r for r in self.rows if r["name"] == name]

    def numbers(self, name: str) -> list[float]:
        return [r["value"] for r in self.of(name) if not math.isnan(r["value"])]

    def info(self, name: str) -> Tag:
        return next(t for t in self.tags if t.name == name)


@contextmanager
def collecting(settings: OpcUa, sink: MemorySink) -> Iterator[threading.Event]:
    """The collector in a thread; stopped at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(settings, sink, stop), daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive(), "the collector does not stop"


def until(true: Callable[[], Any], seconds: float = 30.0, what: str = "") -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what or "it did not come in time"
        time.sleep(0.05)


class Server:
    """A server as a process: `kind` names the program beside this file."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind, self.options = kind, {"port": free_port(), **options}
        self.process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._last_words = ""
        if not self._begin():  # somebody else may have been given the same port meanwhile
            self.options["port"] = options.get("port", free_port())
            self.start()

    @property
    def port(self) -> int:
        return int(self.options["port"])

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}/line/"

    def start(self) -> None:
        """One that is not there in two minutes (asyncua's needs some seconds of CPU to begin) is begun anew, once."""
        assert any(self._begin() for _ in range(2)), f"the {self.kind} server does not start: {self._last_words}"

    def _begin(self) -> bool:
        with tempfile.TemporaryFile() as said:
            if self._begun(said):
                return True
            said.seek(0)
            self._last_words = said.read().decode(errors="replace").strip()[-300:]
        return False

    def _begun(self, said: IO[bytes]) -> bool:
        programs = {
            "asyncua": [sys.executable, str(HERE / "opcua_server.py")],
            "node": ["node", str(HERE / "opcua_server.mjs")],
        }
        environment = {**os.environ, "PYTHONWARNINGS": "ignore", "LINEWARDEN_NODE_OPCUA": str(NODE_MODULES)}
        self.process = process = subprocess.Popen(
            [*programs[self.kind], json.dumps(self.options)],
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
        )
        late = threading.Timer(120, process.kill)
        late.start()
        assert process.stdout is not None
        while (line := process.stdout.readline()) and line.strip() != b"ready":
            pass
        late.cancel()
        self._reader = threading.Thread(target=process.stdout.read, daemon=True)
        self._reader.start()
        if line:
            return True
        self.kill()
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.kill()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self._reader is not None:
                self._reader.join(5)
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Line:
    """A line between collector and server that can break: `cut` ends connections and takes none, `freeze` lets nothing
    pass while connections stand. `heard`: what each connection's client sent."""

    def __init__(self, port: int) -> None:
        self._to, self.down, self.frozen = port, False, threading.Event()
        self.heard: list[bytearray] = []
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            if self.down:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            self._pairs.append((near, far))
            self.heard.append(bytearray())
            for one, other, kept in ((near, far, self.heard[-1]), (far, near, None)):
                threading.Thread(target=self._pump, args=(one, other, kept), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket, kept: bytearray | None) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if kept is not None:
                    kept += data
                while self.frozen.is_set():
                    time.sleep(0.02)
                other.sendall(data)
        for s in (one, other):
            with suppress(OSError):
                s.close()

    def cut(self) -> None:
        self.down = True
        for pair in self._pairs:
            for s in pair:
                with suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)
        self._pairs = []

    def mend(self) -> None:
        self.down = False
        self.frozen.clear()

    def close(self) -> None:
        self._socket.close()
        self.cut()


def services(line: Line) -> set[int]:
    """Numbers of the requests that went through a line without security (Part 6, 6.7.2: header, then the type)."""
    found = set()
    for sent in line.heard:
        while len(sent) >= 28:
            if sent[:4] == b"MSGF":
                found.add(int.from_bytes(sent[26:28], "little"))
            del sent[: int.from_bytes(sent[4:8], "little")]
    return found


def whole(values: list[float]) -> tuple[int, int]:
    """(missing, doubled) of a counter's values between the first and the last."""
    got = [int(v) for v in values]
    return len(set(range(min(got), max(got) + 1)) - set(got)), len(got) - len(set(got))
