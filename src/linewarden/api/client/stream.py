"""Server-sent events (WHATWG HTML, 9.2) as a program reads them: what happens, as it happens, for as long as wanted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from linewarden.api.client.transport import Transport
from linewarden.api.routes.now import Now
from linewarden.errors import SendError

SILENCE_S = 45.0
"""A server says at least every 15 s that it is there."""
FIRST_REST_S = 1.0
LONGEST_REST_S = 30.0


@dataclass(frozen=True, slots=True)
class Happening:
    """An event. `id` is where to go on from: `follow(after=id)`."""

    id: str
    event: str
    now: Now


class Following(Transport):
    """What goes on without an end."""

    def follow(self, *, after: str = "", reconnect: bool = True) -> Iterator[Happening]:
        """The state of the site, at once and at each change. When the connection goes, it is made anew, and goes on
        after the event that came last; without `reconnect` that raises SendError.

        Raises AccessError when the token ends.
        """
        rest = FIRST_REST_S
        while True:
            try:
                for found in self._events(after):
                    after, rest = found.id, FIRST_REST_S
                    yield found
            except SendError:
                if not reconnect:
                    raise
            else:
                if not reconnect:
                    return
            time.sleep(rest)
            rest = min(2 * rest, LONGEST_REST_S)

    def _events(self, after: str) -> Iterator[Happening]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        with self._answer("GET", "/events", headers=headers, timeout=SILENCE_S) as answer, self._explained():
            for place, event, data in parsed(answer.iter_lines()):
                if event == "now":
                    yield Happening(place, event, self._read(Now, data.encode()))


def parsed(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """Events as (id, event, data). An id holds until there is another; comments and what is unknown are left out."""
    last_id, event, data = "", "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield last_id, event or "message", "\n".join(data)
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            last_id = value
        elif name == "event":
            event = value
        elif name == "data":
            data.append(value)
