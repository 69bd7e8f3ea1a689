"""What a scenario is: a timeline of steps on the running plant, with what is true about each of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from linewarden.exercises.context import Context

Kind = Literal["routine", "fault", "incident"]


@dataclass(frozen=True)
class Source:
    """A public report on which an incident is modelled."""

    title: str
    url: str


@dataclass(frozen=True)
class Step:
    """Something that somebody does: `run` in the namespace of `device`, `at` real seconds after the plant is up.

    `run` says in one sentence what came of it. `techniques` are ids of ATT&CK for ICS. `hostile` steps run only in the
    exercise's own namespaces.
    """

    name: str
    at: float
    device: str
    what: str
    run: Callable[[Context], str]
    targets: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    hostile: bool = False
    via: tuple[str, ...] = ()
    """Devices through which it speaks; their frames with the targets are the step's too."""
    observes: bool = False
    """Nobody speaks: the step only notes what becomes of the machine."""
    impact: bool = False
    """The step does the harm: to the process, or to what people need to run it. It may say the moment itself, with
    `Context.impact_begins`; else it is its beginning."""
    looks_normal: str = ""
    """Of a hostile step: why no packet of it tells it from honest work. Its packets are not called malicious."""


@dataclass(frozen=True)
class Scenario:
    """`controls` and `plant` are first values of the simulation that differ from the usual."""

    title: str
    kind: Kind
    summary: str
    steps: tuple[Step, ...] = ()
    sources: tuple[Source, ...] = ()
    seconds: float = 60.0
    scale: float = 1.0
    controls: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    plant: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    name: str = ""

    @property
    def impact(self) -> Step | None:
        """The first step that does harm; None where nothing is changed."""
        return min((s for s in self.steps if s.impact), key=lambda s: s.at, default=None)

    @property
    def least_seconds(self) -> float:
        """Shortest run in which every step still has its time."""
        return max((step.at for step in self.steps), default=0.0) + 10.0


def scenario_names() -> list[str]:
    """Every file of scenarios/ is one."""
    from linewarden.exercises import scenarios

    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(scenarios.__path__) if m.name[0] != "_")


def load_scenario(name: str) -> Scenario:
    """The scenario of that name; KeyError where there is none."""
    if name not in scenario_names():
        raise KeyError(name)
    made: Scenario = import_module(f"linewarden.exercises.scenarios.{name.replace('-', '_')}").SCENARIO
    object.__setattr__(made, "name", name)
    return made
