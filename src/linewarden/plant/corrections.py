"""What a person put right in the inventory: kept as plain data by the service, applied at every fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linewarden.errors import ConfigError
from linewarden.plant.addresses import canonical
from linewarden.plant.criticality import Criticality
from linewarden.plant.model import Role
from linewarden.plant.role_words import parse_role

FIELDS = frozenset(
    {
        "name",
        "vendor",
        "model",
        "order_number",
        "hardware",
        "firmware",
        "serial",
        "os",
        "software",
        "location",
        "role",
        "zone",
        "line",
        "criticality",
    }
)
"""What may be corrected by hand."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """`merges` are pairs of addresses that are one device, `splits` addresses that stand alone.

    `fields` are (address, field, value) for what a device is; the address is any of the device's, or its id.
    """

    merges: tuple[tuple[str, str], ...] = ()
    splits: tuple[str, ...] = ()
    fields: tuple[tuple[str, str, str], ...] = ()

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Corrections:
        """The inverse of `to_dict`.

        Raises:
            ConfigError: an address, field or role is wrong, or a part has the wrong shape.
        """
        unknown = set(data) - {"merges", "splits", "fields"}
        if unknown:
            raise ConfigError(f"corrections: unknown part {sorted(unknown)[0]!r}; use merges, splits, fields")
        try:
            pairs = [(a, b) for a, b in data.get("merges", ())]
            fields = {a: dict(f) for a, f in dict(data.get("fields", {})).items()}
            splits = list(data.get("splits", ()))
        except (TypeError, ValueError) as e:
            raise ConfigError(
                "corrections: merges are pairs of addresses, splits a list of them, fields {address: {field: value}}"
            ) from e
        return Corrections(
            tuple(sorted({_pair(a, b) for a, b in pairs})),
            tuple(sorted({_address(s) for s in splits})),
            tuple(sorted((_address(a), k, _value(k, v)) for a, f in fields.items() for k, v in f.items())),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and dicts, for JSON or a table."""
        fields: dict[str, dict[str, str]] = {}
        for address, name, value in self.fields:
            fields.setdefault(address, {})[name] = value
        return {"merges": [list(m) for m in self.merges], "splits": list(self.splits), "fields": fields}


def _pair(a: object, b: object) -> tuple[str, str]:
    low, high = sorted((_address(a), _address(b)))
    return low, high


def _address(text: object) -> str:
    found = canonical(str(text))
    if found is None:
        raise ConfigError(f"corrections: {text!r} is no address; give an IP or a MAC address")
    return found


def _value(name: str, value: object) -> str:
    if name not in FIELDS:
        raise ConfigError(f"corrections: {name!r} cannot be corrected; use one of {', '.join(sorted(FIELDS))}")
    text = str(value).strip()
    if name == "role":
        role = parse_role(text)
        if role is not None:
            return str(role)
        raise ConfigError(f"corrections: {text!r} is no role; use one of {', '.join(Role)}")
    if name == "criticality" and text not in set(Criticality):
        raise ConfigError(f"corrections: {text!r} is no criticality; use one of {', '.join(Criticality)}")
    return text
