"""One Modbus device (or a gateway with several units): tags to blocks, answers to values, refusals remembered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from linewarden.collectors._polling.blocks import Block, Limits, Refused, Span, plan
from linewarden.collectors._polling.loop import NO_ANSWER
from linewarden.collectors._polling.modbus_codec import BITS, MOST, Answer, Read
from linewarden.collectors._polling.modbus_wire import Wire
from linewarden.collectors._polling.schedule import Backoff
from linewarden.collectors._polling.trouble import LostError, Troubles
from linewarden.collectors._polling.values import Form, is_number, scaled, value_of
from linewarden.collectors.contract import Quality, Samples, Sink

ASK_AGAIN = 600.0
"""Seconds after which tags that a device refused are asked for again: it may have been set up anew."""
_BUSY, _NO_UNIT, _SPLIT = (5, 6), (10, 11), (2, 3)
_NEVER = 1
_TRIES = 64
"""Requests that finding out about refused registers may cost in one round."""


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


Place = tuple[int, str]
"""Unit and area."""


class ModbusSession:
    """See `loop.Session`. points: by group."""

    def __init__(self, wire: Wire, points: dict[str, list[Point]], care: Care, sink: Sink, peer: str) -> None:
        self._wire, self._points, self._care, self._sink, self._peer = wire, points, care, sink, peer
        self._by_number = {p.number: p for group in points.values() for p in group}
        self._refused: dict[Place, Refused] = {}
        self._refused_until = 0.0
        self._why_gone: dict[int, str] = {}
        self._units: dict[int, tuple[Backoff, float]] = {}
        """Units that do not answer: when they are asked again."""
        self._plans: dict[str, list[tuple[Place, Block]]] = {}
        self._troubles = Troubles(sink.say)
        self._bad: dict[int, str] = {}
        """Tags without a value, and the status that was put."""
        self._told: set[int] = set()
        """Tags of which it was said that they have none."""

    def open(self) -> None:
        """Connects; what was refused alone is asked for once more."""
        self._wire.open()
        self._units.clear()
        self._forgive()

    def close(self) -> None:
        """Ends the connection."""
        self._wire.close()

    def numbers(self) -> list[int]:
        """All tags but those that had no value before."""
        found = [n for n in self._by_number if n not in self._bad]
        self._bad.update(dict.fromkeys(found, NO_ANSWER))
        return found

    def poll(self, group: str) -> None:
        """Reads a group and puts its values, bad ones too. Raises LostError."""
        now = time.monotonic()
        if self._refused_until <= now:
            self._forgive()
        left = [(place, block) for place, block in self._plan(group) if self._unit_due(place[0], now)]
        got: dict[int, Answer] = {}
        tries = 0
        while left and tries < _TRIES:
            answers = self._ask([Read(u, a, b.start, b.count) for (u, a), b in left])
            again = []
            for (place, block), answer in zip(left, answers, strict=True):
                if self._split(place, block, answer):
                    again.append((place, {s.key for s in block.spans}))
                else:
                    got.update(_apart(block, answer))
            left = [(place, b) for place, keys in again for b in self._blocks(place, group) if _within(b, keys)]
            tries += len(left)
        self._put(group, got)

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
        if silent and not heard and {p.unit for p in self._by_number.values()} <= silent | self._units.keys():
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

    def _split(self, place: Place, block: Block, answer: Answer) -> bool:
        """True where the device refused a block as a whole and its parts are to be asked apart."""
        if answer.code in _NO_UNIT:
            self._quiet(place[0], f"cannot be reached by the gateway ({answer.status})")
        if answer.code not in (*_SPLIT, _NEVER):
            return False
        refused = self._refused.setdefault(place, Refused())
        self._plans.clear()
        if answer.code == _NEVER or len(block.spans) == 1 or refused.learn(block) == "gone":
            refused.gone.update(s.key for s in block.spans)
            self._why_gone.update((s.key, answer.status) for s in block.spans)
            return False
        if place not in self._troubles:
            text = (
                f"{place[1]} {block.start} and {block.count - 1} more cannot be read in one request ({answer.status})"
            )
            self._troubles.begin(
                place, f"{self._peer}: unit {place[0]}: {text}; read in parts from now on, where needed"
            )
        return True

    def _forgive(self) -> None:
        for refused in self._refused.values():
            refused.gone.clear()
        self._why_gone.clear()
        self._plans.clear()
        self._refused_until = time.monotonic() + ASK_AGAIN

    def _plan(self, group: str) -> list[tuple[Place, Block]]:
        if group not in self._plans:
            places = sorted({(p.unit, p.area) for p in self._points[group]})
            self._plans[group] = [(place, b) for place in places for b in self._blocks(place, group)]
        return self._plans[group]

    def _blocks(self, place: Place, group: str) -> list[Block]:
        spans = [Span(p.start, p.count, p.number) for p in self._points[group] if (p.unit, p.area) == place]
        return plan(spans, self._care.limits(place[1]), self._refused.get(place))

    def _put(self, group: str, got: dict[int, Answer]) -> None:
        """All values; of a tag that has none, one bad value when that begins."""
        samples = Samples()
        bad: dict[str, list[Point]] = {}
        again: list[Point] = []
        for point in self._points[group]:
            answer = got.get(point.number, Answer())
            if answer.words is not None:
                self._add(samples, point, answer.words)
                self._bad.pop(point.number, None)
                if point.number in self._told:
                    again.append(point)
                continue
            status = self._why_gone.get(point.number, answer.status)
            if self._bad.get(point.number) != status:
                self._bad[point.number] = status
                samples.add(point.number, None, source_ts=None, server_ts=None, quality=Quality.BAD, status=status)
            if status != NO_ANSWER and point.number not in self._told:
                bad.setdefault(status, []).append(point)
        if len(samples):
            self._sink.put(samples)
        self._tell(bad, again)

    def _tell(self, bad: dict[str, list[Point]], again: list[Point]) -> None:
        for status, points in bad.items():
            self._told.update(p.number for p in points)
            text = f"{self._peer}: no value of {_named(points)}: the device says {status}; check address, area and type"
            gone = any(p.number in self._why_gone for p in points)
            self._sink.say(text + (f". Asked for again every {ASK_AGAIN / 60:g} min" if gone else ""))
        if again:
            self._told.difference_update(p.number for p in again)
            self._sink.say(f"{self._peer}: values again of {_named(again)}")

    @staticmethod
    def _add(samples: Samples, point: Point, words: tuple[int, ...]) -> None:
        value: float | str = float(words[0]) if point.area in BITS else value_of(words, point.form)
        value = scaled(value, point.scale, point.offset)
        good = isinstance(value, str) or is_number(value)
        quality, status = (Quality.GOOD, None) if good else (Quality.BAD, "not_a_number")
        samples.add(point.number, value, source_ts=None, server_ts=None, quality=quality, status=status)


def _named(points: Sequence[Point]) -> str:
    shown = ", ".join(f"{p.name} (unit {p.unit}, {p.area} {p.start})" for p in points[:3])
    return shown + (f" and {len(points) - 3} more" if len(points) > 3 else "")


def _silent(answer: Answer) -> bool:
    return answer.words is None and answer.code is None


def _within(block: Block, keys: set[int]) -> bool:
    return any(s.key in keys for s in block.spans)


def _apart(block: Block, answer: Answer) -> Iterator[tuple[int, Answer]]:
    """A block's answer to one for each tag."""
    for span in block.spans:
        at = span.start - block.start
        yield span.key, answer if answer.words is None else Answer(answer.words[at : at + span.count])
