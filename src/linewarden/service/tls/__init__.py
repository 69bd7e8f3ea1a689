"""TLS of the console: the site's own authority or given certificates, and a context that renews itself.

transport = server_context(config)            # before rights are given up: the site's keys are read here
uvicorn.Config(app, ssl_context_factory=lambda _config, _default: transport.context)
Job("certificate", transport.EVERY_S, transport.renew)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linewarden.service.tls.transport import Transport, server_context

__all__ = ["Transport", "server_context"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.transport"), name)
