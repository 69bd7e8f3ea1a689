"""Results as plain values for `--json`. What is here is what a script may rely on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linewarden import __version__
from linewarden.plant.model import as_dict
from linewarden.service.comparing import Comparison
from linewarden.service.correcting import Corrected
from linewarden.service.reading import ReadResult


def read_as_dict(result: ReadResult, report: Path | None) -> dict[str, Any]:
    """`version elapsed_s totals captures problems files report plant`."""
    return {
        "version": __version__,
        "elapsed_s": round(result.elapsed, 3),
        "totals": as_dict(result.totals),
        "captures": as_dict(result.captures),
        "problems": as_dict(result.problems),
        "files": as_dict(result.files),
        "report": str(report) if report else None,
        "plant": as_dict(result.plant),
    }


def diff_as_dict(found: Comparison) -> dict[str, Any]:
    """`version problems changes`."""
    return {"version": __version__, "problems": as_dict(found.problems), **as_dict(found.diff)}


def corrected_as_dict(found: Corrected) -> dict[str, Any]:
    """`version corrections names plant`."""
    names = found.kept.names
    return {
        "version": __version__,
        "corrections": found.kept.corrections.to_dict(),
        "names": names.source if names else None,
        "plant": as_dict(found.plant),
    }
