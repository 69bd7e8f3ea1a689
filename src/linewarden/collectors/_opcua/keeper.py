"""Keeps one server connected: takes a session up again, or a subscription, or begins anew and reads what was missed."""

from __future__ import annotations

import asyncio
import logging
import platform
import threading
from typing import Any
from urllib.parse import urlparse

from asyncua import ua

from linewarden.collectors._opcua import memory as remembered
from linewarden.collectors._opcua.browse import Browser
from linewarden.collectors._opcua.describe import Types, describe
from linewarden.collectors._opcua.feed import Counts, EndedError, Feed, SilentError
from linewarden.collectors._opcua.link import Link, RefusedError
from linewarden.collectors._opcua.nodes import select
from linewarden.collectors._opcua.own import Own, own_certificate
from linewarden.collectors._opcua.past import Gap, Past
from linewarden.collectors._opcua.pki import Pki, UntrustedError
from linewarden.collectors._opcua.status import name_of
from linewarden.collectors._opcua.structures import Shapes
from linewarden.collectors._opcua.values import Point, Values
from linewarden.collectors.contract import Samples, Sink
from linewarden.errors import LinewardenError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # s between attempts; doubled each time
WELL = 20.0  # s: what lasted so long was well, and the pauses begin anew
SETTLE = 2.0  # s until a server's history surely has what it has just sent
SAVE_EVERY = 5.0  # s
PATIENCE = 10.0  # s until a point that stays silent after a loss is asked for in history


def collect(settings: Any, sink: Sink, stop: threading.Event) -> None:
    """Runs until stopped; in a thread of its own."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)  # what it says is said by us, in a line
    asyncio.run(Keeper(settings, sink, stop).run())


class Keeper:
    """One server. `counts` of what was taken, `past` of what came from history."""

    def __init__(self, settings: Any, sink: Sink, stop: threading.Event) -> None:
        self.settings, self.sink, self._stop = settings, sink, stop
        self.source = settings.source or urlparse(settings.endpoint).hostname or settings.endpoint
        self.counts, self.shapes = Counts(), Shapes()
        self.values = Values(sink, self.shapes)
        self.past = Past(self.source, sink, self.values, self._put)
        self.memory = remembered.load(settings.state, settings.endpoint)
        self._own: Own | None = None
        self._pki: Pki | None = None
        self._link: Link | None = None
        self._feed: Feed | None = None
        self._earlier: Feed | None = None
        self._gaps: list[Gap] = []
        self._why = ""
        self._refused: list[str] = []
        self._overflow_said = -60.0

    async def run(self) -> None:
        """Connects, listens, and connects again."""
        pause = FIRST_PAUSE
        if self.settings.security == "None":
            self.sink.say(
                f"{self.source}: security is None as configured: anybody on the way can read and forge values"
            )
        clock = asyncio.get_running_loop().time
        while not self._stop.is_set():
            began = clock()
            try:
                link = await self._start()
                self.sink.up(self.source)
                await self._work(link)
                continue
            except EndedError as error:
                self.sink.say(f"{self.source}: {error}; it is made anew")
                await self._leave_feed()
            except Exception as error:  # noqa: BLE001 - whatever a server does: it is said, and tried again
                self._trouble(error)
            pause = FIRST_PAUSE if clock() - began > WELL else pause
            await self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        await self._end()

    async def _start(self) -> Link:
        """A session with a subscription that runs, by the way that loses least."""
        link = self._link
        if link is not None and link.client is not None and await self._alive(link):
            if self._feed is not None:
                await self._feed.resume(link, None)
                return link
        else:
            link = await self._open()
            if await self._transferred(link):
                return link
        await self._anew(link)
        return link

    async def _alive(self, link: Link) -> bool:
        """The same session, over the connection that is there or a new one."""
        if link.connected:
            return True
        return await link.again()

    async def _open(self) -> Link:
        s = self.settings
        if s.pki and self._own is None:
            self._pki = Pki(s.pki, s.revocation)
            self._pki.prepare()
            host = platform.node() or "localhost"
            self._own = own_certificate(s.pki, host, s.application_uri or f"urn:{host}:linewarden")
            self._greet(self._own)
        if self._link is not None:
            self._link.drop()
        self._link = None
        link = Link(s, self._own, self._pki)
        try:
            await link.open()
        except BaseException:
            link.drop()
            raise
        self._link = link
        return link

    def _greet(self, own: Own) -> None:
        if own.made:
            self.sink.say(f"{self.source}: our certificate is made: have the server trust {own.place}")
        elif own.expires_soon:
            self.sink.say(
                f"{self.source}: our certificate {own.place} expires on {own.until:%Y-%m-%d}: have a new one made"
            )

    async def _transferred(self, link: Link) -> bool:
        """Takes a subscription of an earlier session over, of ours or of the process before.

        Never from a server that was started anew since: the number may be that of somebody else's there.
        """
        earlier, self.memory.started = self.memory.started, await link.started()
        if earlier != self.memory.started:
            return False
        if self._feed is not None:
            available = await link.transfer(self._feed.subscription)
            if available is None:
                return False
            await self._feed.resume(link, available)
            return True
        if not self.memory.subscription:
            return False
        points = await self._points(link)
        if [[p.name, p.node] for p in points] != self.memory.nodes:
            return False
        available = await link.transfer(self.memory.subscription)
        if available is None:
            return False
        self._feed = feed = Feed(self.settings, self.sink, self.values, points, self.counts)
        feed.subscription, feed.taken = self.memory.subscription, self.memory.sequence
        feed.safe, feed.interval_ms, feed.keepalive_s = feed.taken, self.memory.interval_ms, self.memory.keepalive_s
        await feed.resume(link, available)
        return True

    async def _points(self, link: Link) -> list[Point]:
        """What is configured, as the server has it now, with what was last had of it."""
        s, browser = self.settings, Browser(link)
        await browser.begin()
        wanted, missing = await select(browser, s.nodes, s.paths, s.trees, s.include, s.exclude)
        if missing and missing != self._refused:
            self._refused = missing
            more = f" (and {len(missing) - 3} more)" if len(missing) > 3 else ""
            self.sink.say(f"{self.source}: not found: {'; '.join(missing[:3])}{more}")
        if not wanted:
            raise RefusedError(
                "the server has none of the variables that are configured: look at nodes, paths and trees"
            )
        points = await describe(browser, Types(browser, self.shapes), wanted, self.source)
        had = {p.name: p for p in (self._feed.points if self._feed else [])}
        for point in points:
            if (old := had.get(point.name)) is not None:
                point.stamp, point.value, point.since = old.stamp, old.value, old.since
        self.memory.restore(points)
        self._gaps += self.memory.open_gaps(points)
        self._limits = browser.limits
        return points

    async def _anew(self, link: Link) -> None:
        """A new subscription; what came since the last value is then read from history."""
        points = await self._points(link)
        earlier = self._feed or self._earlier
        await self._leave_feed()
        feed = Feed(self.settings, self.sink, self.values, points, self.counts)
        feed.missed()
        lines = await feed.create(link, self._limits.monitor)
        for line in lines:
            if line not in self._refused:
                self._refused.append(line)
                self.sink.say(f"{self.source}: {line}")
        if earlier is not None:
            feed.inherit(earlier)
        self._feed, self._earlier, self._why = feed, None, "subscription made anew"

    async def _work(self, link: Link) -> None:
        """Listens, and beside that fills gaps and remembers; ends when listening does."""
        feed = self._feed
        assert feed is not None
        beside = [asyncio.create_task(self._fill(link, feed)), asyncio.create_task(self._remember(feed))]
        try:
            await feed.listen(link, self._stop.is_set)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _fill(self, link: Link, feed: Feed) -> None:
        started = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(SETTLE)
            if asyncio.get_running_loop().time() - started > PATIENCE:
                self._silent(feed)
            self._gather(feed)
            if not self._gaps:
                continue
            gaps = list(self._gaps)
            if not self.settings.history:
                for gap in gaps:
                    gap.point.history = False
            try:
                await self.past.fill(link, gaps, self._why or "messages were missed", self._limits.history)
            except (ua.UaStatusCodeError, ValueError) as error:
                self.sink.say(f"{self.source}: history of {len(gaps)} tags cannot be read: {_reason(error)}")
            del self._gaps[: len(gaps)]
            self._why = ""

    def _gather(self, feed: Feed) -> None:
        """What is to be filled: after losses at once, after a queue that ran over at most once a minute said."""
        self._gaps += feed.gaps
        feed.gaps = []
        if not feed.overflown:
            return
        now = asyncio.get_running_loop().time()
        if now - self._overflow_said >= 60.0:
            self._overflow_said = now
            names = sorted({g.point.name for g in feed.overflown})
            self.sink.say(
                f"{self.source}: queues of {len(names)} tags at the server ran over ({', '.join(names[:3])}): raise "
                "`queue`, or lower `publishing_ms`"
            )
        self._gaps += [g for g in feed.overflown if g.point.history]
        feed.overflown = []

    def _silent(self, feed: Feed) -> None:
        """Points that say nothing since a loss: the loss may have held their last value."""
        known = [p.stamp for p in feed.points if p.stamp is not None]
        now = max(known, default=0)
        for point in feed.points:
            if point.since is not None and point.since < now:
                feed.gaps.append(Gap(point, point.since, point.value, now, None))
            point.since = None

    async def _put(self, samples: Samples) -> None:
        """To disk, and only then further."""
        future = await asyncio.get_running_loop().run_in_executor(None, self.sink.put, samples)
        await asyncio.wrap_future(future)

    async def _remember(self, feed: Feed) -> None:
        while self.settings.state:
            await asyncio.sleep(SAVE_EVERY)
            await self._save(feed)

    async def _save(self, feed: Feed) -> None:
        """Writes what is safe: it waits until all that it takes down is on disk."""
        if not self.settings.state:
            return
        memory = self.memory
        memory.note(feed.points, [*self._gaps, *feed.gaps])
        memory.subscription, sequence = feed.subscription, feed.taken
        memory.interval_ms, memory.keepalive_s = feed.interval_ms, feed.keepalive_s
        if not await feed.drain_to(sequence):
            return
        memory.sequence = sequence
        try:
            await asyncio.to_thread(remembered.save, self.settings.state, memory)
        except OSError as error:
            self.sink.say(
                f"{self.source}: {self.settings.state} cannot be written ({error}): a restart may lose values"
            )

    def _trouble(self, error: Exception) -> None:
        if self._link is not None:
            self._link.drop()
        self.sink.down(self.source, _reason(error, self.settings, self._own))

    async def _leave_feed(self) -> None:
        if self._feed is not None:
            await self._feed.drain(2.0)
            await self._feed.close()
            self._gaps += self._feed.gaps
            self.memory.note(self._feed.points, [])
            self._feed, self._earlier = None, self._feed

    async def _sleep(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not self._stop.is_set() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.1)

    async def _end(self) -> None:
        if self._feed is not None:
            await self._feed.drain()
            await self._save(self._feed)
            await self._feed.close()
        if self._link is not None:
            await self._link.close(delete=not self._stays())

    def _stays(self) -> bool:
        """Whether the subscription is left at the server for our next start: where we remember it, and will be known
        again (an anonymous user without security is not: Part 4, 5.14.7)."""
        s = self.settings
        return s.state is not None and (s.security != "None" or bool(s.user or s.user_certificate))


_HINTS = {
    "BadSecurityChecksFailed": "the server does not accept our certificate: have it trust {own}",
    "BadCertificateUntrusted": "the server does not trust our certificate: have it trust {own}",
    "BadCertificateUriInvalid": "the server wants another application URI than that of {own}",
    "BadIdentityTokenRejected": "the server refuses the login: check user and password, or user_certificate",
    "BadIdentityTokenInvalid": "the server refuses the login: check user and password, or user_certificate",
    "BadUserAccessDenied": "the server refuses the user: check user and password, and what the user may read there",
    "BadTcpEndpointUrlInvalid": "the server does not know this path: look at the end of `endpoint`",
    "BadTooManySessions": "the server has no free session: end another client, or wait",
}


def _reason(error: BaseException, settings: Any = None, own: Own | None = None) -> str:
    """One line that says what is wrong, and what to do."""
    if isinstance(error, ua.UaStatusCodeError):
        name = name_of(error.code)
        hint = _HINTS.get(name, "")
        return f"{hint.format(own=own.place if own else 'it')} ({name})" if hint else f"the server answers {name}"
    if isinstance(error, RefusedError | UntrustedError | SilentError | LinewardenError):
        return str(error)
    where = settings.endpoint if settings is not None else "the server"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {where}: is the server on, and the port right?"
    if isinstance(error, PermissionError) and error.filename:
        return f"{error.filename}: permission denied: give the folder to the user that Linewarden runs as"
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return f"no answer from {where} in time"
    if isinstance(error, ConnectionError):
        return f"the connection to {where} broke"
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{where}: {text}"
