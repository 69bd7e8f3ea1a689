"""A host application of Sparkplug B towards one MQTT server, without I/O and without a clock of its own.

Source: Sparkplug 3.0.0 (ISO/IEC 20237), chapters 4 to 6. Times are ns UTC where they are kept, and seconds of a
monotonic clock where they are waited for. It never raises for what a message holds: that is counted, and told once.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from linewarden.collectors._mqtt import topics, unpacking
from linewarden.collectors._mqtt.metrics import MOST_MS, Form, Metric, Reader, Register, Table, stale
from linewarden.collectors._mqtt.nodes import Message, Node, bdseq_of, not_before
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.schema import payloads
from linewarden.collectors._mqtt.topics import Topic
from linewarden.collectors.contract import Sink, Tag

ONLINE = "$online"
"""Tag of each edge node and device: 1 from its birth on, 0 from its death on."""
_MOST_DEVICES = 100_000
_GONE = "; its values are stale until its birth"
_TOPICS = 65_536
_SETTLE = 3.0
"""Seconds beyond the reorder timeout that edge nodes have for births of their own after our return."""
_DOUBT_S = 10.0
"""How long a node is given for a sign of life after a death that was none of its session."""
_ASK_FREELY = 3
"""Requests in a row after which a birth does not end the pause between them."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a host application is told. Times in seconds, sizes in bytes."""

    host_id: str = ""
    reorder_timeout: float = 2.0
    rebirth: bool = True
    rebirth_pause: float = 10.0
    rebirth_most: float = 600.0
    most_payload: int = 16 << 20
    most_held: int = 64 << 20
    most_nodes: int = 10_000
    form: Form = field(default_factory=Form)


class Homes:
    """Which server an edge node is on. With several servers a node's death may be told late, by the one it left."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], Host] = {}

    def moved(self, node: Node, host: Host) -> None:
        """A birth came over this server."""
        self._of[node.group, node.name] = host

    def is_elsewhere(self, node: Node, host: Host) -> bool:
        """Has it had a birth on another server since?"""
        return self._of.get((node.group, node.name), host) is not host


class Host:
    """Takes messages of one server; what they mean goes to `Readings`, what must be sent to `asks` and `states`."""

    def __init__(self, server: str, options: Options, sink: Sink, register: Register, homes: Homes) -> None:
        self.server, self.options, self._sink = server, options, sink
        self.counts: Counter[str] = Counter()
        self.nodes: dict[tuple[str, str], Node] = {}
        self.asks: deque[tuple[str, str]] = deque()
        """Edge nodes (group, name) that are to be asked for a rebirth."""
        self.born: int | None = None
        """Time in our own certificates on this server (ms UTC); None while we are not there."""
        self.republish = False
        """Somebody said in our name that we are gone: our STATE must be sent again."""
        self._register, self._homes = register, homes
        self._reader = Reader(register, options.form, self.counts)
        self._topics: dict[str, Topic | None] = {}
        self._told: set[str] = set()
        self._payloads, self._devices = payloads(), 0

    def receive(
        self, topic: str, payload: bytes, now: int, at: float, out: Readings, *, retained: bool = False
    ) -> None:
        """One message. now: ns UTC; at: monotonic seconds. retained: it is of some time before we subscribed."""
        if (parsed := self._parsed(topic)) is None:
            self.counts["other_topic"] += 1
        elif parsed.kind == "STATE":
            self._state(parsed.node, payload, retained)
        elif parsed.kind in ("NCMD", "DCMD"):
            self.counts["commands_seen"] += 1
        elif (node := self._node(parsed)) is not None:
            doubt = node.doubt
            self._of_node(node, parsed, payload, now, at, out)
            if retained:  # against the specification (4.2.1.1.2), and no sign of life
                node.doubt = doubt
                self._doubt(node, now, at)

    def _parsed(self, topic: str) -> Topic | None:
        if topic not in self._topics:
            if len(self._topics) >= _TOPICS:
                self._topics.clear()
            self._topics[topic] = topics.parsed(topic)
        return self._topics[topic]

    def _node(self, topic: Topic) -> Node | None:
        key = topic.group, topic.node
        if key not in self.nodes:
            if len(self.nodes) >= self.options.most_nodes:
                self.counts["past_most_nodes"] += 1
                self._tell("nodes", f"{self.server}: more than {len(self.nodes)} edge nodes; others are not read")
                return None
            self.nodes[key] = Node(topic.group, topic.node, Table(f"{topic.group}/{topic.node}"))
        return self.nodes[key]

    def _tell(self, key: str, text: str) -> None:
        if key not in self._told and len(self._told) < self.options.most_nodes:
            self._told.add(key)
            self._sink.say(text)

    def _state(self, host_id: str, payload: bytes, retained: bool) -> None:
        """STATE of host applications: our own must say that we are there, and be nobody else's (5.3, 5.13)."""
        said = topics.state_of(payload)
        if said is None:
            self.counts["state_malformed"] += 1
        elif host_id != self.options.host_id or self.born is None:
            return
        elif not said[0]:
            self.counts["state_said_offline"] += 1
            self.republish = True
        elif said[1] is not None and said[1] != self.born and not retained:
            self.counts["state_of_another"] += 1
            self._tell("twin", f"{self.server}: another host application is {host_id!r} too; give each its own host_id")

    def _of_node(self, node: Node, topic: Topic, raw: bytes, now: int, at: float, out: Readings) -> None:
        try:
            message = self._message(topic, raw)
        except unpacking.MalformedError as error:
            self.counts["malformed"] += 1
            self._tell(f"malformed {node.table.source}", f"{node.table.source}: a {topic.kind} is not read: {error}")
            return
        self.counts["messages"] += 1
        node.doubt = node.doubt if topic.kind == "NDEATH" else None
        if topic.kind == "NBIRTH":
            self._node_birth(node, message, hash(raw), now, at, out)
        elif topic.kind == "NDEATH":
            self._node_death(node, message.whole(), now, at, out)
        else:
            self._in_order(node, message, hash(raw), now, at, out)

    def _message(self, topic: Topic, raw: bytes) -> Message:
        """A message as it came; most are plain numbers, of which the engine makes columns. Raises MalformedError."""
        most = self.options.most_payload
        plain = self._payloads.read(raw) if topic.kind in ("NDATA", "DDATA") and len(raw) <= most else None
        if plain is not None:
            return Message(topic, plain.seq, _ns(plain.time), len(raw), plain, partial(unpacking.decode, raw, most))
        payload = unpacking.decode(raw, most)
        seq = payload.seq if payload.HasField("seq") else None
        return Message(topic, seq, _ns(payload.timestamp), len(raw), None, lambda: payload)

    # Births and deaths of edge nodes

    def _node_birth(self, node: Node, message: Message, digest: int, now: int, at: float, out: Readings) -> None:
        payload = message.whole()
        seq = message.seq if message.seq is not None and message.seq < 256 else 0
        if node.table.online and node.order.is_repeated(seq, digest):
            self.counts["repeated"] += 1
            return
        bdseq = bdseq_of(payload)
        early = [(s, d, m) for s, d, m in node.early if not_before(m, message)]
        for waiting in node.order.give_up():  # in the order of numbers, as long as their aliases hold
            if not_before(waiting, message):
                early.append((waiting.seq or 0, 0, waiting))
            else:
                self._apply(node, waiting, now, at, out)
        if node.table.online and bdseq != node.bdseq:  # a session of which the death was not told
            self._offline(node.devices.values(), now, out)
        node.bdseq, node.early = bdseq, []
        gone = set(node.table.tags())
        node.definitions.clear()
        found = self._reader.birth(node.table, payload.metrics, node.definitions)
        stale(iter(sorted(gone - set(node.table.tags()))), message.sent or now, out)
        node.table.told = node.table.told or not node.table.online
        self._online(node.table, message.sent or now, out)
        self._homes.moved(node, self)
        self._read(found, message.sent, out)
        node.order.start(seq, digest)
        if node.asked <= _ASK_FREELY:  # more often: its births do not help
            node.ask_from = 0.0
        for s, d, m in early:
            node.order.hold(s, d, m, at)
        self._drain(node, now, at, out)

    def _node_death(self, node: Node, payload: Any, now: int, at: float, out: Readings) -> None:
        """Gone at the time at which we hear of it (5.5); only of the session that the node is in (bdSeq).

        Some libraries say other numbers in births and in deaths. So where they differ the node is asked for its births,
        and is gone if nothing at all comes of it for a while."""
        bdseq = bdseq_of(payload)
        if not node.table.online:
            self.counts["death_of_dead"] += 1
        elif bdseq is not None and node.bdseq is not None and bdseq != node.bdseq:
            self.counts["death_of_other_session"] += 1
            self._doubt(node, now, at)
        else:
            self._die(node, now, at, out, "its death was told")

    def _doubt(self, node: Node, now: int, at: float) -> None:
        """Asks a node for a sign of life. Without one it is gone from this time on."""
        if node.table.online and node.doubt is None and self.options.rebirth and self._ask(node, at):
            node.doubt = now, at + _DOUBT_S

    def _die(self, node: Node, since: int, at: float, out: Readings, why: str) -> None:
        """All of a node is gone from this time on. What still waited for its turn was sent before."""
        node.doubt = None
        for waiting in node.order.give_up():
            self._apply(node, waiting, since, at, out)
        elsewhere = self._homes.is_elsewhere(node, self)
        self._offline(node.tables(), since, out, quiet=elsewhere)
        if not elsewhere:
            node.table.told = True
            self._sink.down(node.table.source, why + _GONE)

    def lost(self, now: int, out: Readings) -> None:
        """The session with the server is over: nothing that came over it is known to be so any more (5.3)."""
        self.born = None
        for node in self.nodes.values():
            if node.table.online:
                self._die(node, now, 0.0, out, f"the session with {self.server} is over")
            node.early, node.ask_from, node.asked = [], 0.0, 0
        self.asks.clear()

    def opened(self, stamp: int, at: float) -> None:
        """A session with the server has begun. stamp: the time in our certificates, ms UTC.

        Edge nodes that were there may have stayed, and say nothing until a value changes: they are asked, later."""
        self.born, self.republish = stamp, False
        for node in self.nodes.values():
            if not node.table.online and node.table.since:
                node.order.since = at + _SETTLE

    def _online(self, table: Table, since: int, out: Readings) -> None:
        if table.told:
            self._sink.up(table.source)
        table.online, table.since, table.told = True, since, False
        self._mark(table, 1.0, since, out)

    def _offline(self, tables: Any, since: int, out: Readings, *, quiet: bool = False) -> None:
        for table in tables:
            if not table.online:
                continue
            table.online, table.since = False, since
            if not quiet:
                stale(table.tags(), since, out)
                self._mark(table, 0.0, since, out)

    def _mark(self, table: Table, value: float, since: int, out: Readings) -> None:
        tag = self._register.tag(Tag(source=table.source, protocol="sparkplug", name=ONLINE, datatype="Boolean"))
        if tag is not None:
            out.live.add(tag, value, source_ts=since, server_ts=None)

    # All other messages, in the order of their numbers

    def _in_order(self, node: Node, message: Message, digest: int, now: int, at: float, out: Readings) -> None:
        seq, order = message.seq, node.order
        if not node.table.online:
            self._before_birth(node, message, digest, at)
        elif seq is None or seq > 255:
            self.counts["without_seq"] += 1
            self._apply(node, message, now, at, out)
        elif order.is_repeated(seq, digest):
            self.counts["repeated"] += 1
        elif order.is_next(seq, digest):
            self._apply(node, message, now, at, out)
            if len(order):
                self._drain(node, now, at, out)
        elif message.topic.kind in ("NDATA", "DDATA") and order.is_late(seq, digest):
            self.counts["late"] += 1
            self._apply(node, message, now, at, out)
        elif self.options.reorder_timeout <= 0:
            self.counts["gaps"] += 1
            order.start(seq, digest)
            self._apply(node, message, now, at, out)
            self._ask(node, at)
        else:
            self.counts["out_of_order"] += 1
            if not order.hold(seq, digest, message, at):
                self._missing(node, now, at, out)
                self._in_order(node, message, digest, now, at, out)

    def _before_birth(self, node: Node, message: Message, digest: int, at: float) -> None:
        """A node of which no birth is known: it may be about to come (out of order), or must be asked for."""
        self.counts["before_birth"] += 1
        if self.options.reorder_timeout <= 0:
            self._ask(node, at)
            return
        if node.order.since is None:
            node.order.since = at
        if len(node.early) < 255 and message.seq is not None and message.seq < 256:
            node.early.append((message.seq, digest, message))

    def _drain(self, node: Node, now: int, at: float, out: Readings) -> None:
        for waiting in node.order.ready():
            self._apply(node, waiting, now, at, out)
        if len(node.order):
            node.order.since = at

    def _missing(self, node: Node, now: int, at: float, out: Readings) -> None:
        """The reorder timeout is over: what is there is read, and the births are asked for."""
        node.order.since = None
        if node.table.online:
            self.counts["gaps"] += 1
            for waiting in node.order.give_up():
                self._apply(node, waiting, now, at, out)
        node.early = []
        self._ask(node, at)

    def tick(self, now: int, at: float, out: Readings) -> None:
        """What is due by now. To be called every tenth of a second or so."""
        limit = at - self.options.reorder_timeout
        waiting = [node for node in self.nodes.values() if node.order.since is not None]
        full = sum(node.held() for node in waiting) > self.options.most_held
        for node in waiting:
            if full or (node.order.since is not None and node.order.since <= limit):
                self._missing(node, now, at, out)
        for node in self.nodes.values():
            if node.doubt is not None and node.doubt[1] <= at:
                self.counts["death_by_silence"] += 1
                self._die(node, node.doubt[0], at, out, "of it there was word of another time only")

    def _ask(self, node: Node, at: float) -> bool:
        """Asks for a rebirth, and not again soon: each time without an answer the pause is twice as long."""
        if at < node.ask_from:
            return False
        self.counts["rebirths_wanted"] += 1
        if at > node.ask_from + self.options.rebirth_most:
            node.asked = 0
        pause = self.options.rebirth_pause * 2 ** min(node.asked, 16)
        node.ask_from, node.asked = at + min(pause, self.options.rebirth_most), node.asked + 1
        if self.options.rebirth:
            self.asks.append((node.group, node.name))
        else:
            source = node.table.source
            text = "its births are not known, and rebirth = false: it is not understood until it sends them"
            self._tell(f"ask {source}", f"{source}: {text}")
        return True

    # What messages say

    def _apply(self, node: Node, message: Message, now: int, at: float, out: Readings) -> None:
        kind, device = message.topic.kind, message.topic.device
        if kind == "NDATA":
            self._data(node, node.table, message, at, out)
        elif kind == "DBIRTH":
            self._device_birth(node, device, message, now, out)
        elif (table := node.devices.get(device)) is None or not table.online:
            self.counts["device_without_birth"] += 1
            if kind == "DDATA":
                self._ask(node, at)
        elif kind == "DDATA":
            self._data(node, table, message, at, out)
        else:
            self._offline([table], message.sent or now, out)
            table.told = True
            self._sink.down(table.source, f"its death was told{_GONE}")

    def _device_birth(self, node: Node, device: str, message: Message, now: int, out: Readings) -> None:
        if device not in node.devices:
            if self._devices >= _MOST_DEVICES:
                self.counts["past_most_devices"] += 1
                return
            self._devices += 1
            node.devices[device] = Table(f"{node.table.source}/{device}")
        table = node.devices[device]
        gone = set(table.tags())
        found = self._reader.birth(table, message.whole().metrics, node.definitions)
        stale(iter(sorted(gone - set(table.tags()))), message.sent or now, out)
        self._online(table, message.sent or now, out)
        self._read(found, message.sent, out)

    def _read(self, found: list[tuple[Metric, Any]], sent: int | None, out: Readings) -> None:
        for metric, said in found:
            self._reader.read(metric, said, sent, out)
        self.counts["metrics"] += len(found)

    def _data(self, node: Node, table: Table, message: Message, at: float, out: Readings) -> None:
        if message.plain is not None and out.numbers.add(message.plain, table.plain()):
            self.counts["metrics"] += len(message.plain)
            return
        metrics = message.whole().metrics
        for said in self._reader.many(table, metrics, message.sent, out):
            if table.cut:
                continue
            self.counts["metric_unknown"] += 1
            self._ask(node, at)
            metric = self._reader.unborn(table, said, node.definitions)
            if metric is not None:
                self._reader.read(metric, said, message.sent, out)
        self.counts["metrics"] += len(metrics)


def _ns(stamp: int) -> int | None:
    """A message's time, ms UTC, as ns; None where it says none."""
    return stamp * 1_000_000 if 0 < stamp < MOST_MS else None
