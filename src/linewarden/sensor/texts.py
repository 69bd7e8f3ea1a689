"""Many texts searched at once, in the engine."""

from __future__ import annotations

from collections.abc import Iterable

from linewarden import _engine


def matching(texts: Iterable[str], pattern: str) -> set[str]:
    """Those in which a pattern is found, written in small letters. ValueError if Rust's regex does not know it."""
    every = list(texts)
    return {text for text, found in zip(every, _engine.matching(every, pattern), strict=True) if found}
