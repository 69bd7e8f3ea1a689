"""Reads tags in blocks, and finds out what the device refuses: a refused block is split until each tag has its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from linewarden.collectors._polling.blocks import Block, Limits, Refused, Span, plan

Place = TypeVar("Place", bound=tuple[int | str, ...])
"""An address space of the device: unit and area, or area and data block."""
ASK_AGAIN = 600.0
"""Seconds after which tags that a device refused are asked for again: it may have been set up anew."""
_TRIES = 64
"""Requests that finding out about refusals may cost in one round."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the device said to a block: data, or why not. parts: the block may be read in parts. never: it may not."""

    data: Sequence[int] | None = None
    status: str = ""
    parts: bool = False
    never: bool = False


class BlockReader(Generic[Place]):
    """spans: of each group, by place. split: called with the place, the block and the answer when one is split."""

    def __init__(
        self,
        spans: Mapping[str, Mapping[Place, list[Span]]],
        limits: Callable[[Place], Limits],
        split: Callable[[Place, Block, Said], None],
    ) -> None:
        self._spans, self._limits, self._tell = spans, limits, split
        self._refused: dict[Place, Refused] = {}
        self._plans: dict[str, list[tuple[Place, Block]]] = {}
        self._until = 0.0
        self.gone: dict[int, str] = {}
        """Tags that are not asked for, and why."""

    def forgive(self) -> None:
        """Asks for all tags again; how blocks had to be split is kept."""
        for refused in self._refused.values():
            refused.gone.clear()
        self.gone.clear()
        self._plans.clear()
        self._until = time.monotonic() + ASK_AGAIN

    def read(
        self,
        group: str,
        ask: Callable[[list[tuple[Place, Block]]], list[Said]],
        due: Callable[[Place], bool] = lambda _: True,
    ) -> dict[int, Said]:
        """What was said of each tag asked for. ask: answers in the order of the blocks. due: is it to be asked?"""
        if self._until <= time.monotonic():
            self.forgive()
        got: dict[int, Said] = {}
        left = [(place, block) for place, block in self._plan(group) if due(place)]
        tries = 0
        while left and tries < _TRIES:
            again: dict[Place, set[int]] = {}
            for (place, block), said in zip(left, ask(left), strict=True):
                if self._split(place, block, said):
                    again.setdefault(place, set()).update(s.key for s in block.spans)
                else:
                    got.update(_apart(block, said))
            left = [
                (p, b)
                for p, keys in again.items()
                for b in self._blocks(group, p)
                if any(s.key in keys for s in b.spans)
            ]
            tries += len(left)
        return got

    def _split(self, place: Place, block: Block, said: Said) -> bool:
        """True where the block is to be asked for in parts."""
        if said.data is not None or not (said.parts or said.never):
            return False
        refused = self._refused.setdefault(place, Refused())
        self._plans.clear()
        if said.never or len(block.spans) == 1 or refused.learn(block) == "gone":
            refused.gone.update(s.key for s in block.spans)
            self.gone.update((s.key, said.status) for s in block.spans)
            return False
        self._tell(place, block, said)
        return True

    def _plan(self, group: str) -> list[tuple[Place, Block]]:
        if group not in self._plans:
            places = sorted(self._spans[group])
            self._plans[group] = [(place, b) for place in places for b in self._blocks(group, place)]
        return self._plans[group]

    def _blocks(self, group: str, place: Place) -> list[Block]:
        return plan(self._spans[group][place], self._limits(place), self._refused.get(place))


def _apart(block: Block, said: Said) -> list[tuple[int, Said]]:
    """A block's answer to one for each tag."""
    found = []
    for span in block.spans:
        at = span.start - block.start
        found.append((span.key, said if said.data is None else Said(said.data[at : at + span.count])))
    return found
