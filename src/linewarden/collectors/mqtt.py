"""Plain MQTT collector: numbers, texts and JSON that machines publish, for sites without Sparkplug. It only subscribes.

Source: MQTT 3.1.1 and 5.0 (OASIS). docs/collectors/mqtt.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from linewarden.collectors._mqtt.link import Event, Role
from linewarden.collectors._mqtt.plain import Path, Pattern, TimeUnit, filled, leaves, loaded, moment
from linewarden.collectors._mqtt.readings import Readings
from linewarden.collectors._mqtt.running import Running
from linewarden.collectors._mqtt.settings import Broker, check as check_broker
from linewarden.collectors.contract import Kind, Quality, Sink, Tag, setting

_MOST_LEAVES = 4096
"""Values of one message that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Topics, and where in their messages a value is."""

    topic: str = setting(
        "an MQTT filter; a level may have a name: plant/{line}/{machine}/temperature", examples=("plant/+/level",)
    )
    source: str = setting(
        "name of the device; levels as {line}, or {1} where they have no name; empty: the topic without its last level",
        default="",
    )
    name: str = setting("name of the tag, with levels as in source; empty: the last level of the topic", default="")
    value: str = setting(
        "where in JSON the value is: a.b, a[0].b, or a[*].b for each of a list. Without: the whole; each value in an "
        "object or list then is a tag NAME.PATH", default="", examples=("data.value",),
    )  # fmt: skip
    time: str = setting("where in JSON its time is; without: it has none of its own", default="", examples=("ts",))
    time_unit: TimeUnit = setting("auto: ISO 8601, or s, ms, us or ns by the size of the number", default="auto")
    ucum: str = setting("unit of the value in UCUM's code", default="", examples=("Cel", "bar"))
    description: str = setting("for people", default="")
    low: float | None = setting("least value of the range", default=None, examples=(0.0,))
    high: float | None = setting("greatest value of the range", default=None, examples=(100.0,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mqtt(Broker):
    """MQTT servers, and the topics that are read."""

    topics: tuple[Topic, ...] = setting("what is read; the first that fits a message counts")
    client_id: str = setting("MQTT client id, unique on the server", default="linewarden")
    all_servers: bool = setting(
        "be on all servers at once; false: on one, and on the next when it fails", default=False
    )
    session_expiry: int = setting(
        "how long a server keeps messages of QoS 1 for us while we are away; 0: not at all", default=86_400, unit="s",
        least=0, most=0xFFFF_FFFE,
    )  # fmt: skip
    max_tags: int = setting("tags that are kept; others are not", default=100_000, least=1, most=10_000_000)


def check(settings: Mqtt) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    found = list(check_broker(settings))
    if not settings.topics:
        found.append(("topics", "none is given: nothing would be read"))
    if not settings.client_id and settings.session_expiry:
        found.append(("client_id", "a server that keeps messages must know us by a name; or set session_expiry = 0"))
    for at, topic in enumerate(settings.topics):
        found += [(f"topics[{at}].{key}", text) for key, text in _of_topic(topic)]
    return found


def _of_topic(topic: Topic) -> Iterator[tuple[str, str]]:
    try:
        pattern = Pattern(topic.topic)
    except ValueError as error:
        yield "topic", str(error)
        return
    levels = dict.fromkeys([*filter(None, pattern.names), *map(str, range(1, pattern.groups + 1))], "")
    for key in ("source", "name"):
        try:
            filled(getattr(topic, key), levels)
        except ValueError as error:
            yield key, str(error)
    for key in ("value", "time"):
        try:
            Path(getattr(topic, key))
        except ValueError as error:
            yield key, str(error)


class Rule:
    """A table `topics` as it is used."""

    def __init__(self, topic: Topic) -> None:
        self.topic, self.pattern = topic, Pattern(topic.topic)
        self._value, self._time = Path(topic.value), Path(topic.time) if topic.time else None

    def names(self, topic: str, levels: dict[str, str]) -> tuple[str, str]:
        """Source and name of a message's tag."""
        above, _, last = topic.rpartition("/")
        source = filled(self.topic.source, levels) if self.topic.source else above or last
        return source, filled(self.topic.name, levels) if self.topic.name else last

    def values(self, payload: bytes) -> Iterator[tuple[str, float | str | None, int | None]]:
        """What a message holds: the path within it (empty for one value), the value, and its time (ns UTC).

        Raises ValueError for a payload that is no value."""
        whole = loaded(payload)
        found = self._value.of(whole)
        times: list[Any] = self._time.of(whole) if self._time else []
        for at, value in enumerate(found):
            said = times[at] if len(times) == len(found) else times[0] if len(times) == 1 else None
            stamp = moment(said, self.topic.time_unit)
            for path, leaf in leaves(value):
                yield path, leaf, stamp


class Collecting(Running):
    """Reads messages by the rules of the settings."""

    def __init__(self, settings: Mqtt, sink: Sink) -> None:
        self.rules = [Rule(topic) for topic in settings.topics]
        role = Role(
            client_id=settings.client_id,
            filters=tuple(dict.fromkeys(rule.pattern.filter for rule in self.rules)),
            resume=settings.session_expiry,
        )
        super().__init__(settings, sink, role, all_servers=settings.all_servers)
        self._most, self._tags = settings.max_tags, dict[tuple[str, str], int]()
        self._known: dict[str, tuple[Rule, str, str] | None] = {}
        self._told: set[str] = set()

    def handle(self, event: Event, now: int, at: float, out: Readings) -> None:
        """A message; sessions have nothing more to them here."""
        if event.what != "message":
            return
        self.counts["messages"] += 1
        found = self._rule(event.text)
        if found is None:
            self.counts["other_topic"] += 1
            return
        rule, source, name = found
        try:
            for number, (path, value, stamp) in enumerate(rule.values(event.payload)):
                if number >= _MOST_LEAVES:
                    self.counts["past_values"] += 1
                    break
                self._add(rule, source, f"{name}.{path}" if path else name, value, stamp, event.retained, out)
        except ValueError as error:
            self.counts["malformed"] += 1
            if event.text not in self._told and len(self._told) < 1000:
                self._told.add(event.text)
                self.sink.say(f"{event.text}: a message is not read: {error}")

    def _rule(self, topic: str) -> tuple[Rule, str, str] | None:
        if topic not in self._known:
            if len(self._known) >= self._most:
                self._known.clear()
            matches = ((rule, rule.pattern.match(topic)) for rule in self.rules)
            self._known[topic] = next(
                ((r, *r.names(topic, levels)) for r, levels in matches if levels is not None), None
            )
        return self._known[topic]

    def _add(
        self, rule: Rule, source: str, name: str, value: float | str | None, stamp: int | None, old: bool, out: Readings
    ) -> None:
        tag = self._tag(rule, source, name)
        if tag is None:
            return
        self.counts["values"] += 1
        # A retained message is of some time before we came.
        quality, status = (Quality.UNCERTAIN, "retained") if old and stamp is None else (Quality.GOOD, None)
        out.live.add(tag, value, source_ts=stamp, server_ts=None, quality=quality, status=status)

    def _tag(self, rule: Rule, source: str, name: str) -> int | None:
        key = source, name
        if key not in self._tags:
            if len(self._tags) >= self._most:
                if not self.counts["past_max_tags"]:
                    self.sink.say(f"past {self._most} tags others are not kept; raise max_tags, or read fewer topics")
                self.counts["past_max_tags"] += 1
                return None
            said = rule.topic
            self._tags[key] = self.sink.tag(
                Tag(source=source, protocol="mqtt", name=name, ucum=said.ucum, description=said.description,
                    low=said.low, high=said.high)
            )  # fmt: skip
        return self._tags[key]


def run(settings: Mqtt, sink: Sink, stop: threading.Event) -> None:
    """Reads until it is asked to stop."""
    Collecting(settings, sink).run(stop)


KIND = Kind(
    name="mqtt",
    title="numbers, texts and JSON over MQTT",
    settings=Mqtt,
    run=run,
    needs=("paho.mqtt.client",),
    check=check,
)
