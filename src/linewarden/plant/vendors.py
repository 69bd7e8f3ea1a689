"""Whom IEEE gave an address prefix to, from the list that comes with netaddr.

netaddr itself would read the whole index at once, which takes a tenth of a second in a run that asks for a few.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache(maxsize=65_536)
def registered(prefix: str) -> str | None:
    """The holder of `aa:bb:cc`; None if nobody is. Each question opens a file: a plant's few vendors are asked once."""
    place = index().get(b"%d" % int(prefix.replace(":", ""), 16))
    if place is None:
        return None
    offset, size = map(int, place.split(b","))
    with (_folder() / "oui.txt").open("rb") as file:
        file.seek(offset)
        entry = file.read(size).decode("utf-8", "replace")
    # 10-E9-92   (hex)     INGRAM MICRO SERVICES
    holder = next((line.partition("(hex)")[2] for line in entry.splitlines() if "(hex)" in line), "")
    return holder.strip().strip(" ,") or None


@cache
def index() -> dict[bytes, bytes]:
    """Prefix as a decimal number: where its entry stands, as `offset,size`. Of several the first one counts."""
    lines = (_folder() / "oui.idx").read_bytes().split()
    return {prefix: place for prefix, _, place in (line.partition(b",") for line in reversed(lines))}


def _folder() -> Path:
    found = find_spec("netaddr")
    if found is None or not found.submodule_search_locations:  # pragma: no cover - it is a dependency
        raise FileNotFoundError("netaddr")
    return Path(found.submodule_search_locations[0]) / "eui"
