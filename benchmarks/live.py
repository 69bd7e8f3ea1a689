"""How soon is a record there, and how much can be listened to? With real frames over a veth pair, as root.

The time from a frame to its record in the lake, for single writes to a controller. Then, for `linewarden watch` and
Suricata in turn on the same pair: the highest rate at which nothing is lost, and what that costs. The goals: the
slowest record within 2 s, nothing lost at 100,000 packets/s. Ends with 1 if one was missed, with 2 where it cannot be
measured.

usage: python benchmarks/live.py [--data ../shared/data] [--records 20] [--seconds 4] [--only dense]
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import cable, flood_capture, listeners, rates, rule  # noqa: E402
from _speed.captures import Maker  # noqa: E402
from _speed.rates import GOAL_RATE, Best, Mix  # noqa: E402

ONE_BY_ONE = """
import socket, sys
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind((sys.argv[1], 0))
for line in sys.stdin:
    port.send(bytes.fromhex(line))
"""
GOAL_S = 2.0
PACKETS = 6_000_000
"""Of each mix: what is sent at the highest rate in `--seconds` must be in it."""
FEW = 1_500_000
"""Of the polling that is made here where there is no shared data: as made by Python, slowly."""


def frames(n: int) -> tuple[bytes, bytes]:
    """A Modbus write and its answer, on a connection of their own: one row of `modbus`."""
    body = struct.pack("!HHHBBHH", n, 0, 6, 1, 6, 100, n)
    client, server = b"\x0a\0\0\x01", b"\x0a\0\1\x02"
    ask = flood_capture._tcp(client, server, 20_000 + n, 502, 1, 1, body)
    return ask, flood_capture._tcp(server, client, 502, 20_000 + n, 1, 1 + len(body), body)


def delays(pair: cable.Cable, out: Path, records: int) -> list[float]:
    """s from each frame to its row in the lake."""
    listener = listeners.Ours(pair, out)
    found: list[float] = []
    command = pair.command(sys.executable, "-c", ONE_BY_ONE, cable.FAR)
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as sender:
        assert sender.stdin is not None
        seen: set[Path] = set()
        for n in range(1, records + 1):
            time.sleep(random.uniform(0.1, 1.2))  # not in step with the ticks
            sender.stdin.writelines(f.hex() + "\n" for f in frames(n))
            sender.stdin.flush()
            sent, there = time.monotonic(), False
            while not there and time.monotonic() - sent < 10:
                new = set((out / "lake").glob("stream=modbus/*/*/*.parquet")) - seen
                there = any(20_000 + n in ports_of(file) for file in sorted(new))
                seen |= new
                time.sleep(0.01)
            found.append(time.monotonic() - sent)
    listener.end()
    return sorted(found)


def ports_of(file: Path) -> list[int]:
    """The clients' ports in a file of the lake: which of our connections it tells of."""
    import polars as pl

    return pl.read_parquet(file, hive_partitioning=False)["id.orig_p"].to_list()


def mixes(data: Path, only: str) -> Iterator[Mix]:
    """What is sent: that of `make bench`, or polling that is made here."""
    rule.FOLDER.mkdir(parents=True, exist_ok=True)
    if (data.parent / "make_ot_capture.py").exists():
        maker = Maker(data, rule.FOLDER)
        for name, make in (("dense OT", maker.dense), ("real mix", maker.real)):
            if only in name:
                made = make(PACKETS)
                yield Mix(name, made.path, made.packets)
    elif only in "polling":
        print(f"live: {data.parent} has no make_ot_capture.py: only Modbus polling is sent", flush=True)
        path = rule.FOLDER / f"polling-{FEW}.pcap"
        if not path.exists():
            flood_capture.write(path.with_suffix(".tmp"), FEW, 0.0)
            path.with_suffix(".tmp").rename(path)
        yield Mix("polling", path, FEW)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    rule.add_data(parser, "captures, with the scripts beside it that make large ones of them")
    parser.add_argument("--records", type=int, default=20, help="whose delay is measured")
    parser.add_argument("--seconds", type=float, default=4, help="of each rate")
    parser.add_argument("--only", default="", metavar="PATTERN", help="mixes that have this in their name")
    return parser.parse_args()


def main() -> int:
    """Returns the exit code."""
    args = arguments()
    if why := cable.why_not():
        print(f"live: not measured: {why}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing of it stays behind
    with tempfile.TemporaryDirectory(prefix="linewarden-live-") as place, cable.Cable("lw-live") as pair:
        try:
            return measured(pair, Path(place), args)
        finally:
            listeners.end_all()


def measured(pair: cable.Cable, place: Path, args: argparse.Namespace) -> int:
    """Prints the tables, and says whether the goals hold."""
    (place / "delay").mkdir()
    found = delays(pair, place / "delay", args.records)
    print(f"{'records':>10} {'median s':>10} {'worst s':>10}")
    print(f"{len(found):>10} {statistics.median(found):>10.2f} {found[-1]:>10.2f}\n")
    kinds: list[type[listeners.Listener]] = [listeners.Ours]
    if shutil.which("suricata"):
        kinds.append(listeners.Suricata)
    else:
        print("live: suricata is not installed, so not measured (scripts/install-test-deps.sh --bench)")
    print(rates.HEAD, flush=True)
    best = [
        rates.search(rates.Bench(pair, place, args.seconds), kind, mix)
        for mix in mixes(args.data, args.only)
        for kind in kinds
    ]
    print(f"\n{rates.BEST_HEAD}", *map(str, best), sep="\n")
    return told(found[-1], best)


def told(worst_s: float, best: Sequence[Best]) -> int:
    """The last line; the exit code."""
    goals = [rule.Goal(f"worst delay {worst_s:.2f} s (goal {GOAL_S:g} s)", worst_s <= GOAL_S)]
    also = []
    ours = {b.mix: b for b in best if b.tool == "linewarden"}
    for mix, mine in ours.items():
        text = f"{mix}: nothing lost at {mine.rate:,.0f} packets/s (goal {GOAL_RATE:,})"
        goals.append(rule.Goal(text, mine.rate >= 0.97 * GOAL_RATE))
    for theirs in (b for b in best if b.tool != "linewarden"):
        mine = ours[theirs.mix]
        if theirs.rate and mine.rate:
            also.append(
                f"{theirs.mix}: {mine.rate / theirs.rate:.1f}x the rate of {theirs.tool}, "
                f"{theirs.cpu_per_million / mine.cpu_per_million:.1f}x less CPU a packet at it"
            )
    return rule.verdict("live", goals, also)


if __name__ == "__main__":
    sys.exit(main())
