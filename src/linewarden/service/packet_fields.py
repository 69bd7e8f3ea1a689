"""Packets with their fields and offsets, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from linewarden.reports.words import iso
from linewarden.service.packet_layers import Parts, ShownField, ShownLayer
from linewarden.service.packet_places import ShownPacket

_FATES = {
    "passed_over": "no part of a message, passed over",
    "lost": "no message begins here",
    "waiting": "a message begins, and its end did not come",
}


def as_list(packets: Iterable[ShownPacket]) -> list[dict[str, Any]]:
    """For a program: each packet with its bytes as hex, and its layers."""
    return [
        {
            "frame": p.frame, "ts": iso(p.packet.ts), "ts_ns": p.packet.ts, "length": p.packet.length,
            "hex": p.packet.data.hex(), "layers": [asdict(x) for x in p.layers],
        }
        for p in packets
    ]  # fmt: skip


def lines(packets: Iterable[ShownPacket]) -> Iterator[str]:
    """For a person: a line a field, its bytes before it (first and last, from 0)."""
    for number, packet in enumerate(packets):
        if number:
            yield ""
        yield f"packet {packet.frame}  {iso(packet.packet.ts)}  {packet.packet.length} bytes"
        for layer in packet.layers:
            yield from _layer(layer)


def _layer(layer: ShownLayer) -> Iterator[str]:
    said = ", ".join(x for x in (layer.role if layer.fate == "message" else "", layer.verb, layer.function) if x)
    what = _FATES.get(layer.fate or "", said)
    yield f"{_bytes(layer.parts):>13}  {layer.name}{f': {what}' if what else ''}"
    for field in layer.fields:
        yield f"{_bytes(field.parts):>13}    {'  ' * field.depth}{_clean(_said(field))}"
    if layer.more:
        yield f"{'':>13}    and {layer.more:,} more"
    if layer.stopped:
        where = f" at byte {layer.stopped.at}" if layer.stopped.at is not None else ""
        yield f"{'':>13}    stopped{where}: {layer.stopped.why}"
    if layer.elsewhere:
        yield f"{'':>13}    the rest is in {_packets(layer.elsewhere)}"


def _said(field: ShownField) -> str:
    bits = f" (bits 0x{field.bits:02x})" if field.bits is not None else ""
    rest = f" (the rest in {_packets(field.elsewhere)})" if field.elsewhere else ""
    return f"{field.name}{bits} = {field.value}{rest}"


def _packets(numbers: tuple[int, ...]) -> str:
    few = ", ".join(map(str, numbers[:8]))
    more = f" and {len(numbers) - 8:,} more" if len(numbers) > 8 else ""
    return f"packet{'s' if len(numbers) > 1 else ''} {few}{more}"


def _bytes(parts: Parts) -> str:
    few = ",".join(f"{at}-{at + length - 1}" if length > 1 else str(at) for at, length in parts[:2])
    return f"{few},..." if len(parts) > 2 else few


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
