"""A subscription: made, listened to, and taken up again without loss (Part 4, 5.14 and 6.7).

A message is acknowledged only when its samples are on disk: the server holds it for Republish until then. Numbers of
messages tell what is missing, and what comes twice.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from asyncua import ua

from linewarden.collectors._opcua.answers import Message, Published
from linewarden.collectors._opcua.link import Link, RefusedError
from linewarden.collectors._opcua.past import Gap
from linewarden.collectors._opcua.status import name_of, overflowed
from linewarden.collectors._opcua.values import Point, Values
from linewarden.collectors.contract import Samples, Sink

PUBLISHES = 3  # requests that wait at the server
WAITING = 8  # messages that wait for the sink: past it we ask for no more, and the server's queues hold them
REPUBLISH_MOST = 10_000
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # s between attempts to hand samples to a store that takes none
_FILTER_REFUSED = (0x80440000, 0x80450000, 0x808E0000)  # unsupported, not allowed, deadband invalid
_TOO_MANY = 0x80780000
_TRANSFERRED = 0x002D0000  # meant for the session before ours; were it taken from us, BadNoSubscription would follow


class EndedError(Exception):
    """The server has ended the subscription, or does not know it."""


class SilentError(Exception):
    """Nothing has come for longer than the server's keep-alive allows."""


@dataclass
class Counts:
    """Since the start: values taken, values that came twice, values before which a queue was full, messages missed."""

    values: int = 0
    repeated: int = 0
    overflows: int = 0
    missed: int = 0


class Feed:
    """The subscription of one collector. `taken`: number of the last message that was taken in order."""

    def __init__(self, settings: Any, sink: Sink, values: Values, points: list[Point], counts: Counts) -> None:
        self._settings, self._sink, self._values = settings, sink, values
        self.points, self.counts = points, counts
        self.subscription = self.taken = self.safe = 0
        self.interval_ms, self.keepalive_s = float(settings.publishing_ms), float(settings.keepalive_s)
        self.gaps: list[Gap] = []
        self.overflown: list[Gap] = []
        self._acks: list[tuple[int, int]] = []
        self._queue: deque[tuple[int, Samples]] = deque()
        self._filled = asyncio.Event()
        self._storing: asyncio.Task[None] | None = None
        self._unsafe: dict[int, Samples | None] = {}
        self._refused = self._said = False
        self._publishes = PUBLISHES

    async def create(self, link: Link, at_once: int) -> list[str]:
        """A new subscription with all points. Gives what the server refuses of it, as lines."""
        s = self._settings
        keepalive = max(math.ceil(s.keepalive_s * 1000 / s.publishing_ms), 1)
        request = ua.CreateSubscriptionRequest()
        request.Parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=float(s.publishing_ms),
            RequestedLifetimeCount=max(math.ceil(s.keep_s * 1000 / s.publishing_ms), 3 * keepalive),
            RequestedMaxKeepAliveCount=keepalive,
            MaxNotificationsPerPublish=10_000,
            PublishingEnabled=True,
        )
        data = await link.client.uaclient.answer(request)
        told = ua.ua_binary.struct_from_binary(ua.CreateSubscriptionResponse, ua.utils.Buffer(data)).Parameters
        self.subscription, self.taken, self.safe = told.SubscriptionId, 0, 0
        self.interval_ms = told.RevisedPublishingInterval
        self.keepalive_s = told.RevisedPublishingInterval * told.RevisedMaxKeepAliveCount / 1000
        return await self._monitor(link, at_once)

    async def _monitor(self, link: Link, at_once: int) -> list[str]:
        refused: dict[str, list[str]] = {}
        queue, wanted = self._settings.queue, self._settings.sampling_ms
        slowest = wanted = float(self.interval_ms if wanted < 0 else wanted)
        for first in range(0, len(self.points), at_once):
            handles = list(range(first, min(first + at_once, len(self.points))))
            results = await self._ask(link, handles, plain=False)
            plain = [h for h, r in zip(handles, results, strict=True) if r.StatusCode.value in _FILTER_REFUSED]
            again = dict(zip(plain, await self._ask(link, plain, plain=True), strict=True)) if plain else {}
            for handle, result in zip(handles, results, strict=True):
                result = again.get(handle, result)
                if not result.StatusCode.is_good():
                    refused.setdefault(name_of(result.StatusCode.value), []).append(self.points[handle].name)
                else:
                    queue = min(queue, result.RevisedQueueSize)
                    slowest = max(slowest, result.RevisedSamplingInterval)
        lines = [f"{len(n)} tags are refused with {why} ({', '.join(n[:3])})" for why, n in refused.items()]
        if queue < self._settings.queue:
            lines.append(f"the server keeps queues of {queue} values and not of {self._settings.queue}")
        if slowest > wanted:
            lines.append(f"the server looks at some values every {slowest:g} ms only, and not every {wanted:g}")
        if refused and sum(map(len, refused.values())) == len(self.points):
            raise RefusedError(lines[0])
        return lines

    async def _ask(self, link: Link, handles: list[int], *, plain: bool) -> list[Any]:
        params = ua.CreateMonitoredItemsParameters()
        params.SubscriptionId, params.TimestampsToReturn = self.subscription, ua.TimestampsToReturn.Both
        params.ItemsToCreate = [
            ua.MonitoredItemCreateRequest(
                ItemToMonitor=ua.ReadValueId(
                    NodeId=ua.NodeId.from_string(self.points[handle].node), AttributeId=ua.AttributeIds.Value
                ),
                MonitoringMode=ua.MonitoringMode.Reporting,
                RequestedParameters=self._parameters(handle, plain),
            )
            for handle in handles
        ]
        found: list[Any] = await link.session.create_monitored_items(params)
        return found

    def _parameters(self, handle: int, plain: bool) -> Any:
        s = self._settings
        params = ua.MonitoringParameters(
            ClientHandle=handle, SamplingInterval=float(s.sampling_ms), QueueSize=s.queue, DiscardOldest=True
        )
        if not plain and (s.deadband or s.deadband_percent):
            params.Filter = ua.DataChangeFilter(
                Trigger=ua.DataChangeTrigger.StatusValue,
                DeadbandType=1 if s.deadband else 2,
                DeadbandValue=float(s.deadband or s.deadband_percent),
            )
        return params

    async def resume(self, link: Link, available: list[int] | None) -> None:
        """Takes what was sent and did not arrive. available: what the server says that it holds, None if it does not
        say: then numbers are asked for until one is not there."""
        if available is not None:
            self._acks += [(self.subscription, n) for n in available if n <= self.safe]
            for sequence in sorted(n for n in available if n > self.taken):
                await self._missing(link, sequence)
                if (message := await link.republish(self.subscription, sequence)) is not None:
                    self._take(message)
            return
        for _ in range(REPUBLISH_MOST):
            message = await link.republish(self.subscription, self.taken + 1)
            if message is None:
                return
            self._take(message)

    async def listen(self, link: Link, stopped: Callable[[], bool]) -> None:
        """Asks for messages until stopped. Raises EndedError, SilentError, and what the connection raises."""
        waiting: list[asyncio.Task[Published]] = []
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        patience = self.keepalive_s * 1.5 + self._settings.timeout_s
        quiet = asyncio.get_running_loop().time()
        try:
            while not stopped():
                while len(waiting) < self._publishes and len(self._queue) < WAITING:
                    acks, self._acks = self._acks, []
                    waiting.append(task := asyncio.create_task(link.publish(acks)))
                    task.add_done_callback(lambda t: t.cancelled() or t.exception())  # one loss ends them all
                if not waiting:
                    await asyncio.sleep(0.05)
                    quiet = asyncio.get_running_loop().time()
                    continue
                done, _ = await asyncio.wait(waiting, timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    quiet = asyncio.get_running_loop().time()
                elif asyncio.get_running_loop().time() - quiet > patience:
                    raise SilentError(f"no message for {patience:.0f} s")
                ready = [t for t in waiting if t in done]
                waiting = [t for t in waiting if t not in done]
                await self._arrived(link, ready)
            await self.drain()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _arrived(self, link: Link, ready: list[asyncio.Task[Published]]) -> None:
        for task in ready:
            error = task.exception()
            if isinstance(error, ua.UaStatusCodeError) and error.code == _TOO_MANY and self._publishes > 1:
                self._publishes -= 1
                continue
            if isinstance(error, ua.uaerrors.BadNoSubscription):
                raise EndedError("the server does not know the subscription any more")
            published = task.result()
            if published.subscription != self.subscription:
                continue
            await self._got(link, published.message)

    async def _got(self, link: Link, message: Message) -> None:
        if message.empty:  # its number is that of the next message (Part 4, 7.26)
            await self._missing(link, message.sequence)
            return
        if 0 < message.sequence <= self.taken and self.taken - message.sequence < 2**31:
            self.counts.repeated += len(message.changes)
            self._acks.append((self.subscription, message.sequence))
            return
        await self._missing(link, message.sequence)
        self._take(message)

    async def _missing(self, link: Link, sequence: int) -> None:
        """Asks again for messages between the last one and `sequence`."""
        if sequence <= self.taken + 1 or self.taken - sequence > 2**31:
            return
        lost = max(sequence - self.taken - 1 - REPUBLISH_MOST, 0)
        for number in range(self.taken + 1 + lost, sequence):
            message = await link.republish(self.subscription, number)
            if message is None:
                lost += 1
            else:
                self._take(message)
        if lost:
            self.counts.missed += lost
            self.missed()

    def missed(self) -> None:
        """Marks that each point may lack values from its last one on."""
        for point in self.points:
            if point.since is None:
                point.since = point.stamp

    def _take(self, message: Message) -> None:
        self.taken = message.sequence
        samples, counts, points = Samples(), self.counts, self.points
        add, many = self._values.add, len(points)
        for handle, value in message.changes:
            if handle >= many:
                continue
            point = points[handle]
            stamp = value.source_ts or value.server_ts
            if stamp == point.stamp and point.has(value):
                point.since = None
                counts.repeated += 1
                continue
            if point.since is not None:
                self._gap(self.gaps, point, point.since, value)
                point.since = None
            if value.status & 0x480 == 0x480 and overflowed(value.status):
                counts.overflows += 1
                self._gap(self.overflown, point, point.stamp, value)
            point.stamp, point.value = stamp, value.value
            add(samples, point, value)
            counts.values += 1
        self._queue.append((message.sequence, samples))
        self._filled.set()
        if message.status is not None and message.status != _TRANSFERRED:
            raise EndedError(f"the server ended the subscription: {name_of(message.status)}")

    def _gap(self, gaps: list[Gap], point: Point, since: int | None, value: Any) -> None:
        until = value.source_ts or value.server_ts
        if since is not None and until is not None and since < until:
            gaps.append(Gap(point, since, point.value, until, value.value))

    async def _store(self) -> None:
        """Hands samples to the sink in order, and acknowledges each message once its samples are safe.

        What the sink did not keep is handed to it again, with pauses, and before all else; meanwhile we ask the server
        for nothing, and it holds what comes.
        """
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
        while True:
            while not self._queue:
                self._filled.clear()
                await self._filled.wait()
            if self._refused:
                self._refused = False
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            elif not self._unsafe:
                pause = FIRST_PAUSE
            sequence, samples = self._queue.popleft()
            self._unsafe[sequence] = samples
            if not len(samples):
                self._stored(sequence, None)
                continue
            try:
                future = await loop.run_in_executor(None, self._sink.put, samples)
            except Exception as error:  # noqa: BLE001 - whatever the store fails with: it is tried again
                self._stored(sequence, error)
                continue
            future.add_done_callback(partial(self._from_sink, loop, sequence))

    def _from_sink(self, loop: asyncio.AbstractEventLoop, sequence: int, future: Future[None]) -> None:
        """Called in the sink's thread, perhaps after our end."""
        error = RuntimeError("it was given up") if future.cancelled() else future.exception()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._stored, sequence, error)

    def _stored(self, sequence: int, error: BaseException | None) -> None:
        samples = self._unsafe.get(sequence)
        if error is not None and samples is not None:
            self._queue.appendleft((sequence, samples))
            self._filled.set()
            self._refused = True
            if not self._said:
                self._said = True
                self._sink.say(
                    f"samples cannot be kept ({error}): they are tried again, and the server holds what follows"
                )
            return
        self._said = False
        self._unsafe[sequence] = None
        while self._unsafe and self._unsafe[first := next(iter(self._unsafe))] is None:
            del self._unsafe[first]
            if first > 0:  # what an earlier subscription left is not to be acknowledged here
                self.safe = first
                self._acks.append((self.subscription, first))

    def inherit(self, other: Feed) -> None:
        """Takes what an earlier subscription has not got rid of. Its numbers are nobody's any more."""
        rest = [samples for _, samples in other._queue if len(samples)]
        self._queue.extend((-i, samples) for i, samples in enumerate(rest, 1))

    async def drain(self, seconds: float = 10.0) -> bool:
        """Waits until all that was taken is safe."""
        return await self.drain_to(self.taken, seconds)

    async def drain_to(self, sequence: int, seconds: float = 10.0) -> bool:
        """Waits until that message and all before it are safe."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            if self.safe >= sequence:
                return True
            await asyncio.sleep(0.02)
        return False

    async def close(self) -> None:
        """Ends the hand that feeds the sink; what it has not taken is not acknowledged."""
        if self._storing is not None:
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)
            self._storing = None
