"""Sends bytes and waits for an answer, or answers: for what has no program here that could be started.

usage: ask.py tcp|udp HOST PORT HEX...       each HEX is sent, and something is waited for after each
       ask.py serve-tcp|serve-udp PORT HEX   answers whatever comes with HEX
"""

from __future__ import annotations

import socket
import sys


def talk(kind: str, host: str, port: int, messages: list[bytes]) -> None:
    with socket.socket(socket.AF_INET, _kind(kind)) as line:
        line.settimeout(10)
        line.connect((host, port))
        for message in messages:
            line.send(message)
            line.recv(65_535)


def answer(kind: str, port: int, said: bytes) -> None:
    with socket.socket(socket.AF_INET, _kind(kind)) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("", port))
        if kind == "udp":
            while True:
                _, who = door.recvfrom(65_535)
                door.sendto(said, who)
        door.listen()
        while True:
            line, _ = door.accept()
            with line:
                while line.recv(65_535):
                    line.sendall(said)


def _kind(kind: str) -> socket.SocketKind:
    return socket.SOCK_DGRAM if kind.endswith("udp") else socket.SOCK_STREAM


if __name__ == "__main__":
    if sys.argv[1].startswith("serve-"):
        answer(sys.argv[1].removeprefix("serve-"), int(sys.argv[2]), bytes.fromhex(sys.argv[3]))
    else:
        talk(sys.argv[1], sys.argv[2], int(sys.argv[3]), [bytes.fromhex(text) for text in sys.argv[4:]])
