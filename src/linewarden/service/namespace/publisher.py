"""The thread that publishes: every so often what is new, and all of it when a session begins.

    PREFIX/linewarden/status   {"online": true, "time": ...}, retained; false by the broker when we are gone

Nothing waits on disk: a namespace says how things are, and history is in the lake. While the broker is away the last of
each value is kept, and published when it is back.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from linewarden.collectors._mqtt.inbox import Inbox
from linewarden.collectors._mqtt.link import Event, Link, Role, Session, Will
from linewarden.collectors._mqtt.settings import parsed
from linewarden.collectors.contract import Numbers, Samples, Tag
from linewarden.service.namespace.latest import MOST_TAGS, QUALITIES, About, Last, Latest, payload
from linewarden.service.namespace.settings import Namespace
from linewarden.service.namespace.topics import level, topic_of

if TYPE_CHECKING:
    from linewarden.sensor.sensor import Sensor, Step
    from linewarden.service.watching import Hooks

PIECE = 1_000
"""Messages handed over before it is looked whether the session still lives."""
MOST_UNSENT = 5_000
"""Messages that may wait in the session; then newer values replace older ones here."""


class Publisher:
    """`places(source)`: what people said of a machine (asset, line, area). `on_line`: something to say; `on_ill`: what
    does not work, empty once it does."""

    def __init__(
        self, settings: Namespace, site: str, places: Callable[[str], Mapping[str, str]],
        on_line: Callable[[str], None], on_ill: Callable[[str], None] = lambda _text: None,
    ) -> None:  # fmt: skip
        self._settings, self._site, self._places = settings, site, places
        self._on_line, self._on_ill = on_line, on_ill
        self.latest = Latest()
        self.published = 0
        self.why_down = "not connected yet"
        self._known: dict[tuple[str, str, str, str], About | None] = {}
        top = "/".join(level(p) for p in (settings.enterprise, site) if p)
        self._status = f"{top}/linewarden/status"
        self._stop = threading.Event()
        self._session: Session | None = None
        self._inbox: Inbox[Event] = Inbox(1 << 20)
        role = Role(settings.client_id or f"linewarden-{level(site)}", (), will=Will(self._status, _gone))
        self._link = Link(settings, tuple(parsed(s) for s in settings.servers), role, self._inbox)
        self._thread = threading.Thread(target=self._run, name="linewarden-namespace", daemon=True)

    # --- values come ---

    def samples(self, tag_of: Callable[[int], Tag]) -> Callable[[str, Samples | Numbers, int], None]:
        """What follows the samples of collectors; `tag_of`: the tag of a number."""

        def take(_collector: str, samples: Samples | Numbers, arrived: int) -> None:
            last = {number: at for at, number in enumerate(samples.tag)}
            found = []
            for number, at in last.items():
                tag = tag_of(number)
                if (about := self._about(tag.source, tag.protocol, tag.name, tag.ucum)) is not None:
                    found.append((about, _last(samples, at, arrived)))
            self.latest.put(found)

        return take

    def within(self, hooks: Hooks) -> Hooks:
        """These hooks of a sensor, with ours among them if values of the wire are wanted."""
        if not self._settings.from_wire:
            return hooks
        before = hooks.on_step

        def on_step(sensor: Sensor, step: Step) -> None:
            if before is not None:
                before(sensor, step)
            self.heard(step)

        return replace(hooks, on_step=on_step, also_take=tuple({*hooks.also_take, "reading"}))

    def heard(self, step: Step) -> None:
        """What a sensor heard."""
        import polars as pl

        from linewarden.service.namespace.wire import last_values

        frames = [pl.DataFrame(b.arrow) for b in step.batches if b.stream == "reading" and len(b.arrow)]
        if frames:
            rows = last_values(pl.concat(frames))
            self.latest.put(
                (about, last)
                for source, protocol, name, last in rows
                if (about := self._about(source, protocol, name, "")) is not None
            )

    def _about(self, source: str, protocol: str, tag: str, ucum: str) -> About | None:
        key = (source, protocol, tag, ucum)
        if key not in self._known:
            if len(self._known) >= MOST_TAGS:  # of a device that makes names up
                return None
            self._known[key] = self._new(source, protocol, tag, ucum)
        return self._known[key]

    def _new(self, source: str, protocol: str, tag: str, ucum: str) -> About | None:
        if not self._settings.wants(source, tag):
            return None
        said = self._places(source)
        known = {
            "enterprise": self._settings.enterprise, "site": self._site, "source": source, "protocol": protocol,
            "tag": tag, "asset": source, **said,
        }  # fmt: skip
        try:
            return About(topic_of(self._settings.topic, known), source, protocol, tag, ucum)
        except ValueError as error:
            self._on_line(str(error))
            return None

    # --- messages go ---

    def start(self) -> None:
        """Begins."""
        self._thread.start()
        self._link.start()

    def stop(self) -> None:
        """Publishes what is new, says that we go, and ends."""
        self._stop.set()
        if self._thread.ident is None:  # something before it failed to start
            return
        self._thread.join(5)
        self._flush()
        self._link.stop(lambda session: session.goodbye(self._status, _gone(session.stamp)))
        self._inbox.close()

    def as_dict(self) -> dict[str, Any]:
        """How it is, for /status."""
        return {
            "connected": self._session is not None, "error": self.why_down, "topics": len(self.latest),
            "published": self.published, "replaced_unpublished": self.latest.replaced,
            "turned_away": self.latest.turned_away,
        }  # fmt: skip

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            for event in self._inbox.take(min(max(due - time.monotonic(), 0.0), 0.5), 100):
                self._happened(event)
            if time.monotonic() >= due:
                due = time.monotonic() + self._settings.every_s
                self._flush()

    def _happened(self, event: Event) -> None:
        if event.what == "opened" and event.session is not None:
            self._session = event.session
            if self.why_down != "not connected yet":
                self._on_line(f"{event.session.server}: takes the namespace again")
            self.why_down = ""
            self._on_ill("")
            online = json.dumps({"online": True, "time": event.session.stamp}).encode()
            event.session.publish(self._status, online, qos=1, retain=True)
            self.latest.again()
        elif event.what == "closed":
            self._session = None
            if event.text != self.why_down:
                self.why_down = event.text
                self._on_ill(event.text)
                self._on_line(f"the namespace is not published: {event.text}")

    def _flush(self) -> None:
        session = self._session
        if session is None or session.over.is_set() or session.unsent() > MOST_UNSENT:
            return
        new = self.latest.take()
        for at, (about, last) in enumerate(new):
            if at % PIECE == 0 and (session.over.is_set() or session.unsent() > MOST_UNSENT):
                self.latest.again(a.topic for a, _ in new[at:])
                return
            session.publish(about.topic, payload(about, last), qos=1, retain=True)
            self.published += 1


def _last(samples: Samples | Numbers, at: int, arrived: int) -> Last:
    quality, own = QUALITIES[samples.quality[at]], samples.source_ts[at] or 0
    return Last(samples.value[at], samples.text[at], quality, samples.status[at], own, arrived)


def _gone(stamp: int) -> bytes:
    return json.dumps({"online": False, "time": stamp}).encode()
