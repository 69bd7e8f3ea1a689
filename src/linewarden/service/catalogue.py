"""What this installation speaks and writes: its protocols and streams."""

from __future__ import annotations

from typing import Any

from linewarden.protocols.registry import protocols
from linewarden.sensor.sensor import streams


def streams_as_dicts() -> list[dict[str, Any]]:
    """Name, meaning and columns (name, type, nullable, unit, meaning) of each stream, ready for JSON."""
    return [
        {
            "name": s.name,
            "doc": " ".join(s.doc.split()),
            "columns": [
                {"name": c.name, "type": c.type, "nullable": c.nullable, "unit": c.unit, "doc": c.doc}
                for c in s.columns
            ],
        }
        for s in streams()
    ]


def protocols_as_dicts() -> list[dict[str, Any]]:
    """Name, title, source of truth and place (`tcp 502`) of each protocol, ready for JSON."""
    return [
        {
            "name": p.name,
            "title": p.title,
            "reference": p.reference,
            "on": [{"kind": str(o.kind), "ids": list(o.ids)} for o in p.on],
            "columns": [c.name for c in p.columns],
        }
        for p in protocols()
    ]
