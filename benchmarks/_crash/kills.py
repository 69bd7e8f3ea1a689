"""Kills at random moments."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from _crash.place import Load, Server
from _crash.rounds import CONFIG, PORT, Reader, Round, all_numbers, judged

PER_SECOND = 400.0


def rounds(folder: Path, count: int, rng: random.Random) -> Iterator[Round]:
    """So many kills, one after the other, of one lake."""
    yield from killed(folder, count, rng, f"sqlite:///{folder}/state.db")


def killed(
    folder: Path,
    count: int,
    rng: random.Random,
    state: str,
    disturb: Callable[[int, float], str] | None = None,
    settle: Callable[[], None] | None = None,
) -> Iterator[Round]:
    """The same with a disturbance: called with the number and the s until the kill, says what it did; then undone."""
    config, lake = folder / "linewarden.toml", folder / "data" / "lake"
    config.write_text(CONFIG.format(data=folder / "data", state=state))
    (folder / "data").mkdir(exist_ok=True)
    sent, seen, server = 0, set[int](), Server(config, PORT, folder / "log")
    for number in range(1, count + 1):
        reader, load = Reader(lake), Load(sent, PER_SECOND)
        reader.start()
        load.start()
        after = rng.uniform(0.3, 4.0)
        began, note = time.monotonic(), ""
        if disturb is not None:
            note = disturb(number, after)
        time.sleep(max(0.0, after - (time.monotonic() - began)))
        server.kill()
        seen |= reader.end()
        sent = load.end()
        if settle is not None:
            settle()
        server = Server(config, PORT, folder / "log")
        lost, doubled = judged(seen, there := all_numbers(lake))
        files = sum(1 for _ in lake.glob("stream=command/*/*/*.parquet"))
        yield Round(number, after, note, len(seen), lost, doubled, reader.half, server.start_s, files)
        seen = set(there)  # what is there now must stay, too
    if code := server.end():
        raise SystemExit(f"crash: the service ended with code {code}")
