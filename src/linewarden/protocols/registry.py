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
    return tuple(sorted((p for file in _files() for p in _of(file)), key=lambda p: p.name))


@cache
def protocol(name: str) -> Protocol:
    """The protocol of that name, without importing those that cannot be it. KeyError if there is none."""
    # The file of that name, then those that have the name as a text, then all: a name may be put together.
    for file in sorted(_files(), key=lambda file: (file != name, not _mentions(file, name))):
        for found in _of(file):
            if found.name == name:
                return found
    raise KeyError(name)


@cache
def _files() -> tuple[str, ...]:
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(name for name in names if not name.startswith("_") and name != "registry")


def _of(file: str) -> tuple[Protocol, ...]:
    module = import_module(f"{package.__name__}.{file}")
    several: tuple[Protocol, ...] | None = getattr(module, "PROTOCOLS", None)
    return tuple(several) if several else (module.PROTOCOL,)


def _mentions(file: str, name: str) -> bool:
    return f'"{name}"' in _source(file)


@cache
def _source(file: str) -> str:
    full = f"{package.__name__}.{file}"
    spec = find_spec(full)
    get_source = getattr(spec.loader, "get_source", None) if spec else None
    return (get_source(full) or "") if get_source else ""
