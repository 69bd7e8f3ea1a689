"""The threads that listen: one a sensor, each with rights of its own until all interfaces are open."""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import LinewardenError
from linewarden.service import rights
from linewarden.service.reading import Settings
from linewarden.service.watching import Hooks, Listening, Watched, import_before, listen, open_ears
from linewarden.wire.ports import give_up_rights

if TYPE_CHECKING:
    import pwd


class Ear(threading.Thread):
    """One sensor. `error` is why it ended, if it was not told to; of the hooks `should_end` is its own."""

    def __init__(self, out: Path, listening: Listening, settings: Settings, hooks: Hooks) -> None:
        super().__init__(name=f"linewarden-{settings.sensor}", daemon=True)
        self.sensor = settings.sensor
        self.opened, self.go, self.should_end = threading.Event(), threading.Event(), threading.Event()
        self.user: pwd.struct_passwd | None = None
        self.error: BaseException | None = None
        self.watched: Watched | None = None
        self._out, self._listening, self._settings = out, listening, settings
        self._hooks = replace(hooks, should_end=self.should_end.is_set)

    def run(self) -> None:
        """Opens, waits until the rights are gone, listens."""
        try:
            self._listen()
        except BaseException as error:  # noqa: BLE001 - told by `begin` and `serve`, in the main thread
            self.error = error.with_traceback(None) if isinstance(error, LinewardenError) else error
        finally:
            self.opened.set()
            gc.collect()  # what the engine made belongs to this thread, and must be let go in it

    def _listen(self) -> None:
        ports = open_ears(self._out, self._listening, self.user)
        self.opened.set()
        self.go.wait()
        if not self.should_end.is_set():
            give_up_rights()
            self.watched = listen(self._out, ports, self._listening, self._settings, self._hooks)

    def end(self) -> None:
        """Asks it to end; what was heard until now is still written."""
        self.should_end.set()
        self.go.set()


def begin(ears: Sequence[Ear], folders: Sequence[Path], user: str | None) -> str:
    """Opens all interfaces, becomes a user without rights, and lets the ears listen. Returns who we are then.

    Raises what the first ear that failed has raised (CaptureError, ConfigError, StoreError); then none listens.
    """
    import_before()
    become = rights.user_to_be(user)
    for folder in folders:
        rights.folder_for(folder, become)
    for ear in ears:
        ear.user = become
        ear.start()
        ear.opened.wait()
    failed = next((ear.error for ear in ears if ear.error is not None), None)
    if failed is not None:
        for ear in ears:
            ear.end()
        raise failed
    who = rights.give_up(become)  # the C library does so for every thread; each ear gives up its own rest
    for ear in ears:
        ear.go.set()
    return who


def dead(ears: Sequence[Ear]) -> str:
    """Why an ear ended without being asked, in a line; empty while all listen."""
    for ear in ears:
        if not ear.is_alive() and not ear.should_end.is_set():
            error = ear.error
            text = str(error) if isinstance(error, LinewardenError) else f"{type(error).__name__}: {error}"
            return f"sensor {ear.sensor} ended: {text}"
    return ""
