"""What the page's script needs to show an asset's card and to link the map with the table: JSON-ready values."""

from __future__ import annotations

from typing import Any

from linewarden.plant.model import Conversation, Plant
from linewarden.reports import words
from linewarden.reports.map_layout import MapView
from linewarden.reports.map_nodes import kind_of
from linewarden.reports.view import AssetRow, PlantView

MOST_EVIDENCE = 40
MOST_TALKS = 20_000
"""Conversations in the page, the largest first: a report of a very large plant must still open."""


def page_data(plant: Plant, view: PlantView, picture: MapView) -> dict[str, Any]:
    """`assets` in table order, `talks` between them (asset indices), `nodes` of the map with their members."""
    talks = sorted(plant.conversations, key=lambda c: (-len(c.verbs), -c.bytes, c.source, c.target))[:MOST_TALKS]
    return {
        "assets": [asset_data(row) for row in view.assets],
        "talks": [_talk(t, view) for t in talks],
        "nodes": {box.node.key: list(box.node.members) for box in picture.boxes},
    }


def asset_data(row: AssetRow) -> dict[str, Any]:
    """An asset's card: facts that are known, reasons, evidence with its packet, services."""
    asset = row.asset
    evidence = sorted(asset.evidence, key=lambda e: (-e.confidence, e.what, e.value))[:MOST_EVIDENCE]
    return {
        "name": row.name,
        "role": row.role,
        "sure": row.sure,
        "level": row.level,
        "state": row.state,
        "facts": _facts(row),
        "reasons": [words.clean(r) for r in asset.role_reasons],
        "serves": [
            [
                words.protocol(s.protocol),
                f"{s.transport} {s.port}" if s.port else words.clean(s.transport, 20),
                s.clients,
            ]
            for s in asset.serves
        ],
        "uses": list(row.uses),
        "evidence": [
            [
                words.clean(e.what, 60).replace("_", " "),
                words.clean(e.value),
                words.protocol(e.source),
                words.clean(e.detail),
                words.where(e),
                words.confidence(e.confidence),
            ]
            for e in evidence
        ],
        "more": max(0, len(asset.evidence) - MOST_EVIDENCE),
    }


def _facts(row: AssetRow) -> list[list[str]]:
    asset = row.asset
    others = ", ".join(words.clean(n) for n in asset.names if words.clean(n) != row.name)
    pairs = [
        ("Other names", others),
        ("IP addresses", ", ".join(row.ips)),
        ("MAC addresses", ", ".join(row.macs)),
        ("VLANs", ", ".join(map(str, asset.vlans))),
        ("Vendor", row.vendor),
        ("Model", row.model),
        ("Order number", row.order_number),
        ("Hardware", asset.hardware),
        ("Firmware", row.firmware),
        ("Serial number", asset.serial),
        ("Operating system", asset.os),
        ("Software", asset.software),
        ("Description", asset.description),
        ("Location", asset.location),
        ("Zone", asset.zone),
        ("Line", asset.line),
        ("Traffic", f"{words.size(asset.bytes)} in {asset.packets:,} packets" if asset.packets else ""),
    ]
    return [[label, words.clean(value, 600)] for label, value in pairs if value]


def _talk(talk: Conversation, view: PlantView) -> list[Any]:
    """[source, target, target's name if it is no asset, protocols, verbs in words, size, packet, kind]"""
    source, target = view.index.get(talk.source, -1), view.index.get(talk.target, -1)
    frame = f"{words.clean(talk.capture, 120)}, frame {talk.frame:,}" if talk.capture and talk.frame else ""
    return [
        source,
        target,
        "" if target >= 0 else words.clean(talk.target, 60),
        ", ".join(dict.fromkeys(words.protocol(p) for p in talk.protocols)),
        ", ".join(f"{words.verb(verb)} ({count:,})" for verb, count in talk.verbs),
        words.size(talk.bytes),
        frame,
        kind_of(talk),
    ]
