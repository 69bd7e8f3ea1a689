"""What people do on the pages of cases: each form calls the API's function, and leads back to the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from linewarden.api.caller import Caller
from linewarden.api.problems import Problem, ProblemError, problem_of
from linewarden.api.routes import casework, notice_work
from linewarden.api.routes.cases import visible_case
from linewarden.api.routes.notices import visible_notice
from linewarden.console.local import local_path
from linewarden.console.pages.cases import case_page
from linewarden.console.viewer import Viewer
from linewarden.errors import LinewardenError
from linewarden.service.casework import CaseState

router = APIRouter()
Text = Annotated[str, Form(max_length=4_000)]
Short = Annotated[str, Form(max_length=500)]
Many = Annotated[list[str], Form(max_length=1_000)]


@router.post("/cases/acknowledge")
def acknowledge_cases(who: Viewer, case: Many, to: Text = "/cases") -> Response:
    """All that is ticked in the queue was seen."""
    casework.acknowledge_cases(who, casework.BulkIn(cases=case))
    return RedirectResponse(local_path(to), 303)


@router.post("/cases/{id}/work")
def work(
    request: Request, who: Viewer, id: str, version: Annotated[int, Form(ge=0)], state: Short = "",
    assignee: Annotated[str | None, Form(max_length=32)] = None, comment: Text = "",
) -> Response:  # fmt: skip
    """State and assignee."""

    def change() -> None:
        wanted = casework.CaseChange(
            version=version, state=CaseState(state) if state else None, assignee=assignee, comment=comment
        )
        casework.change_case(who, id, wanted)

    return _tried(request, who, id, "work", "work", change, comment=comment, state=state)


@router.post("/cases/{id}/comments")
def comment(request: Request, who: Viewer, id: str, text: Text) -> Response:
    """A comment."""
    return _tried(
        request, who, id, "work", "comment", lambda: casework.comment_on_case(who, id, casework.CommentIn(text=text)),
        comment=text,
    )  # fmt: skip


@router.post("/cases/{id}/steps/{step}")
def tick(request: Request, who: Viewer, id: str, step: str, done: Short = "") -> Response:
    """A step of the runbook."""
    ticked = casework.StepIn(done=done == "yes")
    return _tried(request, who, id, "now", "", lambda: casework.tick_step(who, id, step, ticked))


@router.post("/cases/{id}/window")
def window(
    request: Request, who: Viewer, id: str, asset: Many, begin: Short, until: Short, because: Short,
    verb: Annotated[list[str] | None, Form(max_length=20)] = None,
) -> Response:  # fmt: skip
    """Announces work on assets of the case. Times are UTC where the browser gives no zone."""

    def announce() -> None:
        wanted = {"assets": asset, "begin": begin, "until": until, "because": because, "verbs": verb or []}
        notice_work.announce_work(who, notice_work.WindowIn.model_validate(wanted))

    return _tried(request, who, id, "work", "window", announce)


@router.post("/notices/{id}/acknowledge")
def acknowledge(who: Viewer, id: str, to: Text = "") -> Response:
    """A notice was seen."""
    row = notice_work.acknowledge_notice(who, id)
    return RedirectResponse(local_path(to) if to else _back(row.case, id), 303)


@router.post("/notices/{id}/normal")
def normal(
    request: Request, who: Viewer, id: str, because: Short, days: Annotated[int, Form(ge=1, le=366)] = 90,
    scope: Short = "",
) -> Response:  # fmt: skip
    """This is normal because ..."""
    _, case = visible_notice(who, id)

    def say() -> None:
        wanted = notice_work.NormalIn(
            because=because, days=days, any_target=scope == "any_target", any_sender=scope == "any_sender"
        )
        notice_work.say_normal(who, id, wanted)

    if case is None:
        say()
        return RedirectResponse(_back(None, id), 303)
    return _tried(request, who, case, f"n-{id}", "normal", say)


def _back(case: str | None, notice: str) -> str:
    return f"/cases/{quote(case, safe='')}#n-{quote(notice, safe='')}" if case else "/notices"


def _tried(
    request: Request, who: Caller, id: str, place: str, done: str, change: Callable[[], Any], **said: str
) -> Response:
    """Does it and leads back; what goes wrong stands on the page, with what was written."""
    visible_case(who, id)
    try:
        change()
    except (ProblemError, LinewardenError) as error:
        return case_page(request, who, id, problem_of(error), place=place, **said)
    except (ValidationError, ValueError) as error:
        return case_page(request, who, id, _invalid(error), place=place, **said)
    query = f"?done={done}" if done else ""
    return RedirectResponse(f"/cases/{quote(id, safe='')}{query}#{place}", 303)


def _invalid(error: ValueError) -> Problem:
    first = error.errors()[0] if isinstance(error, ValidationError) else None
    said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".lstrip(": ") if first else str(error)
    return Problem(title="A parameter is wrong", status=422, detail=said)
