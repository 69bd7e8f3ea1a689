"""Registers and bytes to numbers and texts, in the orders that devices use. Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Order = Literal["big", "little"]

NUMBERS = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
"""Letters of `struct`."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a value lies in 16-bit registers.

    type: of NUMBERS, "string" or "bit". bit: 0 is the least. length: registers of a string. byte_order: which byte of
    a register comes first; word_order: which register.
    """

    type: str
    bit: int = 0
    length: int = 1
    byte_order: Order = "big"
    word_order: Order = "big"
    encoding: str = "utf-8"

    @property
    def registers(self) -> int:
        """How many it takes."""
        if self.type == "string":
            return self.length
        return 1 if self.type == "bit" else struct.calcsize(NUMBERS[self.type]) // 2


def value_of(words: Sequence[int], form: Form) -> float | str:
    """The value in `form.registers` words of 16 bits.

    A whole number beyond 2**53 is rounded, as a reading is a float. Text ends at the first NUL; blanks at
    its end are filling.
    """
    order = "<" if form.byte_order == "little" else ">"
    if form.type == "string":
        text = struct.pack(f"{order}{len(words)}H", *words).split(b"\0", 1)[0]
        return text.decode(form.encoding, "replace").rstrip()
    if form.type == "bit":
        word = int.from_bytes(struct.pack(f"{order}H", words[0]), "big")
        return float(word >> form.bit & 1)
    ordered = words if form.word_order == "big" else words[::-1]
    packed = struct.pack(f"{order}{len(ordered)}H", *ordered)
    return float(struct.unpack(f">{NUMBERS[form.type]}", packed)[0])


def scaled(value: float | str, scale: float, offset: float) -> float | str:
    """Value * scale + offset; a text stays as it is."""
    return value if isinstance(value, str) else value * scale + offset


def is_number(value: float | str) -> bool:
    """Neither text nor NaN nor infinite."""
    return not isinstance(value, str) and math.isfinite(value)
