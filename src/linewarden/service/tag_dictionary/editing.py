"""What a person says of tags: found by id, name or alias, checked, kept in the lake, and told to the audit log."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.audit import Change, recorded
from linewarden.service.tag_dictionary.facts import NOTHING, Facts, checked, with_facts
from linewarden.service.tag_dictionary.files import PEOPLE, keep, said_by_people
from linewarden.service.values.tag import TagKey

if TYPE_CHECKING:
    from linewarden.service.audit.ledger import Ledger

MOST = 500_000
"""Tags of which something can be said."""
_ONE = threading.Lock()
"""What is kept is read, changed and written: one at a time."""


def found_tag(
    tags: Iterable[TagKey], word: str, device: str | None = None, known: Mapping[TagKey, Facts] | None = None
) -> TagKey:  # fmt: skip
    """The tag of an id, a label (`holding_register 40`), a name or an alias.

    Raises ConfigError if it is none or several.
    """
    fits = [
        key for key in dict.fromkeys(tags)
        if (device is None or key.source == device)
        and word in (key.id, key.label, key.name, (known or {}).get(key, NOTHING).alias)
    ]  # fmt: skip
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise ConfigError(f"{word!r}: no such tag; `linewarden tags LAKE --json` lists ids and names")
    where = ", ".join(f"{key.id} ({key.source} {key.protocol})" for key in fits[:4])
    raise ConfigError(f"{word!r}: {len(fits)} tags have this name: {where}; give --device, or the id")


def assignments(words: Sequence[str]) -> dict[str, str]:
    """`field=value` words. Raises ConfigError."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigError(f"{word}: write FIELD=VALUE, such as ucum=kW.h; an empty value takes it back")
        found[name.strip()] = value
    return found


def say(lake: Path, said: Mapping[TagKey, Mapping[str, str]], ledger: Ledger | None = None) -> int:
    """Keeps what a person says: tag -> field -> text. Gives how many tags changed. All of it, or nothing.

    Raises ConfigError for what makes no sense, StoreError if it cannot be kept. `ledger`: the log, if not the lake's.
    """
    with _ONE:
        before = said_by_people(lake)
        now = dict(before)
        for key, texts in said.items():
            try:
                now[key] = with_facts(now.get(key, NOTHING), checked(texts))
            except ConfigError as error:
                raise ConfigError(f"{key.source} {key.label}: {error}") from error
        now = {key: facts for key, facts in now.items() if facts != NOTHING}
        changed = [key for key in said if before.get(key, NOTHING) != now.get(key, NOTHING)]
        if len(now) > MOST:
            raise ConfigError(f"{len(now):,} tags; at most {MOST:,} can be told of")
        if changed:
            file = lake / PEOPLE
            change = Change("tags.describe", str(file), _told(before, changed), _told(now, changed))
            with recorded(file, change, ledger=ledger):
                keep(file, now)
        return len(changed)


def _told(known: Mapping[TagKey, Facts], changed: Sequence[TagKey]) -> dict[str, Any]:
    """Of a long table the first ones are told, and how many there are."""
    shown: dict[str, Any] = {f"{k.source} {k.protocol} {k.label}": known.get(k, NOTHING).said() for k in changed[:100]}
    return shown | ({"and": f"{len(changed) - 100} more"} if len(changed) > 100 else {})
