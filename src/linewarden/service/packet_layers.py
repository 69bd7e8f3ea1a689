"""One packet in layers: headers, then what the protocol tables read of the rest, each field with its bytes.

Fields of a message are put in levels: one whose bytes are a part of another's stands below it. On one level fields do
not share bytes, unless they are the very same ones (bits of a byte, or a number and what it means).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from linewarden.sensor.fields import Fate, Piece, ReadField, Told
from linewarden.wire.layers import Layer, layers_of
from linewarden.wire.pcapng import Packet

Parts = tuple[tuple[int, int], ...]
"""Bytes of a packet: offset and length, one pair for what stands together."""
MOST_FIELDS = 600
"""Fields of one message that are shown."""


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field as it is shown. `elsewhere`: packets that have more of its bytes; `column`: of records, too."""

    name: str
    value: str
    parts: Parts
    about: str = ""
    bits: int | None = None
    depth: int = 0
    elsewhere: tuple[int, ...] = ()
    column: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Why reading ended before the end of a message, and at which byte, if that is in this packet."""

    why: str
    at: int | None


@dataclass(frozen=True, slots=True)
class ShownLayer:
    """A header, or bytes of a protocol: `protocol` is the stream of its records then, and `fate` what became of them.

    `role`, `verb` and `function` are of a message; `elsewhere`: packets that have the rest of it; `more`: fields that
    are too many to be shown.
    """

    name: str
    parts: Parts
    fields: tuple[ShownField, ...] = ()
    protocol: str = ""
    fate: Fate | None = None
    role: str = ""
    verb: str = ""
    function: str = ""
    elsewhere: tuple[int, ...] = ()
    stopped: Stop | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A packet: where it stands in what was read, and the numbers by which people know the packets of that."""

    frame: int
    numbers: Mapping[int, int]

    def parts(self, pieces: Iterable[Piece]) -> Parts:
        """Bytes of this packet. Pieces that touch are one."""
        found: list[tuple[int, int]] = []
        for at, length in sorted((p.at, p.length) for p in pieces if p.frame == self.frame and p.length):
            if found and at <= sum(found[-1]):
                first = found[-1][0]
                found[-1] = (first, max(sum(found[-1]), at + length) - first)
            else:
                found.append((at, length))
        return tuple(found)

    def elsewhere(self, pieces: Iterable[Piece]) -> tuple[int, ...]:
        """Numbers of the other packets."""
        others = {p.frame for p in pieces} - {self.frame, 0}
        return tuple(sorted(self.numbers[f] for f in others if f in self.numbers))


def layers(packet: Packet, place: Place, told: Sequence[Told]) -> tuple[ShownLayer, ...]:
    """The layers of a packet in the order of their bytes."""
    headers = layers_of(packet.data, packet.link)
    padding = next((x.at for x in headers if x.name == "Padding"), len(packet.data))
    read = [_clipped(_message(place, one, told), padding) for one in told if place.parts(one.pieces)]
    kept = [_header(x) for x in headers if x.name not in ("Payload", "Padding") and not _is_in(x, read)]
    taken = sorted(part for x in (*kept, *read) for part in x.parts)
    left = _gaps(taken, padding, packet)
    gaps = [ShownLayer("Padding" if at >= padding else "Payload", ((at, n),)) for at, n in left]
    return tuple(sorted((*kept, *read, *gaps), key=lambda x: x.parts[0]))


def _header(layer: Layer) -> ShownLayer:
    fields = (ShownField(f.name, f.value, ((f.at, f.length),)) for f in layer.fields)
    return ShownLayer(layer.name, ((layer.at, layer.length),), tuple(fields))


def _is_in(layer: Layer, read: Sequence[ShownLayer]) -> bool:
    """Whether a table reads this header."""
    end = layer.at + layer.length
    return any(at <= layer.at and end <= at + length for x in read for at, length in x.parts)


def _clipped(layer: ShownLayer, end: int) -> ShownLayer:
    """Without padding, which below IP nobody tells apart."""
    if layer.fate != "message" or any(sum(p) > end for f in layer.fields for p in f.parts):
        return layer
    parts = tuple((at, min(length, end - at)) for at, length in layer.parts if at < end)
    return replace(layer, parts=parts or layer.parts)


def _gaps(taken: Sequence[tuple[int, int]], padding: int, packet: Packet) -> Iterable[tuple[int, int]]:
    """What belongs to no layer."""
    at = 0
    for start, length in (*taken, (len(packet.data), 0)):
        if start > at:
            middle = min(max(padding, at), start)
            yield from ((a, b - a) for a, b in ((at, middle), (middle, start)) if b > a)
        at = max(at, start + length)


def _message(place: Place, told: Told, others: Sequence[Told]) -> ShownLayer:
    """A message, and what was read of its bytes with a later one: a protocol may make its own fragments."""
    parts = place.parts(told.pieces)
    of_it = [told, *(o for o in others if o is not told and _reads(place, o, parts))]
    whole = told if told.function else next((o for o in of_it if o.function), told)
    shown = levels(place, [f for o in of_it for f in o.fields], parts)
    stop = None
    if told.stopped:
        why, where = told.stopped
        stop = Stop(why, where.at if where and where.frame == place.frame else None)
    every = [p for o in of_it for p in (*o.pieces, *(p for f in o.fields for p in f.pieces))]
    return ShownLayer(
        told.title, parts, shown[:MOST_FIELDS], told.protocol, told.fate, whole.role, whole.verb, whole.function,
        place.elsewhere(every), stop, max(0, len(shown) - MOST_FIELDS),
    )  # fmt: skip


def _reads(place: Place, told: Told, parts: Parts) -> bool:
    return any(_overlap(place.parts(f.pieces), parts) for f in told.fields)


def levels(place: Place, fields: Sequence[ReadField], within: Parts) -> tuple[ShownField, ...]:
    """Fields that have bytes in this part of the packet, by level. What overlaps another field in part is left out."""
    here = [(_common(place.parts(f.pieces), within), n, f) for n, f in enumerate(fields)]
    here = sorted((x for x in here if x[0]), key=lambda x: (x[0][0][0], -_size(x[0]), x[1]))
    shown: list[ShownField] = []
    above: list[Parts] = []
    said: set[tuple[str, str, Parts]] = set()
    for parts, _, f in here:
        while above and not _overlap(above[-1], parts):
            above.pop()
        if (above and above[-1] != parts and not _holds(above[-1], parts)) or (f.name, f.value, parts) in said:
            continue
        said.add((f.name, f.value, parts))
        depth = len(above) - (1 if above and above[-1] == parts else 0)
        shown.append(ShownField(f.name, f.value, parts, f.about, f.bits, depth, place.elsewhere(f.pieces), f.column))
        if not above or above[-1] != parts:
            above.append(parts)
    return tuple(shown)


def _size(parts: Parts) -> int:
    return sum(length for _, length in parts)


def _common(a: Parts, b: Parts) -> Parts:
    ends = ((max(x, y), min(x + n, y + m)) for x, n in a for y, m in b)
    return tuple((start, end - start) for start, end in ends if end > start)


def _overlap(a: Parts, b: Parts) -> bool:
    return any(x < y + m and y < x + n for x, n in a for y, m in b)


def _holds(a: Parts, b: Parts) -> bool:
    return all(any(x <= y and y + m <= x + n for x, n in a) for y, m in b)
