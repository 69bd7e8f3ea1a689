"""What a device or a step of a scenario knows of the exercise that it takes part in."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from linewarden.exercises.board import Board
from linewarden.exercises.clock import PlantClock
from linewarden.exercises.isolation import Identity, NotInExerciseError, require_exercise_namespace
from linewarden.exercises.line import DEVICES, Device

PRIVILEGED = 1024
LOOPBACK_SHIFT = 20_000
"""Without namespaces, ports below 1024 are moved up by so much: only root may open them, and others may use them."""


@dataclass(frozen=True)
class Context:
    """`name`: the device that this process plays. `isolated`: in namespaces; else on loopback (127.0.0.0/8)."""

    name: str
    folder: Path
    seed: int
    start_ns: int
    scale: float
    isolated: bool
    launcher: Identity | None = None
    namespaces: dict[str, Identity] = field(default_factory=dict)
    impacts: list[int] = field(default_factory=list, compare=False)
    """When this step began to do harm, in real time (ns since 1970)."""

    @classmethod
    def load(cls, file: Path, name: str) -> Context:
        """Reads what the runner wrote."""
        said: dict[str, Any] = json.loads(file.read_text())
        spaces = {key: (value[0], value[1]) for key, value in said.pop("namespaces").items()}
        launcher = said.pop("launcher")
        return cls(
            **said, name=name, folder=file.parent, namespaces=spaces, launcher=tuple(launcher) if launcher else None
        )

    def save(self, file: Path) -> None:
        """Writes it for the devices."""
        kept = ("seed", "start_ns", "scale", "isolated", "launcher", "namespaces")
        file.write_text(json.dumps({key: getattr(self, key) for key in kept}))

    @property
    def device(self) -> Device:
        """The device that this process plays."""
        return DEVICES[self.name]

    def impact_begins(self) -> None:
        """Notes that what follows in this step does the harm."""
        self.impacts.append(time.time_ns())

    @cached_property
    def board(self) -> Board:
        """The terminal board of the plant."""
        return Board(self.folder / "board")

    @cached_property
    def clock(self) -> PlantClock:
        """Plant time."""
        return PlantClock(self.start_ns, self.scale)

    def address(self, name: str) -> str:
        """Address of a device: its own in namespaces, else one of loopback (127.0.0.0/8)."""
        real = DEVICES[name].address
        return real if self.isolated else "127." + real.split(".", 1)[1]

    @property
    def own(self) -> str:
        """Address of this device."""
        return self.address(self.name)

    def port(self, port: int) -> int:
        """The port at which a service is reached."""
        return port if self.isolated or port >= PRIVILEGED else port + LOOPBACK_SHIFT

    def home(self) -> Path:
        """A folder of the device's own: its disk."""
        place = self.folder / "disks" / self.name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def require_inside(self) -> None:
        """Raises NotInExerciseError where the plant's addresses could be somebody else's: a real plant may have them.

        Without namespaces all addresses are on loopback, so that nothing can leave.
        """
        if self.isolated:
            require_exercise_namespace(self.namespaces.get(self.name), self.launcher)

    def require_attack_allowed(self) -> None:
        """Raises NotInExerciseError unless the kernel says that we stand in this device's namespace of the exercise."""
        if not self.isolated:
            raise NotInExerciseError("attackers are left out where there are no namespaces")
        require_exercise_namespace(self.namespaces.get(self.name), self.launcher)
