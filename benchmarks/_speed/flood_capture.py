"""Makes the captures of `benchmarks/flood.py`: Modbus polling, and the same with rich messages among it.

Rich messages are those that a Python parser reads: LLDP and PROFINET DCP announcements, DNS answers, S7 status lists,
Modbus device identifications. Each one differs from all others, and comes from ever new addresses or within long flows,
so that neither a memory of what was seen nor a limit per flow alone helps.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

HMI, PLCS = b"\x0a\x00\x00\x01", 40
START_S, STEP_US = 1_700_000_000, 50
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-. "


def write(path: Path, modbus_packets: int, share: float, seed: int = 1) -> int:
    """Writes a pcap in which this share of all packets (below 1) is rich; returns its number of packets.

    The Modbus packets are the same with any share.
    """
    polling, rich = _polling(), _rich(random.Random(seed))
    count, due, step = 0, 0.0, share / (1 - share)
    with path.open("wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        for i in range(modbus_packets):
            due += step
            whole = int(due)
            due -= whole
            for k, frame in enumerate([next(polling), *(next(rich) for _ in range(whole))]):
                at = i * STEP_US + k
                head = (START_S + at // 1_000_000, at % 1_000_000, len(frame), len(frame))
                out.write(struct.pack("<IIII", *head) + frame)
                count += 1
    return count


def _polling() -> Iterator[bytes]:
    """An HMI that reads ten registers of each of its controllers in turn."""
    client, server = [1] * PLCS, [1] * PLCS
    tid = 0
    while True:
        tid = (tid + 1) & 0xFFFF
        for i in range(PLCS):
            plc = b"\x0a\x00\x01" + bytes([i + 1])
            ask = struct.pack("!HHHBBHH", tid, 0, 6, 1, 3, 100, 10)
            answer = (
                struct.pack("!HHHBBB", tid, 0, 23, 1, 3, 20) + struct.pack("!10H", *range(tid, tid + 10))
                if tid < 65_000
                else struct.pack("!HHHBBB", tid, 0, 23, 1, 3, 20) + bytes(20)
            )
            yield _tcp(HMI, plc, 49_152 + i, 502, client[i], server[i], ask)
            client[i] = (client[i] + len(ask)) & 0xFFFFFFFF
            yield _tcp(plc, HMI, 502, 49_152 + i, server[i], client[i], answer)
            server[i] = (server[i] + len(answer)) & 0xFFFFFFFF


def _rich(rng: random.Random) -> Iterator[bytes]:
    makers: list[Callable[[random.Random, int], bytes]] = [_lldp, _dcp, _dns, _szl, _device_id]
    for i in range(1 << 40):
        yield makers[i % len(makers)](rng, i // len(makers))


def _text(rng: random.Random, most: int) -> bytes:
    return bytes(rng.choices(LETTERS, k=rng.randint(4, most)))


def _mac(rng: random.Random) -> bytes:
    return b"\x02" + rng.randbytes(5)


def _lldp(rng: random.Random, _: int) -> bytes:
    def tlv(kind: int, data: bytes) -> bytes:
        return struct.pack("!H", kind << 9 | len(data)) + data

    mac = _mac(rng)
    address = b"\x05\x01" + rng.randbytes(4) + b"\x02\x00\x00\x00\x01\x00"
    body = tlv(1, b"\x04" + mac) + tlv(2, b"\x05" + _text(rng, 12)) + tlv(3, b"\x00\x78") + tlv(5, _text(rng, 40))
    body += tlv(6, _text(rng, 120)) + tlv(7, b"\x00\x14\x00\x04") + tlv(8, address)
    body += b"".join(tlv(127, rng.randbytes(3) + b"\x01" + rng.randbytes(8)) for _ in range(rng.randint(0, 20)))
    return b"\x01\x80\xc2\x00\x00\x0e" + mac + b"\x88\xcc" + body + tlv(0, b"")


def _dcp(rng: random.Random, _: int) -> bytes:
    def block(option: int, suboption: int, data: bytes) -> bytes:
        return struct.pack("!BBHH", option, suboption, len(data) + 2, 0) + data + bytes(len(data) % 2)

    blocks = block(2, 1, _text(rng, 25)) + block(2, 2, _text(rng, 60)) + block(2, 3, rng.randbytes(4))
    blocks += block(2, 4, b"\x01\x00") + block(1, 2, rng.randbytes(4) + b"\xff\xff\xff\x00" + rng.randbytes(4))
    head = struct.pack("!HBBIHH", 0xFEFF, 5, 1, rng.getrandbits(32), 0, len(blocks))
    return b"\x02\x00\x00\x00\x00\x01" + _mac(rng) + b"\x88\x92" + head + blocks


def _dns(rng: random.Random, _: int) -> bytes:
    def name(labels: int) -> bytes:
        words = (bytes(rng.choices(LETTERS[:36], k=rng.randint(3, 20))) for _ in range(labels))
        return b"".join(bytes([len(w)]) + w for w in words) + b"\0"

    answers = b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + rng.randbytes(4) for _ in range(rng.randint(1, 12))
    )
    head = struct.pack("!HHHHHH", rng.getrandbits(16), 0x8180, 1, answers.count(b"\xc0\x0c"), 0, 0)
    message = head + name(3) + struct.pack("!HH", 1, 1) + answers
    src, dst = b"\x0a\x00\x02" + rng.randbytes(1), b"\x0a\x01" + rng.randbytes(2)
    ports = struct.pack("!HHHH", 53, rng.randint(1_024, 65_535), 8 + len(message), 0)
    return _ip(src, dst, 17, ports + message)


class _Sequences:
    """Places in the streams that rich messages come in: 64 flows at a time, a new set after some thousand messages."""

    def __init__(self) -> None:
        self.next: dict[tuple[int, int], int] = {}

    def send(self, number: int, port: int, third: int, message: bytes) -> bytes:
        flow, generation = number % 64, number // 4_096 % 200
        seq = self.next.get((flow, generation), 1)
        self.next[flow, generation] = (seq + len(message)) & 0xFFFFFFFF
        server = bytes([10, third, generation, flow + 1])
        return _tcp(server, HMI, port, 50_000 + flow, seq, 1, message)


_S7, _MODBUS = _Sequences(), _Sequences()


def _szl(rng: random.Random, number: int) -> bytes:
    records = b"".join(struct.pack("!H", i) + _text(rng, 32).ljust(32, b"\0") for i in range(1, 12))
    data = struct.pack("!HHHH", 0x001C, 0, 34, 11) + records
    data = struct.pack("!BBH", 0xFF, 9, len(data)) + data
    parameter = b"\x00\x01\x12\x08\x12\x84\x01" + bytes([number & 0xFF]) + b"\0\0\0\0"
    pdu = struct.pack("!BBHHHH", 0x32, 7, 0, number & 0xFFFF, len(parameter), len(data)) + parameter + data
    return _S7.send(number, 102, 3, struct.pack("!BBHBBB", 3, 0, 7 + len(pdu), 2, 0xF0, 0x80) + pdu)


def _device_id(rng: random.Random, number: int) -> bytes:
    objects = b"".join(bytes([i, len(t)]) + t for i, t in ((i, _text(rng, 28)) for i in range(6)))
    body = b"\x01\x2b\x0e\x02\x02\x00\x00\x06" + objects
    return _MODBUS.send(number, 502, 4, struct.pack("!HHH", number & 0xFFFF, 0, len(body)) + body)


def _tcp(src: bytes, dst: bytes, src_port: int, dst_port: int, seq: int, ack: int, payload: bytes) -> bytes:
    header = struct.pack("!HHIIBBHHH", src_port, dst_port, seq, ack, 0x50, 0x18, 8_192, 0, 0)
    return _ip(src, dst, 6, header + payload)


def _ip(src: bytes, dst: bytes, proto: int, payload: bytes) -> bytes:
    """Transport checksums stay 0: they are noted, and cost no less to look at."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, proto, 0, src, dst)
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    macs = b"\x02\x00" + dst + b"\x02\x00" + src
    return (macs + b"\x08\x00" + header[:10] + struct.pack("!H", checksum) + header[12:] + payload).ljust(60, b"\0")
