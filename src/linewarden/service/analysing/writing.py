"""An analysis as a report, as lines for the terminal, and for a program."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden import __version__
from linewarden.analytics.survey.moments import kinds
from linewarden.service.analysing.telling import lasting, no_moments, steps, summary, title, view_of, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from linewarden.service.analysing.analysis import Analysis
    from linewarden.service.files import Reserved

SHOWN = 6
MARKS = {"critical": "!!", "high": "! ", "medium": "- ", "ok": "ok"}


def write(file: Reserved, found: Analysis) -> None:
    """The report, .html or .pdf. Raises StoreError."""
    from linewarden.reports.html import render_analysis
    from linewarden.service.report import is_pdf, write_page

    name = Path(found.export.source).name
    write_page(file, render_analysis(view_of(found), time.time_ns(), __version__, name, paper=is_pdf(file.path)))


def summary_lines(found: Analysis) -> Iterator[RenderableType]:
    """About thirty lines: the sentences, the moments, the flaws that are grave, what to do."""
    from rich.text import Text

    from linewarden.service.tables import catalogue_table

    yield Text(title(found), style="bold")
    for said in summary(found):
        yield Text(f"{MARKS.get(said.severity, '  ')} {said.text}")
    tags = found.export.tags
    families = kinds(found.found.moments) if found.found else ()
    moments = [f[0] for f in families]
    if moments:
        rows = [
            (
                str(k + 1),
                when(found, found.export.at[m.first]),
                lasting(found, _long(found, m)),
                ", ".join(n for n, _ in m.by),
                ", ".join(f"{tags[t]} {share:.0%}" for t, share in m.why[:3]),
                f"{len(families[k]) - 1:,}" if len(families[k]) > 1 else "",
            )
            for k, m in enumerate(moments[:SHOWN])
        ]
        yield Text()
        yield catalogue_table(("", "Moment", "For", "Told by", "Because of", "Like it"), rows)
        if len(moments) > SHOWN:
            yield Text(f"and {len(moments) - SHOWN:,} more kinds", style="dim")
    else:
        yield Text(no_moments(found))
    yield Text("\nNext", style="bold")
    for k, step in enumerate(steps(found)[:3]):
        yield Text(f"{k + 1}. {step}")


def as_dict(found: Analysis, path: Path | None) -> dict[str, Any]:
    """All findings; times in seconds since 1970, or rows where `counted`."""
    e, tags, looked = found.export, found.export.tags, found.found
    return {
        "source": e.source,
        "form": e.form,
        "rows": e.total,
        "counted": e.counted,
        "from": float(e.at[0]),
        "until": float(e.at[-1]),
        "usual_step_s": e.usual,
        "piece_s": e.piece or None,
        "notes": list(e.notes),
        "repeated": e.repeated,
        "backwards": e.backwards,
        "undated": e.undated,
        "gaps": [list(g) for g in e.gaps[:1000]],
        "report": str(path) if path else None,
        "tags": [
            {
                "tag": f.name,
                "unit": f.unit or None,
                "count": f.count,
                "missing": f.missing,
                "min": f.low,
                "mean": f.mean,
                "max": f.high,
            }
            for f in e.facts
        ],
        "flaws": [
            {"tag": f.tag, "kind": f.kind, "what": f.what, "from": f.begin, "until": f.end, "grave": f.grave}
            for f in found.flaws
        ],
        "groups": [[tags[k] for k in g] for g in found.together.groups],
        "changes": [
            {"at": c.at, "tags": [{"tag": tags[k], "before": a, "after": b} for k, a, b in c.tags]}
            for c in found.changes
        ],
        "learned": [float(e.at[found.normal][0]), float(e.at[found.normal][-1])] if looked else None,
        "detectors": list(looked.asked) if looked else [],
        "left_out": [{"detector": n, "why": w} for n, w in looked.left_out] if looked else [],
        "alarmed_share": looked.alarmed if looked else None,
        "moments": [
            {
                "from": float(e.at[m.first]),
                "until": float(e.at[m.last]),
                "detectors": dict(m.by),
                "because": [{"tag": tags[k], "share": share} for k, share in m.why],
            }
            for m in (looked.moments if looked else ())
        ],
        "energy": _energy(found),
    }


def _energy(found: Analysis) -> dict[str, Any] | None:
    from linewarden.service.energy_command import energy_as_dict

    return energy_as_dict(found.energy) if found.energy else None


def _long(found: Analysis, m: Any) -> float:
    e = found.export
    return float(e.at[m.last] - e.at[m.first]) + (e.piece or e.usual)
