"""Addresses and types of S7 controllers, as their manuals write them. Pure.

Source: SIMATIC S7-300/400 System Software, STEP 7 (data types: DATE_AND_TIME as 8 BCD bytes, STRING as two length bytes
and characters, S5TIME as BCD with a time base); S7-1200/1500 (DTL, LREAL, WSTRING).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

AREAS = {"I": 0x81, "E": 0x81, "Q": 0x82, "A": 0x82, "M": 0x83, "DB": 0x84}
"""Inputs, outputs (also by their German letters), flags, data blocks: area codes of the protocol."""
_ADDRESS = re.compile(
    r"(?:DB(?P<db>\d{1,5})\.DB(?P<kind>[XBWDL])|(?P<area>[IEQAM])(?P<flat>[BWDL]?))(?P<byte>\d{1,5})(?:\.(?P<bit>[0-7]))?",
    re.IGNORECASE,
)
_WIDTH = {"B": 1, "W": 2, "D": 4, "L": 8}
_NUMBERS = {
    "byte": "B", "usint": "B", "sint": "b", "word": "H", "uint": "H", "int": "h", "dword": "I", "udint": "I",
    "dint": "i", "lword": "Q", "ulint": "Q", "lint": "q", "real": "f", "lreal": "d",
}  # fmt: skip
_USUAL = {"": "bool", "X": "bool", "B": "byte", "W": "word", "D": "dword", "L": "lword"}
TEXTS = ("char", "string", "wstring")


@dataclass(frozen=True, slots=True)
class Address:
    """Byte and bit in an area; db is 0 outside of data blocks. wide: the letter's width in bytes, 0 for a bit."""

    area: int
    db: int
    byte: int
    bit: int
    letter: str

    @property
    def usual(self) -> str:
        """The type that the letter says, if nobody says another."""
        return _USUAL[self.letter]


def address_of(text: str) -> Address:
    """`DB10.DBD4`, `DB1.DBX0.3`, `MW20`, `I0.1`, `AB4`. Raises ValueError with the way out."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text} is no S7 address; use DB10.DBD4, DB10.DBX0.3, MW20, IB0 or Q4.1")
    letter = (found["kind"] or found["flat"] or "").upper()
    is_bit = letter in ("", "X")
    if is_bit != (found["bit"] is not None):
        raise ValueError(
            f"{text}: {'a bit needs its number, such as .3' if is_bit else 'only a bit has a number behind'}"
        )
    area = AREAS["DB"] if found["db"] else AREAS[found["area"].upper()]
    return Address(area, int(found["db"] or 0), int(found["byte"]), int(found["bit"] or 0), letter)


def size_of(kind: str, length: int) -> int:
    """Bytes that a type takes; length: characters of a text."""
    if kind in _NUMBERS:
        return struct.calcsize(_NUMBERS[kind])
    sizes = {"bool": 1, "char": length, "string": length + 2, "wstring": 2 * length + 4}
    return sizes.get(kind) or {"date_and_time": 8, "dtl": 12, "time": 4, "s5time": 2, "date": 2, "time_of_day": 4}[kind]


def fits(address: Address, kind: str) -> bool:
    """A letter of a width is not read as a narrower or wider number; longer types may begin anywhere."""
    if kind == "bool" or address.usual == "bool":
        return kind == address.usual
    return kind not in _NUMBERS or size_of(kind, 0) == _WIDTH[address.letter]


def value_of(data: Sequence[int], kind: str, bit: int, encoding: str) -> float | str:
    """The value in the bytes of a type. Times are in seconds; dates are ISO 8601 in the controller's own time with
    no zone. Raises ValueError where the bytes are no such value (30 February, a string longer than its space)."""
    raw = bytes(data)
    if kind in _NUMBERS:
        return float(struct.unpack(f">{_NUMBERS[kind]}", raw)[0])
    if kind == "bool":
        return float(raw[0] >> bit & 1)
    return _READERS[kind](raw, encoding)


def _char(raw: bytes, encoding: str) -> str:
    return raw.split(b"\0", 1)[0].decode(encoding, "replace").rstrip()


def _string(raw: bytes, encoding: str) -> str:
    most, used = raw[0], raw[1]
    if used > most or used > len(raw) - 2:
        raise ValueError("string_longer_than_its_space")
    return raw[2 : 2 + used].decode(encoding, "replace")


def _wstring(raw: bytes, _: str) -> str:
    most, used = struct.unpack_from(">HH", raw)
    if used > most or 2 * used > len(raw) - 4:
        raise ValueError("string_longer_than_its_space")
    return raw[4 : 4 + 2 * used].decode("utf-16-be", "replace")


def _bcd(byte: int) -> int:
    if byte >> 4 > 9 or byte & 15 > 9:
        raise ValueError("no_bcd_number")
    return (byte >> 4) * 10 + (byte & 15)


def _date_and_time(raw: bytes, _: str) -> str:
    year, month, day, hour, minute, second, hundredths = (_bcd(b) for b in raw[:7])
    year += 1900 if year >= 90 else 2000
    thousandths = hundredths * 10 + (raw[7] >> 4)
    return datetime(year, month, day, hour, minute, second, thousandths * 1000).isoformat()  # noqa: DTZ001 - has no zone


def _dtl(raw: bytes, _: str) -> str:
    year, month, day, _weekday, hour, minute, second, nanoseconds = struct.unpack(">HBBBBBBI", raw)
    return datetime(year, month, day, hour, minute, second, nanoseconds // 1000).isoformat()  # noqa: DTZ001 - has no zone


def _s5time(raw: bytes, _: str) -> float:
    return (0.01, 0.1, 1.0, 10.0)[raw[0] >> 4 & 3] * (_bcd(raw[0] & 15) * 100 + _bcd(raw[1]))


_READERS: dict[str, Callable[[bytes, str], float | str]] = {
    "char": _char,
    "string": _string,
    "wstring": _wstring,
    "date_and_time": _date_and_time,
    "dtl": _dtl,
    "s5time": _s5time,
    "time": lambda raw, _: struct.unpack(">i", raw)[0] / 1000,
    "time_of_day": lambda raw, _: struct.unpack(">I", raw)[0] / 1000,
    "date": lambda raw, _: (date(1990, 1, 1) + timedelta(struct.unpack(">H", raw)[0])).isoformat(),
}
