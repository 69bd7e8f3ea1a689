"""What a person says of the namespace: the table [namespace]."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass

from linewarden.collectors._mqtt import settings as mqtt
from linewarden.collectors.contract import setting
from linewarden.service.namespace.topics import PARTS, parts_of

DEFAULT = "{enterprise}/{site}/{area}/{line}/{asset}/{tag}"
"""The levels of ISA-95 (IEC 62264-1, equipment hierarchy) that we can know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace(mqtt.Broker):
    """The last of every value, published to an MQTT broker as one tree of topics (Unified Namespace). Retained, so that
    who subscribes has it at once."""

    topic: str = setting(
        f"the tree; a part of which nothing is known is left out: {', '.join(f'{{{p}}}' for p in PARTS)}",
        default=DEFAULT,
    )
    enterprise: str = setting("the top of the tree; empty: it begins with the site", default="")
    only: tuple[str, ...] = setting(
        "only values whose SOURCE/TAG fits one of these patterns (* and ?); none: all", default=(),
        examples=(["10.0.0.*/*", "*/TANK.*"],),
    )  # fmt: skip
    every_s: float = setting(
        "a value is published at most so often; the last of that time counts", default=1.0, unit="s", least=0.05,
        most=3600,
    )  # fmt: skip
    from_wire: bool = setting("also values that sensors hear, not only those of collectors", default=True)
    client_id: str = setting("how we call ourselves at the broker; empty: linewarden-SITE", default="")

    def wants(self, source: str, tag: str) -> bool:
        """Whether a value is published."""
        return not self.only or any(fnmatch.fnmatchcase(f"{source}/{tag}", one) for one in self.only)


def check(settings: Namespace) -> Iterator[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    yield from mqtt.check(settings)
    try:
        parts = parts_of(settings.topic)
    except ValueError as error:
        yield "topic", str(error)
        return
    if not {"asset", "source"} & set(parts) or "tag" not in parts:
        yield "topic", "needs {tag}, and {asset} or {source}: else values of several machines share a topic"
    if any(c in settings.enterprise for c in "+#/$\0"):
        yield "enterprise", "must not hold + # / or $"
