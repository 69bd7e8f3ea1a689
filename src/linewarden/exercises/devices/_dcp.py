"""PROFINET DCP over raw Ethernet: our own small responder and asker, since no library plays the device's part.

IEC 61158-6-10, 4.3 (DCP): frame ids 0xFEFE (Identify request), 0xFEFF (Identify response), 0xFEFD (Get/Set);
blocks are option, suboption, length, then data padded to an even length. EtherType 0x8892.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from linewarden.exercises.line import PREFIX_LENGTH

ETHERTYPE, EVERYONE = 0x8892, bytes.fromhex("010ecf000000")
IDENTIFY_REQUEST, IDENTIFY_RESPONSE, GET_SET = 0xFEFE, 0xFEFF, 0xFEFD
GET, SET, IDENTIFY, REQUEST, SUCCESS = 3, 4, 5, 0, 1
ALL, NAME, IP, CONTROL_RESPONSE = (0xFF, 0xFF), (2, 2), (1, 2), (5, 4)
CONTROLLER, IO_DEVICE = 2, 1
MASK = IPv4Address((0xFFFFFFFF << (32 - PREFIX_LENGTH)) & 0xFFFFFFFF).packed

Block = tuple[int, int]


@dataclass
class Station:
    """What one device says of itself. `role`: bit 0 IO-Device, bit 1 IO-Controller."""

    name: str
    family: str
    vendor: int
    device: int
    role: int
    address: str
    gateway: str


@dataclass(frozen=True)
class Heard:
    """One DCP PDU."""

    sender: bytes
    frame_id: int
    service: int
    kind: int
    xid: int
    body: bytes


def block(which: Block, data: bytes) -> bytes:
    """One DCP block, padded."""
    return struct.pack(">BBH", *which, len(data)) + data + b"\0" * (len(data) % 2)


def blocks(body: bytes) -> Iterator[tuple[Block, bytes]]:
    """Takes a DCP body apart."""
    while len(body) >= 4:
        option, sub, length = struct.unpack(">BBH", body[:4])
        yield (option, sub), body[4 : 4 + length]
        body = body[4 + length + length % 2 :]


def name_in(body: bytes, skip: int) -> str:
    """The station name in a body; in responses and Set requests two bytes stand before it."""
    return next((data[skip:].decode("ascii", "replace") for which, data in blocks(body) if which == NAME), "")


class Wire:
    """A raw socket on one interface that speaks DCP only."""

    def __init__(self, interface: str = "eth0") -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
        self.socket.bind((interface, ETHERTYPE))
        # SIOCGIFHWADDR, netdevice(7)
        self.mac = fcntl.ioctl(self.socket, 0x8927, struct.pack("256s", interface.encode()))[18:24]
        # PACKET_ADD_MEMBERSHIP with PACKET_MR_MULTICAST, packet(7)
        request = struct.pack("IHH8s", socket.if_nametoindex(interface), 0, 6, EVERYONE)
        self.socket.setsockopt(263, 1, request)

    def send(self, to: bytes, frame_id: int, service: int, kind: int, xid: int, delay: int, body: bytes) -> None:
        """Sends one DCP PDU; `delay` is ResponseDelayFactor in an Identify request, otherwise 0."""
        head = to + self.mac + struct.pack(">HHBBIHH", ETHERTYPE, frame_id, service, kind, xid, delay, len(body))
        self.socket.send((head + body).ljust(60, b"\0"))

    def receive(self, timeout: float) -> Heard | None:
        """The next PDU; None if none comes in time."""
        self.socket.settimeout(max(0.01, timeout))
        try:
            frame = self.socket.recv(1600)
        except TimeoutError:
            return None
        if len(frame) < 26:
            return None
        frame_id, service, kind, xid, _, length = struct.unpack(">HBBIHH", frame[14:26])
        return Heard(frame[6:12], frame_id, service, kind, xid, frame[26 : 26 + length])


def describe(station: Station) -> bytes:
    """The blocks of an Identify response; each starts with BlockInfo (0, or 1 for an address that is set)."""
    address = IPv4Address(station.address).packed + MASK + IPv4Address(station.gateway).packed
    said = block((2, 5), b"\0\0" + bytes((1, 1, 1, 2, 2, 1, 2, 2, 2, 3, 2, 4)))
    said += block((2, 1), b"\0\0" + station.family.encode())
    said += block(NAME, b"\0\0" + station.name.encode())
    said += block((2, 3), struct.pack(">HHH", 0, station.vendor, station.device))
    said += block((2, 4), struct.pack(">HBB", 0, station.role, 0))
    said += block((2, 7), struct.pack(">HBB", 0, 0, 1))
    return said + block(IP, b"\0\1" + address)


def matches(station: Station, body: bytes) -> bool:
    """Whether an Identify filter means this station."""
    for which, data in blocks(body):
        if which == NAME and data.decode("ascii", "replace") != station.name:
            return False
        if which not in (NAME, ALL):
            return False
    return True


def answer(wire: Wire, station: Station, heard: Heard) -> None:
    """Answers Identify and Set NameOfStation, as a device without protection does."""
    if heard.kind != REQUEST:
        return
    if heard.frame_id == IDENTIFY_REQUEST and heard.service == IDENTIFY and matches(station, heard.body):
        time.sleep(0.004)
        wire.send(heard.sender, IDENTIFY_RESPONSE, IDENTIFY, SUCCESS, heard.xid, 0, describe(station))
    elif heard.frame_id == GET_SET and heard.service == SET and (name := name_in(heard.body, 2)):
        station.name = name
        done = block(CONTROL_RESPONSE, bytes((*NAME, 0)))
        wire.send(heard.sender, GET_SET, SET, SUCCESS, heard.xid, 0, done)


def respond(
    wire: Wire, station: Station, seconds: float = float("inf"), other: Callable[[Heard], None] | None = None
) -> None:
    """Answers for `seconds`; what is no request goes to `other`."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        heard = wire.receive(min(left, 5.0))
        if heard is None:
            continue
        answer(wire, station, heard)
        if other is not None and heard.kind != REQUEST:
            other(heard)


def ask(wire: Wire, xid: int, name: str = "", seconds: float = 1.0) -> dict[str, bytes]:
    """Identify: by name, or everybody. Name -> MAC of those who answer."""
    wanted = block(NAME, name.encode()) if name else block(ALL, b"")
    wire.send(EVERYONE, IDENTIFY_REQUEST, IDENTIFY, REQUEST, xid, 1 if name else 0x00C0, wanted)
    found: dict[str, bytes] = {}
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        heard = wire.receive(left)
        if heard is not None and heard.frame_id == IDENTIFY_RESPONSE and heard.xid == xid:
            found[name_in(heard.body, 2)] = heard.sender
    return found


def set_name(wire: Wire, to: bytes, xid: int, name: str) -> bool:
    """Set NameOfStation, not permanent; whether it was confirmed."""
    wire.send(to, GET_SET, SET, REQUEST, xid, 0, block(NAME, b"\0\1" + name.encode()))
    heard = wire.receive(1.0)
    return heard is not None and heard.frame_id == GET_SET and heard.kind == SUCCESS
