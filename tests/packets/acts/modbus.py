"""A controller and a panel that polls it: three reads of two registers (Modbus application protocol V1.1b3, 6.3)."""

from __future__ import annotations

import socket
import struct
import sys
import time

READ = struct.pack("!HHHBBHH", 1, 0, 6, 1, 3, 100, 2)
VALUES = struct.pack("!HHHBBBHH", 1, 0, 7, 1, 3, 4, 7, 8)
REFUSED = struct.pack("!HHHBBB", 1, 0, 3, 1, 0x83, 1)


def serve() -> None:
    """Answers reads, refuses the rest."""
    with socket.create_server(("", 502)) as door:
        while True:
            line, _ = door.accept()
            with line:
                while request := line.recv(512):
                    line.sendall(VALUES if request[7] == 3 else REFUSED)


def poll(whom: str) -> None:
    """As a panel does."""
    with socket.create_connection((whom, 502), 10) as line:
        for _ in range(3):
            line.sendall(READ)
            assert line.recv(512) == VALUES
            time.sleep(0.05)


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else poll(sys.argv[2])
