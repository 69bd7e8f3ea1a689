"""All receivers of the service as one: it is given each notice, and never makes who gives it wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.plant.model import Severity
from linewarden.service.casing import event_of
from linewarden.service.exporting.forwarding import LAST_S, Forwarder
from linewarden.service.exporting.outbox import Outbox
from linewarden.service.exporting.timetable import Timetable

if TYPE_CHECKING:
    import datetime

    from linewarden.cases.model import Event
    from linewarden.detections.run import Told
    from linewarden.service.board import Board
    from linewarden.service.exporting.carrier import Carrier

DIGEST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets what: from `least` severity on, and at most `most_bytes` of it wait. `every`, `at`: for a digest.

    `tell`: notices, cases, or both.
    """

    name: str
    shown: str
    carrier: Carrier
    least: str
    most_bytes: int
    every: str | None = None
    at: datetime.time | None = None
    tell: str = "notices"

    def wants(self, event: Event) -> bool:
        """Whether it is to hear of such a thing at all."""
        return self.tell in ("both", "cases" if event.case else "notices")


class Exporter:
    """Hands notices on. `folder` is where they wait; `warn` hears what a person should know."""

    def __init__(
        self, receivers: Sequence[Receiver], folder: Path, board: Board, warn: Callable[[str, str], None]
    ) -> None:
        self._receivers, self._folder, self._board, self._warn = receivers, folder, board, warn
        self._forwarders: list[Forwarder] = []
        self._ill: dict[str, str] = {}
        self._lock = threading.Lock()
        self._early: list[Event] | None = []

    def start(self) -> None:
        """Opens what waits, and begins to send. Raises StoreError if the folder cannot be written."""
        self._forwarders = [self._forwarder(r) for r in self._receivers]
        for forwarder in self._forwarders:
            forwarder.start()
        with self._lock:
            early, self._early = self._early, None
        for event in early or ():
            self.take_event(event)

    def _forwarder(self, r: Receiver) -> Forwarder:
        outbox = Outbox(self._folder / r.name, r.most_bytes)
        when = Timetable(outbox.folder / "last-digest", r.every, r.at) if r.every and r.at is not None else None
        least = Severity(r.least).order
        return Forwarder(r.name, outbox, r.carrier, least, self._tell, self._refused, when)

    def take(self, told: Told) -> None:
        """A notice, for all whom it concerns."""
        self.take_event(event_of(told))

    def take_event(self, event: Event) -> None:
        """A notice, or what became of a case. A mistake of ours here is said, and does not reach who gives it."""
        with self._lock:
            if self._early is not None:  # the sensors hear a moment before all is open
                self._early.append(event)
                return
        try:
            weight = Severity(event.severity).order
            for receiver, forwarder in zip(self._receivers, self._forwarders, strict=True):
                if receiver.wants(event):
                    forwarder.take(event, weight)
            self._count()
        except Exception as error:  # noqa: BLE001
            self._warn("export", f"{event.notice_id} is not sent ({type(error).__name__}: {error}): report it")

    def stop(self) -> None:
        """Sends what can be sent at once; the rest waits on disk for the next start."""
        until = time.monotonic() + LAST_S + 1
        for forwarder in self._forwarders:
            forwarder.end()
        for forwarder in self._forwarders:
            if forwarder.join(max(0.1, until - time.monotonic())):
                forwarder.outbox.close()
        if left := sum(len(f.outbox) for f in self._forwarders):
            self._warn("export", f"{left} notices wait in {self._folder} for the next start")

    def as_dict(self) -> dict[str, Any]:
        """Each receiver for a program."""
        return {
            f.name: {
                "to": r.shown, "sent": f.sent, "waiting": len(f.outbox), "refused": f.refused, "lost": f.outbox.lost,
            }
            for r, f in zip(self._receivers, self._forwarders, strict=False)
        }  # fmt: skip

    def _count(self) -> None:
        sums = self.as_dict().values()
        self._board.fact("export", **{k: sum(s[k] for s in sums) for k in ("sent", "waiting", "refused", "lost")})

    def _tell(self, name: str, text: str) -> None:
        """A receiver is away (again and again: said once), is back, or took something."""
        self._count()
        before, self._ill[name] = self._ill.get(name, ""), text
        self._board.ill(f"export {name}", text)
        if text and text != before:
            self._warn(f"export {name}", f"{text}; notices wait on disk and are sent when it is back")
        elif before and not text:
            self._warn(f"export {name}", "the receiver is back")

    def _refused(self, name: str, line: str) -> None:
        self._warn(f"export {name}", f"not taken, and not tried again: {line}")
