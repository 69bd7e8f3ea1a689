"""Values of Sparkplug B by data type: what a field of a payload means as a number or a text.

Source: Sparkplug 3.0.0, 6.4.16 and 6.4.17: signed integers stand in unsigned fields as two's complement; arrays are
packed little-endian; strings of an array end with a zero octet; booleans are bits behind their count, first bit first.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Callable, Iterable
from typing import Any

Value = float | str | None

NAMES = (
    "Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean",
    "String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template", "PropertySet", "PropertySetList",
    "Int8Array", "Int16Array", "Int32Array", "Int64Array", "UInt8Array", "UInt16Array", "UInt32Array", "UInt64Array",
    "FloatArray", "DoubleArray", "BooleanArray", "StringArray", "DateTimeArray",
)  # fmt: skip
"""Data types by their number."""
BOOLEAN, DATASET, TEMPLATE = 11, 16, 19
STRING = 12
BYTES, FILE = 17, 18
FIRST_ARRAY, BOOLEAN_ARRAY, STRING_ARRAY, DATETIME_ARRAY = 22, 32, 33, 34
_CODES = dict(zip(range(FIRST_ARRAY, 32), "bhiqBHIQfd", strict=True)) | {DATETIME_ARRAY: "q"}
TEXT_LIMIT = 65_536
"""Characters of a text that are kept."""


def text(raw: bytes) -> str:
    """Octets as a text: what is no UTF-8 is replaced."""
    return raw[: 4 * TEXT_LIMIT].decode("utf-8", "replace")[:TEXT_LIMIT]


def _signed(bits: int) -> Callable[[Any], Value]:
    whole, half = 1 << bits, 1 << (bits - 1)

    def convert(raw: Any) -> Value:
        # Some encoders write all 32 or 64 bits of a smaller negative number.
        low = int(raw) % whole
        return float(low - whole if low >= half else low)

    return convert


def _plain(raw: Any) -> Value:
    return text(raw) if isinstance(raw, bytes) else float(raw)


def _text(raw: Any) -> Value:
    return text(raw) if isinstance(raw, bytes) else str(raw)


def _truth(raw: Any) -> Value:
    return 1.0 if raw else 0.0


CONVERT: tuple[Callable[[Any], Value], ...] = (
    _plain, _signed(8), _signed(16), _signed(32), _signed(64), float, float, float, float, float, float, _truth,
    _text, float, _text, _text,
)  # fmt: skip
"""Data types 0 to 15: from what the field holds. Raises TypeError or ValueError where that is of another kind."""


def scalar(datatype: int, raw: Any) -> Value:
    """A value of one of the simple types; None where what is there is none of that type."""
    if isinstance(raw, bytes) and 0 < datatype < 14 and datatype != STRING:
        return None
    try:
        value = (CONVERT[datatype] if datatype < len(CONVERT) else _plain)(raw)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if not isinstance(value, float) or math.isfinite(value) else None


def cell(datatype: int, holder: Any) -> Value:
    """The value of a cell, a property or a parameter; None if there is none."""
    field = holder.WhichOneof("value")
    return None if field is None else scalar(datatype, getattr(holder, field))


def is_array(datatype: int) -> bool:
    """Is this data type an array?"""
    return FIRST_ARRAY <= datatype <= DATETIME_ARRAY


def array(datatype: int, raw: bytes, most: int) -> list[Value]:
    """The first `most` elements of an array; what is left of a cut one is not told."""
    if datatype == STRING_ARRAY:
        parts = raw.split(b"\0", most)
        if len(parts) > most or not parts[-1]:
            parts.pop()
        return [text(part) for part in parts]
    if datatype == BOOLEAN_ARRAY:
        said = int.from_bytes(raw[:4], "little")
        count = min(said, 8 * max(0, len(raw) - 4), most)
        return [float(raw[4 + at // 8] >> (7 - at % 8) & 1) for at in range(count)]
    code = _CODES[datatype]
    count = min(len(raw) // struct.calcsize(f"<{code}"), most)
    return [float(v) for v in struct.unpack_from(f"<{count}{code}", raw)]


def as_json(values: Iterable[Value]) -> str:
    """Values as one text: whole numbers without a fraction, and null for what is no finite number."""
    return json.dumps([_short(v) for v in values], ensure_ascii=False, separators=(",", ":"))


def _short(value: Value) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value


def table(dataset: Any, most: int) -> tuple[list[str], list[list[Value]]]:
    """Columns and rows of a data set, of at most `most` cells. Rows that are short, or long, are made to fit."""
    columns = [text(c) for c in dataset.columns[:most]]
    types = list(dataset.types[: len(columns)])
    types += [0] * (len(columns) - len(types))
    rows = []
    for row in dataset.rows[: most // max(1, len(columns))]:
        cells = [cell(kind, element) for kind, element in zip(types, row.elements, strict=False)]
        rows.append(cells + [None] * (len(columns) - len(cells)))
    return columns, rows


def table_text(columns: list[str], rows: list[list[Value]]) -> str:
    """A data set as one text: {"columns": [...], "rows": [[...], ...]}."""
    plain = {"columns": columns, "rows": [[_short(v) for v in row] for row in rows]}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def content(raw: bytes, file_name: bytes) -> str:
    """A file, or octets: not what is in them but how many, and by which hash they are known."""
    name = f"{text(file_name)} " if file_name else ""
    return f"{name}{len(raw)} bytes sha256:{hashlib.sha256(raw).hexdigest()}"
