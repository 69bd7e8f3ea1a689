"""One Modbus device (or a gateway with several units): requests with patience, answers to values."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from linewarden.collectors._polling.block_reader import ASK_AGAIN, BlockReader, Said
from linewarden.collectors._polling.blocks import Block, Limits, Span
from linewarden.collectors._polling.modbus_codec import BITS, MOST, Answer, Read
from linewarden.collectors._polling.modbus_wire import Wire
from linewarden.collectors._polling.outlet import Got, Outlet
from linewarden.collectors._polling.schedule import Backoff
from linewarden.collectors._polling.trouble import LostError, Troubles
from linewarden.collectors._polling.values import Form, is_number, scaled, value_of
from linewarden.collectors.contract import Quality, Sink

_BUSY, _NO_UNIT, _SPLIT = (5, 6), (10, 11), (2, 3)
_NEVER = 1


@dataclass(frozen=True, slots=True)
class Point:
    """A tag as Modbus sees it. number: what the sink calls it."""

    number: int
    name: str
    unit: int
    area: str
    start: int
    form: Form
    scale: float = 1.0
    offset: float = 0.0

    @property
    def count(self) -> int:
        """Registers or bits that it takes."""
        return 1 if self.area in BITS else self.form.registers


@dataclass(frozen=True, slots=True)
class Care:
    """most: registers in a request (a device's own limit); hole: registers read along; retries: after a silence."""

    most: int = 125
    most_bits: int = 2000
    hole: int = 16
    retries: int = 1

    def limits(self, area: str) -> Limits:
        """For an area; a hole of bits costs a sixteenth."""
        if area in BITS:
            return Limits(min(self.most_bits, MOST[area]), self.hole * 16)
        return Limits(min(self.most, MOST[area]), self.hole)


class ModbusSession:
    """See `loop.Session`. points: by group."""

    def __init__(self, wire: Wire, points: dict[str, list[Point]], care: Care, sink: Sink, peer: str) -> None:
        self._wire, self._points, self._care, self._peer = wire, points, care, peer
        self._all = {p.unit for group in points.values() for p in group}
        self._units: dict[int, tuple[Backoff, float]] = {}
        """Units that do not answer: when they are asked again."""
        self._troubles = Troubles(sink.say)
        named = {
            p.number: f"{p.name} (unit {p.unit}, {p.area} {p.start})" for group in points.values() for p in group
        }  # fmt: skip
        self._outlet = Outlet(sink, peer, named, "check address, area and type")
        self._reader = BlockReader(spans_of(points), lambda place: care.limits(place[1]), self._was_split)

    def open(self) -> None:
        """Connects; what was refused alone is asked for once more."""
        self._wire.open()
        self._units.clear()
        self._reader.forgive()

    def close(self) -> None:
        """Ends the connection."""
        self._wire.close()

    def numbers(self) -> list[int]:
        """Tags that had a value until now."""
        return self._outlet.gone()

    def poll(self, group: str) -> None:
        """Reads a group and puts its values, bad ones too. Raises LostError."""
        now = time.monotonic()
        got = self._reader.read(group, self._said, lambda place: self._unit_due(place[0], now))
        gone = self._reader.gone
        why = f"It is asked for again every {ASK_AGAIN / 60:g} min" if gone else ""
        values = []
        for point in self._points[group]:
            said = got.get(point.number, Said())
            if said.data is not None:
                values.append((point.number, _value(point, said.data)))
            else:
                values.append((point.number, Got(None, gone.get(point.number) or said.status or None)))
        self._outlet.put(values, why)

    def _said(self, blocks: list[tuple[tuple[int, str], Block]]) -> list[Said]:
        answers = self._ask([Read(unit, area, b.start, b.count) for (unit, area), b in blocks])
        for ((unit, _), _), answer in zip(blocks, answers, strict=True):
            if answer.code in _NO_UNIT:
                self._quiet(unit, f"cannot be reached by the gateway ({answer.status})")
        return [Said(a.words, a.status, a.code in _SPLIT, a.code == _NEVER) for a in answers]

    def _was_split(self, place: tuple[int, str], block: Block, said: Said) -> None:
        if place not in self._troubles:
            what = f"unit {place[0]}: {place[1]} {block.start} and {block.count - 1} more"
            text = f"{self._peer}: {what} cannot be read in one request ({said.status})"
            self._troubles.begin(place, f"{text}; read in parts from now on, where needed")

    def _ask(self, requests: Sequence[Read]) -> list[Answer]:
        """With patience: silence and a busy device are asked again."""
        answers = self._wire.ask(requests)
        for turn in range(self._care.retries + 2):
            open_ = [
                at for at, a in enumerate(answers) if a.code in _BUSY or (_silent(a) and turn < self._care.retries)
            ]
            if not open_:
                break
            if any(answers[at].code in _BUSY for at in open_):
                time.sleep(0.1 * 2**turn)
            for at, answer in zip(open_, self._wire.ask([requests[at] for at in open_]), strict=True):
                answers[at] = answer
        silent = {r.unit for r, a in zip(requests, answers, strict=True) if _silent(a)}
        heard = {r.unit for r, a in zip(requests, answers, strict=True) if not _silent(a)}
        if silent and not heard and self._all <= silent | self._units.keys():
            units = ", ".join(str(u) for u in sorted(silent))
            raise LostError(f"{self._peer}: connected, but no answer from unit {units}; check unit id and timeout")
        for unit in silent - heard:
            self._quiet(unit, "does not answer")
        for unit in heard & self._units.keys():
            self._heard(unit, [a for r, a in zip(requests, answers, strict=True) if r.unit == unit])
        return answers

    def _quiet(self, unit: int, what: str) -> None:
        backoff = self._units[unit][0] if unit in self._units else Backoff()
        self._units[unit] = backoff, time.monotonic() + backoff.next()
        text = f"{self._peer}: unit {unit} {what}; the others are read on. Check its id, its power and the line behind"
        self._troubles.begin(("unit", unit), text)

    def _heard(self, unit: int, answers: Sequence[Answer]) -> None:
        if not all(a.code in _NO_UNIT for a in answers):
            del self._units[unit]
            self._troubles.over(("unit", unit), f"{self._peer}: unit {unit} answers again")

    def _unit_due(self, unit: int, now: float) -> bool:
        return unit not in self._units or self._units[unit][1] <= now


def spans_of(points: dict[str, list[Point]]) -> dict[str, dict[tuple[int, str], list[Span]]]:
    """By group, then by unit and area."""
    found: dict[str, dict[tuple[int, str], list[Span]]] = {}
    for group, members in points.items():
        places = found.setdefault(group, {})
        for p in members:
            places.setdefault((p.unit, p.area), []).append(Span(p.start, p.count, p.number))
    return found


def _value(point: Point, words: Sequence[int]) -> Got:
    value: float | str = float(words[0]) if point.area in BITS else value_of(words, point.form)
    value = scaled(value, point.scale, point.offset)
    if isinstance(value, str) or is_number(value):
        return Got(value)
    return Got(value, "not_a_number", Quality.BAD)


def _silent(answer: Answer) -> bool:
    return answer.words is None and answer.code is None
