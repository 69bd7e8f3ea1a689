"""Finds the protocols: every module in this folder that has a `PROTOCOL` (or `PROTOCOLS`)."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from linewarden import protocols as package
from linewarden.protocols._shared.layout import Protocol


@cache
def protocols() -> tuple[Protocol, ...]:
    """All protocols that this installation speaks, by name. A new file in the folder is found by itself."""
    found: list[Protocol] = []
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_") and module.name != "registry":
            file = import_module(f"{package.__name__}.{module.name}")
            found += getattr(file, "PROTOCOLS", None) or [file.PROTOCOL]
    return tuple(sorted(found, key=lambda p: p.name))
