"""What a person sees while the practice plant runs and is watched: steps, changes and values as they move.

Drawn by rich, in place, a second and a half apart; what it shows is read from the lake, as any reader would. Built of
`Text`: what a device says of itself is shown and never obeyed.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import LinewardenError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from linewarden.service.lake import Session

EVERY_S = 1.5
STEPS, NOTICES, CHANGES, VALUES = 4, 5, 4, 7
_NOTICES = """
SELECT DISTINCT ON (notice_id) epoch_ns(ts) AS latest, severity, msg FROM notice
WHERE NOT "again" AND severity IN ('critical', 'high', 'medium') ORDER BY latest DESC LIMIT {most}
"""
_CHANGES = """
SELECT epoch_ns(max(ts)) AS latest, verb, "id.orig_h", "id.resp_h", protocol, target, arg_max(value, ts) AS value,
       count(*) AS n
FROM command WHERE verb NOT IN ('read', 'browse', 'subscribe', 'diagnose', 'authenticate') AND protocol <> 'mqtt'
GROUP BY verb, "id.orig_h", "id.resp_h", protocol, target ORDER BY n, latest DESC LIMIT {most}
"""


def draws() -> bool:
    """Whether somebody looks: a terminal that is large enough."""
    import shutil

    size = shutil.get_terminal_size()
    return sys.stderr.isatty() and size.columns >= 70 and size.lines >= 22


class PlantScreen:
    """`event` takes what the runner tells; the rest comes from the lake. Use it as `with PlantScreen(lake)`."""

    def __init__(self, lake: Path) -> None:
        self._lake, self._line = lake, "the network is built, and the devices' stacks start"
        self._steps: deque[str] = deque(maxlen=STEPS)
        self._over = threading.Event()
        self._live: Live | None = None
        self._thread = threading.Thread(target=self._run, name="linewarden-screen", daemon=True)

    def __enter__(self) -> PlantScreen:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(self._page(None), console=Console(stderr=True), auto_refresh=False, transient=True)
        self._live.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)
        if self._live is not None:
            self._live.stop()

    def event(self, event: dict[str, Any]) -> None:
        """Something that the runner tells."""
        kind = event["event"]
        if kind == "plant":
            self._line = (
                f"{event['seconds']:3d} s  {event['bottles']:.0f} bottles, conveyor {event['conveyor_rpm']:.0f} rpm, "
                f"{event['power_kw']:.0f} kW"
            )
        elif kind == "step":
            self._steps.append(f"{event['device']}: {event['what']}")
        elif kind in ("problem", "failed"):
            self._steps.append(f"{kind}: {event['text']}")
        elif kind == "running":
            self._line = f"the plant is up; it runs for {event['seconds']:.0f} s"

    def _run(self) -> None:
        from linewarden.service.lake import Session

        session: Session | None = None
        try:
            while not self._over.wait(EVERY_S):
                if session is None and self._lake.exists():
                    session = Session(self._lake)
                if self._live is not None:
                    self._live.update(self._page(session), refresh=True)
        finally:
            if session is not None:
                session.close()

    def _page(self, session: Session | None) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        parts: list[RenderableType] = [Text("Practice plant, watched live", style="bold"), Text(self._line), Text()]
        parts += [Text(f"  {step}", overflow="ellipsis", no_wrap=True, style="yellow") for step in self._steps]
        if session is not None:
            try:
                parts += self._seen(session)
            except LinewardenError as error:
                parts.append(Text(str(error), style="dim"))
        return Group(*parts)

    def _seen(self, session: Session) -> list[RenderableType]:
        """What the sensor has written so far."""
        from rich.text import Text

        from linewarden.reports import words
        from linewarden.service.lake import is_lake, open_lake
        from linewarden.service.tags import tags_in
        from linewarden.service.tags_command import tags_table

        if not is_lake(self._lake):
            return [Text("  the sensor listens; nothing is written yet", style="dim")]
        parts: list[RenderableType] = []
        streams = open_lake(self._lake).streams
        if "notice" in streams:
            with session.query(_NOTICES.format(most=NOTICES)) as answer:
                told = list(answer.rows)
            parts += [Text(), Text("What is wrong", style="bold")]
            for _, severity, msg in told:
                text = f"  {severity:8} {words.clean(msg, 200)}"
                parts.append(Text(text, overflow="ellipsis", no_wrap=True, style="red"))
        if "command" in streams:
            with session.query(_CHANGES.format(most=CHANGES)) as answer:
                rows = list(answer.rows)
            parts += [Text(), Text("Rarest changes that were heard", style="bold")]
            for _, verb, who, whom, protocol, target, value, n in rows:
                text = f"  {n:4d}x  {who} {verb} {whom}  {protocol} {target or ''} {value or ''}"
                parts.append(Text(words.clean(text, 200), overflow="ellipsis", no_wrap=True))
        tags = [t for t in tags_in(session) if t.moved][:VALUES]
        return [*parts, Text(), tags_table(tags, wide=False)] if tags else parts
