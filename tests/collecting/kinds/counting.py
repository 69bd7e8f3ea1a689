"""A kind that counts: sample n of a tag is n. For tests only; it is put beside the real ones."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from linewarden.collectors.contract import Kind, Quality, Samples, Sink, Tag, setting


@dataclass(frozen=True)
class Meter:
    """Something that is counted."""

    name: str = setting("its name", examples=("meter1",))
    ucum: str = setting("unit of its values (UCUM)", default="1")


COUNT = (Meter("count"),)


@dataclass(frozen=True)
class Counting:
    """Counts up, for tests."""

    every_s: float = setting("between two samples", default=0.01, unit="s", least=0.0001, most=60.0)
    most: int = setting("samples until it has all; 0: no end", default=0, unit="samples", least=0, most=1_000_000_000)
    size: int = setting("samples that are put together", default=1, least=1, most=100_000)
    password: str | None = setting("of nobody", default=None, secret=True, examples=("credential:meter",))
    token: str = setting("of nobody else", default="", secret=True)
    acknowledged: Path | None = setting("a file with the last that was acknowledged", default=None)
    fails: str = setting("raise this", default="")
    meters: tuple[Meter, ...] = setting("what is counted", default=COUNT)


def run(settings: Counting, sink: Sink, stop: threading.Event) -> None:
    if settings.fails:
        raise RuntimeError(settings.fails)
    tags = [sink.tag(Tag("10.9.9.9", "counting", m.name, ucum=m.ucum, low=0.0)) for m in settings.meters]
    sink.up("10.9.9.9")
    done = 0
    while not stop.wait(settings.every_s):
        samples = Samples()
        for _ in range(settings.size):
            done += 1
            for tag in tags:
                samples.add(tag, done, source_ts=time.time_ns(), server_ts=None, quality=Quality.GOOD)
        safe = sink.put(samples)
        if settings.acknowledged is not None:
            safe.result()
            with settings.acknowledged.open("ab", buffering=0) as file:
                file.write(b"%d\n" % done)
        if settings.most and done >= settings.most:
            return


def check(settings: Counting) -> list[tuple[str, str]]:
    names = [m.name for m in settings.meters]
    return [("meters", "two of one name; give each its own")] if len(set(names)) < len(names) else []


KIND = Kind("counting", "Counts, for tests", Counting, run, check=check)
