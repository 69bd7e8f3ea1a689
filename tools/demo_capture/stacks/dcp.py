"""PROFINET DCP, our own small responder and asker over raw Ethernet: no library plays the device's part.

IEC 61158-6-10, 4.3 (DCP): frame ids 0xFEFE (Identify request), 0xFEFF (Identify response), 0xFEFD (Get/Set);
blocks are option, suboption, length, then data padded to an even length. EtherType 0x8892.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from pace import choose

ETHERTYPE, EVERYONE = 0x8892, bytes.fromhex("010ecf000000")
IDENTIFY_REQUEST, IDENTIFY_RESPONSE, GET_SET = 0xFEFE, 0xFEFF, 0xFEFD
GET, SET, IDENTIFY, REQUEST, SUCCESS = 3, 4, 5, 0, 1
ALL, NAME, IP, CONTROL_RESPONSE = (0xFF, 0xFF), (2, 2), (1, 2), (5, 4)


@dataclass
class Station:
    """What one device says of itself. `role`: bit 0 IO-Device, bit 1 IO-Controller."""

    name: str
    family: str
    vendor: int
    device: int
    role: int
    address: str


CAPPER_PLC = Station("plc-capper", "S7-300", 0x002A, 0x0101, 2, "10.20.1.12")
CAPPER_IO = Station("io-capper", "AXL F BK PN", 0x00B0, 0x0142, 1, "10.20.1.31")
NEW_NAME = "io-capper-1"


def block(which: tuple[int, int], data: bytes) -> bytes:
    """One DCP block, padded."""
    return struct.pack(">BBH", *which, len(data)) + data + b"\0" * (len(data) % 2)


def blocks(body: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Takes a DCP body apart."""
    while len(body) >= 4:
        option, sub, length = struct.unpack(">BBH", body[:4])
        yield (option, sub), body[4 : 4 + length]
        body = body[4 + length + length % 2 :]


class Wire:
    """A raw socket on eth0 that speaks DCP only."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
        self.socket.bind(("eth0", ETHERTYPE))
        # SIOCGIFHWADDR, netdevice(7)
        self.mac = fcntl.ioctl(self.socket, 0x8927, struct.pack("256s", b"eth0"))[18:24]
        # PACKET_ADD_MEMBERSHIP with PACKET_MR_MULTICAST, packet(7)
        request = struct.pack("IHH8s", socket.if_nametoindex("eth0"), 0, 6, EVERYONE)
        self.socket.setsockopt(263, 1, request)

    def send(self, to: bytes, frame_id: int, service: int, kind: int, xid: int, delay: int, body: bytes) -> None:
        """Sends one DCP PDU; `delay` is ResponseDelayFactor in an Identify request, otherwise 0."""
        head = to + self.mac + struct.pack(">HHBBIHH", ETHERTYPE, frame_id, service, kind, xid, delay, len(body))
        self.socket.send((head + body).ljust(60, b"\0"))

    def receive(self, timeout: float) -> tuple[bytes, int, int, int, int, bytes] | None:
        """Sender, frame id, service id, service type, xid and body of the next PDU; None if none comes."""
        self.socket.settimeout(max(0.01, timeout))
        try:
            frame = self.socket.recv(1600)
        except TimeoutError:
            return None
        if len(frame) < 26:
            return None
        frame_id, service, kind, xid, _, length = struct.unpack(">HBBIHH", frame[14:26])
        return frame[6:12], frame_id, service, kind, xid, frame[26 : 26 + length]


def describe(station: Station) -> bytes:
    """The blocks of an Identify response; each starts with BlockInfo (0, or 1 for an address that is set)."""
    address = IPv4Address(station.address).packed + bytes((255, 255, 255, 0)) + bytes((10, 20, 1, 1))
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


def respond(station: Station, seconds: float) -> None:
    """Answers Identify and Set NameOfStation for `seconds`."""
    wire, end = Wire(), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        heard = wire.receive(left)
        if heard is None:
            continue
        sender, frame_id, service, kind, xid, body = heard
        if kind != REQUEST:
            continue
        if frame_id == IDENTIFY_REQUEST and service == IDENTIFY and matches(station, body):
            time.sleep(0.004)
            wire.send(sender, IDENTIFY_RESPONSE, IDENTIFY, SUCCESS, xid, 0, describe(station))
        elif frame_id == GET_SET and service == SET:
            for which, data in blocks(body):
                if which == NAME:
                    station.name = data[2:].decode("ascii", "replace")
                    done = block(CONTROL_RESPONSE, bytes((*NAME, 0)))
                    wire.send(sender, GET_SET, SET, SUCCESS, xid, 0, done)


def controller(seconds: float) -> None:
    """The capper's PLC: answers, and looks for its I/O device by name as controllers do at their start."""
    wire = Wire()
    for turn in range(3):
        wire.send(
            EVERYONE,
            IDENTIFY_REQUEST,
            IDENTIFY,
            REQUEST,
            0x1000 + turn,
            1,
            block(NAME, CAPPER_IO.name.encode()),
        )
        time.sleep(0.8)
    wire.socket.close()
    respond(CAPPER_PLC, seconds - 3)


def io_device(seconds: float) -> None:
    """The capper's remote I/O."""
    respond(CAPPER_IO, seconds)


def laptop(seconds: float) -> None:
    """The service laptop: identifies everyone, then gives the remote I/O another name (not for ever)."""
    time.sleep(seconds * 0.2)
    wire, found = Wire(), {}
    wire.send(EVERYONE, IDENTIFY_REQUEST, IDENTIFY, REQUEST, 0x2A01, 0x00C0, block(ALL, b""))
    end = time.monotonic() + 2
    while (left := end - time.monotonic()) > 0:
        heard = wire.receive(left)
        if heard is not None and heard[1] == IDENTIFY_RESPONSE:
            names = [data[2:].decode() for which, data in blocks(heard[5]) if which == NAME]
            found[names[0] if names else ""] = heard[0]
    print("DCP answers:", ", ".join(sorted(found)))
    if target := found.get(CAPPER_IO.name):
        for turn, name in enumerate((NEW_NAME, CAPPER_IO.name)):
            body = block(NAME, b"\0\1" + name.encode())
            wire.send(target, GET_SET, SET, REQUEST, 0x2A10 + turn, 0, body)
            wire.receive(1.0)
            time.sleep(5)


if __name__ == "__main__":
    choose({"controller": controller, "io-device": io_device, "laptop": laptop})
