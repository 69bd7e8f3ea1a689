"""The table [namespace]: its keys are those of `service/namespace/settings.py`, checked as a collector's are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from linewarden.service.config.base import Table
from linewarden.service.config.collectors import filled, table_of
from linewarden.service.namespace.settings import Namespace, check

if TYPE_CHECKING:
    NamespaceTable = Table
else:
    NamespaceTable = table_of(Namespace)


def namespace_of(table: Table, opened: Callable[[str, str], str] = lambda _key, reference: reference) -> Namespace:
    """The settings as the publisher takes them. `opened`: the secret that (key, reference) names."""
    made: Namespace = filled(Namespace, table, opened, "namespace")
    return made


def problems(table: Table | None) -> Iterator[tuple[str, str]]:
    """What is wrong in the table as a whole, as (key, text)."""
    if table is not None:
        yield from ((f"namespace.{key}", text) for key, text in check(namespace_of(table)))
