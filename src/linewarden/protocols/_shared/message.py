"""What a rich parser gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from linewarden.records import Binding, Command, Identity, Reading, Transfer, Weird


class Message(NamedTuple):
    """One message that an engine program handed over with `Rich(tag)`.

    `src`/`dst` are the sender's and receiver's IP addresses as text, or their MACs below IP. `slots` has the numbers
    and bytes set so far (of the request too, where the message answers one); `data` is the slice at the cursor.
    """

    protocol: str
    tag: str
    ts: int
    uid: str
    capture: str
    frame: int
    src: str
    dst: str
    src_port: int
    dst_port: int
    src_mac: str
    dst_mac: str
    from_orig: bool
    response: bool
    slots: Mapping[str, int | bytes]
    data: bytes

    def number(self, slot: str, default: int = 0) -> int:
        """A slot that holds a number."""
        value = self.slots.get(slot, default)
        return value if isinstance(value, int) else default

    def raw(self, slot: str) -> bytes:
        """A slot that holds bytes (empty if not set)."""
        value = self.slots.get(slot, b"")
        return value if isinstance(value, bytes) else b""


@dataclass(frozen=True, slots=True)
class Native:
    """A row of the protocol's own stream: its columns by name (missing ones are null)."""

    values: Mapping[str, Any] = field(default_factory=dict)


Record = Identity | Command | Reading | Transfer | Weird | Binding | Native
Parser = Callable[[Message], Iterable[Record]]
"""A rich parser. It may raise `ValueError`, `IndexError`, `KeyError` or `struct.error` on damaged bytes: the sensor
makes a weird of it. It keeps no state between calls."""
