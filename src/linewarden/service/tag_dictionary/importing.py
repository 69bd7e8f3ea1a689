"""What is known of tags from a table (CSV or .xlsx): `linewarden tags LAKE --csv` writes one to begin with.

Columns: `id`, or any of source, protocol, unit, area, name, address that together name one tag; and what is said of it:
ucum, description, datatype, low, high, alias, line, asset. Other columns of `tags --csv` are looked past. An empty cell
says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from linewarden.errors import ConfigError
from linewarden.service.names_file import table_of
from linewarden.service.tag_dictionary.facts import NAMES, NOTHING, Facts, checked
from linewarden.service.values.tag import KEY, TagKey

PAST = frozenset({"count", "last", "min", "mean", "max", "first", "until"})
"""Columns of `tags --csv` that say nothing new."""
WORDS = ("id", *KEY, *NAMES)


def read_table(path: Path, tags: Iterable[TagKey], known: Mapping[TagKey, Facts]) -> dict[TagKey, dict[str, str]]:
    """Tag -> field -> text, of what is not known already. Raises ConfigError that names the line of what is wrong."""
    rows = [(n, r) for n, r in enumerate(table_of(path), 1) if any(r) and not r[0].startswith("#")]
    if not rows:
        raise ConfigError(f"{path}: empty; the first line must name the columns: {', '.join(WORDS)}")
    columns = _columns(path, *rows[0])
    finder = _Finder(tags)
    found: dict[TagKey, dict[str, str]] = {}
    for number, cells in rows[1:]:
        said = {name: cells[at] for name, at in columns.items() if at < len(cells) and cells[at]}
        try:
            key = finder.find({name: text for name, text in said.items() if name not in NAMES})
            now = known.get(key, NOTHING)
            facts = {name: text for name, text in said.items() if name in NAMES and text != _text(getattr(now, name))}
            checked(facts)
        except ConfigError as error:
            raise ConfigError(f"{path}, line {number}: {error}") from error
        if key in found and found[key] != facts:
            raise ConfigError(f"{path}, line {number}: says something else of {key.label} than a line before; keep one")
        if facts:
            found[key] = facts
    return found


def _text(value: object) -> str:
    """As `tags --csv` writes it."""
    return "" if value is None else str(value)


def _columns(path: Path, number: int, cells: list[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(cells):
        name = cell.lower()
        if not name or name in PAST:
            continue
        if name not in WORDS:
            from linewarden.service.config.words import did_you_mean

            hint = did_you_mean(name, WORDS)
            raise ConfigError(f"{path}, line {number}, column {at + 1}: unknown column {cell!r}; {hint}")
        if name in columns:
            raise ConfigError(f"{path}, line {number}, column {at + 1}: {cell!r} comes twice; keep one")
        columns[name] = at
    if not {"id", "name", "address"} & columns.keys():
        raise ConfigError(f"{path}, line {number}: names no tags; have a column id, or name, or area and address")
    return columns


class _Finder:
    """Finds tags by what a row says of them."""

    def __init__(self, tags: Iterable[TagKey]) -> None:
        self._by_id = {key.id: key for key in tags}
        self._by: dict[tuple[str, str], set[TagKey]] = {}
        for key in self._by_id.values():
            for name, value in zip(KEY, key, strict=True):
                self._by.setdefault((name, str(value if value is not None else "")), set()).add(key)

    def find(self, said: Mapping[str, str]) -> TagKey:
        """The one tag. One that no record told of yet is taken on trust if the row names it in full."""
        if word := said.get("id"):
            if word not in self._by_id:
                raise ConfigError(f"id {word!r}: no such tag in this lake; name it by source, protocol and name")
            return self._by_id[word]
        if not said:
            raise ConfigError("names no tag; give its id, or source and name")
        groups = sorted((self._by.get(pair, set()) for pair in said.items()), key=len)
        fits = [key for key in groups[0] if all(key in group for group in groups[1:])]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ConfigError(f"fits {len(fits)} tags; say more of it, such as source and protocol, or give its id")
        return _in_full(said)


def _in_full(said: Mapping[str, str]) -> TagKey:
    named = "name" in said or ("area" in said and "address" in said)
    if not ("source" in said and "protocol" in said and named):
        raise ConfigError("no tag of this lake fits; name a new one by source, protocol, and name, or area and address")
    unit = _whole("unit", said["unit"]) if "unit" in said else None
    address = _whole("address", said.get("address", "0"))
    return TagKey(said["source"], said["protocol"], unit, said.get("area"), said.get("name"), address)


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"{name} {text!r}: is no whole number") from None
