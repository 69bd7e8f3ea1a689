"""Finds the detectors: every file in `detectors/` that has a `DETECTOR`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from linewarden.analytics import detectors as package
from linewarden.analytics.contract import Detector


@cache
def detectors() -> dict[str, type[Detector]]:
    """Name of the file -> class, by name."""
    found = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        file = import_module(f"{package.__name__}.{module.name}")
        found[module.name] = file.DETECTOR
    return found
