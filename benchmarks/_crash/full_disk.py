"""Kills while the disk is full now and then: a small file system in memory, and a file that takes what is left."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from _crash.kills import killed
from _crash.rounds import Round

SIZE_MB = 48
HEARD_S, AGAIN_S = 1.2, 6.5
"""So long it goes well first, that there is something to lose; and so long until the lake is tried again (5 s) and
written."""


def rounds(folder: Path, count: int, rng: random.Random) -> Iterator[Round]:
    """So many kills; in each round the disk is full for a part of it, every other time at the moment of the kill."""
    data = folder / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "linewarden-crash", str(data)], check=True)
    filler = data / "filler"

    def fill(number: int, after: float) -> str:
        time.sleep(HEARD_S + after * rng.uniform(0.1, 0.5))
        with filler.open("wb", buffering=0) as out:
            try:
                while True:
                    out.write(os.urandom(1 << 16))
            except OSError:
                pass  # full
        if number % 2:
            return "full at the kill"
        time.sleep(after * 0.3)
        filler.unlink()
        time.sleep(AGAIN_S)
        return "full for a while"

    def free() -> None:
        filler.unlink(missing_ok=True)

    try:
        yield from killed(folder, count, rng, f"sqlite:///{folder}/data/state.db", fill, free)
    finally:
        subprocess.run(["umount", "-l", str(data)], check=False)
