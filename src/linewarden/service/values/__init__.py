"""Process values as people and programs look at them: which tags there are, and how they ran over a time.

A `Book` holds what is known of all tags, as columns. Pages and API ask for some of them by `Values`, which has a book
in a process of its own.
"""

from __future__ import annotations

from linewarden.service.values.asking import Standing, Values
from linewarden.service.values.finding import SORTS, Ask, Found, Names
from linewarden.service.values.tag import TagKey, TagState
from linewarden.service.values.trend import Told, Trend

__all__ = ["SORTS", "Ask", "Found", "Names", "Standing", "TagKey", "TagState", "Told", "Trend", "Values"]
