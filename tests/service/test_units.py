"""Units: which there are, what a wrong one likely was, and what a value is in another."""

from __future__ import annotations

import pytest

from linewarden.errors import ConfigError
from linewarden.service.units import _NEAR, SHOWN, USUAL, checked_unit, convert, is_unit, nearest, shown


@pytest.mark.parametrize(
    "code", ["Cel", "kW.h", "m3/h", "{rev}/min", "[psi]", "bar{gauge}", "%", "1", "10*3/L", "/min"]
)
def test_what_ucum_has_is_taken_as_it_is(code: str) -> None:
    assert checked_unit(f" {code} ") == code


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("kWh", "kW.h"), ("°C", "Cel"), ("degC", "Cel"), ("rpm", "{rev}/min"), ("PSI", "[psi]"), ("m^3/h", "m3/h"),
        ("m³/h", "m3/h"), ("Bar", "bar"), ("mmHg", "mm[Hg]"), ("Nm3/h", "m3{normal}/h"), ("kg * m^2 / sec", "kg.m2/s"),
        ("kpa", "kPa"), ("Kelvin", "K"), ("µS/cm", "uS/cm"), ("m3/hh", "m3/h"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_said_with_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(ConfigError, match="no unit of UCUM") as said:
        checked_unit(wrong)
    assert f"`{right}`" in str(said.value)


@pytest.mark.parametrize("wrong", ["zzqq%%", "a" * 500, "°" * 100, "m;DROP", "{", "\n\0"])
def test_nonsense_has_no_nearest(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"ucum\.org"):
        checked_unit(wrong)


def test_all_that_we_propose_are_units() -> None:
    assert [code for code in {*USUAL.values(), *SHOWN} if not is_unit(code)] == []
    assert [code for code in USUAL if is_unit(code)] == []
    assert [code for code in _NEAR if not is_unit(code)] == []


@pytest.mark.parametrize(
    ("value", "unit", "to", "result"),
    [
        (100.0, "Cel", "[degF]", 212.0), (0.0, "Cel", "K", 273.15), (1.0, "bar", "kPa", 100.0),
        (3.6, "MJ", "kW.h", 1.0), (60.0, "L/min", "m3/h", 3.6), (1.0, "[psi]", "Pa", 6894.757293168),
        (1500.0, "{rev}/min", "Hz", 25.0), (50.0, "%", "1", 0.5), (1.0, "bar{gauge}", "kPa", 100.0),
        (1.0, "t/h", "kg/s", 1000 / 3600), (7.0, "m", "m", 7.0), (1.0, "mm[Hg]", "Pa", 133.322387415),
    ],
)  # fmt: skip
def test_values_are_converted(value: float, unit: str, to: str, result: float) -> None:
    assert convert(value, unit, to) == pytest.approx(result, rel=1e-6)


def test_what_measures_something_else_is_refused() -> None:
    with pytest.raises(ConfigError, match="different things"):
        convert(1.0, "m", "kg")
    with pytest.raises(ConfigError, match="no unit"):
        convert(1.0, "m", "Kilo")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Cel", "°C"), ("m3/h", "m³/h"), ("kW.h", "kWh"), ("1", ""), ("{rev}/min", "rpm"), ("m/s2", "m/s²"),
        ("um", "µm"), ("[psi]", "psi"), ("N.m", "Nm"), ("kg.m2/s", "kg·m²/s"), ("{pcs}", "pcs"), ("%", "%"),
        ("[in_i]", "in"), ("min", "min"), ("Cel/min", "°C/min"), ("", ""),
    ],
)  # fmt: skip
def test_people_read_them_as_they_are_used_to(code: str, words: str) -> None:
    assert shown(code) == words


def test_near_gives_nothing_where_nothing_is_near() -> None:
    assert nearest("xyzzy!") == ""
