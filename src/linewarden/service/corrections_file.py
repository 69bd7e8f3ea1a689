"""What people said of a plant, kept beside its records: names and corrections in `plant.json` of the lake.

Each `read` into a lake looks for that file, and mostly there is none: nothing is imported for that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from linewarden.plant.corrections import Corrections
    from linewarden.plant.names import Names

FILE = "plant.json"
VERSION = 1
MEND = "mend it, or delete it to forget names and corrections"


def _no_corrections() -> Corrections:
    from linewarden.plant.corrections import Corrections

    return Corrections()


@dataclass(frozen=True, slots=True)
class Kept:
    """Names that were given once, corrections, and how much depends on zones (`plant.criticality`) by name."""

    names: Names | None = None
    corrections: Corrections = field(default_factory=_no_corrections)
    zones: Mapping[str, str] = field(default_factory=dict)


def load(lake: Path) -> Kept:
    """What is kept in this lake; nothing if it has no such file.

    Raises StoreError if the file cannot be read or is not ours.
    """
    path = lake / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Kept()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise StoreError(f"{path}: not JSON ({error}); {MEND}") from error
    try:
        return _kept(path, data)
    except (ConfigError, TypeError, ValueError, AttributeError, KeyError) as error:
        raise StoreError(f"{path}: {error}; {MEND}") from error


def _kept(path: Path, data: dict[str, Any]) -> Kept:
    from linewarden.plant.corrections import Corrections
    from linewarden.plant.criticality import Criticality
    from linewarden.plant.names import Names

    if data["version"] != VERSION:
        raise ValueError(f"is of version {data['version']!r}; this version of Linewarden reads {VERSION}")
    names = None
    if rows := data.get("names"):
        source = data.get("names_source") or str(path)
        names = Names.from_rows([tuple(rows["columns"]), *map(tuple, rows["rows"])], str(source))
    zones = {str(zone): str(Criticality(word)) for zone, word in data.get("zones", {}).items()}
    return Kept(names, Corrections.from_dict(data.get("corrections", {})), zones)


def save(lake: Path, kept: Kept) -> None:
    """Writes the file whole, or not at all. Raises StoreError."""
    from linewarden.service.files import reserve

    data: dict[str, Any] = {"version": VERSION, "corrections": kept.corrections.to_dict()}
    if kept.names is not None:
        columns = ("address", "name", "zone", "role", "line")
        rows = [[str(getattr(row, c) or "") for c in columns] for row in kept.names.rows]
        data |= {"names_source": kept.names.source, "names": {"columns": columns, "rows": rows}}
    if kept.zones:
        data["zones"] = dict(sorted(kept.zones.items()))
    with reserve(lake / FILE) as file:
        file.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def corrected(
    now: Corrections,
    merges: tuple[tuple[str, str], ...] = (),
    splits: tuple[str, ...] = (),
    fields: tuple[tuple[str, str, str], ...] = (),
) -> Corrections:
    """`now` with more said. What is said last counts: a split undoes merges of that address, and the other way round.

    A field whose value is empty is forgotten. Raises ConfigError for a wrong address, field or role.
    """
    from linewarden.plant.corrections import Corrections

    said = Corrections.from_dict({"merges": merges, "splits": splits})
    forget = [(a, k) for a, k, value in fields if not value]
    known = Corrections.from_dict({"fields": _by_address([f for f in fields if f[2]])})
    # The address in its canonical form, so that what was kept under it is found.
    gone = {(Corrections.from_dict({"splits": [a]}).splits[0], k) for a, k in forget}
    kept_fields = {(a, k): v for a, k, v in now.fields if (a, k) not in gone}
    kept_fields |= {(a, k): v for a, k, v in known.fields}
    merged = {address for pair in said.merges for address in pair}
    alone = set(said.splits)
    return replace(
        now,
        merges=tuple(sorted({*(m for m in now.merges if not alone & set(m)), *said.merges})),
        splits=tuple(sorted({*(s for s in now.splits if s not in merged), *alone})),
        fields=tuple(sorted((a, k, v) for (a, k), v in kept_fields.items())),
    )


def _by_address(fields: list[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for address, name, value in fields:
        out.setdefault(address, {})[name] = value
    return out
