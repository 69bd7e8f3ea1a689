"""Asks the service of a configuration how it is: `/status` at its `[http] listen`, on this machine and nowhere else."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linewarden.service.config import Config

TIMEOUT_S = 1.0
MOST_BYTES = 8 * 1024**2
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - who listens at all addresses is asked at one
"""Addresses that mean all of this machine's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it said; `why`: in a line, why it is not known, empty where it is."""

    said: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    where: str = ""


def status_of(config: Config) -> Answer:
    """How the service is that this configuration is of. Never raises; waits for a second at most."""
    if not config.http.enabled:
        return Answer(why="[http] enabled is false: the service does not tell how it is; set it to true")
    host, port = config.http.address
    if port == 0:
        return Answer(why="[http] listen has port 0: which one the service has is not known; give it one of its own")
    where = f"{host}:{port}"
    connection = http.client.HTTPConnection(ANY.get(host, host), port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/status", headers={"Accept": "application/json"})
        reply = connection.getresponse()
        body = reply.read(MOST_BYTES + 1)
        if reply.status != 200 or len(body) > MOST_BYTES:
            return Answer(why=f"what answers at {where} is no service of Linewarden ({reply.status})", where=where)
        said = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        known = isinstance(error, OSError) and not isinstance(error, http.client.HTTPException)
        text = "nobody answers there" if known else "it gives no JSON"
        return Answer(why=f"{where}: {text}; is `linewarden serve` running with this configuration?", where=where)
    finally:
        connection.close()
    if not isinstance(said, dict) or "version" not in said:
        return Answer(why=f"what answers at {where} is no service of Linewarden", where=where)
    return Answer(said, where=where)
