"""Sparkplug B collector: a host application that reads what edge nodes and their devices report over MQTT.

Source: Sparkplug 3.0.0 (ISO/IEC 20237). docs/collectors/sparkplug.md lists its assertions for host applications. Beside
its own STATE it sends one thing only: the request that an edge node send its births again (rebirth = true).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from linewarden.collectors._mqtt import topics
from linewarden.collectors._mqtt.acks import Acks, Receipt
from linewarden.collectors._mqtt.host import Homes, Host, Options
from linewarden.collectors._mqtt.inbox import Inbox
from linewarden.collectors._mqtt.link import Event, Link, Role, Session, Will
from linewarden.collectors._mqtt.metrics import Form, Readings, Register
from linewarden.collectors._mqtt.settings import Broker, parsed
from linewarden.collectors._mqtt.settings import check as check_broker
from linewarden.collectors.contract import Kind, Sink, setting

_TICK_S = 0.1
_BATCH = 2048
"""Messages that are read before their readings are handed on."""
_ASK_EVERY_S = 0.02
"""Requests for rebirths are no denser than this: each costs the network a whole birth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkplug(Broker):
    """Sparkplug B over MQTT: the servers, who we are, and what is read."""

    host_id: str = setting(
        "our Sparkplug Host ID: unique among host applications, and what edge nodes name as their primary host if "
        "they are to wait for us; empty: we only listen and publish no STATE", default="linewarden",
    )  # fmt: skip
    client_id: str = setting("MQTT client id, unique on the server; empty: linewarden-HOST_ID", default="")
    groups: tuple[str, ...] = setting("Sparkplug groups that are read; none: all", default=())
    all_servers: bool = setting(
        "be on all servers at once, as the specification has it for a host application; false: on one, and on the next "
        "when it fails", default=True,
    )  # fmt: skip
    rebirth: bool = setting(
        "ask an edge node for its births where they are not known or a message was lost; the only thing that is ever "
        "sent to one", default=True,
    )  # fmt: skip
    rebirth_pause: float = setting(
        "no edge node is asked again sooner; doubled while its births do not help", default=10.0, unit="s"
    )
    reorder_timeout: float = setting(
        "how long a message that is missing is waited for; 0: not at all", default=2.0, unit="s"
    )
    session_expiry: int = setting(
        "how long a server keeps what is meant for us while we are away. The specification wants 0 (a clean session); "
        "more keeps messages of edge nodes that publish with QoS 1", default=0, unit="s",
    )  # fmt: skip
    arrays: Literal["text", "tags"] = setting("arrays as one JSON text, or as one tag for each element", default="text")
    datasets: Literal["text", "tags"] = setting(
        "data sets as one JSON text, or as one tag for each cell", default="text"
    )
    most_elements: int = setting("elements of an array, or cells of a data set, that become tags", default=256)
    max_nodes: int = setting("edge nodes that are read; others are not", default=10_000)
    max_tags: int = setting("metrics that are kept; others are not", default=500_000)


def check(settings: Sparkplug) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    found = list(check_broker(settings))
    for key, words in (("host_id", (settings.host_id,)), ("groups", settings.groups)):
        if any(set(word) & set("+/#\0") for word in words) or (key == "groups" and not all(words)):
            found.append((key, "an id of Sparkplug is not empty and has none of + / #"))
    for key, least, most in (
        ("rebirth_pause", 1, 86_400), ("reorder_timeout", 0, 300), ("session_expiry", 0, 0xFFFF_FFFE),
        ("most_elements", 1, 4096), ("max_nodes", 1, 1_000_000), ("max_tags", 1, 10_000_000),
    ):  # fmt: skip
        if not least <= getattr(settings, key) <= most:
            found.append((key, f"{getattr(settings, key)} is not between {least} and {most}"))
    return found


class Collecting:
    """Sessions with the servers, and one host application for each, that share tags and know who is where."""

    def __init__(self, settings: Sparkplug, sink: Sink) -> None:
        self.settings, self._sink = settings, sink
        self.counts: Counter[str] = Counter()
        self._inbox: Inbox[Event] = Inbox(settings.queue_mb << 20)
        self._acks = Acks(self.counts, sink.say)
        self._ask_from = 0.0
        servers = tuple(parsed(server) for server in settings.servers)
        groups = [(server,) for server in servers] if settings.all_servers else [servers]
        register, homes, options = Register(sink, settings.max_tags), Homes(), _options(settings)
        self.hosts = {
            Link(settings, group, self._role(), self._inbox): Host(str(group[0]), options, sink, register, homes)
            for group in groups
        }

    def _role(self) -> Role:
        settings = self.settings
        will = Will(topics.state_topic(settings.host_id), lambda stamp: topics.state(False, stamp))
        return Role(
            client_id=settings.client_id or f"linewarden-{settings.host_id or 'listener'}",
            filters=tuple(topics.filters(settings.groups, settings.host_id)),
            resume=settings.session_expiry,
            will=will if settings.host_id else None,
            now_ms=lambda: time.time_ns() // 1_000_000,
        )

    def run(self, stop: threading.Event) -> None:
        """Until it is asked to stop."""
        for link in self.hosts:
            link.start()
        try:
            while not stop.is_set():
                self.once(_TICK_S)
        finally:
            self._inbox.close()
            for link in self.hosts:
                link.stop(self._farewell)
            self._last()

    def once(self, timeout: float) -> None:
        """What came by now, and what is due."""
        out, receipts = Readings(), list[Receipt]()
        for event in self._inbox.take(timeout, _BATCH):
            self._handle(event, out, receipts)
        now, at = time.time_ns(), time.monotonic()
        for host in self.hosts.values():
            host.tick(now, at, out)
        self._hand_on(out, receipts)
        self._acks.settle()
        self._send(at)

    def _handle(self, event: Event, out: Readings, receipts: list[Receipt]) -> None:
        host, session = self.hosts[event.link], event.session
        now, at = time.time_ns(), time.monotonic()
        if event.what == "message":
            if event.receipt is not None:
                if event.again and self._acks.is_repeated(event.receipt):
                    return
                receipts.append(event.receipt)
            host.receive(event.text, event.payload, now, at, out)
        elif event.what == "opened" and session is not None:
            host.server = session.server
            self.counts["sessions"] += 1
        elif event.what == "subscribed" and session is not None:
            self._sink.up(session.server)
            if event.text:
                self._sink.say(f"{session.server}: may not read {event.text}; let this user read it on the server")
            host.opened(session.stamp, at)
            self._be_born(session)
        elif event.what == "closed":
            host.lost(now, out)
            self._sink.down(session.server if session is not None else host.server, event.text)

    def _be_born(self, session: Session) -> None:
        """Our birth certificate: the first thing that is published, with the time of the will (5.3)."""
        if self.settings.host_id:
            state = topics.state(True, session.stamp)
            session.publish(topics.state_topic(self.settings.host_id), state, qos=1, retain=True)

    def _farewell(self, session: Session) -> None:
        """Our death certificate, before we disconnect (5.14)."""
        if self.settings.host_id:
            state = topics.state(False, time.time_ns() // 1_000_000)
            session.goodbye(topics.state_topic(self.settings.host_id), state)

    def _hand_on(self, out: Readings, receipts: list[Receipt]) -> None:
        futures = [self._sink.put(samples) for samples in (out.live, out.late) if len(samples)]
        if not receipts:
            return
        for future in futures[:-1]:
            self._acks.wait(future, [])
        if futures:
            self._acks.wait(futures[-1], receipts)
        else:  # nothing in them to be stored
            for receipt in receipts:
                receipt.session.ack(receipt.mid)

    def _send(self, at: float) -> None:
        for link, host in self.hosts.items():
            session = link.session
            if session is None or host.born is None:
                continue
            if host.republish:
                host.republish = False
                self._be_born(session)
            while host.asks and at >= self._ask_from:
                group, node = host.asks.popleft()
                topic, payload = topics.rebirth(group, node, time.time_ns() // 1_000_000)
                session.publish(topic, payload, qos=0, retain=False)
                self.counts["rebirths_asked"] += 1
                self._ask_from = at + _ASK_EVERY_S

    def _last(self) -> None:
        """What is still to come to disk is waited for, for a while; what it was is said."""
        limit = time.monotonic() + 5.0
        while len(self._acks) and time.monotonic() < limit:
            self._acks.settle()
            time.sleep(0.02)


def _options(settings: Sparkplug) -> Options:
    return Options(
        host_id=settings.host_id,
        reorder_timeout=settings.reorder_timeout,
        rebirth=settings.rebirth,
        rebirth_pause=settings.rebirth_pause,
        most_payload=settings.max_payload_mb << 20,
        most_nodes=settings.max_nodes,
        form=Form(settings.arrays, settings.datasets, settings.most_elements),
    )


def run(settings: Sparkplug, sink: Sink, stop: threading.Event) -> None:
    """Reads until it is asked to stop."""
    Collecting(settings, sink).run(stop)


KIND = Kind(
    name="sparkplug",
    title="Sparkplug B over MQTT",
    settings=Sparkplug,
    run=run,
    needs=("paho.mqtt", "google.protobuf"),
    check=check,
)


def totals(collecting: Collecting) -> Iterator[tuple[str, int]]:
    """What was counted, of all servers together."""
    together = Counter(collecting.counts)
    for host in collecting.hosts.values():
        together.update(host.counts)
    yield from sorted(together.items())
