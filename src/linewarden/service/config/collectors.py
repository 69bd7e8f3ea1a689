"""The tables [[collector]]: `kind` and `name` are ours, all other keys are those of the kind's own settings.

A kind says its settings as a frozen dataclass (collectors/contract.py). From it follow a pydantic model that checks a
table, the words for what is wrong in it, its pages, and the dataclass's own instance that the collector is run with.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)

from linewarden.collectors.contract import Kind
from linewarden.errors import ConfigError
from linewarden.service.config.base import Number, Place, Switch, Table, Whole, reference, unit

REMEMBERED = "collectors"
"""Folder in the data folder, where each remembers what it took."""
PLAIN: Mapping[Any, Any] = {int: Whole, float: Number, bool: Switch, Path: Place}
"""Types of a dataclass -> those that take nothing else for it."""


def _reference_or_none(text: str, info: ValidationInfo) -> str:
    return reference(text, info) if text else text


SecretText = Annotated[str, AfterValidator(_reference_or_none)]
"""A sealed secret, or where it is; empty: there is none."""


class Collector(Table):
    """A source of values beside the wire: it asks machines, or is told by them, and never writes to them. One
    [[collector]] table for each; `linewarden collect --kinds` lists the kinds, each with keys of its own (below)."""

    model_config = ConfigDict(extra="allow")
    _folder: Path = PrivateAttr(default=Path())

    kind: str = Field(examples=["KIND"], description="which kind: one of `linewarden collect --kinds`")
    name: str = Field(examples=["press-line"], description="in every record of it, as the capture collector:NAME")

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not name or len(name) > 128 or not name.isprintable():
            raise ValueError("use 1 to 128 visible characters")
        return name

    def model_post_init(self, context: Any, /) -> None:
        """Remembers where the file is."""
        self._folder = (context or {}).get("folder", Path())


class Collecting(Table):
    """How the samples of all collectors are kept until they are in the lake."""

    folder: Place | None = Field(
        default=None, examples=["collecting"], description="where they wait; without: collecting in the data folder"
    )
    spool_mb: Whole = Field(
        default=2048, ge=64, le=1 << 24, json_schema_extra=unit("MB"),
        description="what may wait on disk while the lake cannot be written; then collectors wait: nothing is dropped",
    )  # fmt: skip
    gather_ms: Whole = Field(
        default=25, ge=1, le=10_000, json_schema_extra=unit("ms"),
        description="samples are gathered so long and then synced together; more spares a memory card, and who is told "
        "that we have them waits longer",
    )  # fmt: skip
    clock_tolerance_s: Number = Field(
        default=300.0, ge=1, le=86_400 * 366, json_schema_extra=unit("s"),
        description="a machine's own time further from the arrival than this is not believed: the arrival counts",
    )  # fmt: skip


def kind_of(name: str) -> Kind:
    """The kind of this name. Raises ConfigError with the way out."""
    from linewarden.collectors.catalogue import kinds
    from linewarden.service.config.words import did_you_mean

    known = kinds()
    if name not in known:
        near = did_you_mean(name, sorted(known)) if known else "there is none"
        raise ConfigError(f"{name!r}: no such kind; {near} (`linewarden collect --kinds`)")
    return known[name]


@cache
def table_of(settings: type) -> type[Table]:
    """The model that checks tables with these settings. `settings`: a dataclass whose fields `setting` made."""
    hints = get_type_hints(settings, include_extras=True)
    keys: dict[str, Any] = {
        f.name: (_strict(hints[f.name], secret=f.metadata.get("secret", False)), _key(f))
        for f in dataclasses.fields(settings)
        if f.init
    }
    made: type[Table] = create_model(settings.__name__, __base__=Table, __doc__=settings.__doc__, **keys)
    return made


def _strict(kind: Any, *, secret: bool = False) -> Any:
    if secret:
        return SecretText if type(None) not in get_args(kind) else SecretText | None
    if kind in PLAIN:
        return PLAIN[kind]
    if dataclasses.is_dataclass(kind):
        return table_of(kind)  # type: ignore[arg-type]
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return Annotated[(_strict(parts[0]), *parts[1:])]
    if origin in (types.UnionType, Union):
        return Union[tuple(_strict(p) for p in parts)]  # noqa: UP007 - made of a tuple
    if origin is tuple:
        return tuple[tuple(p if p is ... else _strict(p) for p in parts)]  # type: ignore[misc]
    if origin is dict:
        return dict[parts[0], _strict(parts[1])]  # type: ignore[valid-type,misc]
    return kind


def _key(field: dataclasses.Field[Any]) -> Any:
    about = field.metadata
    given: dict[str, Any] = {"description": about.get("doc", ""), "repr": not about.get("secret", False)}
    if field.default is not dataclasses.MISSING:
        given["default"] = field.default
    elif field.default_factory is not dataclasses.MISSING:
        given["default"] = field.default_factory()
    if about.get("examples"):
        given["examples"] = list(about["examples"])
    if about.get("unit"):
        given["json_schema_extra"] = unit(about["unit"])
    limits = {"ge": about.get("least"), "le": about.get("most")}
    return Field(**given, **{name: limit for name, limit in limits.items() if limit is not None})


def filled(settings: type, table: Table, opened: Callable[[str, str], str], path: str) -> Any:
    """The dataclass of a checked table; `opened` gives the secret for (key, reference)."""
    values: dict[str, Any] = {}
    for f in dataclasses.fields(settings):
        if not f.init:
            continue
        key, value = f"{path}.{f.name}", getattr(table, f.name)
        if f.metadata.get("secret", False) and value:  # empty, or None: there is none
            values[f.name] = opened(key, value)
        else:
            values[f.name] = _plain(_dataclasses_in(get_type_hints(settings)[f.name]), value, opened, key)
    return settings(**values)


def _plain(inner: list[type], value: Any, opened: Callable[[str, str], str], key: str) -> Any:
    if isinstance(value, Table):
        return filled(next(i for i in inner if table_of(i) is type(value)), value, opened, key)
    if isinstance(value, tuple):
        return tuple(_plain(inner, v, opened, f"{key}[{at}]") for at, v in enumerate(value))
    if isinstance(value, dict):
        return {k: _plain(inner, v, opened, f"{key}.{k}") for k, v in value.items()}
    return value


def _dataclasses_in(kind: Any) -> list[type]:
    if dataclasses.is_dataclass(kind):
        return [kind]  # type: ignore[list-item]
    return [found for part in get_args(kind) for found in _dataclasses_in(part)]


def checked(collector: Collector) -> Table:
    """The keys of a kind, checked. Raises ConfigError for an unknown kind, ValidationError for wrong keys."""
    table = table_of(kind_of(collector.kind).settings)
    return table.model_validate(collector.__pydantic_extra__ or {}, context={"folder": collector._folder})


def settings_of(
    collector: Collector, opened: Callable[[str, str], str] = lambda _key, reference: reference, path: str = "collector"
) -> Any:
    """The settings as the collector takes them. `opened`: the secret that (key, reference) names.

    Raises ConfigError, which names the key, and ValidationError.
    """
    kind = kind_of(collector.kind)
    try:
        return filled(kind.settings, checked(collector), opened, path)
    except (ValueError, TypeError) as error:  # of a dataclass's own __post_init__
        if isinstance(error, ValidationError):
            raise
        raise ConfigError(f"{path}: {error}") from error


def problems(collectors: tuple[Collector, ...]) -> Iterator[tuple[str, str]]:
    """What is wrong in the tables, as (key, text)."""
    from linewarden.service.config.words import key_path, words

    names: dict[str, int] = {}
    for at, collector in enumerate(collectors):
        path = f"collector[{at}]"
        if (first := names.setdefault(collector.name, at)) != at:
            yield f"{path}.name", f"{collector.name!r} is the name of collector[{first}] too; give each its own"
        try:
            kind = kind_of(collector.kind)
        except ConfigError as error:
            yield f"{path}.kind", str(error)
            continue
        try:
            settings = settings_of(collector, path=path)
        except ValidationError as error:
            for e in error.errors(include_url=False):
                yield f"{path}.{key_path(e['loc'])}".rstrip("."), words(e, table_of(kind.settings))
        except ConfigError as error:
            key, _, text = str(error).partition(": ")
            yield key, text
        else:
            yield from ((f"{path}.{key}".rstrip("."), text) for key, text in _of_the_whole(kind, settings))


def _of_the_whole(kind: Kind, settings: Any) -> Iterator[tuple[str, str]]:
    if kind.check is None:
        return
    try:
        yield from kind.check(settings)
    except ConfigError as error:
        yield "", str(error)


def remembering(settings: Any, data: Path, name: str) -> Any:
    """The same, with a file in the data folder where the kind remembers something and nobody said where."""
    if getattr(settings, "state", data) is not None:
        return settings
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:60].lstrip(".")
    number = "" if plain == name else f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return dataclasses.replace(settings, state=data / REMEMBERED / f"{plain}{number}.json")
