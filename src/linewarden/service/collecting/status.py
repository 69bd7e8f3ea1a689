"""How collectors are, for health, metrics and whoever asks. Plain values, made once a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """One collector. `state`: starting, running, waiting (it failed and begins again), ended (all was read) or stopped.

    `peers`: peer -> why it does not answer, empty if it does. `last_ns`: when the last sample came, UTC; 0: none yet.
    """

    kind: str
    state: str
    samples: int = 0
    bad: int = 0
    refused: int = 0
    """Samples that could not be kept: none but when the service ends while the disk is full."""
    restarts: int = 0
    last_ns: int = 0
    error: str = ""
    peers: Mapping[str, str] = field(default_factory=dict)

    @property
    def up(self) -> int:
        """Peers that answer."""
        return sum(not why for why in self.peers.values())

    def as_dict(self) -> dict[str, Any]:
        """For a program."""
        return {
            "kind": self.kind, "state": self.state, "samples": self.samples, "bad": self.bad, "refused": self.refused,
            "restarts": self.restarts, "last_ns": self.last_ns, "error": self.error, "peers_up": self.up,
            "peers": {peer: {"up": not why, "why": why} for peer, why in sorted(self.peers.items())},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """What is on its way to the lake. `oldest_s`: s since the oldest that waits came; `full`: collectors wait."""

    held: int = 0
    bytes: int = 0
    most_bytes: int = 0
    oldest_s: float = 0.0
    forwarded: int = 0
    full: bool = False
    log_error: str = ""
    lake_error: str = ""
    repeated: int = 0
    """Samples that came again after a kill, and were on disk already."""

    def as_dict(self) -> dict[str, Any]:
        """For a program; errors are in `ill`."""
        return {
            "held": self.held, "bytes": self.bytes, "most_bytes": self.most_bytes, "oldest_s": round(self.oldest_s, 3),
            "forwarded": self.forwarded, "full": self.full, "repeated": self.repeated,
        }  # fmt: skip
