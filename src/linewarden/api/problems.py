"""What went wrong, for a program (RFC 9457, problem details) and for a person: a title, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from linewarden.errors import AccessError, BusyError, ConfigError, LinewardenError, QueryError, StoreError
from linewarden.service.access import DeniedError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

MEDIA = "application/problem+json"
STATUS: tuple[tuple[type[LinewardenError], int], ...] = (
    (BusyError, 503), (AccessError, 400), (QueryError, 400), (ConfigError, 400), (StoreError, 503),
    (LinewardenError, 500),
)  # fmt: skip


class Problem(BaseModel):
    """Problem details. `detail` names what is wrong and what to do; `lacking` and `instead` say what would help."""

    title: str = Field(examples=["Not allowed"])
    status: int = Field(examples=[403])
    detail: str = Field(default="", examples=["No policy allows it."])
    lacking: list[str] = []
    instead: list[str] = []


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(self, status: int, title: str, detail: str = "", **more: Any) -> None:
        super().__init__(title)
        self.problem = Problem(title=title, status=status, detail=detail, **more)


def not_found(what: str) -> ProblemError:
    """There is none, or none that the caller may see: they learn no difference."""
    return ProblemError(404, "Not found", f"There is no {what} here that you may see.")


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, text in (
        (400, "The question makes no sense"), (401, "Nobody is signed in"), (403, "Not allowed"),
        (404, "There is none, or none that the caller may see"), (422, "A parameter is wrong"),
        (429, "Too many tries; Retry-After says when"), (503, "Something that is needed is away"),
    )
}  # fmt: skip
"""For every route; `described` adds the schema that they refer to."""


def described(document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document with the schema of problems in it."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = schema
    return document


def problem_of(error: Exception) -> Problem:
    """The problem that an error is."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, DeniedError):
        found = error.explanation
        return Problem(
            title="Not allowed", status=403, detail=found.sentence, lacking=list(found.lacking),
            instead=list(found.instead),
        )  # fmt: skip
    for kind, status in STATUS:
        if isinstance(error, kind):
            return Problem(title=_TITLES[status], status=status, detail=str(error))
    return Problem(title=_TITLES[500], status=500, detail="A mistake of ours; the log of the service has more.")


_TITLES = {400: "That makes no sense", 403: "Not allowed", 500: "Something broke", 503: "Something is away"}


def as_response(problem: Problem) -> Response:
    """As RFC 9457 has it."""
    from starlette.responses import Response

    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return Response(problem.model_dump_json(), problem.status, headers, MEDIA)


def handle(app: FastAPI, answer: Any = None) -> None:
    """Makes all errors problems. `answer(request, problem)` may give a page instead, or None."""
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    def respond(request: Request, problem: Problem) -> Response:
        page = answer(request, problem) if answer else None
        return page if page is not None else as_response(problem)

    def known(request: Request, error: Exception) -> Response:
        return respond(request, problem_of(error))

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        said = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors()[:5])
        return respond(request, Problem(title="A parameter is wrong", status=422, detail=said))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return respond(request, Problem(title=str(error.detail), status=error.status_code))

    for kind in (ProblemError, LinewardenError, Exception):
        app.add_exception_handler(kind, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
