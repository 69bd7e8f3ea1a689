"""Runs a few tests that failed once more, alone: `make pytest` calls it when a whole run says that tests failed.

Some tests hold real servers to real times. Where a machine stops for seconds in the middle of a run, they say so and
are right to, but the code is not at fault. Alone, with the machine to itself, a fault is still a fault. What passes
only now is unsteady, and is named so that it is seen and mended: a test that waits too short is a defect of the test.
More than a few failures are no matter of steadiness and are not tried again.

usage: scripts/once_more.py PYTEST...
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MOST = 3
FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main() -> int:
    try:
        failed = list(json.loads(FAILED.read_text()))
    except (OSError, ValueError):
        failed = []
    if not 0 < len(failed) <= MOST:
        print(f"once more: {len(failed)} failed, at most {MOST} are tried again", file=sys.stderr)
        return 1
    print("once more, alone; what passes now is UNSTEADY, look into it:", *failed, sep="\n  ", flush=True)
    return subprocess.run([*sys.argv[1:], "-n", "0", *failed], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
