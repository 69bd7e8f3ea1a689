"""Between the network and the pages: small middlewares, each for one thing, and `secure`, which joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from linewarden.service.web.csrf import Csrf, csrf_token
from linewarden.service.web.headers import SecurityHeaders
from linewarden.service.web.hosts import KnownHosts
from linewarden.service.web.limits import MOST_BODY, STALL_S, RequestLimits

if TYPE_CHECKING:
    from linewarden.service.config.console import Console
    from linewarden.service.tls import Transport
    from linewarden.service.web.asgi import App

__all__ = ["Settings", "csrf_token", "secure", "server_options", "settings_of"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the middlewares are told.

    `hosts`: names by which requests come; `session`: the session's cookie; `origins`: of pages, besides the host that
    a request names; `uploads`: bytes that bodies may have, by the beginning of the path; `public`: paths whose answers
    are the same for everybody; `trusted_types`: policies that scripts may make (None: not asked for).
    """

    hosts: tuple[str, ...]
    session: str
    origins: tuple[str, ...] = ()
    uploads: Mapping[str, int] = field(default_factory=dict)
    most_body: int = MOST_BODY
    public: str = "/static/"
    trusted_types: tuple[str, ...] | None = None
    stall_s: float = STALL_S


def settings_of(console: Console, session: str, uploads: tuple[str, ...] = ()) -> Settings:
    """As [console] has it; `uploads`: the beginnings of paths that take files."""
    from linewarden.service.tls.machine import names_of_console

    wanted, found = names_of_console(console)
    origins = (console.public_url,) if console.public_url else ()
    most = console.upload_mb * 1_000_000
    return Settings((*wanted.hosts, *found.hosts), session, origins, dict.fromkeys(uploads, most))


def secure(app: App, settings: Settings) -> App:
    """The application behind all of them: also what they refuse themselves has the headers."""
    inner = Csrf(app, settings.session, settings.origins)
    limited = RequestLimits(inner, settings.most_body, settings.uploads, settings.stall_s)
    known = KnownHosts(limited, settings.hosts)
    return SecurityHeaders(known, settings.session, settings.public, settings.trusted_types)


def server_options(console: Console, transport: Transport) -> dict[str, Any]:
    """What `uvicorn.Config` is given for the console. It trusts no proxy but those that the configuration names."""
    from linewarden.service.web.protocol import PatientNoLonger

    host, port = console.address
    proxies = list(console.trusted_proxies)
    return {
        "host": host, "port": port, "log_config": None, "access_log": False, "server_header": False, "ws": "none",
        "http": PatientNoLonger, "h11_max_incomplete_event_size": 32_768, "timeout_keep_alive": 15,
        "proxy_headers": bool(proxies), "forwarded_allow_ips": proxies,
        "ssl_context_factory": lambda _config, _default: transport.context,
    }  # fmt: skip
