"""Where the packets of a place lie, and what they are, byte for byte."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import CaptureError
from linewarden.sensor.fields import Told, fields_of
from linewarden.service.packet_layers import Place, ShownLayer, layers
from linewarden.service.packets import Captures, Named, Wish, cut_out
from linewarden.wire.cutting import Around
from linewarden.wire.pcapng import Packet, read_packets

if TYPE_CHECKING:
    from linewarden.service.config import Config

BESIDE = Around(seconds=30.0, most=4_000, numbered=True)
"""What is looked at to understand a packet: it may need what was said before, and end in a later one."""
MARK = "linewarden packet #"
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
class ShownPacket:
    """A packet with its number in the capture, and its layers with their fields."""

    frame: int
    packet: Packet
    layers: tuple[ShownLayer, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Packets, and what is wrong with those that are missing."""

    packets: tuple[ShownPacket, ...]
    problems: tuple[str, ...]


def shown(named: Sequence[Named], captures: Captures) -> Shown:
    """The packets themselves, decoded in view of what their conversations said around them: a message may begin in an
    earlier packet, and an answer is read by its question. Raises CaptureError for a damaged capture."""
    # The number comes back with the packet.
    marked = tuple(replace(n, comment=f"{MARK}{n.frame}") for n in named)
    with tempfile.TemporaryDirectory(prefix="linewarden-") as folder:
        out = Path(folder) / "cut.pcapng"
        (done,) = cut_out([Wish(out, marked)], captures, BESIDE)
        if not done.packets:
            return Shown((), done.problems)
        packets = list(enumerate(read_packets(out.read_bytes()), 1))
        wanted = {place: p for place, p in packets if any(c.startswith(MARK) for c in p.comments)}
        told = by_packet(fields_of(out, wanted))
    numbers = {place: _number(p) for place, p in packets}
    return Shown(
        tuple(ShownPacket(numbers[n], p, layers(p, Place(n, numbers), told.get(n, ()))) for n, p in wanted.items()),
        done.problems,
    )


def by_packet(told: Iterable[Told]) -> dict[int, list[Told]]:
    """What was told of which packet."""
    found: dict[int, list[Told]] = {}
    for one in told:
        pieces = (*one.pieces, *(p for f in one.fields for p in f.pieces))
        for frame in sorted({p.frame for p in pieces}):
            found.setdefault(frame, []).append(one)
    return found


def _number(packet: Packet) -> int:
    """The number that was written beside the packet as it was cut: behind what was said of it before."""
    said = (c.removeprefix(MARK).removeprefix("#") for c in reversed(packet.comments))
    return next((int(c) for c in said if c.isascii() and c.isdigit()), 0)


def to_take_away(named: Sequence[Named], captures: Captures, seconds: float) -> tuple[bytes, tuple[str, ...]]:
    """A pcapng file of the packets and what their conversations said so long before and after; and what is wrong."""
    around = Around(seconds, MOST_AROUND) if seconds else None
    with tempfile.TemporaryDirectory(prefix="linewarden-") as folder:
        out = Path(folder) / "cut.pcapng"
        (done,) = cut_out([Wish(out, tuple(named))], captures, around)
        return (out.read_bytes() if done.packets else b""), done.problems
