"""The settings as text, all from the model: an example with every key, the effective ones, the page of reference."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from linewarden.collectors.contract import Kind
from linewarden.service.config.collectors import Collector, checked, table_of
from linewarden.service.config.model import PASSWORD_VARIABLE, Config, Retention
from linewarden.service.config.words import choices, limits, models_in, number, range_words, unit_of

EXAMPLE_HEAD = """\
# The configuration of Linewarden. Keys that stand here uncommented have their default, but for [[sensor]] name and
# interfaces, which have none: change those, or leave [[sensor]] out where there is a [[collector]]. A relative path is
# relative to the folder of this file.
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
        if model is Collector:
            parts += [_example_of_kind(kind) for kind in _kinds()]
    return "\n".join(parts)


def _kinds() -> list[Kind]:
    from linewarden.collectors.catalogue import kinds

    return [kind for _, kind in sorted(kinds().items())]


def _example_of_kind(kind: Kind) -> str:
    """A collector with every key of its kind, all commented."""
    model = table_of(kind.settings)
    lines = [*_comment(f"{kind.title}. {_doc(model)}".strip()), "# [[collector]]", f'# kind = "{kind.name}"',
             f'# name = "{kind.name}-1"']  # fmt: skip
    lines += _example_keys(model)
    for path, inner, several, _ in tables(model, "collector"):
        lines += [*_comment(_doc(inner)), f"# [[{path}]]" if several else f"# [{path}]", *_example_keys(inner)]
    return "\n".join(lines) + "\n"


def _example_keys(model: type[BaseModel]) -> list[str]:
    found = []
    for name, key in keys(model).items():
        found += [*_comment(_meaning(key)), _example_line(name, key, "# ")]
    return found


def _is_optional(field: FieldInfo) -> bool:
    """Whether a table is one that does something only by being there."""
    return (field.default is None or field.default == ()) and not _is_shown(field)


def _is_shown(field: FieldInfo) -> bool:
    """Whether a table that may be left out stands in the example all the same."""
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("shown"))


def _example_line(name: str, key: FieldInfo, mark: str) -> str:
    if key.is_required():
        return f"{mark}{name} = {as_toml(_some(key))}"
    if key.default is None:
        return f"# {name} = {as_toml(_some(key))}"
    return f"{mark}{name} = {as_toml(key.default)}"


def _some(key: FieldInfo) -> Any:
    """A value that the key may have."""
    if key.examples:
        return key.examples[0]
    if choices(key):
        return choices(key)[0]
    least = (limits(key) or (1.0, 1.0))[0]
    kinds: dict[str, Any] = {"true, false": True, "number": least, "whole number": int(least), "list of texts": []}
    return kinds.get(_kind(key), "?")


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
    found["collecting"]["folder"] = str(config.spool_folder)
    for export, shown in zip(config.export, found["export"], strict=True):
        shown["to"] = without_path(export.to)  # where many webhooks have their password
    for at, collector in enumerate(config.collector):
        given = checked(collector).model_dump(mode="json")
        found["collector"][at] = {"kind": collector.kind, "name": collector.name, **given}
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
    lines += [f"{_key(k)} = {as_toml(v)}" for k, v in table.items() if v is not None and not _tables_in(v)]
    for key, value in table.items():
        for one in _tables_in(value):
            lines += _table_as_toml(f"{path}.{_key(key)}", one, isinstance(value, list))
    return lines


def _tables_in(value: Any) -> list[Mapping[str, Any]]:
    """The tables that a value is or has."""
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, dict)]


def _key(name: str) -> str:
    """A key as TOML has it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else as_toml(name)


def reference() -> str:
    """The page docs/reference/config.md."""
    parts = [PAGE_HEAD]
    for path, model, several, field in tables():
        optional = " May be left out." if _is_optional(field) else ""
        lines = [f"## `[[{path}]]`" if several else f"## `[{path}]`", "", _doc(model) + optional, ""]
        lines += _reference_keys(model)
        if model is Retention:
            lines.append("| `<stream>` | number | days | that of `default_days` | 0 to 365250 | of this stream |")
        parts.append("\n".join(lines) + "\n")
        if model is Collector:
            parts += [_reference_of_kind(kind) for kind in _kinds()]
    return "\n".join(parts)


def _reference_of_kind(kind: Kind) -> str:
    model = table_of(kind.settings)
    lines = [f'### `[[collector]]` of `kind = "{kind.name}"`', "", f"{kind.title}. {_doc(model)}".strip(), ""]
    lines += _reference_keys(model)
    for path, inner, several, _ in tables(model, "collector"):
        head = f"[[{path}]]" if several else f"[{path}]"
        lines += ["", f"#### `{head}` of `{kind.name}`", "", _doc(inner), "", *_reference_keys(inner)]
    return "\n".join(lines) + "\n"


def _reference_keys(model: type[BaseModel]) -> list[str]:
    lines = ["| key | type | unit | default | allowed | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    for name, key in keys(model).items():
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in _row(name, key)) + " |")
    return lines


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
