"""The terminal board: the wires between the simulated machine and the devices' stacks, as shared memory.

A sensor's value and a controller's demand go over it, as they would over copper; none of it is network traffic. One
file of doubles, mapped by every process; an aligned double is written and read at once, so no lock is needed.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import fields
from pathlib import Path

from linewarden.exercises.physics import Controls, Plant

SENSORS = tuple(f"plant.{f.name}" for f in fields(Plant))
DEMANDS = tuple(f"control.{f.name}" for f in fields(Controls))
SIGNALS = (*SENSORS, *DEMANDS)
_PLACE = {name: 8 * index for index, name in enumerate(SIGNALS)}
_DOUBLE = struct.Struct("=d")


class Board:
    """`get` and `set` signals by name: `plant.tank_mm`, `control.fill_ml`..."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_RDWR)
        try:
            self._memory = mmap.mmap(handle, 8 * len(SIGNALS))
        finally:
            os.close(handle)

    @classmethod
    def make(cls, path: Path, plant: Plant, controls: Controls) -> Board:
        """A new board with first values."""
        path.write_bytes(bytes(8 * len(SIGNALS)))
        board = cls(path)
        board.put_plant(plant)
        for field in fields(Controls):
            board.set(f"control.{field.name}", getattr(controls, field.name))
        return board

    def get(self, name: str) -> float:
        """The present value of one signal."""
        value: float = _DOUBLE.unpack_from(self._memory, _PLACE[name])[0]
        return value

    def set(self, name: str, value: float) -> None:
        """Writes one signal."""
        _DOUBLE.pack_into(self._memory, _PLACE[name], float(value))

    def put_plant(self, plant: Plant) -> None:
        """Shows the machine's state to the devices."""
        for field in fields(Plant):
            self.set(f"plant.{field.name}", getattr(plant, field.name))

    def plant(self) -> Plant:
        """The machine's state as the devices see it."""
        values = {f.name: self.get(f"plant.{f.name}") for f in fields(Plant)}
        return Plant(**{**values, "steps": int(values["steps"])})  # type: ignore[arg-type]

    def controls(self) -> Controls:
        """What the devices ask for."""
        return Controls(**{f.name: self.get(f"control.{f.name}") for f in fields(Controls)})

    def close(self) -> None:
        """Unmaps the memory."""
        self._memory.close()
