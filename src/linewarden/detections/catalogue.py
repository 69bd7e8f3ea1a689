"""Finds the detections: every file in the folder of a tactic that has a `DETECTION`."""

from __future__ import annotations

import dataclasses
import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

from linewarden import detections as package
from linewarden.detections.attack import TACTICS
from linewarden.detections.detection import Detection


@cache
def detections() -> tuple[Detection, ...]:
    """All of them, by name. A new file in a folder is found by itself."""
    found = []
    for folder in pkgutil.iter_modules(package.__path__):
        if folder.name not in TACTICS:  # what is common, and what runs the rules of a site
            continue
        place = [str(Path(p) / folder.name) for p in package.__path__]
        for module in pkgutil.iter_modules(place):
            file = import_module(f"{package.__name__}.{folder.name}.{module.name}")
            found.append(dataclasses.replace(file.DETECTION, name=module.name, tactic=folder.name))
    return tuple(sorted(found, key=lambda d: d.name))


def detection(name: str) -> Detection:
    """The detection of that name. KeyError if there is none."""
    return {d.name: d for d in detections()}[name]
