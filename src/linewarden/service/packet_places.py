"""Where the packets of a place lie, and what they are, byte for byte."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import CaptureError
from linewarden.service.packets import Captures, Named, Wish, cut_out
from linewarden.wire.cutting import Around
from linewarden.wire.pcapng import Packet, read_packets

if TYPE_CHECKING:
    from linewarden.service.config import Config

MOST_AROUND = 5_000
"""Packets of a file to take away: of more the nearest."""


class KeptCaptures(Captures):
    """What was given, the rings that the sensors keep, where captures were when they were read, and beside the lake."""

    def __init__(self, config: Config, given: Sequence[Path] = ()) -> None:
        super().__init__(lake=config.lake_folder)
        folders = (config.packets_folder(sensor) for sensor in config.sensor)
        there = [f for f in folders if f is not None and f.is_dir() and any(f.iterdir())]
        self._others = [Captures([place], config.lake_folder) for place in (*given, *there)]

    def find(self, name: str, alone: bool = False) -> Path:
        """The file of a capture. Raises CaptureError if it is nowhere."""
        for place in self._others:
            with contextlib.suppress(CaptureError):
                return place.find(name)
        return super().find(name, alone)


@dataclass(frozen=True, slots=True)
class Shown:
    """Packets, each with its number in the capture, and what is wrong with those that are missing."""

    packets: tuple[tuple[int, Packet], ...]
    problems: tuple[str, ...]


def shown(named: Sequence[Named], captures: Captures) -> Shown:
    """The packets themselves. Raises CaptureError for a damaged capture."""
    marked = tuple(replace(n, comment=f"#{n.frame}") for n in named)  # the number comes back with the packet
    with tempfile.TemporaryDirectory(prefix="linewarden-") as folder:
        out = Path(folder) / "cut.pcapng"
        (done,) = cut_out([Wish(out, marked)], captures, None)
        packets = read_packets(out.read_bytes()) if done.packets else ()
        return Shown(tuple((_number(p), p) for p in packets), done.problems)


def _number(packet: Packet) -> int:
    return next((int(c[1:]) for c in packet.comments if c.startswith("#") and c[1:].isdigit()), 0)


def to_take_away(named: Sequence[Named], captures: Captures, seconds: float) -> tuple[bytes, tuple[str, ...]]:
    """A pcapng file of the packets and what their conversations said so long before and after; and what is wrong."""
    around = Around(seconds, MOST_AROUND) if seconds else None
    with tempfile.TemporaryDirectory(prefix="linewarden-") as folder:
        out = Path(folder) / "cut.pcapng"
        (done,) = cut_out([Wish(out, tuple(named))], captures, around)
        return (out.read_bytes() if done.packets else b""), done.problems
