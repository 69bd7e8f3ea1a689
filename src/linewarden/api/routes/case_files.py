"""A case as a file: for another program (JSON, STIX 2.1, OCSF, ECS, CEF), a spreadsheet, or to read and print."""

from __future__ import annotations

import json
import time
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from linewarden import __version__
from linewarden.api.caller import Caller, Who
from linewarden.api.listing import Format, as_file
from linewarden.api.routes.cases import visible_case
from linewarden.api.routes.notices import notice_rows
from linewarden.cases.model import Case
from linewarden.policy import Action, Kind
from linewarden.reports.language import Language
from linewarden.service.casing import case_as_dict, proofs_of
from linewarden.service.pdf_apart import pdf_apart
from linewarden.service.turns import Turns

router = APIRouter(tags=["cases"])


class CaseFormat(StrEnum):
    """As what a case is given away."""

    JSON = "json"
    STIX = "stix"
    OCSF = "ocsf"
    ECS = "ecs"
    CEF = "cef"
    CSV = "csv"
    HTML = "html"
    PDF = "pdf"


PDF_CPU_S = 60
PRESS = Turns(at_once=1, waiting=4, wait_s=60.0, busy="too many PDFs are made just now; try again in a minute")
"""PDFs are made one after the other: each takes seconds of a core."""
ENDS = {"stix": "stix.json", "ocsf": "ocsf.json", "ecs": "ecs.jsonl", "cef": "cef.log"}
MEDIA = ("application/json", "application/stix+json", "text/plain", "text/csv", "text/html", "application/pdf")
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {m: {"schema": {"type": "string", "format": "binary"}} for m in MEDIA},
    }
}


@router.get("/cases/{id}/file", operation_id="get_case_file", responses=FILE)
def get_case_file(
    who: Who, id: str, format: Annotated[CaseFormat, Query()] = CaseFormat.JSON,
    language: Annotated[Language, Query()] = "en",
) -> Response:  # fmt: skip
    """A case as a file. JSON has the records behind each notice; CSV a row for each notice; HTML and PDF are a report,
    of which a PDF needs the right to make reports. `language` is that of the report; all else is English.
    """
    priority, case = visible_case(who, id)
    if format is CaseFormat.PDF:
        who.need(Action.REPORT_CREATE, who.thing(Kind.ZONE, "any", map(who.view.zone, case.assets)))
    if format is CaseFormat.CSV:
        rows = notice_rows(who, [(e, case.id) for e in case.events])
        return as_file([r.model_dump(mode="json") for r in rows], Format.CSV, f"case-{id[:12]}")
    text = _text(who, priority, case, format, language)
    headers = {"Content-Disposition": f'attachment; filename="case-{id[:12]}.{ENDS.get(format, format)}"'}
    return Response(text, media_type=_media(format), headers=headers)


def _text(who: Caller, priority: int, case: Case, format: CaseFormat, language: Language) -> str | bytes:
    if format is CaseFormat.JSON:
        return _whole(who, priority, case)
    if format not in (CaseFormat.HTML, CaseFormat.PDF):
        return _exported(who, priority, case, format)
    from linewarden.reports.html import render_cases

    names = {a: who.view.name(a) for a in case.assets}
    paper = format is CaseFormat.PDF
    lake = str(who.place.lake.name)
    page = render_cases(
        [(priority, case)], names, time.time_ns(), __version__, lake, paper=paper, language=language
    )  # fmt: skip
    if not paper:
        return page
    with PRESS.turn():
        return pdf_apart(page, PDF_CPU_S)


def _whole(who: Caller, priority: int, case: Case) -> str:
    names = {a: who.view.name(a) for a in case.assets}
    return json.dumps(
        case_as_dict(case, priority, names, proofs_of(who.place.lake, case)), ensure_ascii=False, indent=1
    )  # fmt: skip


def _exported(who: Caller, priority: int, case: Case, format: CaseFormat) -> str:
    from linewarden.cases.export.formats import cases_file

    return "".join(cases_file([(priority, case)], format, {a: who.view.name(a) for a in case.assets}))


def _media(format: CaseFormat) -> str:
    if format in (CaseFormat.HTML, CaseFormat.PDF):
        return {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}[format]
    from linewarden.cases.export.formats import media_type

    return media_type(format)
