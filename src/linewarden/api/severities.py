"""How grave it is for an asset: the worst of the cases that touch it."""

from __future__ import annotations

from typing import cast

from linewarden.api.caller import Caller
from linewarden.api.routes.cases import Weight, visible_cases
from linewarden.api.tables import shared
from linewarden.cases.model import WEIGHT
from linewarden.policy import Action, Kind

ORDER = list(WEIGHT)


def worst_by_asset(who: Caller) -> dict[str, tuple[int, Weight | None]]:
    """By asset id: how many of the cases that the caller may see touch it, and the severity of the worst."""
    return shared(who, "worst by asset", ((Action.CASE_READ, Kind.CASE),), lambda: _worst(who))


def _worst(who: Caller) -> dict[str, tuple[int, Weight | None]]:
    found: dict[str, list[str]] = {}
    for _, case in visible_cases(who):
        for asset in case.assets:
            found.setdefault(asset, []).append(case.severity)
    return {asset: (len(all_), cast(Weight, min(all_, key=ORDER.index))) for asset, all_ in found.items()}


def at_least(severity: Weight | None, asked: Weight) -> bool:
    """Is it as grave as asked, or graver?"""
    return severity is not None and ORDER.index(severity) <= ORDER.index(asked)
