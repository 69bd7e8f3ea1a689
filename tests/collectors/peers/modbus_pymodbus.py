"""A Modbus server on pymodbus. It notes each request: function code, unit, address, count.

Unit 1 has holding registers 0-39 and 100-139 with nothing between (a read across is refused), input registers, coils
and discrete inputs; unit 2 the same. The line "set ADDRESS VALUE" writes a holding register of unit 1 from inside.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import struct
import sys
from typing import Any

from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer, ModbusTlsServer
from pymodbus.simulator import DataType, SimData, SimDevice

HOLDING, INPUT = 3, 4


def words(form: str, value: Any) -> list[int]:
    packed = struct.pack(f">{form}", value)
    return list(struct.unpack(f">{len(packed) // 2}H", packed))


def device(unit: int) -> SimDevice:
    first = [*words("f", 21.5), *words("i", -70_000), 1234, 0b1000, *words("d", 3.25), *words("f", float("nan"))]
    text = struct.unpack(">6H", b"PUMP-7\0\0\0\0\0\0")
    first += [0] * (20 - len(first)) + list(text)
    first += [0] * (40 - len(first))
    held = [
        SimData(0, values=first, datatype=DataType.REGISTERS),
        SimData(100, values=[100 + at for at in range(40)], datatype=DataType.REGISTERS),
    ]
    measured = [SimData(0, values=[unit * 1000 + at for at in range(300)], datatype=DataType.REGISTERS)]
    bits = [SimData(0, values=[at % 3 == 0 for at in range(48)], datatype=DataType.BITS)]
    return SimDevice(unit, simdata=(bits, list(bits), held, measured))


async def main(options: dict[str, Any]) -> None:
    def note(sending: bool, pdu: Any) -> Any:
        if not sending:
            print(pdu.function_code, pdu.dev_id, getattr(pdu, "address", ""), getattr(pdu, "count", ""))
        return pdu

    place = ("127.0.0.1", options["port"])
    devices = [device(unit) for unit in options.get("units", [1, 2])]
    server: Any
    if options.get("ca"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["cert"], options["key"])
        context.load_verify_locations(options["ca"])
        context.verify_mode = ssl.CERT_REQUIRED
        server = ModbusTlsServer(devices, address=place, sslctx=context, trace_pdu=note)
    else:
        framer = FramerType.RTU if options.get("rtu") else FramerType.SOCKET
        server = ModbusTcpServer(devices, address=place, framer=framer, trace_pdu=note)
    await server.serve_forever(background=True)
    print("ready")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _, address, value = line.split()
        await server.async_setValues(1, HOLDING, int(address), [int(value)])


if __name__ == "__main__":
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    asyncio.run(main(json.loads(sys.argv[1])))
