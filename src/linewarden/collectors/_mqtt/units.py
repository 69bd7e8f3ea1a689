"""Units as people write them -> UCUM's case-sensitive code, for those that machines commonly have.

Source: UCUM 2.2 (ucum.org). `C` and `F` are read as degrees: a sensor that states coulomb or farad is rarer than one
that leaves the degree sign out.
"""

from __future__ import annotations

_SAME = (
    "%", "m", "mm", "cm", "km", "um", "nm", "g", "kg", "mg", "t", "s", "ms", "us", "min", "h", "d", "K", "A", "mA",
    "kA", "V", "mV", "kV", "W", "kW", "MW", "GW", "VA", "kVA", "MVA", "Hz", "kHz", "MHz", "GHz", "Pa", "hPa", "kPa",
    "MPa", "mbar", "bar", "N", "kN", "J", "kJ", "MJ", "W.h", "kW.h", "MW.h", "l", "ml", "L", "mL", "m2", "m3",
    "m/s", "mm/s", "m/s2", "mm/s2", "l/min", "L/min", "l/h", "L/h", "m3/h", "m3/s", "m3/min", "kg/h", "kg/s", "t/h",
    "kg/m3", "g/l", "mg/l", "rad", "deg", "Ohm", "kOhm", "MOhm", "uF", "mH", "lm", "lx", "cd", "T", "mol", "Bq",
    "Gy", "Sv", "N.m", "kN.m", "dB", "S", "mS", "uS/cm", "mS/cm", "[pH]", "[ppm]", "Cel", "[degF]",
)  # fmt: skip
_OTHER = {
    "°C": "Cel", "degC": "Cel", "deg C": "Cel", "C": "Cel", "℃": "Cel", "celsius": "Cel", "Celsius": "Cel",
    "°F": "[degF]", "degF": "[degF]", "deg F": "[degF]", "F": "[degF]", "℉": "[degF]", "fahrenheit": "[degF]",
    "°": "deg", "percent": "%", "pct": "%", "%RH": "%", "ppm": "[ppm]", "ppb": "[ppb]", "pH": "[pH]",
    "rpm": "/min", "RPM": "/min", "1/min": "/min", "min-1": "/min", "U/min": "/min", "1/s": "/s",
    "psi": "[psi]", "PSI": "[psi]", "psig": "[psi]", "inH2O": "[in_i'H2O]", "inHg": "[in_i'Hg]", "mmHg": "mm[Hg]",
    "Bar": "bar", "barg": "bar", "bar(g)": "bar", "KPa": "kPa", "kpa": "kPa",
    "kWh": "kW.h", "KWh": "kW.h", "kwh": "kW.h", "Wh": "W.h", "MWh": "MW.h", "kvar": "kW", "var": "W",
    "Ω": "Ohm", "ohm": "Ohm", "kΩ": "kOhm", "MΩ": "MOhm", "µm": "um", "μm": "um", "µs": "us", "μs": "us",
    "m²": "m2", "m³": "m3", "m^2": "m2", "m^3": "m3", "m³/h": "m3/h", "m^3/h": "m3/h", "m3/hr": "m3/h",
    "Nm³/h": "m3/h", "m³/s": "m3/s", "m/s²": "m/s2", "m/s^2": "m/s2", "mm/s²": "mm/s2", "kg/m³": "kg/m3",
    "Nm": "N.m", "kNm": "kN.m", "ft": "[ft_i]", "in": "[in_i]", "inch": "[in_i]", "yd": "[yd_i]", "mi": "[mi_i]",
    "lb": "[lb_av]", "lbs": "[lb_av]", "oz": "[oz_av]", "gal": "[gal_us]", "gpm": "[gal_us]/min", "GPM": "[gal_us]/min",
    "cfm": "[cft_i]/min", "CFM": "[cft_i]/min", "hp": "[HP]", "HP": "[HP]", "BTU": "[Btu]", "in/s": "[in_i]/s",
    "litre": "L", "liter": "L", "litres": "L", "l/s": "l/s", "L/s": "L/s", "lpm": "L/min", "LPM": "L/min",
    "sec": "s", "secs": "s", "seconds": "s", "second": "s", "minutes": "min", "mins": "min", "hours": "h", "hrs": "h",
    "hr": "h", "days": "d", "g's": "[g]", "µS/cm": "uS/cm", "μS/cm": "uS/cm", "pcs": "{pcs}", "pieces": "{pcs}",
    "count": "{count}", "counts": "{count}", "cycles": "{cycles}", "kOhms": "kOhm", "Ohms": "Ohm", "amps": "A",
    "Amps": "A", "volts": "V", "Volts": "V", "watts": "W", "Watts": "W", "tonne": "t", "tons": "t",
}  # fmt: skip
_KNOWN = {unit: unit for unit in _SAME} | _OTHER


def ucum(written: str) -> str:
    """The code of a unit; empty for one that is not known here."""
    return _KNOWN.get(written.strip(), "")
