"""Live interfaces: opened once, with the right to listen; then read by the sensor. Nothing is ever sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linewarden import _engine
from linewarden.errors import CaptureError

__all__ = ["Instruction", "Ports", "give_up_rights", "open_ports"]

Instruction = tuple[int, int, int, int]
"""Of classic BPF: code, jump if true, jump if false, operand."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Interfaces that are listened to, for the sensor to take over."""

    names: tuple[str, ...]
    engine: _engine.Ports


def open_ports(
    names: Sequence[str],
    filters: Sequence[Sequence[Instruction]] = (),
    *,
    ring_bytes: int = 32 << 20,
    promiscuous: bool = True,
) -> Ports:
    """Begins to listen. `filters`: a program for each interface; `ring_bytes`: memory of each for packets in waiting.

    Raises CaptureError naming the interface and what is missing.
    """
    try:
        return Ports(tuple(names), _engine.Ports(list(names), [list(f) for f in filters], ring_bytes, promiscuous))
    except OSError as error:
        raise CaptureError(str(error)) from error


def give_up_rights() -> None:
    """Gives up all capabilities of this thread and of those that it starts; call it before there are others."""
    _engine.give_up_rights()
