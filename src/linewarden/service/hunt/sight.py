"""Which rows somebody may see: all of a lake, or those whose addresses are all in zones that they may look into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENDPOINTS = ("id.orig_h", "id.resp_h")
OTHERS: Mapping[str, tuple[str, ...]] = {
    "reading": ("source",), "identity": ("address",), "binding": ("mac",), "known": ("address",),
}  # fmt: skip
"""Streams without endpoints: the columns that name whom a row is about."""


@dataclass(frozen=True, slots=True)
class Sight:
    """`addresses`: None is all of the lake; else rows of which every address is one of these."""

    addresses: frozenset[str] | None = None


def columns_of(stream: str, names: frozenset[str]) -> tuple[str, ...]:
    """The columns of a stream by which its rows are told apart; none: who may not see all sees nothing of it."""
    wanted = OTHERS.get(stream, ENDPOINTS)
    return wanted if names.issuperset(wanted) else ()
