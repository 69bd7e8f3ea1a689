"""One HTML file that needs nothing else: no request leaves it, and its policy forbids any.

The page carries its own Content-Security-Policy (W3C CSP Level 3): `default-src 'none'`, and styles and scripts only by
the SHA-256 of what is inlined. Names come from hostile traffic: templates escape everything, data for the script is
JSON with `<`, `>` and `&` escaped, and the script writes text, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from linewarden.cases.model import Case
from linewarden.plant.diff import PlantDiff
from linewarden.plant.model import Plant
from linewarden.reports import words
from linewarden.reports.analysis_page import AnalysisView
from linewarden.reports.cases_page import cases_report, cases_view
from linewarden.reports.data import page_data
from linewarden.reports.diff_view import diff_view
from linewarden.reports.language import translations
from linewarden.reports.map_layout import map_view
from linewarden.reports.values_view import Value, values_view
from linewarden.reports.view import plant_view

MOST_PROOF, MOST_PROOF_ON_PAPER, MOST_EVENTS = 50, 8, 500
"""Events and packets that stand under a finding, and in a report of cases."""


@dataclass(frozen=True, slots=True)
class Made:
    """How a report came to be: when (ns UTC), by which version, from what (file names, an interface, a lake)."""

    generated_at: int
    version: str
    source: str


def render_plant(
    plant: Plant, generated_at: int, version: str, source: str, values: Sequence[Value] = (),
    cases: Sequence[tuple[int, Case]] | None = None, *, paper: bool = False, more_values: int = 0,
) -> str:  # fmt: skip
    """The plant report as one HTML document. `generated_at` is ns UTC; `source` says in words what was read.

    `paper`: as pages to print (`reports.pdf`), without what needs a script.

    `values` are process values, what moves first, where they are known, and `more_values` how many there are besides;
    `cases` with their priority, the worst first, None where nobody judged.
    """
    view = plant_view(plant)
    names = {address: a.name for a in plant.assets for address in (*a.ips, *a.macs)}
    picture = map_view(plant, view)
    data = page_data(plant, view, picture)
    made = Made(generated_at, version, source)
    wrong = None if cases is None else cases_view(cases, view.assets)
    return _render("plant.html.j2", v=view, plant=plant, map=picture, data=as_json(data), made=made,
                   values=values_view(values, names, more_values), wrong=wrong, paper=paper,
                   most_proof=MOST_PROOF_ON_PAPER if paper else MOST_PROOF)  # fmt: skip


def render_diff(diff: PlantDiff, generated_at: int, version: str, source: str, *, paper: bool = False) -> str:
    """What changed between two plants, as one HTML document of the same kind."""
    made = Made(generated_at, version, source)
    return _render("diff.html.j2", v=diff_view(diff), data=as_json({}), made=made, paper=paper)


def render_cases(
    cases: Sequence[tuple[int, Case]], names: Mapping[str, str], generated_at: int, version: str, source: str, *,
    paper: bool = False, language: str = "en",
) -> str:  # fmt: skip
    """Cases with their priority, the worst first, each with its events; `names` of assets by their id.

    `language`: of `reports.language`. What a notice says with its values stays English, and is marked so.
    """
    made = Made(generated_at, version, source)
    view = cases_report(cases, names, language)
    return _render("cases.html.j2", v=view, data=as_json({}), made=made, paper=paper, most_proof=MOST_EVENTS,
                   language=language)  # fmt: skip


def render_analysis(view: AnalysisView, generated_at: int, version: str, source: str, *, paper: bool = False) -> str:
    """What was found in a historian export, as one HTML document of the same kind."""
    made = Made(generated_at, version, source)
    return _render("analysis.html.j2", v=view, data=as_json({}), made=made, paper=paper)


def as_json(value: Any) -> Markup:
    """JSON that can stand inside a script element: no `<`, `>`, `&`, and ASCII only."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - escaped above


def source_hash(text: str) -> str:
    """The CSP source expression of an inline block: 'sha256-...'."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _render(
    template: str, *, paper: bool, most_proof: int = MOST_PROOF, language: str = "en", **values: Any
) -> str:  # fmt: skip
    page = _environment(language).get_template(template)
    values["language"] = language
    if paper:
        styles = {"css": Markup(_static("paper.css")), "map_css": Markup(_static("paper-map.css"))}  # noqa: S704
        return page.render(paper=True, most_proof=most_proof, **styles, **values)
    css, script = _static("report.css"), _static("report.js") + _static("map.js")
    policy = (
        f"default-src 'none'; style-src {source_hash(css)}; script-src {source_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    # css and script are our own files, inlined as they are: their hashes stand in the policy
    look = {"css": Markup(css), "script": Markup(script)}  # noqa: S704
    return page.render(paper=False, most_proof=most_proof, policy=policy, **look, **values)


@cache
def _static(name: str) -> str:
    return (files("linewarden.reports") / "static" / name).read_text(encoding="utf-8")


@cache
def _environment(language: str) -> Environment:
    env = Environment(
        loader=PackageLoader("linewarden.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(_filters(language))
    return env


def _filters(language: str) -> Mapping[str, Any]:
    return {
        "clean": words.clean,
        "iso": words.iso,
        "utc": words.utc,
        "size": words.size,
        "duration": words.duration,
        "listed": words.listed,
        "thousands": lambda value: words.grouped(value, language),
        "percent": lambda share: f"{share * 100:.0f} %" if share >= 0.005 else "under 1 %" if share > 0 else "0 %",
    }
