"""Structures of a server as fields with values, by the definitions that the server itself gives (Part 3, 8.48).

Definitions are data: they are walked, and never turned into code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from linewarden.collectors._opcua.decode import BUILTIN, DEPTH, U32, Reader, Structure, UndecodableError, array

FIELDS_MOST = 4096  # values that one structure gives
_OPTIONAL, _UNION, _WITH_SUBTYPES = 1, (2, 4), (3, 4)


@dataclass(frozen=True, slots=True)
class Field:
    """A field: of a built-in type, or (kind 22) of the structure `of`. many: an array of one dimension or more."""

    name: str
    kind: int
    of: str = ""
    many: bool = False
    dimensions: int = 1
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A structure. type: 0 plain, 1 with optional fields, 2 union, 3 and 4 with subtyped values."""

    name: str
    type: int
    fields: tuple[Field, ...]


@dataclass
class Shapes:
    """Known structures: by the id of their data type, and by the id of their binary encoding."""

    by_type: dict[str, Shape] = field(default_factory=dict)
    by_encoding: dict[str, str] = field(default_factory=dict)

    def open(self, value: Structure, depth: int = 0) -> Iterator[tuple[str, Any]]:
        """Each value of a structure with its path: (".x", 1.0). Raises UndecodableError; KeyError for one not known."""
        if value.body is None or depth > DEPTH:
            return
        shape = self.by_type[self.by_encoding[value.encoding]]
        yield from self._read(Reader(value.body), shape, "", depth)

    def _read(self, reader: Reader, shape: Shape, path: str, depth: int) -> Iterator[tuple[str, Any]]:
        if depth > DEPTH:
            raise UndecodableError("structures within each other")
        if shape.type in _UNION:
            chosen = reader.number(U32)
            if chosen > len(shape.fields):
                raise UndecodableError(f"a union of {len(shape.fields)} fields has none of number {chosen}")
            if chosen:
                yield from self._field(reader, shape, shape.fields[chosen - 1], path, depth)
            return
        mask, bit = (reader.number(U32) if shape.type == _OPTIONAL else 0), 0
        for one in shape.fields:
            if one.optional and shape.type == _OPTIONAL:
                present, bit = mask >> bit & 1, bit + 1
                if not present:
                    continue
            yield from self._field(reader, shape, one, path, depth)

    def _field(self, reader: Reader, shape: Shape, one: Field, path: str, depth: int) -> Iterator[tuple[str, Any]]:
        name = f"{path}.{one.name}"
        inline = one.kind == 22 and one.of and not (shape.type in _WITH_SUBTYPES and one.optional)
        if one.many:
            yield from self._many(reader, one, name, depth, bool(inline))
        elif inline:
            yield from self._read(reader, self.by_type[one.of], name, depth + 1)
        else:
            yield from self._value(BUILTIN[one.kind](reader), name, depth)

    def _many(self, reader: Reader, one: Field, name: str, depth: int, inline: bool) -> Iterator[tuple[str, Any]]:
        if one.dimensions > 1:  # dimensions, then the elements without a length (Part 6, 5.2.5)
            raise UndecodableError(f"{name} has {one.dimensions} dimensions within a structure")
        if inline:
            for i in range(min(reader.count(), FIELDS_MOST)):
                yield from self._read(reader, self.by_type[one.of], f"{name}[{i}]", depth + 1)
            return
        for i, value in enumerate(array(reader, one.kind, depth)):
            yield from self._value(value, f"{name}[{i}]", depth)

    def _value(self, value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
        if not isinstance(value, Structure):
            yield name, value
            return
        for rest, inner in self.open(value, depth + 1):
            yield name + rest, inner
