"""PLC-3, the labeller's controller: EtherNet/IP and CIP by cpppo, which runs as a program of its own.

cpppo is under the GPL; nothing of it is imported here. Its tags are fed over the device's own loopback, which no mirror
port sees. ODVA, The CIP Networks Library, volumes 1 and 2.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices._enip import DINT, REAL, read_tag, write_tag
from linewarden.exercises.pace import attempt, say, ticks

ENIP_PORT = 44818
TAGS = (
    "Labels_Applied=DINT", "Label_Speed=REAL", "Reject_Count=DINT", "Order_Number=DINT", "Label_Text=SSTRING",
    "Run=DINT",
)  # fmt: skip
ROCKWELL, PROGRAMMABLE_LOGIC_CONTROLLER = 1, 14
PRODUCT_CODE = 55


def _identity(ctx: Context) -> str:
    major, minor = ctx.device.firmware.split(".")
    return (
        f"[Identity]\nVendor Number = {ROCKWELL}\nDevice Type = {PROGRAMMABLE_LOGIC_CONTROLLER}\n"
        f"Product Code Number = {PRODUCT_CODE}\nProduct Revision = {int(minor) << 8 | int(major)}\n"
        f"Serial Number = {ctx.device.serial}\nProduct Name = {ctx.device.model}\n"
    )


def _feed(ctx: Context, driver: Any) -> None:
    """Measurements in, demands out, until the server fails."""
    board = ctx.board
    write_tag(driver, "Run", DINT, 1)
    for _ in ticks(0.5):
        write_tag(driver, "Labels_Applied", DINT, int(board.get("plant.labels")))
        write_tag(driver, "Label_Speed", REAL, board.get("plant.conveyor_rpm") / 8)
        write_tag(driver, "Reject_Count", DINT, int(board.get("plant.underfilled")))
        board.set("control.labeller_run", 1.0 if read_tag(driver, "Run") else 0.0)


def run(ctx: Context) -> None:
    """Starts cpppo, then feeds it."""
    from pycomm3 import CIPDriver

    config = ctx.home() / "labeller.cfg"
    config.write_text(_identity(ctx))
    place = f"{ctx.own}:{ctx.port(ENIP_PORT)}"
    argv = [sys.executable, "-m", "cpppo.server.enip", "--config", str(config), "--address", place, "--no-print", *TAGS]
    server = subprocess.Popen(argv)  # noqa: S603 - our own interpreter
    for _ in ticks(1.0):
        if server.poll() is not None:
            raise SystemExit(f"cpppo ended with status {server.returncode}")
        driver = CIPDriver(place)
        if attempt(driver.open):
            attempt(_feed, ctx, driver)
            say("feeding cpppo ended; once more")
            attempt(driver.close)
