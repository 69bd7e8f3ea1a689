"""THE NETWORK AS A PICTURE: where each asset stands, and which conversations were active when."""

from __future__ import annotations

from linewarden.service.network_map.layout import Layout, laid_out

__all__ = ["Layout", "laid_out"]
