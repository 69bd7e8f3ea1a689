"""The console as one application: the API, the pages, what they load, and what errors look like."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from linewarden.api.app import ROOT, make_app
from linewarden.api.caller import find_caller
from linewarden.api.problems import Problem, handle
from linewarden.api.routes import assets, conversations
from linewarden.api.session_cookie import SessionCookie
from linewarden.console.entries import modules
from linewarden.console.local import local_path
from linewarden.console.rendering import STATIC, page
from linewarden.console.viewer import DoorError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from linewarden.service.view import View
    from linewarden.service.workplace import Workplace

FOREVER = "public, max-age=31536000, immutable"


def make_console(place: Workplace) -> FastAPI:
    """API and pages over a workplace."""
    app = make_app(place)
    handle(app, problem_page)
    app.add_exception_handler(DoorError, to_the_door)
    for module in modules():
        app.include_router(module.router, include_in_schema=False)
    with as_file(files("linewarden.console") / "static") as folder:
        app.mount(STATIC.rstrip("/"), Immutable(directory=folder, check_dir=False), name="static")
    app.add_middleware(SessionCookie)
    ask_for_tables(place.follower.view)
    return app


def ask_for_tables(view: View) -> None:
    """What pages show of every plant: asked for before there is one, it is made of each before that is shown."""
    assets.of_plant(view)
    conversations.table(view)


class Immutable(StaticFiles):
    """Files whose names have a hash of what is in them: kept by the browser for good."""

    def file_response(self, *args: object, **more: object) -> Response:
        """The file, with how long it may be kept."""
        response = super().file_response(*args, **more)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = FOREVER
        return response


def to_the_door(request: Request, error: Exception) -> Response:
    """To the sign-in page; a part of a page takes the whole page along."""
    assert isinstance(error, DoorError)
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": error.to})
    return RedirectResponse(error.to, 303)


def problem_page(request: Request, problem: Problem) -> Response | None:
    """A page that says what is wrong, for a browser; programs get problem details."""
    if request.url.path.startswith(ROOT) or "text/html" not in request.headers.get("accept", ""):
        return None
    return page(
        request, "problem.html.j2", find_caller(request), problem.status, problem=problem, back=_way_back(request)
    )  # fmt: skip


def _way_back(request: Request) -> str:
    """Where to go on after another sign-in: the page that was asked for, or that a form was on."""
    if request.method == "GET":
        return local_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    came = urlsplit(request.headers.get("referer", ""))
    return (
        local_path(came.path + (f"?{came.query}" if came.query else "")) if came.netloc == request.url.netloc else "/"
    )
