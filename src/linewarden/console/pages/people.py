"""People: accounts and what each may; and the tokens of programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewarden.api.listing import ListQuery
from linewarden.api.problems import not_found
from linewarden.api.routes import people as api, tokens as tokens_api
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.errors import AccessError, ConfigError
from linewarden.policy import Action, Kind, Role, Scope
from linewarden.service.access import DeniedError

router = APIRouter()
ENTRY = Entry(90, "/people", "People", "people", "p", Action.ACCOUNT_READ, Kind.SITE)
Text = Annotated[str, Form(max_length=500)]


@router.get("/people")
def people(request: Request, who: Viewer, query: Annotated[api.PersonQuery, Query()]) -> HTMLResponse:
    """The accounts."""
    return _list(request, who, query)


def _list(request: Request, who: Viewer, query: api.PersonQuery, status: int = 200, **more: object) -> HTMLResponse:
    found = api.list_people(who, query)
    values = {"error": "", "handed": None, **more}
    return page(request, "people.html.j2", who, status, found=found, query=query, roles=list(Role), **values)


@router.post("/people")
def invite(
    request: Request, who: Viewer, login: Text, name: Text = "", role: Text = "", zone: Text = ""
) -> HTMLResponse:
    """An invitation; its code is shown once."""
    try:
        asked = api.Invitation(login=login, name=name, roles=[_role(role, who.site, zone)] if role else [])
        handed = (login, api.invite(who, asked))
    except DeniedError:
        raise
    except (AccessError, ConfigError, ValueError) as error:
        return _list(request, who, api.PersonQuery(), 400, error=_said(error))
    return _list(request, who, api.PersonQuery(), handed=handed)


@router.get("/people/{login}")
def person(request: Request, who: Viewer, login: str) -> HTMLResponse:
    """One account."""
    return _person(request, who, login)


def _person(request: Request, who: Viewer, login: str, status: int = 200, **more: object) -> HTMLResponse:
    found = next((p for p in api.list_people(who, api.PersonQuery(limit=1_000)).items if p.login == login), None)
    if found is None:
        raise not_found("account")
    values = {"error": "", "handed": None, **more}
    return page(request, "person.html.j2", who, status, person=found, roles=list(Role), **values)


@router.post("/people/{login}/grant")
def grant(request: Request, who: Viewer, login: str, role: Text, zone: Text = "") -> Response:
    """One more role."""
    return _with_roles(request, who, login, add={_role(role, who.site, zone)}, take=set())


@router.post("/people/{login}/revoke")
def revoke(request: Request, who: Viewer, login: str, role: Text) -> Response:
    """One role less."""
    return _with_roles(request, who, login, add=set(), take={role})


def _with_roles(request: Request, who: Viewer, login: str, add: set[str], take: set[str]) -> Response:
    now = next((p for p in api.list_people(who, api.PersonQuery(limit=1_000)).items if p.login == login), None)
    if now is None:
        raise not_found("account")
    try:
        api.set_rights(who, login, api.Rights(roles=sorted((set(now.roles) | add) - take), shifts=now.shifts))
    except DeniedError:
        raise
    except (AccessError, ConfigError, ValueError) as error:
        return _person(request, who, login, 400, error=_said(error))
    return RedirectResponse(f"/people/{login}", 303)


@router.post("/people/{login}/disabled")
def disable(request: Request, who: Viewer, login: str, disabled: Annotated[bool, Form()]) -> Response:
    """Ends it, or takes it up again."""
    try:
        api.set_disabled(who, login, disabled)
    except DeniedError:
        raise
    except AccessError as error:
        return _person(request, who, login, 400, error=_said(error))
    return RedirectResponse(f"/people/{login}", 303)


@router.post("/people/{login}/recovery")
def recover(request: Request, who: Viewer, login: str, without: Annotated[bool, Form()] = False) -> HTMLResponse:
    """A new code, shown once."""
    try:
        return _person(request, who, login, handed=(login, api.recover(who, login, without)))
    except DeniedError:
        raise
    except AccessError as error:
        return _person(request, who, login, 400, error=_said(error))


@router.get("/tokens")
def tokens(request: Request, who: Viewer, query: Annotated[ListQuery, Query()]) -> HTMLResponse:
    """The tokens."""
    return _tokens(request, who, query)


def _tokens(request: Request, who: Viewer, query: ListQuery, status: int = 200, **more: object) -> HTMLResponse:
    values = {"error": "", "made": "", **more}
    found = tokens_api.list_tokens(who, query)
    return page(request, "tokens.html.j2", who, status, found=found, query=query, scopes=list(Scope), **values)


@router.post("/tokens")
def make_token(
    request: Request, who: Viewer, name: Text, scope: Annotated[list[Scope], Form()], days: Annotated[int, Form()] = 90
) -> HTMLResponse:
    """A token, shown once."""
    try:
        made = tokens_api.make_token(who, tokens_api.TokenAsked(name=name, scopes=scope, days=days)).token
    except DeniedError:
        raise
    except (AccessError, ConfigError, ValueError) as error:
        return _tokens(request, who, ListQuery(), 400, error=_said(error))
    return _tokens(request, who, ListQuery(), made=made)


@router.post("/tokens/{prefix}/revoke")
def revoke_token(who: Viewer, prefix: str) -> Response:
    """Ends it."""
    tokens_api.revoke_token(who, prefix)
    return RedirectResponse("/tokens", 303)


def _role(role: str, site: str, zone: str) -> str:
    return f"{role}@{site}" + (f"/{zone.strip()}" if zone.strip() else "")


def _said(error: Exception) -> str:
    """One line; of a wrong value what is wrong with it."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return str(error)
