"""Process values as people and programs look at them: which tags there are, and how they ran over a time."""

from __future__ import annotations

from linewarden.service.values.book import Book, TagState
from linewarden.service.values.tag import TagKey
from linewarden.service.values.trends import Trend, Trends

__all__ = ["Book", "TagKey", "TagState", "Trend", "Trends"]
