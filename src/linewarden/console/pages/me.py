"""The reader's own account: password, second factor, passkeys, and why they may not do something."""

from __future__ import annotations

import io
from typing import Annotated, Any

from fastapi import APIRouter, Body, Form, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from linewarden.api.caller import COOKIE, Caller, source_of
from linewarden.api.routes.me import get_me
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.errors import AccessError
from linewarden.people.passkeys import Here, Passkeys
from linewarden.people.signing_in import Answer

router = APIRouter()
Text = Annotated[str, Form(max_length=1_000)]


@router.get("/me")
def me(request: Request, who: Viewer) -> HTMLResponse:
    """The page."""
    return _me(request, who)


def _me(request: Request, who: Caller, status: int = 200, **more: Any) -> HTMLResponse:
    assert who.account is not None
    store = who.place.people.store
    values = {"error": "", "done": "", "totp": None, "codes": (), **more}
    passkeys = store.passkeys(who.account.id)
    return page(request, "me.html.j2", who, status, me=get_me(who), passkeys=passkeys, **values)


@router.post("/me/password")
def change_password(request: Request, who: Viewer, old: Text, new: Text) -> Response:
    """A new one; all sessions end, this one too."""
    assert who.account is not None
    try:
        with who.place.access.acting(who.principal):
            who.place.people.onboarding.change_password(who.account, old, new)
    except AccessError as error:
        return _me(request, who, 400, error=str(error))
    return RedirectResponse("/sign-in", 303)


@router.post("/me/totp")
def new_totp(request: Request, who: Viewer) -> HTMLResponse:
    """A secret to be put into an app; it counts once the app has shown a right code."""
    assert who.account is not None
    secret, uri = who.place.people.onboarding.new_totp(who.account)
    return _me(request, who, totp={"secret": secret, "picture": qr_path(uri)})


@router.post("/me/totp/confirm")
def confirm_totp(request: Request, who: Viewer, secret: Text, code: Text) -> HTMLResponse:
    """The app's first code; gives the recovery codes, once."""
    assert who.account is not None
    try:
        with who.place.access.acting(who.principal):
            codes = who.place.people.onboarding.confirm_totp(who.account, secret, code.strip())
    except AccessError as error:
        return _me(request, who, 400, error=str(error))
    return _me(request, who, codes=codes)


@router.post("/me/passkeys/ask")
def ask_passkey(request: Request, who: Viewer) -> Response:
    """What the browser needs to make a passkey."""
    assert who.account is not None
    with who.place.access.acting(who.principal):
        return Response(passkeys_of(request, who).ask_new(who.account), media_type="application/json")


@router.post("/me/passkeys")
def keep_passkey(
    request: Request, who: Viewer, answer: Annotated[str, Body(max_length=20_000)],
    name: Annotated[str, Body(max_length=100)] = "",
) -> Response:  # fmt: skip
    """What the browser made."""
    assert who.account is not None
    with who.place.access.acting(who.principal):
        passkeys_of(request, who).keep_new(who.account, answer, name.strip() or "passkey")
    return JSONResponse({"ok": True})


@router.post("/me/passkeys/{id}/remove")
def remove_passkey(request: Request, who: Viewer, id: str) -> Response:
    """Forgets one."""
    assert who.account is not None
    with who.place.access.acting(who.principal):
        passkeys_of(request, who).remove(who.account, id)
    return RedirectResponse("/me", 303)


@router.post("/sign-in/passkey/ask")
def ask_to_sign_in(request: Request) -> Response:
    """What the browser needs to show a passkey."""
    return Response(_passkeys(request, request.app.state.place).ask(), media_type="application/json")


@router.post("/sign-in/passkey")
def sign_in(request: Request, answer: Annotated[str, Body(embed=True, max_length=20_000)]) -> Response:
    """An attempt with a passkey."""
    place, before = request.app.state.place, request.cookies.get(COOKIE, "")
    passkeys = _passkeys(request, place)
    found = place.access.sign_in_with_passkey(passkeys, answer, source_of(request), instead_of=before)
    if found.answer is not Answer.IN:
        return JSONResponse({"ok": False}, 401)
    request.state.new_secret = found.secret
    return JSONResponse({"ok": True})


def passkeys_of(request: Request, who: Caller) -> Passkeys:
    """Passkeys for this host."""
    return _passkeys(request, who.place)


def _passkeys(request: Request, place: Any) -> Passkeys:
    """For the host that the configuration names, else the one by which the browser came (KnownHosts let it in)."""
    url = place.config.console.public_url or f"https://{request.url.netloc}"
    host = url.removeprefix("https://").partition(":")[0]
    return Passkeys(place.people.store, place.people.tools, Here(host, (url,)))


def qr_path(text: str) -> dict[str, Any]:
    """A QR code (ISO/IEC 18004) as the path of an SVG of so many units."""
    import segno

    out = io.BytesIO()
    made = segno.make(text, error="m")
    made.save(out, kind="svg", xmldecl=False, svgns=False, nl=False, omitsize=True)
    path = out.getvalue().decode().partition(' d="')[2].partition('"')[0]
    return {"path": path, "size": made.symbol_size()[0]}
