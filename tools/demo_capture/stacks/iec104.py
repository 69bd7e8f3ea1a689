"""IEC 60870-5-104 to the utility's substation, with c104 (lib60870): the gateway RTU and the SCADA server."""

from __future__ import annotations

import math
import time
from typing import TypeVar

import c104
from pace import attempt, choose, ticks

RTU, COMMON_ADDRESS = "10.20.2.31", 47
Made = TypeVar("Made")


def made(thing: Made | None) -> Made:
    """The library gives None where it refuses to add something."""
    if thing is None:
        raise RuntimeError("c104 refused a station, a connection or a point")
    return thing


def rtu(seconds: float) -> None:
    """The substation's gateway: voltages and a breaker."""
    server = c104.Server(ip="0.0.0.0", port=2404)
    station = made(server.add_station(common_address=COMMON_ADDRESS))
    volts = made(station.add_point(io_address=11, type=c104.Type.M_ME_NC_1, report_ms=2000))
    amps = made(station.add_point(io_address=12, type=c104.Type.M_ME_NC_1, report_ms=4000))
    breaker = made(station.add_point(io_address=21, type=c104.Type.M_SP_TB_1))
    station.add_point(io_address=31, type=c104.Type.C_SC_NA_1, related_io_address=21, related_io_autoreturn=True)
    volts.value, amps.value, breaker.value = 20_150.0, 84.0, True
    server.start()
    for count in ticks(seconds, 2.0):
        volts.value = 20_150.0 + 40 * math.sin(count / 4)
        amps.value = 84.0 + 6 * math.sin(count / 3)
        if count % 8 == 5:
            attempt(breaker.transmit, cause=c104.Cot.SPONTANEOUS)
    server.stop()


def _open(link: c104.Connection) -> None:
    """Waits for the connection, and sends STARTDT where the library, under load, forgot to."""
    for _ in range(20):
        time.sleep(0.25)
        if link.is_connected and not link.is_muted:
            return
        if link.is_connected:
            link.unmute()


def scada(seconds: float) -> None:
    """The SCADA server: interrogation and clock at the start, one single command later."""
    client = c104.Client(tick_rate_ms=500)
    link = made(client.add_connection(ip=RTU, port=2404, init=c104.Init.NONE))
    station = made(link.add_station(common_address=COMMON_ADDRESS))
    station.add_point(io_address=11, type=c104.Type.M_ME_NC_1)
    station.add_point(io_address=12, type=c104.Type.M_ME_NC_1)
    station.add_point(io_address=21, type=c104.Type.M_SP_TB_1)
    command = made(station.add_point(io_address=31, type=c104.Type.C_SC_NA_1))
    client.start()
    _open(link)
    attempt(link.interrogation, common_address=COMMON_ADDRESS)
    attempt(link.clock_sync, common_address=COMMON_ADDRESS)
    time.sleep(seconds * 0.5)
    command.value = True
    attempt(command.transmit, cause=c104.Cot.ACTIVATION)
    attempt(link.interrogation, common_address=COMMON_ADDRESS)
    time.sleep(max(0.0, seconds * 0.45))
    client.stop()


if __name__ == "__main__":
    choose({"rtu": rtu, "scada": scada})
