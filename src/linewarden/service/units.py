"""Units of measure: UCUM's case-sensitive codes (ucum.org, 2.2), checked and converted by `ucumvert` and `pint`.

People write units in many ways; UCUM has one code for each: kWh is `kW.h`, °C is `Cel`, rpm is `{rev}/min`. A wrong one
is said with the nearest that is right. Imports nothing heavy at the top: the tables of units take a second to read.
"""

from __future__ import annotations

import difflib
import re
import threading
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from ucumvert import PintUcumRegistry

LONGEST = 60
USUAL: Mapping[str, str] = {
    "°C": "Cel", "degC": "Cel", "deg C": "Cel", "℃": "Cel", "celsius": "Cel", "°F": "[degF]", "degF": "[degF]",
    "kelvin": "K", "kWh": "kW.h", "MWh": "MW.h", "GWh": "GW.h", "Wh": "W.h", "VA": "V.A", "kVA": "kV.A", "MVA": "MV.A",
    "var": "V.A{reactive}", "kvar": "kV.A{reactive}", "kVAr": "kV.A{reactive}", "varh": "V.A.h{reactive}",
    "kvarh": "kV.A.h{reactive}", "Ah": "A.h", "rpm": "{rev}/min", "RPM": "{rev}/min",
     "psi": "[psi]", "PSI": "[psi]", "psig": "[psi]{gauge}", "barg": "bar{gauge}",
    "bar(g)": "bar{gauge}", "bara": "bar{absolute}", "bar(a)": "bar{absolute}", "mmHg": "mm[Hg]", "inHg": "[in_i'Hg]",
    "mmH2O": "mm[H2O]", "mH2O": "m[H2O]", "sec": "s", "hr": "h", "hour": "h", "minute": "min", "day": "d",
    "Nm": "N.m", "kNm": "kN.m", "ppm": "[ppm]", "ppb": "[ppb]",  "inch": "[in_i]",
    "in": "[in_i]",  "mile": "[mi_i]", "gal": "[gal_us]", "gpm": "[gal_us]/min", "lb": "[lb_av]",
    "lbs": "[lb_av]", "oz": "[oz_av]", "hp": "[HP]", "cfm": "[cft_i]/min", "Nm3/h": "m3{normal}/h",
    "Nm³/h": "m3{normal}/h",  "ltr": "L", "liter": "L", "litre": "L", "%RH": "%{RH}", "% RH": "%{RH}",
    "percent": "%", "pct": "%", "pcs": "{pcs}",  "Stk": "{pcs}", "count": "{count}", "counts": "{count}",
    "Ω": "Ohm", "ohm": "Ohm", "kΩ": "kOhm", "MΩ": "MOhm", "µm": "um", "μm": "um", "µS/cm": "uS/cm", "degree": "deg",
    "°": "deg", "m/s^2": "m/s2", "m/s²": "m/s2", "ton": "t", "none": "1", "": "1", "-": "1",
}  # fmt: skip
"""What people and machines write -> UCUM. Only what is no UCUM code itself."""
SHOWN: Mapping[str, str] = {
    "Cel": "°C", "[degF]": "°F", "kW.h": "kWh", "MW.h": "MWh", "GW.h": "GWh", "W.h": "Wh", "V.A": "VA", "kV.A": "kVA",
    "MV.A": "MVA", "V.A{reactive}": "var", "kV.A{reactive}": "kvar", "A.h": "Ah", "{rev}/min": "rpm", "N.m": "Nm",
    "Ohm": "Ω", "kOhm": "kΩ", "deg": "°", "1": "", "[psi]{gauge}": "psig", "bar{gauge}": "bar(g)",
    "bar{absolute}": "bar(a)", "%{RH}": "% RH", "[gal_us]/min": "gpm",
}  # fmt: skip
"""UCUM -> as people read it, where that is not the code itself."""
_NEAR = (
    "m", "mm", "um", "cm", "km", "m2", "m3", "L", "mL", "g", "kg", "mg", "t", "s", "ms", "min", "h", "d", "A", "mA",
    "V", "mV", "kV", "W", "kW", "MW", "kW.h", "MW.h", "J", "kJ", "MJ", "Hz", "kHz", "Pa", "kPa", "MPa", "hPa", "bar",
    "mbar",
    "[psi]", "N", "kN", "N.m", "Cel", "K", "[degF]", "%", "[ppm]", "[pH]", "lx", "lm", "cd", "mol", "Ohm", "kOhm", "S",
    "uS/cm", "F", "H", "T", "m/s", "m/s2", "mm/s", "km/h", "m3/h", "m3/s", "L/min", "L/h", "L/s", "kg/h", "kg/s", "t/h",
    "kg/m3", "g/L", "{rev}/min", "/min", "/s", "deg", "rad", "dB", "[gal_us]", "[lb_av]", "[in_i]", "[ft_i]", "{pcs}",
    "{count}", "1", "V.A", "kV.A", "bar{gauge}", "bar{absolute}", "mm[Hg]", "mm[H2O]", "mSv", "uSv/h",
)  # fmt: skip
"""What a plant measures in: what is near to a wrong code is looked for here."""
_ONE = threading.Lock()
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@cache
def _registry() -> PintUcumRegistry:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


@cache
def _parser() -> Any:
    from ucumvert import get_ucum_parser

    return get_ucum_parser()


@lru_cache(4096)
def is_unit(code: str) -> bool:
    """Whether this is a code of UCUM. One at a time: nobody says that the parser is for several threads."""
    from lark.exceptions import LarkError

    if not code or len(code) > LONGEST or not code.isascii():
        return False
    with _ONE:
        try:
            _parser().parse(code)
        except LarkError:
            return False
    return True


def checked_unit(text: str) -> str:
    """The code as it is. Raises ConfigError for what is none, with the nearest that is."""
    text = text.strip()
    if is_unit(text):
        return text
    near = nearest(text)
    hint = f"did you mean `{near}`?" if near else "see ucum.org; a word of your own goes in braces, such as {pcs}"
    raise ConfigError(f"{text[:LONGEST]!r} is no unit of UCUM; {hint}")


def nearest(text: str) -> str:
    """The code that somebody likely meant; empty if none is near."""
    text = text.strip()
    plain = text.translate(_POWERS)
    for one in (text, plain, _in_ucum(plain)):
        found = USUAL.get(one) or _by_lower().get(one.lower(), "")
        if found or is_unit(one):
            return found or one
    near = difflib.get_close_matches(plain, _NEAR, 1, 0.6)
    return near[0] if near and is_unit(near[0]) else ""


@cache
def _by_lower() -> Mapping[str, str]:
    """Codes and usual words in small letters, where only one is written so."""
    found: dict[str, set[str]] = {}
    for word, code in [*((c, c) for c in _NEAR), *USUAL.items()]:
        found.setdefault(word.lower(), set()).add(code)
    return {word: next(iter(codes)) for word, codes in found.items() if len(codes) == 1}


def _in_ucum(text: str) -> str:
    """`kg * m^2 / s` as kg.m2/s, and each part that people write otherwise as UCUM has it."""
    text = re.sub(r"\s*[*·\u00d7]\s*", ".", text)
    text = re.sub(r"\s*/\s*", "/", text).replace("^", "").replace("µ", "u").replace("μ", "u").replace(" ", ".")
    return "".join(p if p in "./" else USUAL.get(p, p) for p in re.split(r"([./])", text) if p)


def convert(value: float, unit: str, to: str) -> float:
    """The value in another unit. Raises ConfigError if one is no unit, or they measure something else.

    Words in braces say nothing of the size: `bar{gauge}` is converted as bar.
    """
    if unit == to:
        return value
    codes = checked_unit(unit), checked_unit(to)
    from lark.exceptions import LarkError
    from pint.errors import PintError

    try:
        with _ONE:
            have, want = map(_registry().from_ucum, codes)
            return float(_registry().Quantity(value, have).to(want).magnitude)
    except (LarkError, PintError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"{unit} cannot be converted to {to}: they measure different things") from error


def shown(code: str) -> str:
    """A unit as people read it: °C for Cel, kWh for kW.h, m³/h for m3/h; empty for 1. Nothing is checked."""
    if code in SHOWN:
        return SHOWN[code]
    parts = [SHOWN.get(p, p) if p not in "./" else {".": "·"}.get(p, p) for p in re.split(r"([./])", code) if p]
    text = "".join(parts)
    text = re.sub(r"(?<=[A-Za-z])([23])(?![0-9])", lambda m: {"2": "²", "3": "³"}[m[1]], text)
    text = re.sub(r"\bu(?=[A-Za-z])", "µ", text) if not text.startswith("{") else text
    return re.sub(r"\[(\w+?)(?:_(?:i|us|av))?\]", r"\1", text).replace("{", " ").replace("}", "").strip()
