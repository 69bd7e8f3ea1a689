"""Where to go on after a form: to this host only."""

from __future__ import annotations


def local_path(to: str) -> str:
    """A path of this host, `/` for anything else, however it is written (CWE-601)."""
    plain = to.startswith("/") and not to.startswith(("//", "/\\")) and all(" " < c < "\x7f" for c in to)
    return to if plain else "/"
