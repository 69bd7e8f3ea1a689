"""Settings as they are in force, the certificate, and who made this."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from linewarden import __version__
from linewarden.api.problems import not_found
from linewarden.api.routes.settings import Setting, get_settings
from linewarden.console.entries import Entry
from linewarden.console.rendering import page
from linewarden.console.viewer import Viewer
from linewarden.policy import Action, Kind

router = APIRouter()
ENTRY = Entry(85, "/settings", "Settings", "settings", "s", Action.SETTINGS_READ, Kind.SETTINGS)


@router.get("/settings")
def settings(request: Request, who: Viewer) -> HTMLResponse:
    """The page."""
    found = get_settings(who)
    by_table = tables_of(found.settings)
    lake, data = who.place.lake, who.place.config.service.data
    return page(
        request, "settings.html.j2", who, file=found.file, tables=by_table, version=__version__, lake=lake, data=data,
        authority=authority(who) is not None,
    )  # fmt: skip


def tables_of(settings: Sequence[Setting]) -> list[tuple[str, list[Setting]]]:
    """Name and keys of each table, in their order; of several with one name, each by itself."""
    found: list[tuple[str, list[Setting]]] = []
    for setting in settings:
        if not found or found[-1][0] != setting.table or any(s.key == setting.key for s in found[-1][1]):
            found.append((setting.table, []))
        found[-1][1].append(setting)
    return found


@router.get("/settings/authority.pem")
def authority_file(who: Viewer) -> Response:
    """The certificate of this site's own authority, for browsers and programs to trust."""
    text = authority(who)
    if text is None:
        raise not_found("certificate")
    headers = {"Content-Disposition": 'attachment; filename="linewarden-authority.pem"'}
    return Response(text, media_type="application/x-pem-file", headers=headers)


def authority(who: Viewer) -> bytes | None:
    """Its certificate; None where the console has a given one."""
    config = who.place.config
    file = config.service.data / "tls" / "authority.pem"
    return file.read_bytes() if config.console.certificate is None and file.is_file() else None
