"""Acknowledges a message once its readings are on disk, and knows one again that is sent a second time.

Source: MQTT 3.1.1 and 5.0, 4.3.2 (QoS 1: at least once), 4.6 (acknowledged in the order in which they came).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

_RECENT = 65_535


class Session(Protocol):
    """A session with a server, as far as acknowledging goes."""

    server: str

    def ack(self, mid: int) -> None:
        """The message of this number is ours now."""

    def drop(self, why: str) -> None:
        """Ends the session, so that what is not acknowledged is sent again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message of QoS 1 that waits to be acknowledged. digest: hash of its topic and payload."""

    session: Session
    mid: int
    digest: int

    @property
    def key(self) -> tuple[str, int, int]:
        """By which it is known again in a later session with the same server."""
        return self.session.server, self.mid, self.digest


class Acks:
    """Messages of which the readings are on their way to disk, in the order in which they came."""

    def __init__(self, counts: Counter[str], say: Callable[[str], None]) -> None:
        self._counts, self._say = counts, say
        self._open: deque[tuple[Future[None], list[Receipt]]] = deque()
        self._known: dict[tuple[str, int, int], list[Receipt] | None] = {}
        """Batch that a message is in; None once it was acknowledged, which the server may not have heard."""

    def is_repeated(self, receipt: Receipt) -> bool:
        """One that is sent again (DUP): if its readings are here it is acknowledged (again), and not read again."""
        if receipt.key not in self._known:
            return False
        batch = self._known[receipt.key]
        if batch is None:
            self.done([receipt])
        else:
            batch.append(receipt)
        self._counts["redelivered"] += 1
        return True

    def wait(self, future: Future[None], receipts: list[Receipt]) -> None:
        """These are to be acknowledged once the future is done."""
        self._open.append((future, receipts))
        for receipt in receipts:
            self._known.pop(receipt.key, None)
            self._known[receipt.key] = receipts
        while len(self._known) > _RECENT:
            self._known.pop(next(iter(self._known)))

    def done(self, receipts: list[Receipt]) -> None:
        """Of these nothing must be stored (any more): they are acknowledged in their turn."""
        future: Future[None] = Future()
        future.set_result(None)
        self._open.append((future, receipts))

    def settle(self) -> None:
        """Acknowledges what is on disk by now. To be called often; it does not wait."""
        while self._open and self._open[0][0].done():
            future, receipts = self._open.popleft()
            error = future.exception()
            if error is not None:
                self._counts["not_stored"] += 1
                self._say(f"readings were not stored: {error}")
            for receipt in receipts:
                if error is not None:
                    self._known.pop(receipt.key, None)
                    receipt.session.drop("its messages could not be stored; it is asked to send them again")
                else:
                    receipt.session.ack(receipt.mid)
                    if receipt.key in self._known:
                        self._known[receipt.key] = None

    def __len__(self) -> int:
        return len(self._open)
