"""Where `watch` shows itself, and how it is told to end."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from linewarden.service.watch_status import status_as_dict, status_line, watched_as_dict, watched_lines
from linewarden.service.watching import Status, Watched

if TYPE_CHECKING:
    from linewarden.detections.run import Told

CLEAR = "\r\x1b[K"


class Screen:
    """In a terminal one line that is drawn again; else lines; with `as_json` objects on standard output."""

    def __init__(self, say: Callable[[str], None], as_json: bool, quiet: bool) -> None:
        self._say = say
        self._json = as_json
        self._quiet = quiet
        self._draws = sys.stderr.isatty() and not (as_json or quiet)
        self._shown = ""

    @property
    def every_s(self) -> float:
        """How often to tell, unless somebody says otherwise."""
        return 1.0 if self._draws or self._json else 60.0

    def line(self, text: str) -> None:
        """Something happened: it stays, above the line that is drawn."""
        self._write(CLEAR)
        self._say(text)
        self._write(self._shown)

    def notice(self, told: Told) -> None:
        """Something is wrong in the plant. `said_at` is when this was told, in s since 1970."""
        notice = told.notice
        if not self._json:
            self.line(f"{notice.severity}: {notice.msg} ({notice.note}, packet {told.capture}:{told.frame})")
            return
        self._print(
            {"event": "notice", "ts_ns": told.ts, "said_at": time.time(), "severity": notice.severity,
             "note": notice.note, "msg": notice.msg, "id": notice.notice_id, "techniques": notice.techniques.split(),
             "orig": told.orig_h, "resp": told.resp_h, "capture": told.capture, "frame": told.frame}
        )  # fmt: skip

    def status(self, status: Status) -> None:
        """How it goes."""
        if self._json:
            self._print(status_as_dict(status))
        elif self._draws:
            import shutil

            width = shutil.get_terminal_size().columns - 1
            self._shown = status_line(status)[:width]
            self._write(CLEAR + self._shown)
        elif not self._quiet:
            self._say(status_line(status))

    def end(self, watched: Watched, lake: object) -> None:
        """The totals."""
        self._write(CLEAR)
        if self._json:
            self._print(watched_as_dict(watched))
        elif not self._quiet:
            for line in watched_lines(watched, lake):
                print(line)

    def _write(self, text: str) -> None:
        if self._draws:
            with contextlib.suppress(OSError):
                sys.stderr.write(text)
                sys.stderr.flush()

    def _print(self, value: object) -> None:
        json.dump(value, sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
        sys.stdout.flush()


@contextlib.contextmanager
def asked_to_end() -> Iterator[Callable[[], bool]]:
    """SIGINT and SIGTERM ask once; a second SIGINT interrupts."""
    asked: list[int] = []

    def first(number: int, _frame: object) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, first) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
