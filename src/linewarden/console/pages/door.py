"""The door: the first owner's code, signing in and out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewarden.api.caller import COOKIE, source_of
from linewarden.api.session_cookie import no_cookie
from linewarden.console.local import local_path
from linewarden.console.rendering import page
from linewarden.errors import AccessError
from linewarden.people.signing_in import Answer
from linewarden.service.oidc import Providers, providers_of
from linewarden.service.workplace import Workplace

router = APIRouter()
Text = Annotated[str, Form(max_length=1_000)]


@router.get("/sign-in")
def door(request: Request, to: str = "/") -> Response:
    """The form; before there is anybody, the way to become the owner."""
    place: Workplace = request.app.state.place
    if not any(a.usable for a in place.people.store.accounts()):
        return RedirectResponse("/welcome", 303)
    return door_page(request, 200, to=to)


def door_page(request: Request, status: int, **values: Any) -> HTMLResponse:
    """The form, with what was said last."""
    common: dict[str, Any] = {
        "to": "/",
        "login": "",
        "answer": "",
        "wait": 0,
        "said": "",
        "providers": providers(request).shown,
    }
    return page(request, "sign_in.html.j2", status=status, **{**common, **values})


def providers(request: Request) -> Providers:
    """The providers of identities that the configuration names, made at the first question."""
    state, place = request.app.state, request.app.state.place
    if not hasattr(state, "providers"):
        back = place.config.console.public_url or f"https://{request.url.netloc}"
        state.providers = providers_of(place.config, place.people.store, place.people.tools, back)
    found: Providers = state.providers
    return found


@router.post("/sign-in")
def sign_in(request: Request, login: Text, password: Text, code: Text = "", to: Text = "/") -> Response:
    """An attempt."""
    place: Workplace = request.app.state.place
    before = request.cookies.get(COOKIE, "")
    found = place.access.sign_in(login, password, code.strip(), source_of(request), instead_of=before)
    if found.answer is Answer.IN:
        request.state.new_secret = found.secret
        return RedirectResponse(local_path(to), 303)
    status = 429 if found.answer is Answer.WAIT else 200 if found.answer is Answer.CODE else 401
    wait = round(found.wait.total_seconds()) + 1 if found.answer is Answer.WAIT else 0
    answer = door_page(request, status, to=to, login=login, answer=str(found.answer), wait=wait)
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


@router.get("/welcome")
def welcome(request: Request) -> HTMLResponse:
    """For who has a one-time code: the first owner, or somebody who was invited."""
    return page(request, "welcome.html.j2", login="", error="")


@router.post("/welcome")
def begin(request: Request, code: Text, login: Text, password: Text) -> Response:
    """The code makes an account, and whose it is is in; who has a second factor is asked for it."""
    place: Workplace = request.app.state.place
    try:
        place.access.accept(code.strip(), login.strip(), login.strip(), password, source_of(request))
    except AccessError as error:
        return page(request, "welcome.html.j2", status=400, login=login, error=str(error))
    return sign_in(request, login.strip(), password)


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """Ends the session, here and on the server."""
    place: Workplace = request.app.state.place
    place.access.sign_out(request.cookies.get(COOKIE, ""), source_of(request))
    answer = RedirectResponse("/sign-in", 303)
    answer.headers["Set-Cookie"] = no_cookie()
    return answer
