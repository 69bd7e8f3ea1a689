"""Units as machines write them."""

from __future__ import annotations

import pytest

from linewarden.collectors._mqtt.units import ucum


@pytest.mark.parametrize(
    ("written", "code"),
    [("°C", "Cel"), (" bar ", "bar"), ("rpm", "/min"), ("kWh", "kW.h"), ("m³/h", "m3/h"), ("psi", "[psi]"), ("%", "%"),
     ("", ""), ("furlongs", "")],
)  # fmt: skip
def test_units_that_are_known_have_their_code(written: str, code: str) -> None:
    assert ucum(written) == code
