"""From values of the server to samples: one tag a number or text, structures and arrays taken apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from linewarden.collectors._opcua.decode import Matrix, Structure, UndecodableError, Value
from linewarden.collectors._opcua.status import quality_of
from linewarden.collectors._opcua.structures import Shapes
from linewarden.collectors.contract import Samples, Sink, Tag

ELEMENTS_MOST = 1024  # tags that one variable becomes


@dataclass(slots=True)
class Point:
    """A variable: its tag, where it is, and what was last had of it.

    history: the server keeps raw values of it. stamp, value: of the last value, ns UTC. numbers: of its tags, by what
    stands behind the name. since: stamp of the last value before something was missed.
    """

    tag: Tag
    node: str
    history: bool = False
    numbers: dict[str, int] = field(default_factory=dict)
    stamp: int | None = None
    value: Any = None
    since: int | None = None

    @property
    def name(self) -> str:
        """Of its tag."""
        return self.tag.name

    def has(self, value: Value) -> bool:
        """Whether this is the last value once more: the same time, and the same value."""
        stamp = value.source_ts or value.server_ts
        if stamp is None or stamp != self.stamp:
            return False
        return bool(value.value == self.value) or (value.value != value.value and self.value != self.value)

    def remember(self, value: Value) -> None:
        """Takes a value for the last."""
        self.stamp, self.value = value.source_ts or value.server_ts, value.value


class Values:
    """Makes samples. Counts what could not be read, and says each variable's case once."""

    def __init__(self, sink: Sink, shapes: Shapes) -> None:
        self._sink, self.shapes = sink, shapes
        self._said: set[str] = set()

    def add(self, samples: Samples, point: Point, value: Value) -> None:
        """Adds what a value says to samples."""
        held = value.value
        kind = type(held)
        if kind is float or kind is int or kind is bool:
            number = point.numbers.get("")
            if number is None:
                number = self._number(point, "")
            quality, status = quality_of(value.status)
            samples.tag.append(number)
            samples.value.append(float(held) if math.isfinite(held) else math.nan)
            samples.text.append(None)
            samples.quality.append(quality)
            samples.status.append(status)
            samples.source_ts.append(value.source_ts)
            samples.server_ts.append(value.server_ts)
            return
        self._rest(samples, point, value)

    def _rest(self, samples: Samples, point: Point, value: Value) -> None:
        quality, status = quality_of(value.status)
        for path, held in self._parts(point, value.value):
            samples.add(
                self._number(point, path),
                held,
                source_ts=value.source_ts,
                server_ts=value.server_ts,
                quality=quality,
                status=status,
            )

    def _parts(self, point: Point, value: Any) -> list[tuple[str, float | str | None]]:
        if value is None:  # a state without a value holds for all that the variable has
            return [(path, None) for path in point.numbers or {"": 0}]
        found: list[tuple[str, float | str | None]] = []
        try:
            for path, held in self._flat(value, ""):
                found.append((path, held))
                if len(found) >= ELEMENTS_MOST:
                    self._say(point, f"has more than {ELEMENTS_MOST} elements: the rest is left out")
                    break
        except KeyError:
            self._say(point, "is a structure that the server does not describe: its fields cannot be read")
        except UndecodableError as error:
            self._say(point, f"holds a structure that is not as the server describes it ({error})")
        return found

    def _flat(self, value: Any, path: str) -> Iterator[tuple[str, float | str | None]]:
        if isinstance(value, Structure):
            for name, held in self.shapes.open(value):
                yield from self._flat(held, path + name)
        elif isinstance(value, Matrix):
            for i, held in enumerate(value.flat):
                yield from self._flat(held, path + _place(i, value.dimensions))
        elif isinstance(value, list):
            for i, held in enumerate(value):
                yield from self._flat(held, f"{path}[{i}]")
        else:
            yield path, value

    def _number(self, point: Point, path: str) -> int:
        number = point.numbers.get(path)
        if number is None:
            number = self._sink.tag(replace(point.tag, name=point.tag.name + path))
            point.numbers[path] = number
        return number

    def _say(self, point: Point, text: str) -> None:
        if point.name not in self._said:
            self._said.add(point.name)
            self._sink.say(f"{point.tag.source}: {point.name} {text}")


def _place(index: int, dimensions: tuple[int, ...]) -> str:
    places: list[str] = []
    for length in reversed(dimensions):
        index, place = divmod(index, length)
        places.append(str(place))
    return f"[{','.join(reversed(places))}]"
