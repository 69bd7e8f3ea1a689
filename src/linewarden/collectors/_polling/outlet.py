"""From what a machine said to the sink: values as they are, and of a tag that has none one bad value and one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from linewarden.collectors._polling.loop import NO_ANSWER
from linewarden.collectors.contract import Quality, Samples, Sink

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Got:
    """A value, or (None) why there is none in the protocol's own words."""

    value: float | str | None
    status: str | None = None
    quality: Quality = Quality.GOOD
    source_ts: int | None = None
    server_ts: int | None = None


class Outlet:
    """Puts the values of one machine. named: what a tag is called in messages, by its number. hint: what to check."""

    def __init__(self, sink: Sink, peer: str, named: Mapping[int, str], hint: str) -> None:
        self._sink, self._peer, self._named, self._hint = sink, peer, dict(named), hint
        self._bad: dict[int, str] = {}
        self._told: set[int] = set()

    def name(self, number: int, text: str) -> None:
        """A tag that has come to be known."""
        self._named[number] = text

    def put(self, got: Iterable[tuple[int, Got]], why: str = "") -> Future[None] | None:
        """Values by tag, in order. A tag without a value is put when that begins, and named in a line with `why` unless
        the machine as a whole is silent. None: there was nothing to put."""
        samples = Samples()
        bad: dict[str, list[int]] = {}
        again: list[int] = []
        for number, of in got:
            if of.value is not None:
                self._bad.pop(number, None)
                if number in self._told:
                    again.append(number)
            else:
                status = of.status or NO_ANSWER
                if status != NO_ANSWER and number not in self._told:
                    bad.setdefault(status, []).append(number)
                if self._bad.get(number) == status:
                    continue
                self._bad[number] = status
            quality = Quality.BAD if of.value is None else of.quality
            samples.add(
                number, of.value, source_ts=of.source_ts, server_ts=of.server_ts, quality=quality, status=of.status
            )  # fmt: skip
        done = self._sink.put(samples) if len(samples) else None
        self._tell(bad, again, why)
        return done

    def gone(self) -> list[int]:
        """Tags that had a value until now, as the machine no longer answers."""
        found = [n for n in self._named if n not in self._bad]
        self._bad.update(dict.fromkeys(found, NO_ANSWER))
        return found

    def _tell(self, bad: dict[str, list[int]], again: list[int], why: str) -> None:
        for status, numbers in bad.items():
            self._told.update(numbers)
            hint = self._hint + (f". {why}" if why else "")
            self._sink.say(f"{self._peer}: no value of {self._shown(numbers)}: the device says {status}; {hint}")
        if again:
            self._told.difference_update(again)
            self._sink.say(f"{self._peer}: values again of {self._shown(again)}")

    def _shown(self, numbers: list[int]) -> str:
        more = len(numbers) - _SHOWN
        return ", ".join(self._named[n] for n in numbers[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
