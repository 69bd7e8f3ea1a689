"""What is published, and what people said of the machines: their names, lines and zones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.namespace.publisher import Publisher
    from linewarden.service.namespace.settings import Namespace


@dataclass(frozen=True, slots=True)
class Publishing:
    """`lake`: beside its records stand the names that people gave (`read --names`, `linewarden correct`)."""

    settings: Namespace
    site: str
    lake: Path

    def publisher(self, on_line: Callable[[str], None], on_ill: Callable[[str], None]) -> Publisher:
        """Not begun yet. Raises ConfigError if a package is missing."""
        if find_spec("paho") is None:
            raise ConfigError("namespace: needs paho-mqtt; pip install 'linewarden[collectors]'")
        from linewarden.service.namespace.publisher import Publisher

        return Publisher(self.settings, self.site, self._places(), on_line, on_ill)

    def _places(self) -> Callable[[str], Mapping[str, str]]:
        """What is known of a machine, by its address; read once, at the first question."""

        @cache
        def kept() -> dict[str, dict[str, str]]:
            from linewarden.service.corrections_file import load

            said = load(self.lake)
            rows = said.names.rows if said.names is not None else ()
            found = {r.address: {"asset": r.name, "line": r.line, "area": r.zone} for r in rows}
            for address, field, value in said.corrections.fields:
                if part := {"name": "asset", "line": "line", "zone": "area"}.get(field):
                    found.setdefault(address, {})[part] = value
            return {address: {k: v for k, v in parts.items() if v} for address, parts in found.items()}

        return lambda source: kept().get(source, {})
