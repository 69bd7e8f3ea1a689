"""The console under load: 5,000 assets, 100 million records and 50 people at once, on the cores that are here.

Makes a lake of that size (kept with --keep), starts `linewarden console` on it, and lets people in: each has a session
of their own with live events, and opens pages and lists one after the other, with some seconds to read between. One of
them is a real browser: a page counts as interactive when its script has run. Memory and time are those of
the server and of the processes that it began. Meanwhile notices are put into the lake, as a sensor does, and it is
measured when the people's live events tell of them. Goals: pages 1.5 s (p95), live 2 s (p95), memory of the server
1.5 GB at its highest. The load runs beside the server on the same cores.

With --peer FOLDER, instead, ntopng in that folder (scripts/ntopng-apart.sh makes it) with as many devices and people.

usage: python benchmarks/console.py [--records 100000000] [--assets 5000] [--people 50] [--seconds 120] [--keep]
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

GOALS = {"page_s": 1.5, "live_s": 2.0, "memory_mb": 1500.0}


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="not used: the records are made up")
    parser.add_argument("--records", type=int, default=100_000_000)
    parser.add_argument("--assets", type=int, default=5_000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0, help="of load, after the lake was read")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build" / "bench" / "console")
    parser.add_argument("--without", action="append", default=[], metavar="PATH", help="a page that nobody opens")
    parser.add_argument("--keep", action="store_true", help="use what an earlier run with --keep made, and keep it")
    parser.add_argument("--peer", type=Path, metavar="FOLDER", help="measure ntopng in this folder instead")
    args = parser.parse_args()
    if args.peer:
        return peer(args)
    from _console.plant import make
    from _console.run import measured
    from _console.show import show

    lake = make(args.folder, args.records, args.assets)
    try:
        found = measured(lake, args.folder, args.people, args.seconds, args.without)
    finally:
        if not args.keep:
            shutil.rmtree(args.folder)
    return show(found, args, GOALS)


def peer(args: argparse.Namespace) -> int:
    """The same load for another program."""
    from _console.peer import measured_peer, show_peer

    if not (args.peer / "usr/sbin/ntopng").is_file():
        print(f"{args.peer}: no ntopng is there; make it with scripts/ntopng-apart.sh {args.peer}", file=sys.stderr)
        return 1
    show_peer(measured_peer(args.peer.resolve(), args.assets, args.people, args.seconds), args.people)
    return 0


if __name__ == "__main__":
    sys.exit(main())
