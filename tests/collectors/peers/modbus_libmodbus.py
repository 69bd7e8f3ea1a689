"""A Modbus server on Debian's libmodbus, through ctypes: another hand than ours and than pymodbus.

It serves one connection at a time, 60 holding and input registers with their address as value, and 60 coils. It notes
each request: function code, unit, address, count. `closes`: hangs up after each answer. `most`: registers in a request.
`silent`: a unit that it does not answer for.
"""

from __future__ import annotations

import ctypes
import json
import sys
from ctypes.util import find_library

LENGTH = 60
ILLEGAL_DATA_VALUE = 3


class Mapping(ctypes.Structure):
    """modbus_mapping_t."""

    _fields_ = [
        *[(name, ctypes.c_int) for kind in ("bits", "input_bits", "input_registers", "registers") for name in (
            f"nb_{kind}", f"start_{kind}")],
        ("tab_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_registers", ctypes.POINTER(ctypes.c_uint16)),
        ("tab_registers", ctypes.POINTER(ctypes.c_uint16)),
    ]  # fmt: skip


def main(port: int, *, closes: bool = False, most: int = 125, silent: int = -1) -> None:
    lib = ctypes.CDLL(find_library("modbus") or "libmodbus.so.5")
    lib.modbus_new_tcp.restype = ctypes.c_void_p
    lib.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    context = ctypes.c_void_p(lib.modbus_new_tcp(b"127.0.0.1", port))
    mapping = lib.modbus_mapping_new(LENGTH, LENGTH, LENGTH, LENGTH)
    for at in range(LENGTH):
        mapping.contents.tab_registers[at] = at
        mapping.contents.tab_input_registers[at] = 1000 + at
        mapping.contents.tab_bits[at] = at % 2
    listening = ctypes.c_int(lib.modbus_tcp_listen(context, 1))
    print("ready")
    query = (ctypes.c_uint8 * 260)()
    while True:
        lib.modbus_tcp_accept(context, ctypes.byref(listening))
        while (length := lib.modbus_receive(context, query)) > 0:
            count = query[10] << 8 | query[11]
            print(query[7], query[6], query[8] << 8 | query[9], count)
            if query[6] == silent:
                continue
            if query[7] in (3, 4) and count > most:
                lib.modbus_reply_exception(context, query, ILLEGAL_DATA_VALUE)
            else:
                lib.modbus_reply(context, query, length, mapping)
            if closes:
                break
        lib.modbus_close(context)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
