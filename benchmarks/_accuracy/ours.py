"""Our side: reads a capture with the sensor, and counts what `truth_map` names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import truth_map as tm

from linewarden.plant import PlantFold
from linewarden.plant.fold import STREAMS
from linewarden.plant.model import Plant
from linewarden.sensor import Totals
from linewarden.sensor.sensor import read_all, streams
from linewarden.wire.captures import Capture

from .model import Counts

NATIVE_HEAD = ("id.orig_h", "id.resp_h", "is_orig", "resp_frame", "rtt_ns")


@dataclass(slots=True)
class Ours:
    """One capture as we see it."""

    totals: Totals
    plant: Plant
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)


def read(path: Path) -> Ours:
    """Reads a capture. Raises CaptureError if it cannot be read."""
    known = {s.name for s in streams()}
    wanted = ({c.stream for p in tm.PROTOCOLS for cs in p.fields.values() for c in cs} | STREAMS) & known
    batches, totals = read_all([Capture(path, path.name)], sorted(wanted))
    parts: dict[str, list[pl.DataFrame]] = {}
    fold = PlantFold()
    for batch in batches:
        frame = pl.DataFrame(batch.arrow)
        texts = [n for n, t in frame.schema.items() if t in (pl.Categorical, pl.Enum)]
        frame = frame.with_columns(pl.col(texts).cast(pl.String)) if texts else frame
        parts.setdefault(batch.stream, []).append(frame)
        fold.add(batch.stream, frame)
    return Ours(totals, fold.plant(), {s: pl.concat(fs) for s, fs in parts.items()})


def count(
    frames: dict[str, pl.DataFrame], rules: tuple[tm.Count, ...]
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """Counts one tshark field: by (pair, value), and by (to_server or from_server, value).

    To the server is what the flow's originator sends.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    directions: Counter[tuple[str, str]] = Counter()
    for rule in rules:
        frame = frames.get(rule.stream)
        if frame is None or rule.column not in frame.columns:
            continue
        for orig, resp, asked, value, n in grouped(frame, rule).iter_rows():
            forward = asked == (rule.side == "request")
            for text in written(value, rule):
                pairs[f"{orig}>{resp}" if forward else f"{resp}>{orig}", text] += n
                directions["to_server" if forward else "from_server", text] += n
    return pairs, directions


def grouped(frame: pl.DataFrame, rule: tm.Count) -> pl.DataFrame:
    """Rows (originator, responder, whether the originator asked, value, how many) of one rule."""
    answered = pl.col("resp_frame").is_not_null()
    # An answer whose request was not seen has no time from one to the other.
    side = answered if rule.side == "response" else ~answered | pl.col("rtt_ns").is_not_null()
    keep = side & pl.col(rule.column).is_not_null()
    if rule.where:
        keep &= pl.col(rule.where).is_not_null()
    if rule.unless:
        keep &= pl.col(rule.unless).is_null()
    if rule.when:
        keep &= pl.col(rule.when[0]) == rule.when[1]
    by = ["id.orig_h", "id.resp_h", "is_orig", "value"]
    n = pl.col(rule.weight).fill_null(0).sum() if rule.weight else pl.len()
    rows = frame.filter(keep).with_columns(pl.col(rule.column).alias("value"))
    return rows.group_by(by).agg(n.cast(pl.Int64).alias("n")).filter(pl.col("n") > 0).select(*by, "n")


def written(value: object, rule: tm.Count) -> list[str]:
    """Our value as tshark writes it: mostly one, several where a column holds a list."""
    kind = rule.transform
    if kind.startswith("const:"):
        return [kind[6:]]
    if kind == "hexpairs":
        return [str(b) for b in bytes.fromhex(str(value).replace(":", "").replace(" ", ""))[::2]]
    if kind == "text" or not isinstance(value, int):
        return [str(value)]
    number = int(value) & rule.mask if rule.mask else int(value)
    if kind == "hexbytes":
        return [f"0x{number:0{2 * max(1, (number.bit_length() + 7) // 8)}x}"]
    return [f"0x{number:0{kind[3:]}x}"] if kind.startswith("hex") else [str(number)]


def bindings(frames: dict[str, pl.DataFrame]) -> set[tuple[str, str]]:
    """(MAC, IP) pairs that frames or ARP showed."""
    frame = frames.get("binding")
    if frame is None:
        return set()
    rows = frame.filter(pl.col("source").is_in(["ip", "arp"]) & (pl.col("ip") != ""))
    return {(m.lower(), i.lower()) for m, i in rows.select("mac", "ip").iter_rows()}


def all_counts(frames: dict[str, pl.DataFrame]) -> tuple[Counts, Counts]:
    """Every field of the map: by pair, by direction."""
    pairs: Counts = {}
    directions: Counts = {}
    for protocol in tm.PROTOCOLS:
        for name, rules in protocol.fields.items():
            pairs[name], directions[name] = count(frames, rules)
    return pairs, directions
