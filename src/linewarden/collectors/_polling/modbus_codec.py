"""Modbus requests that read, and their answers, as bytes; no I/O.

Source: MODBUS Application Protocol Specification V1.1b3, 6.1-6.4 and 7; MODBUS Messaging on TCP/IP Implementation Guide
V1.0b, 3.1.3 (MBAP header); MODBUS over Serial Line V1.02, 2.5.1 (RTU frame, CRC). Function codes 1 to 4 are all that
can be written with this file: what changes a device cannot be said in it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from linewarden.collectors._polling.trouble import LostError

FUNCTIONS = {"coil": 1, "discrete_input": 2, "holding_register": 3, "input_register": 4}
BITS = ("coil", "discrete_input")
MOST = {"coil": 2000, "discrete_input": 2000, "holding_register": 125, "input_register": 125}
"""Most values in one request (V1.1b3, 6.1-6.4)."""
SPACE = 65_536
EXCEPTIONS = {
    1: "illegal_function",
    2: "illegal_data_address",
    3: "illegal_data_value",
    4: "server_device_failure",
    5: "acknowledge",
    6: "server_device_busy",
    8: "memory_parity_error",
    10: "gateway_path_unavailable",
    11: "gateway_target_failed_to_respond",
}
_LONGEST = 260
"""Length field of an MBAP header: 254 by the rules; some devices add a little."""


@dataclass(frozen=True, slots=True)
class Read:
    """One request: `count` values of an area of a unit from `start` on."""

    unit: int
    area: str
    start: int
    count: int

    def __post_init__(self) -> None:
        if not (1 <= self.count <= MOST[self.area] and 0 <= self.start <= SPACE - self.count and 0 <= self.unit <= 255):
            raise ValueError(f"no Modbus request: {self}")

    def pdu(self) -> bytes:
        """Function code and data."""
        return struct.pack(">BHH", FUNCTIONS[self.area], self.start, self.count)


@dataclass(frozen=True, slots=True)
class Answer:
    """words: values of the request, in order of address; or code: exception of the device; or neither: silence."""

    words: tuple[int, ...] | None = None
    code: int | None = None

    @property
    def status(self) -> str:
        """In Modbus' own words."""
        if self.code is None:
            return "no_answer"
        return EXCEPTIONS.get(self.code, f"exception_{self.code}")


def answer_of(request: Read, pdu: bytes) -> Answer:
    """The answer in a PDU. Raises LostError where it does not belong to the request."""
    function = FUNCTIONS[request.area]
    if len(pdu) >= 2 and pdu[0] == function | 0x80:
        return Answer(code=pdu[1])
    size = -(-request.count // 8) if request.area in BITS else request.count * 2
    if len(pdu) < 2 + size or pdu[0] != function or pdu[1] != size:
        raise LostError(f"answers to {request.area} {request.start} with something else ({pdu[:12].hex(' ')})")
    if request.area in BITS:
        return Answer(tuple(pdu[2 + at // 8] >> at % 8 & 1 for at in range(request.count)))
    return Answer(struct.unpack_from(f">{request.count}H", pdu, 2))


class Mbap:
    """Modbus TCP: answers are told apart by a number."""

    def __init__(self) -> None:
        self._held = b""
        self._number = 0

    def request(self, read: Read) -> tuple[int, bytes]:
        """(its number, bytes to send)."""
        self._number = self._number % 65_535 + 1
        pdu = read.pdu()
        return self._number, struct.pack(">HHHB", self._number, 0, len(pdu) + 1, read.unit) + pdu

    def take(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """(number, unit, PDU) of each message that is whole by now. Raises LostError where it is no Modbus."""
        self._held += data
        found = []
        while len(self._held) >= 8:
            number, zero, length, unit = struct.unpack_from(">HHHB", self._held)
            if zero or not 3 <= length <= _LONGEST:
                raise LostError(f"sends what is no Modbus TCP ({self._held[:12].hex(' ')}); check port and transport")
            if len(self._held) < 6 + length:
                break
            found.append((number, unit, self._held[7 : 6 + length]))
            self._held = self._held[6 + length :]
        return found


class Rtu:
    """RTU frames over TCP: no number, so only one request at a time; a checksum at the end."""

    def __init__(self) -> None:
        self._held = b""

    def request(self, read: Read) -> tuple[int, bytes]:
        """(0, bytes to send)."""
        self._held = b""
        frame = bytes([read.unit]) + read.pdu()
        return 0, frame + struct.pack("<H", crc(frame))

    def take(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """(0, unit, PDU) of the message, once it is whole. Raises LostError where its checksum is wrong."""
        self._held += data
        if len(self._held) < 5:
            return []
        function = self._held[1]
        if function & 0x7F not in FUNCTIONS.values():
            raise LostError(f"sends what is no RTU answer ({self._held[:12].hex(' ')}); check port and transport")
        size = 5 if function & 0x80 else 5 + self._held[2]
        if len(self._held) < size:
            return []
        frame, self._held = self._held[:size], self._held[size:]
        if crc(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
            raise LostError(f"sends an answer with a wrong checksum ({frame[:12].hex(' ')}); check the serial line")
        return [(0, frame[0], frame[1:-2])]


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
        found.append(byte)
    return tuple(found)


_CRC = _table()


def crc(data: bytes) -> int:
    """CRC-16 of the serial line (V1.02, 6.2.2): polynomial 0xA001, begun with 0xFFFF; sent low byte first."""
    rest = 0xFFFF
    for byte in data:
        rest = rest >> 8 ^ _CRC[(rest ^ byte) & 0xFF]
    return rest
