"""What each detection looks at in a stream, in the words of the engine, which holds the rows until no more come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linewarden.detections.wanted import is_certain, test_of

if TYPE_CHECKING:
    import polars as pl

    from linewarden.detections.detection import Detection


@dataclass(frozen=True, slots=True)
class Look:
    """The rows that pass a test, and what of these decides something (None: all).

    `mark`: the column that says so of rows. `alike`: it is the first ones, by which it is seen later whether all that
    are alike them are wanted, too.
    """

    name: str
    mark: str
    test: Any
    thin: Mapping[str, Any] | None = None
    alike: bool = False


def look_of(detection: Detection, stream: str, wanted: pl.Expr, mark: str) -> Look:
    """What a detection looks at. Of rows that polars has to ask once more nothing can be left out."""
    from linewarden.detections.detection import Stateless
    from linewarden.detections.thinning import Firsts

    test, watch = test_of(wanted), detection.watch
    if not is_certain(test):
        return Look(detection.name, mark, test)
    if isinstance(watch, Stateless) and watch.alike:
        return Look(detection.name, mark, test, Firsts(watch.alike).asked(), alike=True)
    thin = detection.thin.get(stream)
    return Look(detection.name, mark, test, thin.asked() if thin is not None else None)
