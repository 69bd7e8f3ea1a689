"""Tags by the names that people and the analytics give them: `DEVICE/TAG`."""

from __future__ import annotations

from typing import Any

from linewarden.errors import ConfigError
from linewarden.service.lake import Session, quoted
from linewarden.service.measuring.reading import rows_of
from linewarden.service.values.tag import TagKey
from linewarden.service.values.trends import DAY_NS, instant


def key_of(session: Session, text: str, start: int, end: int) -> TagKey:
    """The tag that is called so (`DEVICE/TAG`, as the analytics name it). Raises ConfigError."""
    when = (
        f"date BETWEEN DATE '1970-01-01' + {start // DAY_NS} AND DATE '1970-01-01' + {end // DAY_NS} "
        f"AND ts BETWEEN {instant(start)} AND {instant(end)}"
    )
    series = rows_of(
        session,
        f"SELECT DISTINCT source, protocol, unit, area, name FROM reading "  # noqa: S608 - quoted
        f"WHERE starts_with({quoted(text)}, source || '/') AND {when}",
    )
    found = [key for row in series if (key := named(row, text)) is not None]
    if not found:
        raise ConfigError(f"tags: {text}: no such tag in the lake in this time; names are those of "
                          "`linewarden analytics show`")  # fmt: skip
    if len(found) > 1:
        raise ConfigError(f"tags: {text}: several tags are called so; add ` unit N`")
    return found[0]


def named(row: tuple[Any, ...], text: str) -> TagKey | None:
    """The tag of this series that `text` names, if it is one."""
    source, protocol, unit, area, name = row
    if not text.startswith(f"{source}/"):
        return None
    label = text.removeprefix(f"{source}/")
    bare = label.removesuffix(f" unit {unit}") if unit is not None else label
    for said in (label, bare):
        if name:
            place = said.removeprefix(name).strip()
            if said == name:
                return TagKey(source, protocol, unit, area, name, 0)
            if said.startswith(name) and place[:1] == "[" and place[-1:] == "]" and place[1:-1].isdigit():
                return TagKey(source, protocol, unit, area, name, int(place[1:-1]))
            continue
        kind, _, number = said.rpartition(" ")
        if number.isdigit() and kind == (area or ""):
            return TagKey(source, protocol, unit, area, name, int(number))
    return None
