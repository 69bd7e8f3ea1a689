"""What a Logix controller answers who reads tags: encapsulation, connection, list of tags, templates, Read Tag.

There is none to be had for tests; this one is written from 1756-PM020 (Logix 5000 Data Access), and pycomm3, which
reads real ones, must understand it. Each CIP service that it is asked is noted.
"""

from __future__ import annotations

import json
import socketserver
import struct
import sys
from typing import Any

REAL, DINT, SINT, BOOL = 0xCA, 0xC4, 0xC2, 0xC1
PUMP, STRING = 0x123, 0xFCE
TEMPLATES: dict[int, tuple[int, str, list[tuple[str, int, int, int]]]] = {
    # handle's template: size, name, members (name, bit or length, type, offset)
    PUMP: (24, "PumpType;nEBECEA", [
        ("ZZZZZZZZZZPumpType0", 0, SINT, 0), ("Running", 0, BOOL, 0), ("Fault", 1, BOOL, 0), ("Level", 0, REAL, 4),
        ("Temperatures", 3, REAL, 8), ("Starts", 0, DINT, 20),
    ]),
    STRING: (88, "STRING;n", [("LEN", 0, DINT, 0), ("DATA", 82, SINT, 4)]),
}  # fmt: skip
TAGS: list[tuple[str, int, bytes]] = [
    ("Speed", REAL, struct.pack("<f", 12.5)),
    ("Count", DINT, struct.pack("<i", -42)),
    ("Pump", 0x8000 | PUMP, struct.pack("<B3xf3fi", 0b10, 1.5, 20.0, 21.0, 22.0, 7)),
    ("Label", 0x8000 | STRING, struct.pack("<i84s", 5, b"Lemon")),
]
OK, NO_PATH = 0, 5
IDENTITY = struct.pack("<HHHBBHI", 1, 14, 166, 32, 11, 0x3160, 0xC0FFEE) + bytes([10]) + b"1756-L83E "


def segments(path: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"symbols": []}
    at = 0
    while at < len(path):
        kind = path[at]
        if kind == 0x91:
            count = path[at + 1]
            found["symbols"].append(path[at + 2 : at + 2 + count].decode())
            at += 2 + count + count % 2
        elif kind in (0x20, 0x24):
            found["class" if kind == 0x20 else "instance"] = path[at + 1]
            at += 2
        elif kind in (0x21, 0x25):
            found["class" if kind == 0x21 else "instance"] = int.from_bytes(path[at + 2 : at + 4], "little")
            at += 4
        else:
            at += 2
    return found


def read(place: dict[str, Any]) -> tuple[int, bytes]:
    names = {name.lower(): at for at, (name, _, _) in enumerate(TAGS)}
    at = names.get(place["symbols"][0].lower(), -1) if place["symbols"] else place.get("instance", 0) - 1
    if not 0 <= at < len(TAGS) or len(place["symbols"]) > 1:
        return NO_PATH, b""
    _, kind, data = TAGS[at]
    return OK, (struct.pack("<HH", 0x02A0, kind & 0xFFF) if kind & 0x8000 else struct.pack("<H", kind)) + data


def listed(first: int) -> bytes:
    out = b""
    for at, (name, kind, _) in enumerate(TAGS, 1):
        if at >= first:
            out += (
                struct.pack("<IH", at, len(name))
                + name.encode()
                + struct.pack("<HIII3IB", kind, 0, 0, 1 << 26, 0, 0, 0, 0)
            )
    return out


def template(number: int, whole: bool) -> bytes:
    size, name, members = TEMPLATES[number]
    raw = b"".join(struct.pack("<HHI", info, kind, offset) for _, info, kind, offset in members)
    raw += b"\0".join(t.encode() for t in (name, *(m[0] for m in members))) + b"\0"
    if whole:
        return raw
    parts = ((4, "I", (len(raw) + 24) // 4), (5, "I", size), (2, "H", len(members)), (1, "H", number))
    return struct.pack("<H", 4) + b"".join(struct.pack(f"<HH{form}", of, 0, value) for of, form, value in parts)


def answer(request: bytes) -> bytes:
    service, words = request[0], request[1]
    path, data = request[2 : 2 + 2 * words], request[2 + 2 * words :]
    place = segments(path)
    if service == 0x52 and place.get("class") == 6:  # Unconnected Send: the message is within
        (length,) = struct.unpack_from("<H", data, 2)
        return answer(data[4 : 4 + length])
    if service == 0x0A:
        offsets = struct.unpack_from(f"<{data[0]}H", data, 2)
        replies = [answer(data[a:b]) for a, b in zip(offsets, (*offsets[1:], len(data)), strict=True)]
        at, table = 2 + 2 * len(replies), b""
        for reply in replies:
            table += struct.pack("<H", at)
            at += len(reply)
        return bytes([0x8A, 0, 0, 0]) + struct.pack("<H", len(replies)) + table + b"".join(replies)
    print(f"0x{service:02x}")
    status, out = OK, b""
    if service in (0x54, 0x5B):
        out = struct.pack("<II", 0x1234, 0x5678) + data[10:18] + bytes(10)
    elif service == 0x4E:
        out = bytes(10)
    elif service == 0x01:
        out = IDENTITY if place["class"] == 1 else struct.pack("<H", 4) + b"Line"
    elif service == 0x55:
        out = listed(place["instance"])
    elif service in (0x03, 0x4C) and place.get("class") == 0x6C:
        out = template(place["instance"], service == 0x4C)
    elif service == 0x4C:
        status, out = read(place)
    else:
        status = 8  # service not supported
    return bytes([service | 0x80, 0, status, 0]) + out


class Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire = self.request.makefile("rb")
        while head := wire.read(24):
            command, length, session, _, context, _ = struct.unpack("<HHII8sI", head)
            data = wire.read(length)
            if command == 0x66:
                return
            if command == 0x65:
                session, out = 1, data
            elif command == 0x63:
                body = struct.pack("<H", 1) + bytes(16) + IDENTITY + b"\x03"
                out = struct.pack("<HHH", 1, 0x0C, len(body)) + body
            else:
                out = data[:6] + self.items(data[6:])
            self.request.sendall(struct.pack("<HHII8sI", command, len(out), session, 0, context, 0) + out)

    def items(self, data: bytes) -> bytes:
        _, kind, length = struct.unpack_from("<HHH", data)
        address, rest = data[2 : 6 + length], data[6 + length :]
        kind, length = struct.unpack_from("<HH", rest)
        cip = rest[4 : 4 + length]
        number, cip = (cip[:2], cip[2:]) if kind == 0xB1 else (b"", cip)
        out = number + answer(cip)
        return struct.pack("<H", 2) + address + struct.pack("<HH", kind, len(out)) + out


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", json.loads(sys.argv[1])["port"]), Connection) as server:
        print("ready")
        server.serve_forever()
