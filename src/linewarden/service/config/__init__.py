"""The configuration of the service: one TOML file, one tree of frozen models, every problem said at once.

What is given out here is imported when it is asked for, so that the command line does not wait for pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linewarden.service.config.loading import Problem, check_config, load_config
    from linewarden.service.config.model import Config

__all__ = ["Config", "Problem", "check_config", "load_config"]

_PLACE = {"Config": "model", "Problem": "loading", "check_config": "loading", "load_config": "loading"}


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACE[name]}"), name)
