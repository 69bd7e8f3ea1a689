"""Sparkplug B collector: a host application that reads what edge nodes and their devices report over MQTT.

Source: Sparkplug 3.0.0 (ISO/IEC 20237). docs/collectors/sparkplug.md lists its assertions for host applications. Beside
its own STATE it sends one thing only: the request that an edge node send its births again (rebirth = true).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from linewarden.collectors._mqtt import topics
from linewarden.collectors._mqtt.host import Homes, Host, Options
from linewarden.collectors._mqtt.link import Event, Role, Session, Will
from linewarden.collectors._mqtt.metrics import Form, Register
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.running import Running
from linewarden.collectors._mqtt.settings import Broker, check as check_broker
from linewarden.collectors.contract import Kind, Sink, setting

_TICK_S = 0.1
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
        "no edge node is asked again sooner; doubled while its births do not help", default=10.0, unit="s", least=1,
        most=86_400,
    )  # fmt: skip
    reorder_timeout: float = setting(
        "how long a message that is missing is waited for; 0: not at all", default=2.0, unit="s", least=0, most=300
    )
    session_expiry: int = setting(
        "how long a server keeps what is meant for us while we are away. The specification wants 0 (a clean session); "
        "more keeps messages of edge nodes that publish with QoS 1", default=0, unit="s", least=0, most=0xFFFF_FFFE,
    )  # fmt: skip
    arrays: Literal["text", "tags"] = setting("arrays as one JSON text, or as one tag for each element", default="text")
    datasets: Literal["text", "tags"] = setting(
        "data sets as one JSON text, or as one tag for each cell", default="text"
    )
    most_elements: int = setting(
        "elements of an array, or cells of a data set, that become tags", default=256, least=1, most=4096
    )
    max_nodes: int = setting("edge nodes that are read; others are not", default=10_000, least=1, most=1_000_000)
    max_tags: int = setting("metrics that are kept; others are not", default=500_000, least=1, most=10_000_000)


def check(settings: Sparkplug) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    found = list(check_broker(settings))
    for key, words in (("host_id", (settings.host_id,)), ("groups", settings.groups)):
        if any(set(word) & set("+/#\0") for word in words) or (key == "groups" and not all(words)):
            found.append((key, "an id of Sparkplug is not empty and has none of + / #"))
    return found


class Collecting(Running):
    """One host application for each session, that share tags and know who is where."""

    def __init__(self, settings: Sparkplug, sink: Sink) -> None:
        super().__init__(settings, sink, _role(settings), all_servers=settings.all_servers)
        self._host_id, self._ask_from, self._tick_from = settings.host_id, 0.0, 0.0
        register, homes, options = Register(sink, settings.max_tags), Homes(), _options(settings)
        self.hosts = {link: Host(str(link.servers[0]), options, sink, register, homes) for link in self.links}

    def handle(self, event: Event, now: int, at: float, out: Readings) -> None:
        """A message, or the begin or end of a session."""
        host, session = self.hosts[event.link], event.session
        if event.what == "message":
            host.receive(event.text, event.payload, now, at, out, retained=event.retained)
        elif event.what == "opened" and session is not None:
            host.server = session.server
        elif event.what == "subscribed" and session is not None:
            host.opened(session.stamp, at)
            self._be_born(session)
        elif event.what == "closed":
            host.lost(now, out)

    def due(self, now: int, at: float, out: Readings) -> None:
        """Reorder timeouts, ten times a second."""
        if at < self._tick_from:
            return
        self._tick_from = at + _TICK_S
        for host in self.hosts.values():
            host.tick(now, at, out)

    def sent(self, at: float) -> None:
        """Our STATE, where somebody took it back, and requests for rebirths."""
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

    def _be_born(self, session: Session) -> None:
        """Our birth certificate: the first thing that is published, with the time of the will (5.3)."""
        if self._host_id:
            session.publish(topics.state_topic(self._host_id), topics.state(True, session.stamp), qos=1, retain=True)

    def farewell(self, session: Session) -> None:
        """Our death certificate, before we disconnect (5.14)."""
        if self._host_id:
            session.goodbye(topics.state_topic(self._host_id), topics.state(False, time.time_ns() // 1_000_000))

    def totals(self) -> dict[str, int]:
        """What was counted, of all servers together."""
        together = Counter(self.counts)
        for host in self.hosts.values():
            together.update(host.counts)
        return dict(sorted(together.items()))


def _role(settings: Sparkplug) -> Role:
    will = Will(topics.state_topic(settings.host_id), lambda stamp: topics.state(False, stamp))
    return Role(
        client_id=settings.client_id or f"linewarden-{settings.host_id or 'listener'}",
        filters=tuple(topics.filters(settings.groups, settings.host_id)),
        resume=settings.session_expiry,
        will=will if settings.host_id else None,
    )


def _options(settings: Sparkplug) -> Options:
    return Options(
        host_id=settings.host_id,
        reorder_timeout=settings.reorder_timeout,
        rebirth=settings.rebirth,
        rebirth_pause=settings.rebirth_pause,
        most_payload=settings.max_payload_mb << 20,
        most_held=settings.queue_mb << 20,
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
    needs=("paho.mqtt.client", "google.protobuf.descriptor_pb2", "google.protobuf.message_factory"),
    check=check,
)
