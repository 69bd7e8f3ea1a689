"""A broadcast storm: the network card of a drive fails and sends broadcasts as fast as it can, for seconds."""

import socket
import struct
import time

from linewarden.exercises.attacks.scan import REQUEST, arp_frame, mac
from linewarden.exercises.context import Context
from linewarden.exercises.scenario import Scenario, Source, Step

STORM_S = 12.0
FRAMES_A_SECOND = 700
BURST = 14


def _storm(ctx: Context) -> str:
    """Bounded in number and time; it needs an Ethernet of its own."""
    if not ctx.isolated:
        return "left out on loopback, which has no broadcasts"
    own = (mac(ctx.name), ctx.own)
    frame = arp_frame(REQUEST, b"\xff" * 6, own, (bytes(6), ctx.address("plc-filler")))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        begin, sent = time.monotonic(), 0
        while (passed := time.monotonic() - begin) < STORM_S:
            for _ in range(BURST if sent < passed * FRAMES_A_SECOND else 0):
                wire.send(frame[:60] + struct.pack(">I", sent))
                sent += 1
            time.sleep(0.01)
    return f"{sent} broadcasts in {STORM_S:.0f} s"


SCENARIO = Scenario(
    title="Broadcast storm from a faulty network card",
    kind="fault",
    summary="A drive's failing network card floods the cell with broadcasts. The stacks here withstand it; in the "
    "case that it is modelled on, the drives' controllers did not.",
    seconds=40,
    sources=(
        Source("NRC Information Notice 2007-15: Effects of Ethernet-based, non-safety related controls on the safe and "
               "continued operation of nuclear power stations (Browns Ferry 3, 2006)",
               "https://www.nrc.gov/reading-rm/doc-collections/gen-comm/info-notices/2007/in200715.pdf"),
    ),
    steps=(Step("storm", 8, "drive-pump", "its network card fails and floods the cell with ARP broadcasts", _storm),),
)  # fmt: skip
