"""What the OCSF schema says of a document: required, unknown and wrong attributes, after the schema's own files.

The files are those of the schema (github.com/ocsf/ocsf-schema, tag v1.4.0), as `pydantic-ocsf` brings them along: what
is told, with objects that extend each other, and a dictionary of attributes with their types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Attributes = dict[str, Any]
COMPILED = (".category_uid", ".class_uid", ".type_uid")
"""Their values are not listed in the files."""


class Schema:
    """One version."""

    def __init__(self, version: str) -> None:
        name = f"v{version.replace('.', '_')}.json"
        self._said = json.loads(files("ocsf").joinpath("schemas", name).read_text(encoding="utf-8"))
        self._dictionary: Attributes = self._said["dictionary"]["attributes"]
        self._types: Attributes = self._said["dictionary"]["types"]["attributes"]

    def faults(self, event: str, document: Mapping[str, Any]) -> list[str]:
        """What is wrong with a document of this class; empty if nothing is."""
        return [*self._of("events", event, document, event), *self._numbers(event, document)]

    def _numbers(self, event: str, said: Mapping[str, Any]) -> Iterator[str]:
        """Those that are put together when the schema is compiled (metaschema, `uid`): category, class, activity."""
        category = said["category_uid"]
        if said["class_uid"] != category * 1000 + self._said["events"][event]["uid"]:
            yield f"{event}.class_uid: {said['class_uid']}"
        if said["type_uid"] != said["class_uid"] * 100 + said["activity_id"]:
            yield f"{event}.type_uid: {said['type_uid']}"

    def _of(self, room: str, name: str, said: Mapping[str, Any], path: str) -> Iterator[str]:
        attributes, least = self._resolved(room, name)
        for key, about in attributes.items():
            if about.get("requirement") == "required" and key not in said:
                yield f"{path}.{key} is missing"
        if least and not any(key in said for key in least):
            yield f"{path} has none of {', '.join(least)}"
        for key, value in said.items():
            if key not in attributes:
                yield f"{path}.{key} is not known"
            else:
                yield from self._value(self._dictionary[key] | attributes[key], value, f"{path}.{key}")

    @cache  # noqa: B019  (one schema lives as long as the tests)
    def _resolved(self, room: str, name: str) -> tuple[Attributes, tuple[str, ...]]:
        """Attributes with those of what it extends, and of which at least one must be there."""
        own = self._said[room][name]
        mine = {k: v for k, v in own["attributes"].items() if k != "$include"}
        parent = own.get("extends")
        if not parent or parent == name:
            return mine, tuple(own.get("constraints", {}).get("at_least_one", ()))
        theirs, least = self._resolved(room, parent)
        both = {k: theirs.get(k, {}) | mine.get(k, {}) for k in {**theirs, **mine}}
        return both, tuple(own.get("constraints", {}).get("at_least_one", least))

    def _value(self, about: Attributes, value: Any, path: str) -> Iterator[str]:
        if about.get("is_array"):
            if not isinstance(value, list):
                yield f"{path} is no list"
                return
            for i, item in enumerate(value):
                yield from self._one(about, item, f"{path}[{i}]")
        else:
            yield from self._one(about, value, path)

    def _one(self, about: Attributes, value: Any, path: str) -> Iterator[str]:
        if "@deprecated" in about:
            yield f"{path} is deprecated"
        if about["type"] in self._said["objects"]:
            yield from self._of("objects", about["type"], value, path)
        elif problem := self._plain(about["type"], value):
            yield f"{path}: {problem}"
        elif "enum" in about and str(value) not in about["enum"] and not path.endswith(COMPILED):
            yield f"{path}: {value} is none of {', '.join(about['enum'])}"

    def _plain(self, kind: str, value: Any) -> str:
        if kind == "json_t":
            return ""
        about = self._types[kind]
        base = about.get("type", kind)
        wanted = {"string_t": str, "integer_t": int, "long_t": int, "float_t": float, "boolean_t": bool}[base]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            return f"{value!r} is no {base}"
        pattern = about.get("regex")
        return f"{value!r} is no {kind}" if pattern and not re.search(pattern, value) else ""
