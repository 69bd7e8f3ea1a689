"""Of all records of a recording those from which a new baseline learns something, with what else it has to count.

What that is, and why the rest is of no use, says `engine/usual`, where it is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from linewarden.baseline import things
from linewarden.baseline.areas import area_of
from linewarden.baseline.entry import SLICE_NS
from linewarden.baseline.facts import boil
from linewarden.records import Verb
from linewarden.sensor.usual import Usual

if TYPE_CHECKING:
    from linewarden.baseline.baseline import Params
    from linewarden.sensor.sieve import Held

FEW = 5_000
"""Rows that are sooner learned than looked through."""
MOST_BELOW = 100
"""An address with more ways or ranges is learned as a whole: it may have more than a baseline remembers of one."""
GONE = ("id.orig_p", "id.resp_p", "unit", "target", "value")
"""What nobody's deeds do not say."""


class Needed:
    """Takes all that the engine held of the streams of which is learned (`take`, `readings`), then gives `rows`.

    `whole`: nothing may be left out, as the baseline knows something already, or there is more than was held.
    """

    def __init__(self, params: Params, *, whole: bool = False) -> None:
        self._params, self._whole = params, whole
        self._held: dict[str, tuple[Held, int]] = {}
        self._readings: Any = None

    def take(self, stream: str, held: Held, look: int) -> None:
        """The records that a look asks for."""
        self._held[stream] = held, look

    def readings(self, batch: Any) -> None:
        """The first readings of each minute, and perhaps some more."""
        self._readings = batch

    def rows(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """What is to be learned, by stream, as `boil` gives it."""
        if self._whole or self._count() <= FEW:
            yield from self._all()
            return
        usual = self._usual()
        talks = {s: usual.talk(s, *self._held[s]) for s in ("conn", "command") if s in self._held}
        match self._decide(usual):
            case "all":
                yield from self._all()
            case "some":
                yield from self._of("binding")
                yield from _boiled("reading", usual.shown())
                for stream, talk in talks.items():
                    yield from _boiled(stream, usual.needed(talk))
                    if (quiet := usual.quiet(talk)) is not None:
                        yield stream, _nobody(stream, pl.DataFrame(quiet))

    def _count(self) -> int:
        readings = len(self._readings) if self._readings is not None else 0
        return readings + sum(held.count(look) for held, look in self._held.values())

    def _usual(self) -> Usual:
        params = self._params
        usual = Usual(
            after_ns=round(params.after_s * 1e9), slice_ns=SLICE_NS, exchanges=params.exchanges,
            minutes=params.minutes, confidence=params.confidence, factor=params.factor, margin=params.margin,
            floor=params.floor, most_below=MOST_BELOW,
        )  # fmt: skip
        if self._readings is not None:
            usual.readings(self._readings)
        if (held := self._held.get("binding")) is not None:
            usual.heard(*held)
        return usual

    @staticmethod
    def _decide(usual: Usual) -> str:
        return usual.decide(
            peers={address: things.peer_of(address) for address in usual.addresses()},
            areas={target: area_of(target) for target in usual.targets()},
            internet=things.INTERNET,
            masters=[str(verb) for verb in things.MASTERS],
            login=str(Verb.AUTHENTICATE),
        )

    def _all(self) -> Iterator[tuple[str, pl.DataFrame]]:
        for stream in self._held:
            yield from self._of(stream)
        yield from _boiled("reading", self._readings)

    def _of(self, stream: str) -> Iterator[tuple[str, pl.DataFrame]]:
        if (there := self._held.get(stream)) is not None:
            held, look = there
            yield from _boiled(stream, held.rows([look]))


def _boiled(stream: str, batch: Any) -> Iterator[tuple[str, pl.DataFrame]]:
    if batch is not None:
        yield stream, boil(stream, pl.DataFrame(batch))


def _nobody(stream: str, quiet: pl.DataFrame) -> pl.DataFrame:
    """Rows of which only counts that the network was active: one a second, where slices of time end."""
    rows = boil(stream, quiet)
    counts = ("count",) if stream == "command" else ("orig_pkts", "resp_pkts")
    said: dict[str, pl.Expr | pl.Series] = {
        "until": quiet.get_column("ended"),
        **dict.fromkeys(counts, quiet.get_column("heard")),
        **dict.fromkeys(("id.orig_h", "id.resp_h"), pl.lit(things.ANYBODY)),
        **{name: pl.lit(None) for name in GONE if name in rows.columns},
    }
    return rows.with_columns(**said).select(pl.col(c).cast(t) for c, t in rows.schema.items())
