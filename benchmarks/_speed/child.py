"""Runs one command and prints what it cost: [wall s, CPU s, peak MB, exit code]. Kept small; see measure.run.

usage: python -I -S child.py LOG TIMEOUT_S COMMAND...
"""

from __future__ import annotations

import os
import signal
import sys
import time


def main(log: str, timeout_s: float, command: list[str]) -> None:
    """Beyond the time limit the command is killed; its exit code is then -9."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    files = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), *((os.POSIX_SPAWN_DUP2, out, to) for to in (1, 2))]
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - began
    signal.setitimer(signal.ITIMER_REAL, 0)
    cpu = usage.ru_utime + usage.ru_stime
    print([wall, cpu, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)])


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
