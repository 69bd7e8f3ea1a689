"""The reader's language, kept in a cookie of their browser."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from linewarden.console.language import COOKIE, LANGUAGES
from linewarden.console.local import local_path
from linewarden.console.pages.door import Text

router = APIRouter()


@router.post("/language")
def choose(request: Request, language: Text, to: Text = "/") -> Response:
    """Keeps the choice, and goes back."""
    answer = RedirectResponse(local_path(to), 303)
    if language in LANGUAGES:
        answer.set_cookie(COOKIE, language, max_age=31_536_000, path="/", samesite="lax", secure=True)
    return answer
