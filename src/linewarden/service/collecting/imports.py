"""Imports all that collectors need while the files of this program can still be read.

Root becomes a user without rights before anything is collected, who may not be let into the folder where Python and its
packages are (`/root/...`). A collector imports its library when it runs, so that a kind that nobody uses costs nothing:
what its functions import is found in its source, and imported now.
"""

from __future__ import annotations

import ast
import contextlib
import encodings
import io
import pkgutil
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from linewarden.collectors.contract import Kind, Samples, Tag
from linewarden.service.collecting.blocks import Block, packed
from linewarden.service.collecting.rows import Put, frame_of, readings

OURS = "linewarden.collectors"
LATE = (
    "_strptime concurrent.futures.thread asyncio.unix_events ssl http.client stringprep unicodedata pickle queue "
    "linewarden.service.tag_dictionary.files"
)
"""What the standard library imports late, in the middle of a connection or of a line of the log."""
NOT = frozenset({"__main__", "cli", "tests", "test", "tools", "testing", "examples", "server"})
"""Parts of a package that a client has no use for."""


def import_for(kinds: Sequence[Kind]) -> None:
    """Imports what these kinds need, and what is on the way of a sample. What is missing `need_packages` says."""
    for name in (*LATE.split(), *(f"encodings.{m.name}" for m in pkgutil.iter_modules(encodings.__path__))):
        _import(name)
    for kind in kinds:
        for name in (*kind.loads, *sorted(_imports_of(kind.run.__module__, set()))):
            _import(name)
        for name in kind.loads:
            _import(name)
        for package in kind.needs:
            _import_all(package)
    _warm()


def _import(name: str) -> ModuleType | None:
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        return import_module(name)
    return None


def _import_all(package: str) -> None:
    """A package and what is in it, since it may import parts of itself late."""
    found = _import(package)
    for part in pkgutil.iter_modules(getattr(found, "__path__", []), f"{package}."):
        last = part.name.rpartition(".")[2]
        if last in NOT:
            continue
        if part.ispkg:
            _import_all(part.name)
        else:
            _import(part.name)


def _imports_of(module: str, seen: set[str]) -> set[str]:
    """Names of modules that a module imports anywhere in its source; of ours those that they import, too."""
    if module in seen:
        return set()
    seen.add(module)
    spec = find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return set()
    found = set(_named(ast.parse(Path(spec.origin).read_bytes()), spec.parent or module))
    for name in [n for n in found if n.startswith(OURS)]:
        with contextlib.suppress(ImportError):
            found |= _imports_of(name, seen)
    return found


def _named(tree: ast.AST, parent: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*parent.split(".")[: len(parent.split(".")) - node.level + 1], *base.split(".")])
            yield base.rstrip(".")
            yield from (f"{base}.{name.name}" for name in node.names if _is_module(f"{base}.{name.name}"))


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # its parent is no package
        return False


def _warm() -> None:
    """The way of a sample imports all that is on it."""
    samples = Samples()
    samples.add(0, 1.0, source_ts=None, server_ts=None)
    block = Block("", 1, 0, 1, packed(frame_of([Put(samples, time.time_ns())], 0)[0]))
    readings([("", 1, block.frame())], lambda _: Tag("", "", "")).write_parquet(io.BytesIO(), compression="zstd")
