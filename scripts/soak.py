"""Runs damaged captures through the whole program, for as long as told, and watches exit code, time and memory.

Each round takes a capture, cuts it off, flips bits, or repeats a piece of it, and reads it as a user would
(`linewarden read - --json`). A finding is: an exit code other than 0 or 3, a Python traceback, more than 400 MB, or
more than 120 seconds. The input of a finding is kept in build/soak, named by the seed that makes it again.

usage: python scripts/soak.py [--seconds N] [--seed N] FOLDER...
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEEP = Path("build/soak")
LARGEST = 20_000_000  # bytes; what is larger is cut first, so that rounds stay short
MEMORY = 400  # MB
TIME = 120  # s
SUFFIXES = (".pcap", ".pcapng", ".cap", ".gz", ".zst")
ALLOWED = (0, 3)  # read, or not a capture any more


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The capture with one kind of damage; the same `rng` state gives the same bytes."""
    data = data[:LARGEST]
    kind = rng.choice(("cut", "flip", "header", "repeat", "zero", "whole"))
    if not data or kind == "whole":
        return data
    at = rng.randrange(len(data))
    if kind == "cut":
        return data[:at]
    if kind == "repeat":
        return data[:at] + data[max(0, at - rng.randrange(1, 5000)) :]
    out = bytearray(data)
    if kind == "zero":
        out[at : at + rng.randrange(1, 200)] = b""
        return bytes(out)
    reach = min(len(out), 200) if kind == "header" else len(out)
    for _ in range(rng.choice((1, 10, 1000))):
        out[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(out)


def trouble(data: bytes) -> str:
    """What went wrong when it was read, or an empty text."""
    command = [sys.executable, "-m", "linewarden", "read", "-", "--json"]
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as errors:
        source.write(data)
        source.seek(0)
        try:
            code = subprocess.run(
                command, stdin=source, stdout=subprocess.DEVNULL, stderr=errors, timeout=TIME, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            return f"took more than {TIME} s"
        errors.seek(0)
        text = errors.read().decode("utf-8", "replace")
    if code not in ALLOWED or "Traceback" in text or "panicked" in text:
        return f"exit code {code}\n{text[-2000:]}"
    # ru_maxrss of children is the largest so far, so this fires once, at the round that made it.
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return f"used {used} MB" if used > MEMORY else ""


def captures_in(folders: list[Path]) -> list[Path]:
    """Captures in these folders, in a fixed order. Of compressed ones the compressed bytes are damaged."""
    found = [p for folder in folders for p in sorted(folder.glob("*")) if p.suffix in SUFFIXES]
    if not found:
        sys.exit(f"soak: no captures in {', '.join(map(str, folders))}")
    return found


def main() -> int:
    """Returns 0 if there was no finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folders", nargs="+", type=Path)
    args = parser.parse_args()
    captures = captures_in([f for f in args.folders if f.is_dir()])
    end, seed, findings = time.monotonic() + args.seconds, args.seed, 0
    while time.monotonic() < end:
        rng = random.Random(seed)
        capture = rng.choice(captures)
        data = damaged(capture.read_bytes(), rng)
        if what := trouble(data):
            findings += 1
            KEEP.mkdir(parents=True, exist_ok=True)
            (KEEP / f"{seed}.bin").write_bytes(data)
            print(f"soak: seed {seed}, {capture.name}: {what}", file=sys.stderr)
        seed += 1
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"soak: {seed - args.seed} damaged captures read, {findings} findings, peak memory {peak} MB")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
