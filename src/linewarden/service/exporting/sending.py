"""Sends a batch once and says how far it came: for commands that send and end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linewarden.cases.export.common import utc
from linewarden.errors import SendError
from linewarden.service.exporting.carrier import Carrier, DeliveryError

if TYPE_CHECKING:
    from linewarden.cases.model import Event


def sent(carrier: Carrier, events: Sequence[Event], what: str = "notices") -> tuple[int, list[str]]:
    """How many were taken, and a line for each that never will be. Raises SendError if the receiver gives up."""
    taken: int = 0
    refused: list[str] = []
    try:
        while taken < len(events):
            batch = events[taken : taken + carrier.most]
            refused += carrier.send(batch)
            taken += len(batch)
    except DeliveryError as error:
        taken += error.taken
        rest = f"; send the rest with --since {utc(events[taken].ts, 6)}" if taken else ""
        raise SendError(f"{error}; {taken:,} of {len(events):,} {what} were taken{rest}") from error
    finally:
        carrier.close()
    return taken - len(refused), refused
