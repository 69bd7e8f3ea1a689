"""Which of all records of a recording a new baseline needs, seen within the engine (`engine/usual`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from linewarden import _engine
from linewarden.sensor.sieve import Held


class Usual:
    """Takes what there is of each stream, as looks of what was held; then says what is needed of it.

    `settings` by name: those of `baseline.Params` that bear on it, times in ns; `slice_ns`; and `most_below`: who has
    more ways or ranges is needed as a whole. TypeError for another one, ValueError where a column is missing.
    """

    def __init__(self, **settings: Any) -> None:
        self._usual = _engine.Usual(**settings)
        self._talks: list[tuple[Held, int]] = []

    def talk(self, stream: str, held: Held, look: int) -> int:
        """Takes what is done between two ends, of `conn` or `command`, once; the number of this talk."""
        take = self._usual.commands if stream == "command" else self._usual.conns
        take(held.engine, look)
        self._talks.append((held, look))
        return len(self._talks) - 1

    def heard(self, held: Held, look: int) -> None:
        """Takes the times of something else, of which everything is needed."""
        self._usual.heard(held.engine, look)

    def readings(self, batch: Any) -> None:
        """Takes readings, once: the first ones of each minute, and perhaps some more."""
        self._usual.readings(batch)

    def addresses(self) -> list[str]:
        """The addresses that were met, in no order."""
        return self._usual.addresses()

    def targets(self) -> list[str]:
        """The targets that were met, in no order."""
        return self._usual.targets()

    def decide(
        self,
        *,
        peers: Mapping[str, str],
        areas: Mapping[str, str],
        internet: str,
        masters: Collection[str],
        login: str,
    ) -> str:
        """Sees what is needed: `some`, `nothing` (it is all too short) or `all` (there is too much to look through).

        `peers`: by address the peer that it is, empty if it is nobody's own; `areas`: by target; `internet`: the peer
        that many are; `masters`: verbs that write; `login`: that of a login.
        """
        return self._usual.decide(dict(peers), dict(areas), internet, list(masters), login)

    def needed(self, talk: int) -> Any:
        """The rows of a talk that are needed: a batch, None without any."""
        return self._usual.needed(talk, *self._of(talk))

    def quiet(self, talk: int) -> Any:
        """Of the others one a second, with when the last of it `ended` (ns), and how often something was `heard`."""
        return self._usual.quiet(talk, *self._of(talk))

    def shown(self) -> Any:
        """The readings that are needed: a batch, None without any."""
        return self._usual.shown()

    def _of(self, talk: int) -> tuple[Any, int]:
        held, look = self._talks[talk]
        return held.engine, look
