"""Who looks at a page: as the API's caller, but who is not signed in is led to the door."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from linewarden.api.caller import Caller, find_caller


class DoorError(Exception):
    """Somebody has to sign in first, and comes back then."""

    def __init__(self, request: Request) -> None:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.to = "/sign-in" + ("" if back == "/" else f"?to={quote(back, safe='')}")


def viewer(request: Request) -> Caller:
    """Who looks. Raises DoorError. A machine's token opens no page."""
    found = find_caller(request)
    if found is None or found.account is None:
        raise DoorError(request)
    return found


Viewer = Annotated[Caller, Depends(viewer)]
