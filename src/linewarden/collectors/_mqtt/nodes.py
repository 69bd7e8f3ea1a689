"""Edge nodes as a host application knows them, and their messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from linewarden.collectors._mqtt.metrics import BDSEQ, Table
from linewarden.collectors._mqtt.order import Order
from linewarden.collectors._mqtt.topics import Topic
from linewarden.wire.metrics import Payload


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was parsed. sent: ns UTC, as the edge node says; None where it does not. plain: what it holds
    where that is plain numbers; `whole`: all of it, which such a message needs only where one of them is not known."""

    topic: Topic
    seq: int | None
    sent: int | None
    size: int
    plain: Payload | None
    whole: Callable[[], Any]


@dataclass(slots=True)
class Node:
    """An edge node: its own metrics, its devices, and where its messages stand."""

    group: str
    name: str
    table: Table
    bdseq: int | None = None
    devices: dict[str, Table] = field(default_factory=dict)
    definitions: dict[bytes, Any] = field(default_factory=dict)
    order: Order[Message] = field(default_factory=Order)
    early: list[tuple[int, int, Message]] = field(default_factory=list)
    ask_from: float = 0.0
    """Monotonic: no rebirth is asked for before."""
    asked: int = 0
    """Requests in a row."""
    doubt: tuple[int, float] | None = None
    """A death of another session was told: when (ns UTC), and until when (monotonic) a sign of life is waited for."""

    def held(self) -> int:
        """Bytes of messages that wait for others."""
        return sum(m.size for m in self.order.held()) + sum(m.size for _, _, m in self.early)

    def tables(self) -> Iterator[Table]:
        """Of the node, and of its devices."""
        yield self.table
        yield from self.devices.values()


def bdseq_of(payload: Any) -> int | None:
    """The number that ties a death to a birth."""
    for metric in payload.metrics:
        if metric.name == BDSEQ:
            field = metric.WhichOneof("value")
            return int(getattr(metric, field)) if field in ("int_value", "long_value") else None
    return None


def not_before(message: Message, birth: Message) -> bool:
    """Was it sent after this birth, as far as their times tell?"""
    return message.sent is not None and birth.sent is not None and message.sent >= birth.sent
