"""Which tags are meters."""

from __future__ import annotations

import pytest

from linewarden.service.measuring import meter_unit


@pytest.mark.parametrize(
    ("ucum", "name", "meter"),
    [
        ("kW", "", ("power", 1.0)),
        ("MW", "", ("power", 1_000.0)),
        ("mW", "", None),  # milliwatts
        ("W.h", "", ("energy", 0.001)),
        ("MJ", "", ("energy", 1 / 3.6)),
        ("Cel", "Power [kW]", None),  # what was said goes before a name
        ("", "Usage_kWh", ("energy", 1.0)),
        ("", "Power [kW]", ("power", 1.0)),
        ("", "holding_register 40", None),
    ],
)
def test_units_and_names(ucum: str, name: str, meter: tuple[str, float] | None) -> None:
    found = meter_unit(ucum, "", name)
    assert (tuple(found) if found else None) == meter
