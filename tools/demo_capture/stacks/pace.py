"""What every stack script shares: the command line, and loops that end by themselves."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator


def ticks(seconds: float, period: float) -> Iterator[int]:
    """Counts 0, 1, 2... once each `period` seconds until `seconds` have passed."""
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        started = time.monotonic()
        yield count
        count += 1
        time.sleep(max(0.0, min(period - (time.monotonic() - started), end - time.monotonic())))


async def aticks(seconds: float, period: float) -> AsyncIterator[int]:
    """`ticks` for coroutines."""
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        started = time.monotonic()
        yield count
        count += 1
        await asyncio.sleep(max(0.0, min(period - (time.monotonic() - started), end - time.monotonic())))


def attempt(what: Callable[..., object], *args: object, **named: object) -> None:
    """Calls `what` and reports its failure to standard error, so that one refusal does not end a script."""
    try:
        what(*args, **named)
    except Exception:
        traceback.print_exc(limit=3, file=sys.stderr)


async def aattempt(what: Coroutine[object, object, object]) -> None:
    """`attempt` for coroutines."""
    try:
        await what
    except Exception:
        traceback.print_exc(limit=3, file=sys.stderr)


def choose(parts: dict[str, Callable[[float], object]]) -> None:
    """Command line of a stack script: PART --seconds N. A part may be a coroutine function."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=sorted(parts))
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    made = parts[args.part](args.seconds)
    if asyncio.iscoroutine(made):
        asyncio.run(made)
