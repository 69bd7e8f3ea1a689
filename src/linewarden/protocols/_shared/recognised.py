"""For protocols that are recognised as a service, but not read: their messages leave no rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from linewarden.protocols._shared import layout as l

_DROP: l.Ops = (l.Drop(),)


def recognised(
    name: str,
    title: str,
    reference: str,
    on: tuple[l.On, ...],
    probe: l.Ops,
    *,
    main: l.Ops = _DROP,
    rich: Mapping[str, Any] | None = None,
    anywhere: bool = False,
    confirm: int = 1,
    framing: l.Framing | None = None,
    endian: Any = "big",
) -> l.Protocol:
    """A protocol without rows. `main` may hand a message to a rich parser; `anywhere` only where the probe is strict
    enough to know it on any port."""
    return l.Protocol(
        name=name, title=title, reference=reference, on=on, probe=probe, main=main, rich=rich or {},
        anywhere=anywhere, confirm=confirm, framing=framing or l.Datagram(), endian=endian, row=False,
    )  # fmt: skip


def word(text: bytes, at: int = 0) -> l.Expr:
    """1 if these bytes (at most 8) stand so many bytes after the cursor."""
    return l.Peek(len(text), at, le=False).eq(int.from_bytes(text, "big"))
