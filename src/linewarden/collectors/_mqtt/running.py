"""Runs a collector over MQTT: sessions in their threads, and one that reads what they bring and hands it on.

Messages of QoS 1 are acknowledged once their readings are on disk, so that a server sends again what a crash took.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

from linewarden.collectors._mqtt.acks import Acks, Receipt
from linewarden.collectors._mqtt.inbox import Inbox
from linewarden.collectors._mqtt.link import Event, Link, Role, Session
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.settings import Broker, parsed
from linewarden.collectors.contract import Sink

_TICK_S = 0.1
_BATCH = 512
"""Messages that are read before their readings are handed on: more would let the first of them wait."""
_GATHER_S = 0.005
"""So long messages come together before they are read: waking up for each costs more than reading it."""
_LAST_S = 5.0


class Running:
    """Servers of which each, or one at a time, has a session. What messages mean is for who builds on this."""

    def __init__(self, settings: Broker, sink: Sink, role: Role, *, all_servers: bool) -> None:
        self.sink, self.counts = sink, Counter[str]()
        self._inbox: Inbox[Event] = Inbox(settings.queue_mb << 20)
        self._acks = Acks(self.counts, sink.say)
        servers = tuple(parsed(server) for server in settings.servers)
        groups = [(server,) for server in servers] if all_servers else [servers]
        self.links = [Link(settings, group, role, self._inbox) for group in groups]

    def handle(self, event: Event, now: int, at: float, out: Readings) -> None:
        """One event. now: ns UTC; at: monotonic seconds."""
        raise NotImplementedError

    def due(self, now: int, at: float, out: Readings) -> None:
        """What time alone brings."""

    def sent(self, at: float) -> None:
        """What there is to say to the servers."""

    def farewell(self, session: Session) -> None:
        """The last word in a session."""

    def totals(self) -> dict[str, int]:
        """What was counted, by name."""
        return dict(sorted(self.counts.items()))

    def run(self, stop: threading.Event) -> None:
        """Until it is asked to stop."""
        for link in self.links:
            link.start()
        try:
            while not stop.is_set():
                self.once(_TICK_S)
                stop.wait(_GATHER_S)
        finally:
            self._inbox.close()
            for link in self.links:
                link.stop(self._end)
            self.sink.say(f"totals: {', '.join(f'{n} {word}' for word, n in self.totals().items() if n) or 'nothing'}")

    def _end(self, session: Session) -> None:
        """What is still on its way to disk is waited for, for a while, so that it can be acknowledged."""
        limit = time.monotonic() + _LAST_S
        self._acks.settle()
        while len(self._acks) and time.monotonic() < limit:
            time.sleep(0.02)
            self._acks.settle()
        self.farewell(session)

    def once(self, timeout: float) -> None:
        """What came by now, and what is due."""
        out, receipts, here = Readings(), list[Receipt](), set[tuple[str, int, int]]()
        for event in self._inbox.take(timeout, _BATCH):
            if (receipt := event.receipt) is not None:
                if event.again and self._acks.is_repeated(receipt):
                    continue
                receipts.append(receipt)
                if event.again and receipt.key in here:  # both of them since the last time
                    self.counts["redelivered"] += 1
                    continue
                here.add(receipt.key)
            self._at(event, out)
        now, at = time.time_ns(), time.monotonic()
        self.due(now, at, out)
        self._hand_on(out, receipts)
        self._acks.settle()
        self.sent(at)

    def _at(self, event: Event, out: Readings) -> None:
        session = event.session
        if event.what == "opened":
            self.counts["sessions"] += 1
        elif event.what == "subscribed" and session is not None:
            self.sink.up(session.server)
            if event.text:
                self.sink.say(f"{session.server}: may not read {event.text}; let this user read it on the server")
        elif event.what == "closed":
            self.sink.down(session.server if session is not None else str(event.link.servers[0]), event.text)
        self.handle(event, time.time_ns(), time.monotonic(), out)

    def _hand_on(self, out: Readings, receipts: list[Receipt]) -> None:
        futures = [self.sink.put(samples) for samples in out.parts()]
        for future in futures[:-1]:
            self._acks.wait(future, [])
        if futures:
            self._acks.wait(futures[-1], receipts)
        elif receipts:
            self._acks.done(receipts)
