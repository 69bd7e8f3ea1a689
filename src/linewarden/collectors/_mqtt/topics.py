"""Topics of Sparkplug, and the messages that a host application sends: its STATE, and the request for a rebirth.

Source: Sparkplug 3.0.0, 4.1 (topics), 6.4.23 (NCMD), 6.4.27 (STATE). The STATE of versions before 3.0 (topic STATE/ID
with ONLINE or OFFLINE as text) is understood, and not sent: a will has one topic only, so none would undo ONLINE.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from linewarden.collectors._mqtt.schema import payload_class
from linewarden.collectors._mqtt.values import BOOLEAN

NAMESPACE = "spBv1.0"
REBIRTH = b"Node Control/Rebirth"
OF_NODE = frozenset({"NBIRTH", "NDEATH", "NDATA", "NCMD"})
OF_DEVICE = frozenset({"DBIRTH", "DDEATH", "DDATA", "DCMD"})


class Topic(NamedTuple):
    """Who a message is of. kind: NBIRTH ... DCMD, or STATE, of which `node` is the host application."""

    kind: str
    group: str
    node: str
    device: str = ""


def parsed(topic: str) -> Topic | None:
    """A topic of Sparkplug; None for any other."""
    parts = topic.split("/")
    if len(parts) == 4 and parts[0] == NAMESPACE and parts[2] in OF_NODE and parts[1] and parts[3]:
        return Topic(parts[2], parts[1], parts[3])
    if len(parts) == 5 and parts[0] == NAMESPACE and parts[2] in OF_DEVICE and parts[1] and parts[3] and parts[4]:
        return Topic(parts[2], parts[1], parts[3], parts[4])
    if len(parts) == 3 and parts[0] == NAMESPACE and parts[1] == "STATE" and parts[2]:
        return Topic("STATE", "", parts[2])
    if len(parts) == 2 and parts[0] == "STATE" and parts[1]:
        return Topic("STATE", "", parts[1])
    return None


def filters(groups: tuple[str, ...], host_id: str) -> list[str]:
    """What a host application subscribes to; its own STATE first, of both versions."""
    own = [f"{NAMESPACE}/STATE/{host_id}", f"STATE/{host_id}"] if host_id else []
    return own + ([f"{NAMESPACE}/{group}/#" for group in groups] or [f"{NAMESPACE}/#"])


def state_topic(host_id: str) -> str:
    """Where a host application says whether it is there."""
    return f"{NAMESPACE}/STATE/{host_id}"


def state(online: bool, stamp: int) -> bytes:
    """A birth or death certificate of a host application. stamp: ms UTC since 1970."""
    return json.dumps({"online": online, "timestamp": stamp}).encode()


def state_of(payload: bytes) -> tuple[bool, int | None] | None:
    """Is a host application there, and since when (ms UTC)? None if these bytes do not say."""
    word = payload.strip().upper()
    if word in (b"ONLINE", b"OFFLINE"):
        return word == b"ONLINE", None
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("online"), bool):
        return None
    stamp = said.get("timestamp")
    return said["online"], stamp if isinstance(stamp, int) and not isinstance(stamp, bool) else None


def rebirth(group: str, node: str, stamp: int) -> tuple[str, bytes]:
    """Topic and payload of the request that an edge node send its births again. stamp: ms UTC since 1970.

    The data type is said, though 6.4.6 has it left out of commands (SHOULD NOT): decoders in the field need it.
    """
    payload = payload_class()(timestamp=stamp)
    payload.metrics.add(name=REBIRTH, timestamp=stamp, datatype=BOOLEAN, boolean_value=True)
    return f"{NAMESPACE}/{group}/NCMD/{node}", payload.SerializeToString()
