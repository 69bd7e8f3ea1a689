"""A baseline that learns in a process of its own: what is usual and what is wrong do not wait for each other.

    with Apart(baseline) as apart:
        apart.learn("conn", rows)           # any number of times, in order; returns at once
        for news in apart.news(): ...       # rows of the stream `novelty`, after the last `learn`

Rows go to it as Arrow, and what was news comes back at the end.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from linewarden.errors import StoreError
from linewarden.service.uncollected import uncollected

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Baseline

_HEAD = struct.Struct("<HQ")
"""Before each message: bytes of its name, bytes of its body."""


def can_be_apart() -> bool:
    """True where a second process has a core of its own."""
    return len(os.sched_getaffinity(0)) > 1 and bool(sys.executable)


class Apart:
    """The process, seen from here. Raises StoreError if it cannot be started, or ended early."""

    def __init__(self, baseline: Baseline) -> None:
        # -P: the folder in which somebody stands must not be a place to import from.
        command = [sys.executable, "-P", "-m", __name__]
        threads = {"POLARS_MAX_THREADS": "1"}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | threads,
                start_new_session=True,  # an interrupt is for us, and we end it
            )  # fmt: skip
        except OSError as error:
            raise StoreError(f"{sys.executable}: cannot be started ({error})") from error
        self._rows: queue.SimpleQueue[tuple[str, pl.DataFrame] | None] = queue.SimpleQueue()
        self._began = json.dumps(baseline.snapshot()).encode()
        self._writer = threading.Thread(target=self._write, name="linewarden-learning", daemon=True)
        self._writer.start()

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        """It goes, whatever it was doing."""
        self._rows.put(None)
        self._process.kill()
        self._writer.join()
        for end in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):  # what was left to be said is of no use any more
                if end is not None:
                    end.close()
        self._process.wait()

    def learn(self, stream: str, rows: pl.DataFrame) -> None:
        """Takes what `Judge.sieve` gave for the baseline."""
        self._rows.put((stream, rows))

    def news(self) -> Iterator[pl.DataFrame]:
        """What was news in each batch, in order."""
        self._rows.put(None)
        self._writer.join()
        out = self._process.stdout
        found = [_frame(body) for _, body in _messages(out)] if out is not None else []
        if code := self._process.wait():
            raise StoreError(f"the process that learns what is usual ended early (code {code}); out of memory?")
        yield from found

    def _write(self) -> None:
        into: Any = self._process.stdin
        try:
            _send(into, "baseline", self._began)
            while (batch := self._rows.get()) is not None:
                _send(into, batch[0], _bytes(batch[1]))
            into.close()
        except (BrokenPipeError, ValueError):  # it ended early, which its code will say
            return


def main() -> int:
    """The process itself: standard input to standard output."""
    from linewarden.baseline.baseline import Baseline

    messages = _messages(sys.stdin.buffer)
    baseline = Baseline.from_snapshot(json.loads(next(messages)[1]))
    with uncollected():
        news = [baseline.learn(stream, _frame(body)) for stream, body in messages]
    try:
        for frame in news:
            _send(sys.stdout.buffer, "novelty", _bytes(frame))
    except BrokenPipeError:  # nobody wants to know any more
        os._exit(1)
    return 0


def _bytes(rows: pl.DataFrame) -> bytes:
    body = io.BytesIO()
    rows.write_ipc_stream(body)
    return body.getvalue()


def _frame(body: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(body))


def _send(into: IO[bytes], name: str, body: bytes) -> None:
    into.write(_HEAD.pack(len(name), len(body)) + name.encode())
    into.write(body)
    into.flush()


def _messages(source: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Until the other end closes; half a message is none."""
    while len(head := source.read(_HEAD.size)) == _HEAD.size:
        name_size, size = _HEAD.unpack(head)
        name, body = source.read(name_size).decode(), source.read(size)
        if len(body) < size:
            return
        yield name, body


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # somebody waits for the end: nothing here is worth putting in order
