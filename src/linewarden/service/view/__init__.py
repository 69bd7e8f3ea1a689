"""WHAT IS TRUE NOW, as people and programs look at it: a lake that grows, folded as it grows."""

from __future__ import annotations

from linewarden.service.view.follower import Follower
from linewarden.service.view.model import View

__all__ = ["Follower", "View"]
