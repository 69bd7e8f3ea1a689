"""Settings as they are in force, the certificate, and who made this."""

from __future__ import annotations

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
    by_table: dict[str, list[Setting]] = {}
    for setting in found.settings:
        by_table.setdefault(setting.table, []).append(setting)
    lake, data = who.place.lake, who.place.config.service.data
    return page(
        request, "settings.html.j2", who, file=found.file, tables=by_table, version=__version__, lake=lake, data=data,
        authority=authority(who) is not None,
    )  # fmt: skip


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
