"""Signing in by a provider of identities: away to it, and back (service/oidc)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from linewarden.api.caller import COOKIE, source_of
from linewarden.console.local import local_path
from linewarden.console.pages.door import door_page, providers
from linewarden.errors import AccessError, SendError
from linewarden.people.signing_in import Answer
from linewarden.service.workplace import Workplace

router = APIRouter()
ATTEMPT = "__Host-linewarden-oidc"
"""The browser that began, for ten minutes: its secret, and where to go on."""


@router.get("/sign-in/oidc/{name}/begin")
def begin(request: Request, name: str, to: str = "/", again: bool = False) -> Response:
    """Away to the provider."""
    try:
        begun = providers(request).begin(name, again=again)
    except (AccessError, SendError) as error:
        return failed(request, str(error))
    answer = RedirectResponse(begun.url, 303)
    answer.set_cookie(
        ATTEMPT, f"{begun.secret}|{local_path(to)}", max_age=600, path="/", secure=True, httponly=True, samesite="lax"
    )
    return answer


@router.get("/sign-in/oidc/{name}")
def finish(request: Request, name: str) -> Response:
    """Back from the provider."""
    place: Workplace = request.app.state.place
    secret, _, to = request.cookies.get(ATTEMPT, "").partition("|")
    try:
        found = place.access.sign_in_with_provider(
            providers(request), name, secret, dict(request.query_params), source_of(request),
            instead_of=request.cookies.get(COOKIE, ""),
        )  # fmt: skip
    except (AccessError, SendError) as error:
        return failed(request, str(error))
    if found.answer is not Answer.IN:
        return failed(request, found.why)
    request.state.new_secret = found.secret
    answer = RedirectResponse(local_path(to), 303)
    answer.delete_cookie(ATTEMPT, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def failed(request: Request, why: str) -> Response:
    """The door, with what went wrong."""
    return door_page(request, 400, answer="provider", said=why)
