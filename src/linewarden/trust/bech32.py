"""Bech32 (BIP 173) without its limit on length, as age writes its keys."""

from __future__ import annotations

from collections.abc import Iterable

CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def encode(prefix: str, data: bytes) -> str:
    """The text of some bytes; `prefix` is lower case."""
    values = list(_regrouped(data, 8, 5, True))
    checksum = _polymod([*_spread(prefix), *values, 0, 0, 0, 0, 0, 0]) ^ 1
    values += [checksum >> 5 * (5 - n) & 31 for n in range(6)]
    return f"{prefix}1" + "".join(CHARACTERS[v] for v in values)


def decode(text: str) -> tuple[str, bytes]:
    """(prefix in lower case, bytes). Raises ValueError."""
    if text not in (text.lower(), text.upper()) or not text.isascii():
        raise ValueError("mixed case")
    prefix, one, rest = text.lower().rpartition("1")
    values = [CHARACTERS.find(c) for c in rest]
    if not one or not prefix or len(values) < 6 or min(values) < 0:
        raise ValueError("no Bech32")
    if _polymod([*_spread(prefix), *values]) != 1:
        raise ValueError("a character of it is wrong")
    return prefix, bytes(_regrouped(values[:-6], 5, 8, False))


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, step in enumerate(_GENERATOR):
            check ^= step if top >> bit & 1 else 0
    return check


def _spread(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _regrouped(values: Iterable[int], width: int, to: int, pad: bool) -> Iterable[int]:
    held, bits = 0, 0
    for value in values:
        held, bits = held << width | value, bits + width
        while bits >= to:
            bits -= to
            yield held >> bits
            held &= (1 << bits) - 1
    if pad and bits:
        yield held << to - bits
    elif not pad and (bits >= width or held):
        raise ValueError("wrong padding")
