"""A thread for each receiver: takes what waits in its outbox to it, and tries again while it is away."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from linewarden.service.exporting.carrier import Carrier, DeliveryError

if TYPE_CHECKING:
    from linewarden.cases.model import Event
    from linewarden.service.exporting.outbox import Outbox

IDLE_S = 30.0
"""How often to look without being told; what the disk had no room for is tried again then."""
FIRST_WAIT_S = 1.0
MOST_WAIT_S = 300.0
LAST_S = 5.0
"""How long to go on after the service was asked to end; what is left waits on disk."""


class When(Protocol):
    """Says when to send."""

    def wait_s(self) -> float:
        """How many s until it is time; 0: now."""

    def passed(self) -> None:
        """All that waited was sent."""


class Always:
    """At once."""

    def wait_s(self) -> float:
        """Never waits."""
        return 0.0

    def passed(self) -> None:
        """Nothing to remember."""


class Forwarder:
    """The way from an outbox to its receiver. `least`: the order of the severity that still concerns it.

    `tell` hears its name and what is wrong, or nothing, after each batch that was taken; `refused` what never will be.
    """

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        carrier: Carrier,
        least: int,
        tell: Callable[[str, str], None],
        refused: Callable[[str, str], None],
        when: When | None = None,
    ) -> None:
        self.name, self.outbox = name, outbox
        self.sent = self.refused = 0
        self._carrier, self._least, self._when = carrier, least, when or Always()
        self._tell, self._say_refused = tell, refused
        self._failed, self._most = 0, carrier.most
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"linewarden-export-{name}"[:60], daemon=True)

    def take(self, event: Event, weight: int) -> None:
        """Keeps a notice for the receiver, if it weighs enough (0: critical). Never waits for the receiver."""
        if weight <= self._least:
            self.outbox.add(event)
            self._wake.set()

    def start(self) -> None:
        """Begins to send what waits."""
        self._thread.start()

    def end(self) -> None:
        """Asks the thread to end; `join` waits for it."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """False if it hangs in a conversation: it is let go then, and what was not taken waits on disk."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        wait, until = 0.0, None
        while True:
            if self._stop.is_set():
                until = until or time.monotonic() + LAST_S
                if wait > 0 or time.monotonic() > until:
                    break
            elif wait > 0:
                self._pause(wait)
                if self._failed and self._stop.is_set():
                    break  # one more try would take its time; all waits on disk
            wait = self._turn()
        self._carrier.close()

    def _pause(self, wait: float) -> None:
        """Until something comes, or, while the receiver is away, until it is time to try again."""
        if self._failed:
            self._stop.wait(wait)
        else:
            self._wake.wait(wait)
        self._wake.clear()

    def _turn(self) -> float:
        """Sends some; s until the next turn, 0 if more may wait."""
        if (early := self._when.wait_s()) > 0:
            return min(early, IDLE_S)
        try:
            return self._send()
        except DeliveryError as error:
            self.sent += error.taken - len(error.refused)
            self._refuse(error.refused)
            self.outbox.done(error.taken)
            return self._away(str(error), error.wait_s)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must end neither the sensors nor this thread
            return self._stumbled(f"{type(error).__name__}: {error}; report it")

    def _stumbled(self, text: str) -> float:
        """Then one at a time; the one that cannot be told is left out, and the others go on."""
        if self._most > 1:
            self._most = 1
            return 0.0
        self._refuse([f"{e.notice_id}: {text}" for e in self.outbox.peek(1)])
        self.outbox.done(1)
        return self._away(text, None)

    def _send(self) -> float:
        batch = self.outbox.peek(self._most)
        refused = self._carrier.send(batch) if batch else []
        self.sent += len(batch) - len(refused)
        self._refuse(refused)
        self.outbox.done(len(batch))
        if batch:
            self._well()
        if len(batch) == self._most:
            return 0.0
        self._most = self._carrier.most
        self._when.passed()
        return 0.0 if batch and len(self.outbox) else IDLE_S

    def _refuse(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.refused += 1
            self._say_refused(self.name, line)

    def _well(self) -> None:
        self._failed = 0
        self._tell(self.name, "")

    def _away(self, text: str, wait_s: float | None) -> float:
        """Twice as long each time, and not all at once: receivers that come back are not stormed."""
        self._carrier.close()
        self._tell(self.name, text)
        doubled = math.ldexp(FIRST_WAIT_S, min(self._failed, 20))
        backoff = min(doubled, MOST_WAIT_S) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        self._failed += 1
        return max(backoff, wait_s or 0.0)
