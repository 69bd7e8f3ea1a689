"""Does each name that a device gives of itself reach the asset that owns its address?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
import truth_map as tm

from linewarden.plant.model import Asset

from .model import Difference, FileScore, Tally
from .ours import Ours

_FIELDS = ("name", "vendor", "model", "order_number", "hardware", "firmware", "serial", "os", "software", "description")


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of an asset: values by field, and all its text (values and details of the evidence)."""

    values: dict[str, set[str]]
    text: str

    def all(self) -> Iterable[str]:
        """Values of all fields."""
        return (v for values in self.values.values() for v in values)


def plain(text: str) -> str:
    """For comparison: no padding, no case, one space for any white space (tshark writes line ends as escapes)."""
    text = re.sub(r"\\[rnt0]|\\x00|\x00", " ", text)
    return " ".join(text.split()).casefold()


def said(asset: Asset) -> Said:
    """Gathers an asset's fields, names and evidence."""
    values: dict[str, set[str]] = {f: set() for f in _FIELDS}
    for what in _FIELDS:
        if value := getattr(asset, what):
            values[what].add(plain(str(value)))
    values["name"] |= {plain(n) for n in asset.names}
    for e in asset.evidence:
        values.setdefault(e.what, set()).add(plain(e.value))
    text = " | ".join(f"{e.what} {plain(e.value)} {plain(e.detail)}" for e in asset.evidence)
    return Said(values, text)


def _text(value: str, known: Said) -> bool:
    wanted = plain(value)
    return any(wanted == v or (len(wanted) >= 4 and wanted in v) for v in known.all())


def _hex_text(value: str, known: Said) -> bool:
    """LLDP ids come as hex. Siemens' hold columns (model, order number, serial...): each must be known."""
    try:
        text = bytes.fromhex(value).decode("utf-8", "replace")
    except ValueError:
        return _text(value, known)
    words = [w for w in re.split(r"\s{2,}", text.strip("\0 ")) if len(w) > 3]
    return _text(text, known) or (len(words) > 1 and all(_text(w, known) for w in words))


def _number(text: str) -> int | None:
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        return None


def _serial(value: str, known: Said) -> bool:
    wanted = _number(value)
    found = {f for v in known.values["serial"] for f in (_number(v), _number("0x" + v)) if f is not None}
    return wanted in found or _text(value, known)


def _revision_bytes(value: str, known: Said) -> bool:
    number = _number(value) or 0
    major, minor = number >> 8, number & 0xFF
    return any(re.fullmatch(rf"v?{major}\.0*{minor}", v) for v in known.values["firmware"])


def _major(value: str, known: Said) -> bool:
    return any(re.match(rf"v?{int(value)}\.", v) for v in known.values["firmware"])


def _minor(value: str, known: Said) -> bool:
    return any(re.search(rf"\.0*{int(value)}$", v) for v in known.values["firmware"])


def _vendor(value: str, known: Said, names: Mapping[int, str]) -> bool:
    number = _number(value)
    if number is None:
        return _text(value, known)
    named = plain(names.get(number, ""))
    if named and any(named == v for v in known.values["vendor"]):
        return True
    return bool(re.search(rf"vendor(?: id)?\D{{0,4}}(?:{number}|0x0*{number:x})\b", known.text))


@cache
def _vendors(kind: str) -> Mapping[int, str]:
    from linewarden.protocols._shared import bacnet_names, cip_names, dcp_names

    module = {"cip": cip_names, "bacnet": bacnet_names, "profinet": dcp_names}[kind]
    table: Mapping[int, str] = getattr(module, "VENDORS", {})
    return table


def _labelled(value: str, known: Said, label: str) -> bool:
    number = _number(value)
    return number is not None and bool(re.search(rf"{label}\D{{0,3}}(?:0x0*{number:x}|{number})\b", known.text))


_KINDS: dict[str, Callable[[str, Said], bool]] = {
    "text": _text,
    "hex_text": _hex_text,
    "bacnet_name": _text,
    "serial": _serial,
    "revision_bytes": _revision_bytes,
    "major": _major,
    "minor": _minor,
}


def reached(key: tm.Key, value: str, known: Said) -> bool:
    """Whether an asset knows a value of the truth."""
    if key.kind.endswith("_vendor"):
        return _vendor(value, known, _vendors(key.kind.removesuffix("_vendor")))
    if key.kind.startswith("number:"):
        return _labelled(value, known, key.kind.removeprefix("number:"))
    return _KINDS[key.kind](value, known)


def compare(result: FileScore, truth: Mapping[str, list[dict[str, Any]]], mine: Ours) -> None:
    """Adds to `result` a tally a key, and a difference for each value and sender that did not arrive."""
    known = {address: said(a) for a in mine.plant.assets for address in (*a.ips, *a.macs)}
    points = _points(mine.frames)
    for name, key in tm.IDENTITY.items():
        for entry in truth.get(name, ()):
            value = str(entry["value"])
            if plain(value) in tm.NO_NAME | key.skip:
                continue
            if key.kind == "bacnet_name" and plain(value) in points:
                result.points += 1
                continue
            _entry(result, name, key, value, entry["seen_from"], known)


def _entry(
    result: FileScore, name: str, key: tm.Key, value: str, senders: list[str], known: Mapping[str, Said]
) -> None:
    tally = result.identities.setdefault(name, Tally(files={result.file}))
    for sender in senders:
        tally.truth += 1
        # A DHCP client has no address yet: any asset may be it.
        candidates = list(known.values()) if sender in ("0.0.0.0", "::") else [known[sender]] if sender in known else []
        if any(reached(key, value, k) for k in candidates):
            tally.ours += 1
            continue
        tally.wrong += 1
        result.differences.append(Difference(result.file, "identity", key.protocol, name, sender, value, 1, 0))


def _points(frames: Mapping[str, pl.DataFrame]) -> set[str]:
    """BACnet object names that are those of points (inputs, outputs...), not of a device."""
    frame = frames.get("bacnet")
    if frame is None or not {"property", "text", "object_type"} <= set(frame.columns):
        return set()
    kind = pl.col("object_type").cast(pl.String)
    rows = frame.filter((pl.col("property").cast(pl.String) == "object_name") & pl.col("text").is_not_null())
    devices = {plain(t) for (t,) in rows.filter(kind.is_in(["device", "8"])).select("text").iter_rows()}
    return {plain(t) for (t,) in rows.filter(~kind.is_in(["device", "8"])).select("text").iter_rows()} - devices
