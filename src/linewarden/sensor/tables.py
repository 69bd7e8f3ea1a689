"""The tables that the engine runs, made from the protocol files and kept.

Making them takes a third of a second, so they are kept in the user's cache folder, named after the protocol files'
names, sizes and times: a changed file makes new ones. Nothing is imported that only their making needs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import linewarden

if TYPE_CHECKING:
    from linewarden.records import Stream


KEPT = 4
"""Tables that stay in the cache: of so many installations, or versions of the protocol files."""


@cache
def streams() -> tuple[Stream, ...]:
    """All streams of this installation: the common ones, then one a protocol."""
    from linewarden.protocols._shared.compile import native_stream
    from linewarden.protocols.registry import protocols
    from linewarden.records import COMMON, stream_of

    return tuple(stream_of(record) for record in COMMON) + tuple(native_stream(p) for p in protocols())


@cache
def spec() -> str:
    """The table that the engine runs, as JSON: from the cache, or made anew."""
    place = _cache_folder() / f"spec-{_fingerprint()}.json"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return place.read_text("utf-8")
    text = make_spec()
    with contextlib.suppress(OSError):
        _keep(place, text)
    return text


@cache
def spec_without_protocols() -> str:
    """The common streams only, for who reads nothing: it takes no time to make, nor the engine any to take it."""
    from linewarden.records import COMMON, stream_of

    return json.dumps({"streams": [_columns(stream_of(record)) for record in COMMON], "protocols": []})


def make_spec(labels: bool = False) -> str:
    """The table, made from the protocol files. `labels`: for who looks at a packet (`fields.py`)."""
    from linewarden.protocols._shared.compile import compile_protocol
    from linewarden.protocols.registry import protocols

    return json.dumps(
        {
            "streams": [_columns(s) for s in streams()],
            "protocols": [compile_protocol(p, labels) for p in protocols()],
        },
        separators=(",", ":"),
    )


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "linewarden"


def _columns(stream: Stream) -> dict[str, Any]:
    return {"name": stream.name, "columns": [[c.name, c.type, c.nullable] for c in stream.columns]}


def _fingerprint() -> str:
    digest = hashlib.sha256(linewarden.__version__.encode())
    root = Path(linewarden.__file__).parent
    for folder in ("records", "protocols", "protocols/_shared"):
        with os.scandir(root / folder) as entries:
            for entry in sorted((e for e in entries if e.name.endswith(".py")), key=lambda e: e.name):
                about = entry.stat()
                digest.update(f"{folder}/{entry.name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:24]


def _keep(place: Path, text: str) -> None:
    """Writes the file whole or not at all, and drops the oldest: installations beside each other keep theirs."""
    import tempfile

    place.parent.mkdir(parents=True, exist_ok=True)
    kept = sorted(place.parent.glob("spec-*.json"), key=lambda path: path.stat().st_mtime_ns)
    for old in kept[: -(KEPT - 1)]:
        old.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=place.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).replace(place)
