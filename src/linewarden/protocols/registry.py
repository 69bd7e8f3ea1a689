"""Finds the protocols: every module in this folder that has a `PROTOCOL` (or `PROTOCOLS`)."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.util import find_spec

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


@cache
def protocol(name: str) -> Protocol:
    """The protocol of that name, without importing the others where a file has its name. KeyError if there is none."""
    if find_spec(f"{package.__name__}.{name}"):
        own: Protocol | None = getattr(import_module(f"{package.__name__}.{name}"), "PROTOCOL", None)
        if own is not None and own.name == name:
            return own
    return {p.name: p for p in protocols()}[name]
