"""Truth against us, number by number."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import truth_map as tm

from . import identity, ours
from .model import Difference, FileScore, Tally


def truth_of(capture: Path) -> dict[str, Any]:
    """The truth file beside a capture. Raises OSError, ValueError."""
    text = capture.with_name(capture.name + ".truth.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def score(capture: Path) -> tuple[FileScore, ours.Ours]:
    """Reads a capture and compares it with its truth."""
    truth, mine = truth_of(capture), ours.read(capture)
    result = FileScore(capture.name)
    _packets(result, truth, mine)
    pairs, directions = ours.all_counts(mine.frames)
    for protocol in tm.PROTOCOLS:
        for field in protocol.fields:
            by_pair = _flat(truth["functions_by_pair"].get(field, {}))
            by_side = _flat(truth["functions_by_direction"].get(field, {}))
            _pairs(result, protocol.name, field, by_pair, pairs[field])
            _directions(result, protocol.name, field, by_side, directions[field])
    mapped = {f for p in tm.PROTOCOLS for f in p.fields}
    result.unread = {f: sum(_flat(d).values()) for f, d in truth["functions_by_pair"].items() if f not in mapped}
    identity.compare(result, truth["identity"], mine)
    _bindings(result, truth["mac_to_ip"], mine)
    return result, mine


def _flat(by: dict[str, dict[str, int]]) -> Counter[tuple[str, str]]:
    return Counter({(a, v): n for a, values in by.items() for v, n in values.items()})


def _packets(result: FileScore, truth: dict[str, Any], mine: ours.Ours) -> None:
    result.packets = (truth["packets"], mine.totals.packets)
    result.truncated = (truth["truncated_packets"], mine.totals.truncated_packets)
    for name, (want, have) in (("packets", result.packets), ("truncated_packets", result.truncated)):
        if want != have:
            result.differences.append(Difference(result.file, "packets", "-", name, "", "", want, have))


def _pairs(
    result: FileScore, protocol: str, field: str, truth: Counter[tuple[str, str]], have: Counter[tuple[str, str]]
) -> None:
    if not truth and not have:
        return
    tally = result.pairs.setdefault(protocol, Tally(files={result.file}))
    tally.truth += truth.total()
    tally.ours += have.total()
    for pair, value in sorted(truth.keys() | have.keys()):
        t, o = truth[pair, value], have[pair, value]
        if t != o:
            tally.wrong += abs(t - o)
            result.differences.append(Difference(result.file, "pair", protocol, field, pair, value, t, o))


def _directions(
    result: FileScore, protocol: str, field: str, truth: Counter[tuple[str, str]], have: Counter[tuple[str, str]]
) -> None:
    """tshark's "other" (neither port is known to it, or no ports) may be either of ours."""
    if not truth and not have:
        return
    tally = result.directions.setdefault(protocol, Tally(files={result.file}))
    tally.truth += truth.total()
    tally.ours += have.total()
    for value in sorted({v for _, v in truth.keys() | have.keys()}):
        spare = truth["other", value]
        for side in ("to_server", "from_server"):
            t, o = truth[side, value], have[side, value]
            used = min(spare, max(0, o - t))
            spare -= used
            if t != o - used:
                tally.wrong += abs(t - o + used)
                o -= used
                result.differences.append(Difference(result.file, "direction", protocol, field, side, value, t, o))
        if spare:
            tally.wrong += spare
            result.differences.append(Difference(result.file, "direction", protocol, field, "other", value, spare, 0))


def _bindings(result: FileScore, truth: dict[str, list[str]], mine: ours.Ours) -> None:
    want = {(m.lower(), i.lower()) for m, ips in truth.items() for i in ips}
    have = ours.bindings(mine.frames)
    missing = sorted(want - have)
    result.bindings = Tally(len(want), len(have), len(missing), 0, {result.file} if want else set())
    result.extra_bindings = sorted(have - want)
    for mac, ip in missing:
        result.differences.append(Difference(result.file, "binding", "-", "mac_to_ip", mac, ip, 1, 0))
