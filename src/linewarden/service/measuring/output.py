"""Availability, performance and quality of a machine by tags of the lake, and where its time went."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linewarden.analytics.oee.measure import measured
from linewarden.analytics.oee.shifts import Shift, joined, shift_of, windows, zone_of
from linewarden.analytics.oee.spans import Kind, flat, from_pieces
from linewarden.errors import ConfigError
from linewarden.service.lake import Session
from linewarden.service.measuring.reading import session_of, states
from linewarden.service.surveying.effectiveness import (
    as_dict,
    check,
    grouped,
    kinds_of,
    pieces_of,
    remarks,
    spans_of,
    whole_days,
)
from linewarden.service.values.tag import TagKey

MOST_GROUPS = 400


def output(question: dict[str, Any]) -> dict[str, Any]:
    """`tags`: {"state", "made", "good", "rejected": [key, name]}, those that there are; `kinds`: {"run": "1,2", ...};
    `ideal`, `micro` and `stale` (s), `shifts`, `zone`, `by`, `start` and `end` (ns UTC). Raises ConfigError."""
    tags, kinds = question["tags"], kinds_of(question["kinds"], "")
    numbers = {name: question[name] for name in ("ideal", "micro", "stale")}
    check(
        state="state" in tags, counter="made" in tags or "good" in tags, run=question["kinds"].get("run", ""),
        numbers=numbers, flag="",
    )  # fmt: skip
    try:
        shifts: tuple[Shift, ...] = tuple(map(shift_of, question["shifts"]))
        zone = zone_of(question["zone"])
    except ValueError as error:
        raise ConfigError(str(error)) from None
    with session_of(Path(question["lake"])) as session:
        rows = {what: _read(session, tag, question, what) for what, tag in tags.items()}
    begin, end = min(r[0][0] for r in rows.values()), max(r[-1][0] for r in rows.values())
    pieces = pieces_of(rows.get("made"), rows.get("good"), rows.get("rejected", []))
    if "state" in rows:
        words = [f"{x:.12g}" for _, x in rows["state"]]
        times = [t for t, _ in rows["state"]]
        spans = spans_of(times, words, kinds, question["stale"], end, tag=tags["state"][1], flag="")
        said = _unsaid(set(words), kinds)
    else:
        said = []
        spans = from_pieces(pieces, question["ideal"])
    spans = flat(spans)  # once: each group would do it anew
    planned = windows(shifts or whole_days(question["by"]), zone, begin, end)
    if not planned:
        raise ConfigError("shift: no shift lies in the time of which there are values")
    how = {"ideal": question["ideal"], "micro": question["micro"]}
    whole = measured(spans, pieces, joined(planned), **how)
    groups = list(grouped(planned, question["by"], zone).items())
    told = [{"name": name, **as_dict(measured(spans, pieces, joined(g), **how))} for name, g in groups[-MOST_GROUPS:]]
    return {
        **as_dict(whole), "unknown_h": whole.losses["unknown"], "remarks": [*said, *remarks(whole, "")], "by": told,
        "begin": begin, "until": end, "values": sum(map(len, rows.values())),
    }  # fmt: skip


def _read(session: Session, tag: list[Any], question: dict[str, Any], what: str) -> list[tuple[int, float]]:
    return states(session, TagKey._make(tag[0]), question["start"], question["end"], what)


def _unsaid(words: set[str], kinds: Mapping[str, Kind]) -> list[str]:
    """Values of the state that mean nothing, and meanings whose value never came."""
    out = []
    if strange := sorted(words - set(kinds)):
        out.append(f"The state also is {', '.join(strange[:8])}; nobody said what that means, so that time is unknown.")
    if never := sorted(set(kinds) - words):
        out.append(f"The state never is {', '.join(never[:8])} in this time.")
    return out
