"""The report on a historian export: what stands in it, and the page that is made of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linewarden.reports.plots import Axis, Plot


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the summary; severity is its colour."""

    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class MomentRow:
    """One moment that stands out: when, how long, which detectors say so, which tags why, and how they ran; when
    others of its kind began, and how many more there are."""

    number: int
    title: str
    when: str
    long: str
    detail: str
    why: tuple[tuple[str, float], ...]
    plots: tuple[Plot, ...]
    like: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag: figures over all its values, and its course."""

    name: str
    unit: str
    path: str
    told: str
    count: str
    missing: str
    low: str
    mean: str
    high: str
    flaws: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of level: when, and which tags from where to where."""

    when: str
    what: str
    plot: Plot


@dataclass(frozen=True, slots=True)
class Cell:
    """Of a picture of squares: px, and how strong from 0 to 8; a word for who does not see it."""

    x: float
    y: float
    width: float
    height: float
    level: int
    told: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Squares:
    """Correlations, or a week: squares with words at the left and below."""

    cells: tuple[Cell, ...]
    width: float
    height: float
    rows: tuple[tuple[float, str], ...]
    columns: tuple[tuple[float, str], ...]
    told: str
    legend: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class ModeRow:
    """What the plant was doing: its number, share of time, and what tells it."""

    number: int
    share: str
    what: str


@dataclass(frozen=True, slots=True)
class EnergyView:
    """Figures with their units, and what is wasted."""

    tag: str
    example: bool
    tiles: tuple[tuple[str, str], ...]
    waste: tuple[tuple[str, str, str, str, str], ...]
    week: Squares
    peaks: tuple[tuple[str, str], ...]
    plot: Plot


@dataclass(frozen=True, slots=True)
class AnalysisView:
    """All sections. An empty one says so in its own words (`empty`)."""

    title: str
    summary: tuple[Said, ...]
    tiles: tuple[tuple[str, str], ...]
    overview: Plot | None
    moments: tuple[MomentRow, ...]
    more_moments: int
    all_moments: int
    no_moments: str
    changes: tuple[ChangeRow, ...]
    flaws: tuple[tuple[str, str, str, bool], ...]
    notes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    twins: tuple[str, ...]
    squares: Squares | None
    modes: tuple[ModeRow, ...]
    mode_by: str
    stripe: tuple[Cell, ...]
    stripe_axis: Axis
    energy: EnergyView | None
    tags: tuple[TagRow, ...]
    steps: tuple[str, ...]
    how: tuple[str, ...]
