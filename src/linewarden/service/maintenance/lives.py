"""Units whose remaining life is scored while the service runs, and what was scored: a JSON file a unit.

The service writes them, pages read them; the course of a life outlives both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linewarden.errors import StoreError
from linewarden.service.files import reserve

FOLDER = "health"
"""In the data folder."""
MOST = 500
"""Scorings of a unit that are kept."""
AGAIN = 1.2
"""Times its limit: above it a unit that was told is told anew when it falls below."""


@dataclass(frozen=True, slots=True)
class Life:
    """A unit that is scored. tags: column of the model -> DEVICE/TAG. row_s: of a row. hours: of one unit of the
    model's time, None: as its card says. costs: as `analytics.maintenance.proposal.Costs` has them, or none."""

    unit: str
    model: Path
    tags: Mapping[str, str]
    since: datetime
    row_s: float = 3600.0
    hours: float | None = None
    every_s: float = 900.0
    limit_hours: float = 72.0
    costs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """A scoring, in hours. scored: when; at: of the values it rests on; high: None where the model sees no end;
    or_more: the estimate is as far as the model sees. why: tags, and by how many hours each moves the estimate."""

    scored: str
    at: str
    left: float
    low: float
    high: float | None
    cap: float
    or_more: bool
    why: tuple[tuple[str, float], ...]
    model: str
    version: int

    def is_below(self, limit: float) -> bool:
        """Whether less is left."""
        return not self.or_more and self.left <= limit


@dataclass(frozen=True, slots=True)
class Course:
    """All that is known of a unit. since: of its history. told, proposed: that it is below its limit. wrong: why the
    last scoring failed, and `tried` when it was."""

    unit: str
    since: str
    scored: tuple[Scored, ...] = ()
    told: bool = False
    proposed: bool = False
    wrong: str = ""
    tried: str = ""

    @property
    def last(self) -> Scored | None:
        """The latest scoring."""
        return self.scored[-1] if self.scored else None

    def with_one(self, one: Scored, limit: float) -> Course:
        """The same after a scoring."""
        is_well = not one.is_below(limit * AGAIN)
        return replace(
            self, scored=(*self.scored, one)[-MOST:], wrong="", tried=one.scored,
            told=self.told and not is_well, proposed=self.proposed and not is_well,
        )  # fmt: skip

    def failed(self, why: str, now: datetime) -> Course:
        """The same after a scoring that was none."""
        return replace(self, wrong=why[:1_000], tried=now.isoformat(timespec="seconds"))


@dataclass(frozen=True, slots=True)
class Courses:
    """The courses in a data folder."""

    data: Path

    def of(self, unit: str, since: datetime) -> Course:
        """What is known of a unit since its history began; after a repair nothing is. Raises StoreError."""
        blank = Course(unit, since.astimezone(UTC).isoformat(timespec="seconds"))
        file = self._file(unit)
        try:
            said: Any = json.loads(file.read_bytes())
            found = Course(**{**said, "scored": tuple(_scored(one) for one in said["scored"])})
        except FileNotFoundError:
            return blank
        except OSError as error:
            raise StoreError(f"{file}: cannot be read ({error.strerror or error}); check the permission") from error
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{file}: is damaged; remove it, and the unit is scored anew") from error
        return found if found.since == blank.since else blank

    def keep(self, course: Course) -> None:
        """Raises StoreError."""
        file = self._file(course.unit)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{file.parent}: cannot be made ({error.strerror or error})") from error
        with reserve(file) as place:
            place.write(json.dumps(asdict(course), ensure_ascii=False, allow_nan=False))

    def _file(self, unit: str) -> Path:
        return self.data / FOLDER / f"{hashlib.sha256(unit.encode()).hexdigest()[:16]}.json"


def _scored(said: Mapping[str, Any]) -> Scored:
    return Scored(**{**said, "why": tuple((str(tag), float(moves)) for tag, moves in said["why"])})
