"""How hard the costly property tests look: `make properties` asks for many times what the full run asks for."""

from __future__ import annotations

import os


def examples(usual: int) -> int:
    """Examples of a property whose single example takes long; LINEWARDEN_EFFORT multiplies them."""
    return usual * int(os.environ.get("LINEWARDEN_EFFORT", "1"))
