"""A network namespace with a cable in it, and what is sent into its far end.

`far0` sends, `near0` is listened to. A veth pair has no hardware: the kernel hands each frame to the listeners of the
near end while the sender sends it, so the sender's CPU time holds what a network card's interrupt would cost.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from _speed.rule import FOLDER

SOURCE = Path(__file__).with_name("sender.c")
FAR, NEAR = "far0", "near0"
MTU = 9_000


def why_not(*programs: str) -> str:
    """Why live traffic cannot be measured here; empty if it can."""
    if os.geteuid() != 0:
        return "needs root, for a network namespace"
    missing = [p for p in ("ip", "sysctl", "unshare", "cc", *programs) if shutil.which(p) is None]
    if missing:
        return f"needs the programs {', '.join(missing)}"
    refused = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode
    return "network namespaces cannot be made here (a container without CAP_SYS_ADMIN?)" if refused else ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the sender did. `refused`: frames longer than the MTU."""

    packets: int
    refused: int
    seconds: float
    cpu_s: float

    @property
    def rate(self) -> float:
        """Packets/s that were reached."""
        return self.packets / max(self.seconds, 1e-9)


def sender() -> Path:
    """The program that sends, compiled when its source is newer."""
    program = FOLDER / "sender"
    if not program.exists() or program.stat().st_mtime < SOURCE.stat().st_mtime:
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = program.with_name(f"sender-{os.getpid()}")  # another process may do the same at the same time
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", str(made), str(SOURCE)], check=True)
        made.rename(program)
    return program


class Cable:
    """The namespace; use it with `with`, so that nothing of it stays behind."""

    def __init__(self, name: str) -> None:
        self.name = f"{name}-{os.getpid()}"

    def __enter__(self) -> Cable:
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        try:
            # Else the kernel itself would speak: neighbour discovery among what is measured.
            self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
            self.plug()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    def plug(self) -> None:
        """Makes the pair, and switches it on."""
        mtu = ("mtu", str(MTU))
        self.ip("link", "add", FAR, *mtu, "type", "veth", "peer", "name", NEAR, *mtu)
        for end in (FAR, NEAR):
            self.ip("link", "set", end, "up")

    def ip(self, *arguments: str) -> None:
        """`ip` in the namespace."""
        subprocess.run(["ip", "-n", self.name, *arguments], check=True)

    def command(self, *arguments: str) -> list[str]:
        """A command that runs in the namespace; it becomes that program, so signals reach it."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def run(self, *arguments: str) -> str:
        """Runs a command in the namespace; what it printed."""
        return subprocess.run(self.command(*arguments), check=True, stdout=subprocess.PIPE, text=True).stdout

    def send(self, pcap: Path, rate: float, most: int, first: int = 0) -> Sent:
        """Sends at most `most` frames of a capture at so many a second; 0: as fast as it goes."""
        said = self.run(str(sender()), FAR, str(pcap), str(rate), str(most), str(first)).split()
        return Sent(int(said[0]), int(said[1]), float(said[2]), float(said[3]))
