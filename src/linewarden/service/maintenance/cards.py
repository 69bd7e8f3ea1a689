"""What stands on a model's card: for a person (Markdown) and for a program."""

from __future__ import annotations

from typing import Any

from linewarden.service.maintenance.models import Kept


def as_dict(kept: Kept) -> dict[str, Any]:
    """For JSON."""
    card, model = kept.card, kept.model
    return {
        "name": card.name, "version": card.version, "made": card.made, "by": card.by, "kind": "remaining useful life",
        "form": "onnx" if model.onnx else "lightgbm", "learned_from": {
            "file": card.file, "sha256": card.sha256, "unit": card.unit, "time": card.time, "units": model.units,
            "rows": model.rows, "median_life": card.median_life, "hours_of_a_time": card.hours,
        },
        "tags": list(model.tags), "settings": list(model.settings), "operating_points": len(model.points),
        "cap": model.cap, "spans_rows": list(model.spans), "seed": card.seed, "features": model.width,
        "metrics": {
            "rmse_of_units_not_seen": model.error, "rmse_of_the_mean": model.error_of_mean,
            "share_in_90_percent_interval": model.covered,
        },
        "note": card.note,
    }  # fmt: skip


def markdown(kept: Kept) -> str:
    """A page of it."""
    card, model = kept.card, kept.model
    unit = time_word(card.hours)
    points = f"{len(model.points)} operating point(s) found"
    return f"""# {card.name}, version {card.version}

Remaining useful life: how long a unit has until it fails, with an interval and the tags that shorten it.

- **Made** {card.made} by {card.by}, seed {card.seed}
- **Learned from** {card.file} (SHA-256 {card.sha256}): {model.units} units that were run until they failed,
  {model.rows:,} rows; the median life is {card.median_life:,.0f} {unit}
- **Tags** {", ".join(model.tags)}
- **Settings** {", ".join(model.settings) or "none"}: {points}
- **Tells** up to {model.cap:,.0f} {unit}, and beyond "or more"
- **Error** {model.error:.1f} {unit} (RMSE at moments of life of units that it had not seen; always saying the mean:
  {model.error_of_mean:.1f})
- **Intervals** of 90 %, learned from half of the units, held {model.covered:.0%} of the other half

## What it is not for

Units of another make, other ways to fail than those learned from, or tags measured otherwise. Rows must be as far apart
in time as they were. After a repair a new history begins.
"""


def time_word(hours: float | None) -> str:
    """What a time is counted in."""
    return "h" if hours == 1.0 else "units of time" if hours is None else f"times of {hours:g} h"
