"""What a command needs to judge process values live."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError
from linewarden.service.analysing.settings import Analytics, lacking

if TYPE_CHECKING:
    from linewarden.detections.run import Told
    from linewarden.service.analysing.live import LiveAnalysing
    from linewarden.service.expected_keeper import ExpectedKeeper


def live_values(
    folder: Path, on_notice: Callable[[Told], None], on_line: Callable[[str], None], said: ExpectedKeeper | None
) -> LiveAnalysing:
    """What judges values with the defaults, and keeps what it learns in `folder`. Raises ConfigError if a package is
    missing, StoreError if what is kept there is damaged."""
    if text := lacking():
        raise ConfigError(f"--analytics: {text}")
    from linewarden.service.analysing.live import LiveAnalysing

    return LiveAnalysing(Analytics(), folder, on_notice, on_line, said)


def told_to(everybody: Iterable[Callable[[Told], None]], told: Told) -> None:
    """Tells each of them."""
    for one in everybody:
        one(told)
