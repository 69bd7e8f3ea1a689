"""The kinds of collector: one a file of this folder that has a `KIND`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import linewarden.collectors as folder
from linewarden.collectors.contract import Kind


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its name. A file imports the library of its protocol only when it runs."""
    found = (import_module(f"{folder.__name__}.{m.name}") for m in pkgutil.iter_modules(folder.__path__))
    return {f.KIND.name: f.KIND for f in found if hasattr(f, "KIND")}
