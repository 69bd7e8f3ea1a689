"""Small words of the metamodel: properties that are there or not, references, names that the standard allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from basyx.aas import model

OURS = "urn:linewarden:aas:"
"""Semantic ids of what no published submodel template has a word for."""
MOST_TEXT = 1023
"""Characters of a text in one language (AASd-130 and IDTA 01001-3, MultiLanguageTextType)."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def reference(id_: str) -> model.ExternalReference:
    """To a concept that is described elsewhere."""
    from basyx.aas import model

    return model.ExternalReference((model.Key(model.KeyTypes.GLOBAL_REFERENCE, id_),))


def clean(text: str) -> str:
    """Without what XML 1.0 cannot carry (constraint AASd-130): devices say what they like of themselves."""
    return _NO_XML.sub("�", text)[:MOST_TEXT]


def id_short(text: str) -> str:
    """A name as AASd-002 wants it: letters, digits and _, a letter first, at most 128."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    return (name if name[:1].isalpha() else f"n_{name}")[:128].rstrip("_") or "n"


class Names:
    """Names that are each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def next(self, text: str) -> str:
        """One like `text`, with a number where it is taken (case does not tell names apart: AASd-022)."""
        first = name = id_short(text)
        number = 1
        while name.lower() in self._given:
            number += 1
            name = f"{first[:120]}_{number}"
        self._given.add(name.lower())
        return name


def text(name: str, value: str | None, semantic: str) -> Iterable[model.Property]:
    """A property of text; none where there is no value."""
    from basyx.aas import model

    if value:
        yield model.Property(name, str, clean(value), semantic_id=reference(semantic))


def words(name: str, value: str | None, semantic: str) -> Iterable[model.MultiLanguageProperty]:
    """The same in the one language that devices speak."""
    from basyx.aas import model

    if value:
        told = model.MultiLanguageTextType({"en": clean(value)})
        yield model.MultiLanguageProperty(name, told, semantic_id=reference(semantic))


def number(name: str, value: float | None, semantic: str, **more: Any) -> Iterable[model.Property]:
    """A property of a number."""
    from basyx.aas import model

    if value is not None:
        kind: Any = int if isinstance(value, int) else float
        yield model.Property(name, kind, value, semantic_id=reference(semantic), **more)


def moment(name: str, ns: int, semantic: str) -> Iterable[model.Property]:
    """A time, ns UTC; none for 0."""
    from basyx.aas import model

    if ns:
        when = datetime.fromtimestamp(ns // 10**9, UTC).replace(microsecond=ns % 10**9 // 1000)
        yield model.Property(name, datetime, when, semantic_id=reference(semantic))


def collection(name: str, parts: Sequence[Any], semantic: str) -> Iterable[model.SubmodelElementCollection]:
    """A collection; none where it would be empty."""
    from basyx.aas import model

    if parts:
        yield model.SubmodelElementCollection(name, parts, semantic_id=reference(semantic))
