"""One EtherNet/IP device: tags of a Logix controller with all that is in them, symbols of others, plain attributes."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from linewarden.collectors._polling.enip_driver import drivers, read_attribute, read_symbol
from linewarden.collectors._polling.outlet import Got, Outlet
from linewarden.collectors._polling.schedule import Backoff
from linewarden.collectors._polling.trouble import LostError, reason
from linewarden.collectors._polling.values import is_number, scaled
from linewarden.collectors.contract import Quality, Sink, Tag

HINT = "check its name (of a program: Program:Main.Tag) and that it may be read from outside"
_ODD = (OSError, ValueError, TypeError, LookupError, struct.error)
"""What pycomm3 may meet in an answer that it does not expect."""
_AGAIN = (5.0, 600.0)
"""First and longest wait in s before a refused name is asked for again."""
_LEAVES = 2000
"""Values of one structure or array; the rest is left out, and said."""


@dataclass(frozen=True, slots=True)
class Point:
    """What is read: a symbol, or (class, instance, attribute) with its type. tag: what it means, without a type."""

    tag: Tag
    symbol: str
    cip: tuple[int, ...]
    kind: str
    scale: float
    offset: float


class EnipSession:
    """See `loop.Session`. logix: the controller gives a list of its tags; else symbols are asked for by name alone."""

    def __init__(
        self, path: str, timeout: float, logix: bool, points: dict[str, list[Point]], sink: Sink, peer: str
    ) -> None:
        self._path, self._timeout, self._logix, self._points = path, timeout, logix, points
        self._sink, self._peer = sink, peer
        self._driver: Any = None
        self._outlet = Outlet(sink, peer, {}, HINT)
        self._numbers: dict[str, int] = {}
        self._cut: set[str] = set()
        self._later: dict[str, tuple[Backoff, float, str]] = {}
        """Names that were refused: when they are asked for again, and why not."""

    def open(self) -> None:
        """Connects; of a Logix controller the list of tags is read once. Raises LostError."""
        from pycomm3 import PycommError

        self.close()
        cip, logix = drivers()
        symbols = [p for group in self._points.values() for p in group if not p.cip]
        programs = any(p.symbol.startswith("Program:") for p in symbols)
        own: dict[str, Any] = {"init_program_tags": programs} if self._logix and symbols else {}
        try:
            self._driver = (logix if own else cip)(self._path, **own)
            self._driver.socket_timeout = self._timeout
            if not self._driver.open():
                raise LostError(f"{self._peer}: it takes no session; check that it speaks EtherNet/IP on this port")
        except (PycommError, *_ODD) as error:
            self.close()
            way = "; if it is no Logix controller: logix = false" if own else ""
            text = f"no connection ({_root(error)}); check host, port and route{way}"
            raise LostError(f"{self._peer}: {text}") from error

    def close(self) -> None:
        """Ends the session, in whatever state it is."""
        from pycomm3 import PycommError

        if self._driver is not None:
            with suppress(PycommError, OSError):  # it may be gone already
                self._driver.close()
            self._driver = None

    def numbers(self) -> list[int]:
        """Tags that had a value until now."""
        return self._outlet.gone()

    def poll(self, group: str) -> None:
        """Reads a group and puts its values. Raises LostError."""
        from pycomm3 import PycommError

        try:
            found = list(self._read(self._points[group]))
        except (PycommError, *_ODD) as error:
            raise LostError(
                f"{self._peer}: no answer ({_root(error)}); check that it is on and not too busy"
            ) from error
        self._outlet.put([pair for point, value, why in found for pair in self._values(point, value, why)])

    def _read(self, points: Sequence[Point]) -> Iterator[tuple[Point, Any, str]]:
        symbols = [p for p in points if not p.cip]
        if symbols and self._logix:
            said = self._driver.read(*(p.symbol for p in symbols))
            for point, tag in zip(symbols, said if len(symbols) > 1 else [said], strict=True):
                yield point, None if tag.error else tag.value, str(tag.error or "")
        for point in points:
            if point.cip or not self._logix:
                yield (point, *self._alone(point))

    def _alone(self, point: Point) -> tuple[Any, str]:
        """One value. What the device refuses is asked for less and less: some hang up on each such question."""
        name = point.tag.name
        if name in self._later and time.monotonic() < self._later[name][1]:
            return None, self._later[name][2]
        if point.cip:
            value, why = read_attribute(self._driver, point.cip, point.kind)
        else:
            value, why = read_symbol(self._driver, point.symbol)
        if value is None:
            backoff = self._later[name][0] if name in self._later else Backoff(*_AGAIN)
            self._later[name] = backoff, time.monotonic() + backoff.next(), why
        else:
            self._later.pop(name, None)
        return value, why

    def _values(self, point: Point, value: Any, why: str) -> Iterator[tuple[int, Got]]:
        if value is None:
            yield self._number(point, point.tag.name, ""), Got(None, _word(why))
            return
        for at, (path, leaf) in enumerate(leaves(value)):
            if at >= _LEAVES:
                if point.tag.name not in self._cut:
                    self._cut.add(point.tag.name)
                    text = f"{point.tag.name} holds more than {_LEAVES} values; the first are taken. Name what you want"
                    self._sink.say(f"{self._peer}: {text}")
                return
            kind = "string" if isinstance(leaf, str) else type(leaf).__name__
            number = self._number(point, point.tag.name + path, kind)
            of = leaf if isinstance(leaf, str) else scaled(float(leaf), point.scale, point.offset)
            good = isinstance(of, str) or is_number(of)
            yield number, Got(of) if good else Got(of, "not_a_number", Quality.BAD)

    def _number(self, point: Point, name: str, kind: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = self._sink.tag(replace(point.tag, name=name, datatype=point.kind or kind))
            self._outlet.name(self._numbers[name], name)
        return self._numbers[name]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, float | str]]:
    """(".MEMBER[2]", value) of all that is in a structure or array, in its order; ("", value) of a plain value."""
    if isinstance(value, Mapping):
        for name, of in value.items():
            yield from leaves(of, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for at, of in enumerate(value):
            yield from leaves(of, f"{path}[{at}]")
    elif isinstance(value, (bool, int, float, str)):
        yield path, value


def _root(error: BaseException) -> str:
    """The innermost reason: pycomm3 wraps each in a more general one."""
    while error.__cause__ is not None:
        error = error.__cause__
    return reason(error)


def _word(why: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", why.lower()).strip("_")[:60] or "no_value"
