"""What pydantic finds wrong, in words that name the key and the way out. URLs are never repeated."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from linewarden.service.config.model import Config, Retention

KINDS = {
    "string_type": "use a text, in quotes",
    "int_type": "use a whole number",
    "float_type": "use a number",
    "bool_type": "use true or false",
    "tuple_type": 'use a list, such as ["a", "b"]',
    "model_type": "use a table, with keys of its own",
    "path_type": "use a path, in quotes",
}
SECRET = {"url", "to", "token", "secret", "password"}


def key_path(loc: Sequence[int | str]) -> str:
    """`sensor[0].keep.hours`"""
    path = ""
    for step in loc:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables that a value of this type may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (tuple, types.UnionType, Union):
        for part in get_args(annotation):
            yield from models_in(part)


def table_at(loc: Sequence[int | str], root: type[BaseModel] = Config) -> type[BaseModel] | None:
    """The model of the table at this place of `root`; None if there is no table there."""
    table = root
    for step in loc:
        if isinstance(step, int):
            continue
        field = table.model_fields.get(step)
        inner = next(models_in(field.annotation), None) if field else None
        if inner is None:
            return None
        table = inner
    return table


def field_at(loc: Sequence[int | str], root: type[BaseModel] = Config) -> FieldInfo | None:
    """The setting at this place."""
    names = [step for step in loc if isinstance(step, str)]
    table = table_at(names[:-1], root) if names else None
    return table.model_fields.get(names[-1]) if table else None


def limits(field: FieldInfo) -> tuple[float, float] | None:
    """The least and the most that a number may be."""
    least = next((m.ge for m in field.metadata if isinstance(m, Ge)), None)
    most = next((m.le for m in field.metadata if isinstance(m, Le)), None)
    return (float(least), float(most)) if least is not None and most is not None else None  # type: ignore[arg-type]


def unit_of(field: FieldInfo) -> str:
    """`MiB`, or nothing."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def is_secret(field: FieldInfo) -> bool:
    """Whether what is there must not be repeated."""
    return field.repr is False


def range_words(field: FieldInfo) -> str:
    """`2 to 4096 (MiB)`"""
    found, unit = limits(field), unit_of(field)
    if found is None:
        return ""
    return f"{number(found[0])} to {number(found[1])}" + (f" ({unit})" if unit else "")


def number(value: float) -> str:
    """Without a point that says nothing."""
    return str(int(value)) if value == int(value) else f"{value:g}"


def choices(field: FieldInfo) -> tuple[str, ...]:
    """The words that a setting may be, if it is one of few."""
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`did you mean `ring_mb`?`, or what there is."""
    near = difflib.get_close_matches(word, known, 1, 0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there {'are' if len(known) > 1 else 'is'}: {', '.join(known)}"


def words(error: Mapping[str, Any], root: type[BaseModel] = Config) -> str:
    """One of pydantic's errors (`ValidationError.errors()`) of `root` as the rest of a line behind the key's path."""
    kind, loc, value = str(error["type"]), error["loc"], error.get("input")
    field, ctx = field_at(loc, root), error.get("ctx", {})
    if kind == "extra_forbidden":
        table = table_at(loc[:-1], root)
        return f"unknown key; {did_you_mean(str(loc[-1]), list(table.model_fields) if table else [])}"
    if kind == "missing":
        about = f" ({field.description})" if field and field.description else ""
        return "is missing; add it" + about
    if kind in ("greater_than_equal", "less_than_equal", "finite_number"):
        size = {"greater_than_equal": "too small", "less_than_equal": "too large"}.get(kind, "no number")
        retention = root is Config and loc[:2] == ("lake", "retention")
        allowed = range_words(field or Retention.model_fields["default_days"]) if field or retention else ""
        return f"{shown(value)} is {size}; use {allowed}"
    if kind == "literal_error" and field:
        return f"{shown(value)}: use one of {', '.join(choices(field))}"
    if kind == "tuple_type" and field and any(models_in(field.annotation)):
        return f"{shown(value)} is {what_it_is(value)}; use [[{loc[-1]}]] tables"
    if kind == "too_short":
        return "is empty; name at least one"
    if kind == "value_error":
        return str(ctx.get("error", error["msg"]))
    told = KINDS.get(kind, str(error["msg"]).lower())
    secret = any(step in SECRET for step in loc) or (field is not None and is_secret(field))
    return told if secret else f"{shown(value)} is {what_it_is(value)}; {told}"


def shown(value: Any) -> str:
    """A value as the file has it, cut."""
    text = str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def what_it_is(value: Any) -> str:
    """The kind of a value, as TOML calls it."""
    kinds = {str: "a text", bool: "a switch", int: "a whole number", float: "a number", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")
