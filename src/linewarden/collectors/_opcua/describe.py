"""What the server says of its variables: type, unit, range, words; and the structures of their values."""

from __future__ import annotations

from typing import Any

from asyncua import ua

from linewarden.collectors._opcua.browse import Browser
from linewarden.collectors._opcua.nodes import Wanted, properties
from linewarden.collectors._opcua.structures import Field, Shape, Shapes
from linewarden.collectors._opcua.units import code_of, ucum_of
from linewarden.collectors._opcua.values import Point
from linewarden.collectors.contract import Tag

_READ_HISTORY = 0x04  # AccessLevel (Part 3, 8.57)
_STRUCTURE, _ENUMERATION, _BASE = 22, 29, 24
_ABSTRACT = {26: 11, 27: 8, 28: 9}  # Number, Integer, UInteger: come as Variants, so the kind does not matter
_ATTRIBUTES = (
    ua.AttributeIds.DisplayName,
    ua.AttributeIds.Description,
    ua.AttributeIds.DataType,
    ua.AttributeIds.UserAccessLevel,
    ua.AttributeIds.AccessLevel,
)
_PROPERTIES = ("EngineeringUnits", "EURange", "EnumStrings", "EnumValues")


class Types:
    """Data types of the server: what they are built from. Remembered for the session."""

    def __init__(self, browser: Browser, shapes: Shapes) -> None:
        self._browser, self._shapes = browser, shapes
        self._above: dict[str, tuple[int, str]] = {}
        self.words: dict[str, dict[int, str]] = {}

    async def built_from(self, node: str) -> tuple[int, str]:
        """Built-in type of a data type, and the data type's name. Enumerations are Int32 (6)."""
        if node in self._above:
            return self._above[node]
        at, name = node, await self._name(node)
        kind = _BASE
        for _ in range(32):
            number = int(at[2:]) if at.startswith("i=") else -1
            if 1 <= number <= 25:
                kind = number
                break
            if number == _ENUMERATION or number in _ABSTRACT:
                kind = 6 if number == _ENUMERATION else _ABSTRACT[number]
                break
            above = (await self._browser.follow([at], "i=45", forward=False))[at]
            if not above:
                break
            at = above[0].node
        self._above[node] = kind, name
        return kind, name

    async def _name(self, node: str) -> str:
        (name,) = await self._browser.read([(node, ua.AttributeIds.BrowseName)])
        return str(name.Name) if name is not None else node

    async def learn(self, node: str, depth: int = 0) -> None:
        """Reads the definition of a structure or enumeration, and of what it holds."""
        if node in self._shapes.by_type or node in self.words or depth > 32:
            return
        (definition,) = await self._browser.read([(node, ua.AttributeIds.DataTypeDefinition)])
        if isinstance(definition, ua.EnumDefinition):
            self.words[node] = {int(f.Value): str(f.Name or "") for f in definition.Fields or []}
        elif isinstance(definition, ua.StructureDefinition):
            fields = [await self._field(f) for f in definition.Fields or []]
            shape = Shape(await self._name(node), int(definition.StructureType), tuple(fields))
            self._shapes.by_type[node] = shape
            encodings = (await self._browser.follow([node], "i=38", forward=True))[node]
            for encoding in [*(e.node for e in encodings), definition.DefaultEncodingId.to_string()]:
                self._shapes.by_encoding[encoding] = node
            for one in fields:
                if one.kind == _STRUCTURE and one.of:
                    await self.learn(one.of, depth + 1)

    async def _field(self, told: Any) -> Field:
        node = told.DataType.to_string()
        kind, _ = await self.built_from(node)
        many = told.ValueRank is not None and told.ValueRank >= 0
        of = node if kind == _STRUCTURE and node != "i=22" else ""
        return Field(str(told.Name), kind, of, many, max(told.ValueRank or 1, 1), bool(told.IsOptional))

    async def of_encoding(self, encoding: str) -> None:
        """Finds the data type of an encoding that was seen in a value, and learns it."""
        if encoding in self._shapes.by_encoding:
            return
        for child in (await self._browser.follow([encoding], "i=38", forward=False))[encoding]:
            await self.learn(child.node)


async def describe(browser: Browser, types: Types, wanted: list[Wanted], source: str) -> list[Point]:
    """Points of variables, with all that the server says of them."""
    asked = [(w.node, attribute) for w in wanted for attribute in _ATTRIBUTES]
    told = await browser.read(asked)
    children = await browser.children([w.node for w in wanted])
    held = [properties(children[w.node]) for w in wanted]
    places = [(i, name) for i, names in enumerate(held) for name in _PROPERTIES if name in names]
    values = await browser.read([(held[i][name], ua.AttributeIds.Value) for i, name in places])
    extra: list[dict[str, Any]] = [{} for _ in wanted]
    for (i, name), value in zip(places, values, strict=True):
        extra[i][name] = value
    points = []
    for i, one in enumerate(wanted):
        of_it = told[i * len(_ATTRIBUTES) : (i + 1) * len(_ATTRIBUTES)]
        points.append(await _point(types, one, source, of_it, extra[i]))
    return points


async def _point(types: Types, wanted: Wanted, source: str, told: list[Any], extra: dict[str, Any]) -> Point:
    shown, description, datatype, user_level, level = told
    node = datatype.to_string() if datatype is not None else "i=24"
    kind, name = await types.built_from(node)
    if kind == _STRUCTURE or (kind == 6 and node != "i=6"):
        await types.learn(node)
    words = types.words.get(node) or _words(extra)
    low, high = _range(extra.get("EURange"))
    ucum, unit = _unit(extra.get("EngineeringUnits"))
    said = _text(description) or _text(shown)
    more = [f"({unit})" if unit and not ucum else "", ", ".join(f"{n} = {w}" for n, w in sorted(words.items())[:64])]
    allowed = user_level if isinstance(user_level, int) else level if isinstance(level, int) else 0
    tag = Tag(
        source=source,
        protocol="opcua",
        name=wanted.name,
        ucum=ucum,
        description="; ".join(part for part in [said, *more] if part),
        datatype=name,
        low=low,
        high=high,
    )
    return Point(tag, wanted.node, history=bool(allowed & _READ_HISTORY))


def _text(value: Any) -> str:
    return str(getattr(value, "Text", None) or "").strip()


def _words(extra: dict[str, Any]) -> dict[int, str]:
    if isinstance(strings := extra.get("EnumStrings"), list):
        return {i: _text(s) for i, s in enumerate(strings)}
    if isinstance(values := extra.get("EnumValues"), list):
        return {int(v.Value): _text(v.DisplayName) for v in values if hasattr(v, "DisplayName")}
    return {}


def _range(value: Any) -> tuple[float | None, float | None]:
    low, high = getattr(value, "Low", None), getattr(value, "High", None)
    if not isinstance(low, float) or not isinstance(high, float) or not low < high:
        return None, None
    return low, high


def _unit(value: Any) -> tuple[str, str]:
    """UCUM code, and the server's own words for it."""
    if not isinstance(value, ua.EUInformation):
        return "", ""
    shown = _text(value.DisplayName)
    number = int(value.UnitId or 0)
    return ucum_of(value.NamespaceUri, number, shown), shown or code_of(number)
