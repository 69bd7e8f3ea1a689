"""What a detection is, and what it finds.

    DETECTION = Detection(
        title="Program written into a controller", severity=Severity.HIGH, attack=("T0843",),
        meaning=..., runbook=(..., ..., ...), benign=...,
        needs={"command": pl.col("verb") == "program_download"},
        watch=stateless(told),
        fires=Case({"command": [{"verb": "program_download", ...}]}), quiet=Case({"command": [{"verb": "read"}]}),
    )

`needs` says which records are of interest; the runner filters whole batches by it, so that Python sees only these. The
watch of a run keeps what it has to remember in the bounded collections of `memory.py`, since addresses and uids on the
wire have no end. It reads no clock: time is that of the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from linewarden.detections.attack import TECHNIQUES, Technique
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.settings import Settings
from linewarden.detections.thinning import Thin
from linewarden.plant.model import Severity
from linewarden.sensor.points import Points

__all__ = [
    "FRAMES", "Case", "Detection", "Finding", "Row", "Sample", "Severity", "Watch", "stateless",
]  # fmt: skip

Row = Mapping[str, Any]
"""A record: the columns of its stream by name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found. `row` is the record that decides it: its time, flow and packet are those of the notice.

    `msg`: one sentence for a person at night, with who, whom and what. `key`: what makes it the same thing again; a
    second finding with this key is counted, not told. `why`: the facts that led to it, each in a few words.
    `severity` and `techniques` where they differ from the detection's. `orig` and `resp` where the record has no
    endpoints, or others are meant. `frames`: more packets that show it, in the capture of `row`. `count`: how many
    events this sums. `confidence` is 0..1.
    """

    row: Row
    msg: str
    key: tuple[str, ...]
    why: tuple[str, ...] = ()
    severity: Severity | None = None
    techniques: tuple[str, ...] = ()
    orig: str | None = None
    resp: str | None = None
    frames: tuple[int, ...] = ()
    count: int = 1
    confidence: float = 1.0


Watch = Callable[[str, pl.DataFrame, Knowledge], Iterator[Finding]]
"""Takes the rows of one stream that `needs` asked for, in the order in which they became known; times are ns, int."""


Boil = Callable[[pl.DataFrame], pl.DataFrame]
"""Fewer rows, of which the watch tells the same: by time, with what it asks of them worked out. It is done batch by
batch while records come, in any order, and once more with all together: boiling what was boiled must change nothing."""


FRAMES = "frames"
"""The column of readings that were found within the engine: the packets of a replay, none if the point stands still."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Readings that `sensor.points.Readings` keeps with one in `one_in` values, and what finds something in them
    (`points`, made of the settings). The watch gets what was found, with the column `FRAMES`, which `boil` leaves."""

    one_in: int
    points: Callable[[Any], Points]


@dataclass(frozen=True, slots=True)
class Case:
    """Records that a detection is tried on: rows by stream, each with the columns that matter; and what is known.

    Rows are given to it in this order. The contract test fills the other columns with what a sensor would write.
    """

    records: Mapping[str, Sequence[Row]]
    knowledge: Knowledge = field(default_factory=Knowledge)


@dataclass(frozen=True, slots=True)
class Detection:
    """One behaviour.

    Args:
        title: what a person calls it.
        severity: of a finding, unless it says otherwise.
        attack: ids of ATT&CK for ICS v18.1; the first one's tactic is the folder.
        meaning: what it means for the process, in a sentence or two.
        runbook: the first three steps.
        benign: what would make it harmless.
        needs: stream -> which of its rows (`pl.lit(True)` for all).
        watch: makes the function of a run from the settings.
        fires, quiet: one case each.
        params: the settings, with defaults.
        refractory_s: a second finding of the same key is counted and not told for so long.
        thin: stream -> which of these rows decide something: the watch gets no others, see `detections.thinning`.
        boil: stream -> what the watch gets in the place of the rows that it needs, see `Boil`.
        sample: the stream of readings -> it looks at no more of them than this, so that the engine may do it.
    """

    title: str
    severity: Severity
    attack: tuple[str, ...]
    meaning: str
    runbook: tuple[str, str, str]
    benign: str
    needs: Mapping[str, pl.Expr]
    watch: Callable[[Any], Watch]
    fires: Case
    quiet: Case
    params: Settings = field(default_factory=Settings)
    refractory_s: float = 3600.0
    thin: Mapping[str, Thin] = field(default_factory=dict)
    boil: Mapping[str, Boil] = field(default_factory=dict)
    sample: Mapping[str, Sample] = field(default_factory=dict)
    name: str = ""
    """Set by the catalogue: the name of the file."""
    tactic: str = ""
    """Set by the catalogue: the name of the folder."""

    @property
    def techniques(self) -> tuple[Technique, ...]:
        """What `attack` names. KeyError for an id that v18.1 does not have."""
        return tuple(TECHNIQUES[number] for number in self.attack)

    def settings(self) -> list[dict[str, Any]]:
        """The settings with value, unit and meaning."""
        return [
            {"name": name, "value": value, "unit": self.params.KNOWN[name].unit, "doc": self.params.KNOWN[name].doc}
            for name, value in self.params.values().items()
        ]


class Stateless:
    """A watch that judges each row by itself: what `stateless` makes."""

    def __init__(self, told: Callable[[Row, Knowledge], Finding | None], alike: tuple[str, ...]) -> None:
        self._told, self.alike = told, alike

    def __call__(self, _params: Any) -> Watch:
        """The watch of a run."""
        return self._watch

    def of_interest(self, firsts: pl.DataFrame, known: Knowledge) -> pl.Series:
        """Whether anything is told of rows that are alike, by the first ones."""
        some = [self._told(row, known) is not None for row in firsts.iter_rows(named=True)]
        return pl.Series(some, dtype=pl.Boolean)

    def _watch(self, _stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in self._looked_at(rows, known).iter_rows(named=True):
            if (finding := self._told(row, known)) is not None:
                yield finding

    def _looked_at(self, rows: pl.DataFrame, known: Knowledge) -> pl.DataFrame:
        if not self.alike:
            return rows
        firsts = rows.unique(self.alike, keep="first", maintain_order=True)
        wanted = firsts.select(self.alike).filter(self.of_interest(firsts, known))
        return rows.join(wanted, on=self.alike, how="semi", maintain_order="left", nulls_equal=True)


def stateless(told: Callable[[Row, Knowledge], Finding | None], alike: tuple[str, ...] = ()) -> Stateless:
    """A watch that judges each row by itself.

    `alike`: whether `told` says anything depends on these columns only, so that of rows that agree in them one is
    enough to leave them all out.
    """
    return Stateless(told, alike)
