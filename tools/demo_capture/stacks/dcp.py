"""PROFINET DCP of the demonstration plant, with the practice plant's own responder and asker."""

from __future__ import annotations

import time

from pace import choose

from linewarden.exercises.devices._dcp import Station, Wire, ask, respond, set_name

CAPPER_PLC = Station("plc-capper", "S7-300", 0x002A, 0x0101, 2, "10.20.1.12", "10.20.1.1")
CAPPER_IO = Station("io-capper", "AXL F BK PN", 0x00B0, 0x0142, 1, "10.20.1.31", "10.20.1.1")
NEW_NAME = "io-capper-1"


def controller(seconds: float) -> None:
    """The capper's PLC: answers, and looks for its I/O device by name as controllers do at their start."""
    wire = Wire()
    for turn in range(3):
        ask(wire, 0x1000 + turn, CAPPER_IO.name, seconds=0.8)
    respond(wire, CAPPER_PLC, seconds - 3)


def io_device(seconds: float) -> None:
    """The capper's remote I/O."""
    respond(Wire(), CAPPER_IO, seconds)


def laptop(seconds: float) -> None:
    """The service laptop: identifies everyone, then gives the remote I/O another name (not for ever)."""
    time.sleep(seconds * 0.2)
    wire = Wire()
    found = ask(wire, 0x2A01, seconds=2)
    print("DCP answers:", ", ".join(sorted(found)))
    if target := found.get(CAPPER_IO.name):
        for turn, name in enumerate((NEW_NAME, CAPPER_IO.name)):
            set_name(wire, target, 0x2A10 + turn, name)
            time.sleep(5)


if __name__ == "__main__":
    choose({"controller": controller, "io-device": io_device, "laptop": laptop})
