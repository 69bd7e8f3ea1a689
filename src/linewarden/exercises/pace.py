"""Loops that keep time, and calls whose failure is said and survived: a device goes on when its neighbour is down."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

FOREVER = float("inf")


def say(what: str) -> None:
    """One line into the device's log."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def ticks(period: float, seconds: float = FOREVER) -> Iterator[int]:
    """Counts 0, 1, 2... once each `period` seconds until `seconds` have passed."""
    begin = time.monotonic()
    count = 0
    while time.monotonic() - begin < seconds:
        started = time.monotonic()
        yield count
        count += 1
        time.sleep(max(0.0, min(period - (time.monotonic() - started), begin + seconds - time.monotonic())))


async def aticks(period: float, seconds: float = FOREVER) -> AsyncIterator[int]:
    """`ticks` for coroutines."""
    begin = time.monotonic()
    count = 0
    while time.monotonic() - begin < seconds:
        started = time.monotonic()
        yield count
        count += 1
        await asyncio.sleep(max(0.0, min(period - (time.monotonic() - started), begin + seconds - time.monotonic())))


def attempt(what: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Calls `what`; a failure is said and gives None. Foreign stacks raise what they like."""
    try:
        return what(*args, **named)
    except Exception as error:  # noqa: BLE001
        say(f"{getattr(what, '__qualname__', what)}: {type(error).__name__}: {error}")
        return None


async def keep(name: str, once: Callable[[], Coroutine[Any, Any, None]], pause: float = 2.0) -> None:
    """Runs a client again and again, however it ends, with a pause between."""
    while True:
        try:
            await once()
        except Exception as error:  # noqa: BLE001 - see `attempt`
            say(f"{name}: {type(error).__name__}: {error}")
        await asyncio.sleep(pause)


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Runs a device's parts side by side; the first that fails ends the device, which its supervisor then says."""
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part)
