"""The settings as text, all from the model: an example with every key, the effective ones, the page of reference."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from linewarden.service.config.model import PASSWORD_VARIABLE, Config, Retention
from linewarden.service.config.words import choices, limits, models_in, number, range_words, unit_of

EXAMPLE_HEAD = """\
# The configuration of Linewarden. Keys that stand here uncommented have their default, but for [[sensor]] name and
# interfaces, which have none: change those. A relative path is relative to the folder of this file.
# What is wrong in it, and what would run: linewarden config check FILE
"""
PAGE_HEAD = f"""# Configuration

Written from the code by `make docs`; do not edit. One TOML file configures the service: `linewarden config example`
prints one with every key, `linewarden config check FILE` says everything that is wrong in one and what would run, and
`linewarden config show FILE` the effective settings. An unknown key is a mistake. A relative path is relative to the
folder of the file. The password of the database is best kept out of it: in the environment's `{PASSWORD_VARIABLE}`,
or in the file that `state.password_file` names.
"""
WIDTH = 116


def as_toml(value: Any) -> str:
    """A value as TOML has it; its strings and lists are those of JSON, but for DEL."""
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")


def tables(model: type[BaseModel] = Config, path: str = "") -> Iterator[tuple[str, type[BaseModel], bool, FieldInfo]]:
    """Every table with its path, model, whether there may be several, and its field; each before those in it."""
    for name, field in model.model_fields.items():
        inner = next(models_in(field.annotation), None)
        if inner is not None:
            here = f"{path}.{name}" if path else name
            yield here, inner, tuple in (getattr(field.annotation, "__origin__", None),), field
            yield from tables(inner, here)


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys of a table that are no tables."""
    return {n: f for n, f in model.model_fields.items() if not any(models_in(f.annotation))}


def example() -> str:
    """A file with every key, its meaning and its default."""
    parts = [EXAMPLE_HEAD]
    for path, model, several, field in tables():
        mark = "# " if _is_optional(field) else ""
        head = f"[[{path}]]" if several else f"[{path}]"
        lines = [*_comment(_doc(model)), f"{mark}{head}"]
        for name, key in keys(model).items():
            lines += [*_comment(_meaning(key)), _example_line(name, key, mark)]
        if model is Retention:
            lines.append("# conn = 30")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _is_optional(field: FieldInfo) -> bool:
    """Whether a table is one that does something only by being there."""
    return field.default is None or field.default == ()


def _example_line(name: str, key: FieldInfo, mark: str) -> str:
    if key.is_required():
        return f"{mark}{name} = {as_toml((key.examples or ['?'])[0])}"
    if key.default is None:
        return f"# {name} = {as_toml((key.examples or ['?'])[0])}"
    return f"{mark}{name} = {as_toml(key.default)}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)


def _doc(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _meaning(key: FieldInfo) -> str:
    """`memory for packets in waiting (2 to 4096 MiB)`"""
    allowed = ", ".join(choices(key)) or range_words(key).replace("(", "").replace(")", "")
    return f"{key.description}" + (f" ({allowed})" if allowed else "")


def effective(config: Config) -> dict[str, Any]:
    """The settings with all defaults and places filled in, and no password."""
    from linewarden.service.config.state_url import shown_url
    from linewarden.service.exporting.destination import without_path

    found = config.model_dump(mode="json")
    found["lake"]["folder"] = str(config.lake_folder)
    found["state"]["url"] = shown_url(config.state_url)
    for export, shown in zip(config.export, found["export"], strict=True):
        shown["to"] = without_path(export.to)  # where many webhooks have their password
    for sensor, shown in zip(config.sensor, found["sensor"], strict=True):
        if shown["keep"] is not None:
            shown["keep"]["folder"] = str(config.packets_folder(sensor))
    return found


def effective_as_toml(config: Config) -> str:
    """The effective settings as a file that does the same, but for the password."""
    found = effective(config)
    lines: list[str] = []
    for name, table in found.items():
        for one in table if isinstance(table, list) else [table] if table is not None else []:
            lines += _table_as_toml(name, one, isinstance(table, list))
    return "\n".join(lines).strip() + "\n"


def _table_as_toml(path: str, table: Mapping[str, Any], several: bool) -> list[str]:
    lines = ["", f"[[{path}]]" if several else f"[{path}]"]
    lines += [f"{key} = {as_toml(value)}" for key, value in table.items() if not isinstance(value, dict | None)]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _table_as_toml(f"{path}.{key}", value, False)
    return lines


def reference() -> str:
    """The page docs/reference/config.md."""
    parts = [PAGE_HEAD]
    for path, model, several, field in tables():
        optional = " May be left out." if _is_optional(field) else ""
        lines = [f"## `[[{path}]]`" if several else f"## `[{path}]`", "", _doc(model) + optional, ""]
        lines += ["| key | type | unit | default | allowed | meaning |", "| --- | --- | --- | --- | --- | --- |"]
        for name, key in keys(model).items():
            lines.append("| " + " | ".join(cell.replace("|", "/") for cell in _row(name, key)) + " |")
        if model is Retention:
            lines.append("| `<stream>` | number | days | that of `default_days` | 0 to 365250 | of this stream |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _row(name: str, key: FieldInfo) -> tuple[str, ...]:
    default = "must be given" if key.is_required() else "" if key.default is None else f"`{as_toml(key.default)}`"
    found = limits(key)
    allowed = f"{number(found[0])} to {number(found[1])}" if found else ", ".join(choices(key))
    return (f"`{name}`", _kind(key), unit_of(key), default, allowed, key.description or "")


def _kind(key: FieldInfo) -> str:
    """The type, as TOML calls it."""
    named = str(key.annotation)
    if choices(key):
        return "text"
    if "tuple" in named:
        return "list of texts"
    kinds = {"Path": "path", "bool": "true, false", "float": "number", "int": "whole number"}
    options = (key.annotation, *get_args(key.annotation))
    return next((word for kind, word in kinds.items() if any(kind in str(o) for o in options)), "text")
