"""A file of packets for each notice of a run: `linewarden detect ... --packets DIR`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import StoreError
from linewarden.service.packets import Captures, Outcome, Wish, cut_out, told_packets
from linewarden.service.packets_command import say_warning
from linewarden.wire.cutting import Around

if TYPE_CHECKING:
    from linewarden.detections.run import Told
    from linewarden.service.detecting import Found

WEIGHTS = ("critical", "high", "medium")
"""Notices that are worth a file, the worst first."""
MOST_FILES = 100


def write_proofs(folder: Path, found: Found, sources: Sequence[str]) -> list[Outcome]:
    """Cuts the packets of the worst notices; says on standard error how many files there are and what is missing.

    Raises StoreError if the folder cannot be written.
    """
    worth = sorted(
        (t for t in found.notices if t.notice.severity in WEIGHTS), key=lambda t: WEIGHTS.index(t.notice.severity)
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror or error}); give another folder") from error
    wishes = [Wish(folder / _name(told), told_packets(told)) for told in worth[:MOST_FILES]]
    outcomes = cut_out(wishes, _places(found, sources), Around()) if wishes else []
    for problem in dict.fromkeys(p for o in outcomes for p in o.problems):
        say_warning(problem)
    written = sum(o.packets > 0 for o in outcomes)
    more = f"; {len(worth) - MOST_FILES:,} notices more have none" if len(worth) > MOST_FILES else ""
    print(f"linewarden: packets: {written} of {len(wishes)} files in {folder}{more}", file=sys.stderr)
    return outcomes


def _places(found: Found, sources: Sequence[str]) -> Captures:
    """The captures that were read just now; of a lake those that it was read from."""
    from linewarden.service.lake import is_lake

    if len(sources) == 1 and is_lake(Path(sources[0])):
        return Captures((), found.lake)
    return Captures([Path(s) for s in sources if s != "-"])


def _name(told: Told) -> str:
    from linewarden.reports.words import iso

    when = iso(told.ts)[:19].replace("-", "").replace(":", "")
    return f"{when}Z-{told.notice.note}-{told.notice.notice_id[:8]}.pcapng"
