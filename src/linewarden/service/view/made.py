"""What was made of a moment is kept with it, by name, and given to all who ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from linewarden.service.view.model import View

T = TypeVar("T")
_NOTHING = (None, None)
_making = threading.RLock()
"""One thing is made at a time: making several at once takes as long, and who waits for one may find it made."""


@dataclass(slots=True)
class Made:
    """Things by name. `again`: how to make those that are made of the moment alone, for the next one."""

    _kept: dict[Hashable, tuple[Hashable, Any]] = field(default_factory=dict)
    _makers: dict[Hashable, Callable[[View], Any]] = field(default_factory=dict)

    def get(self, name: Hashable, of: Hashable, make: Callable[[], T]) -> T:
        """What is kept, or what `make` gives. `of`: what it is made of beside the moment; anew when that changes."""
        found = self._kept.get(name, _NOTHING)
        if found[0] != of:
            with _making:
                found = self._kept.get(name, _NOTHING)
                if found[0] != of:
                    found = self._kept[name] = (of, make())
        value: T = found[1]
        return value

    def of_moment(self, name: Hashable, view: View, make: Callable[[View], T]) -> T:
        """The same of what is made of the moment alone."""
        self._makers[name] = make
        return self.get(name, (), lambda: make(view))

    def make_again(self, before: Made, view: View) -> None:
        """Makes of this moment what was asked for of the one before, so that nobody waits for it."""
        for name, make in list(before._makers.items()):
            self.of_moment(name, view, make)
