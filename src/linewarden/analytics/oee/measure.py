"""Times of a machine, and the key figures that follow from them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from linewarden.analytics.oee.spans import SECOND, Kind, Pieces, Span, flat


@dataclass(frozen=True)
class Times:
    """Where planned time went, in ns; quantities in pieces. Two of times that do not overlap can be added.

    planned: shifts, without planned stops: PBT. run: APT. micro: stops that were shorter than the site's limit, part
    of neither `run` nor `stop`. unknown: planned time of which no state is known; what was made in it is
    `made_unknown` and in no other figure. ideal: ns a piece at the speed that was planned: PRI, None where nobody
    told.
    """

    planned: int = 0
    run: int = 0
    stop: int = 0
    setup: int = 0
    micro: int = 0
    unknown: int = 0
    stops: int = 0
    micro_stops: int = 0
    made: float = 0.0
    rejected: float = 0.0
    made_unknown: float = 0.0
    ideal: int | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Times) -> Times:
        if {self.ideal, other.ideal} - {None} and self.ideal != other.ideal:
            raise ValueError("times of different planned times a piece cannot be added")
        mine = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("ideal", "reasons")}
        total = {name: value + getattr(other, name) for name, value in mine.items()}
        return Times(**total, ideal=self.ideal, reasons=self.reasons + other.reasons)

    @property
    def known(self) -> int:
        """Planned time of which a state is known, ns."""
        return self.planned - self.unknown

    @property
    def busy(self) -> int:
        """Running time with micro-stops in it: what performance is measured against, ns."""
        return self.run + self.micro

    @property
    def availability(self) -> float | None:
        """APT / PBT, of the known time; None where none is known. A micro-stop is a loss of performance."""
        return self.busy / self.known if self.known > 0 else None

    @property
    def performance(self) -> float | None:
        """PRI * PQ / APT ("effectiveness"). Above 1 where pieces came faster than planned: then the plan is wrong."""
        if self.ideal is None or self.busy <= 0:
            return None
        return self.ideal * self.made / self.busy

    @property
    def quality(self) -> float | None:
        """GQ / PQ."""
        return max(self.made - self.rejected, 0.0) / self.made if self.made > 0 else None

    @property
    def oee(self) -> float | None:
        """The product of those three; None where one is not known."""
        known = (self.availability, self.performance, self.quality)
        if self.availability == 0:
            return 0.0
        if known[0] is None or known[1] is None or known[2] is None:
            return None
        return known[0] * known[1] * known[2]

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Availability if all of the unknown time was lost, and if all of it was run."""
        if self.planned <= 0:
            return None
        return self.busy / self.planned, (self.busy + self.unknown) / self.planned

    @property
    def losses(self) -> dict[str, float]:
        """Hours of planned time by where they went; they add up to it. `slow`: run below the planned speed (below
        zero: above it). `rejects`: time that rejected pieces took at the planned speed."""
        hour = 3600 * SECOND
        ideal = self.ideal or 0
        bad = ideal * min(self.rejected, self.made)
        good = ideal * self.made - bad if self.ideal else float(self.run)
        slow = self.run - ideal * self.made if self.ideal else 0.0
        parts = {
            "stops": self.stop, "setup": self.setup, "unknown": self.unknown, "micro-stops": self.micro, "slow": slow,
            "rejects": bad, "good": good,
        }  # fmt: skip
        return {name: value / hour for name, value in parts.items()}


def measured(
    spans: Sequence[Span], pieces: Sequence[Pieces], planned: Sequence[tuple[int, int]], *,
    ideal: float | None = None, micro: float = 0.0,
) -> Times:  # fmt: skip
    """The times of a machine within `planned` (ns UTC, in order, without overlap).

    spans: what it did, overlapping or not; all that is known, also from before and after, so that a stop that begins
    before keeps its length. ideal: planned seconds a piece. micro: a stop shorter than this many seconds is a
    micro-stop.
    """
    even = flat(spans)
    total = Times(ideal=None if ideal is None else round(ideal * SECOND))
    for begin, end in planned:
        if end > begin:
            total = total + _within(even, pieces, begin, end, total.ideal, round(micro * SECOND))
    return total


def _within(
    spans: Sequence[Span], pieces: Sequence[Pieces], begin: int, end: int, ideal: int | None, micro: int
) -> Times:
    length: Counter[str] = Counter()
    count: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    inside = spans[
        max(bisect_left(spans, begin, key=lambda s: s.end), 0) : bisect_left(spans, end, key=lambda s: s.begin)
    ]
    for span in inside:
        took = min(span.end, end) - max(span.begin, begin)
        short = span.kind is Kind.STOP and span.end - span.begin < micro
        kind = "micro" if short else str(span.kind)
        length[kind] += took
        count[kind] += begin <= span.begin < end and took > 0
        if kind in ("stop", "setup"):
            reasons[span.reason] += took
    told = sum(length.values())
    length["unknown"] += end - begin - told
    made, rejected, unseen = _made(inside, pieces, begin, end)
    return Times(
        end - begin - length["planned"], length["run"], length["stop"], length["setup"], length["micro"],
        length["unknown"], count["stop"], count["micro"], made, rejected, unseen, ideal, reasons,
    )  # fmt: skip


def _made(spans: Sequence[Span], pieces: Sequence[Pieces], begin: int, end: int) -> tuple[float, float, float]:
    """Made and rejected where a state is known, and made where none is. A piece belongs to the time before it."""
    made = rejected = unseen = 0.0
    first = bisect_left(pieces, begin, key=lambda p: p.at - 1)
    for piece in pieces[first : bisect_left(pieces, end, key=lambda p: p.at - 1)]:
        at = bisect_left(spans, piece.at, key=lambda s: s.end)
        if at < len(spans) and spans[at].begin < piece.at and spans[at].kind is not Kind.UNKNOWN:
            made += piece.made
            rejected += piece.rejected
        else:
            unseen += piece.made
    return made, rejected, unseen
