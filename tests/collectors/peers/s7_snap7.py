"""An S7 controller on python-snap7's server. It notes the function code of each request, and the items of a read.

DB1 has 64 bytes, DB5 1200; DB7 is not there. Flags, inputs and outputs have 32.
"""

from __future__ import annotations

import json
import logging
import struct
import sys
import time
from typing import Any

from snap7.server import Server
from snap7.type import SrvArea


def db1() -> bytearray:
    data = bytearray(64)
    struct.pack_into(">f", data, 0, 1.75)
    struct.pack_into(">i", data, 4, -70_000)
    data[8] = 0b0000_1000
    struct.pack_into(">H", data, 10, 1234)
    data[12:22] = bytes([8, 3]) + b"ABCxxxxx"
    data[22:30] = bytes.fromhex("2611270107428765")  # 27 November 2026, 01:07:42.876
    struct.pack_into(">d", data, 30, 3.25)
    struct.pack_into(">i", data, 38, 90_500)
    data[42:44] = bytes.fromhex("1123")
    data[44:46] = bytes([255, 255])  # no date in BCD follows
    struct.pack_into(">HBBBBBBI", data, 46, 2026, 11, 27, 6, 1, 7, 42, 876_000_000)
    return data


class Noting(Server):  # type: ignore[misc]
    """Tells what it is asked."""

    def _process_request(self, request_data: bytes, client_address: tuple[str, int]) -> Any:
        kind = request_data[1]
        size = 12 if kind in (2, 3) else 10
        print(kind, request_data[size] if len(request_data) > size else "", request_data[size + 1], len(request_data))
        return super()._process_request(request_data, client_address)


def main(port: int) -> None:
    logging.getLogger("snap7").setLevel(logging.CRITICAL)
    server = Noting(log=False)
    server.register_area(SrvArea.DB, 1, db1())
    server.register_area(SrvArea.DB, 5, bytearray(at % 251 for at in range(1200)))
    for area, first in ((SrvArea.MK, 100), (SrvArea.PE, 1), (SrvArea.PA, 2)):
        server.register_area(area, 0, bytearray([first] * 32))
    server.start_to("127.0.0.1", port)
    print("ready")
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
