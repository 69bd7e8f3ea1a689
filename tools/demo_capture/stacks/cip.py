"""EtherNet/IP and CIP of the plant: cpppo as the labeller's controller, cpppo and pycomm3 as its clients.

ODVA, The CIP Networks Library, volumes 1 and 2: ListIdentity, RegisterSession, Identity object (class 1),
Read Tag, Write Tag and Multiple Service Packet (Logix 5000 Data Access).
"""

from __future__ import annotations

import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

from pace import attempt, choose, ticks

LABELLER = "10.20.1.13"
TAGS = (
    "Labels_Applied=DINT[1]",
    "Label_Speed=REAL[1]",
    "Reject_Count=DINT[1]",
    "Recipe=DINT[8]",
    "Run=SINT[1]",
)
IDENTITY = """[Identity]
Vendor Number = 1
Device Type = 14
Product Code Number = 55
Product Revision = 5397
Serial Number = 12648430
Product Name = 1756-L62/B LOGIX5562
"""


def server(seconds: float) -> None:
    """PLC-3. The library's server has no end of its own: an alarm signal ends it."""
    import signal

    from cpppo.server.enip.main import main

    signal.signal(signal.SIGALRM, lambda *_: sys.exit(0))
    signal.alarm(int(seconds))
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "labeller.cfg"
        config.write_text(IDENTITY)
        main(["--config", str(config), "--address", "0.0.0.0:44818", "--no-print", *TAGS])


def scada(seconds: float) -> None:
    """Polls tags in Multiple Service Packets and writes one now and then."""
    from cpppo.server.enip import client

    reads = ["Labels_Applied", "Label_Speed", "Reject_Count", "Recipe[0-7]"]
    with client.connector(host=LABELLER, timeout=5.0) as plc:
        for count in ticks(seconds, 0.7):
            tags = list(reads)
            if count % 10 == 4:
                tags.append(f"Labels_Applied=(DINT){21_000 + 3 * count}")
            if count % 15 == 6:
                tags.append("Label_Speed=(REAL)118.5")
            multiple = 0 if count % 4 == 0 else 250
            attempt(list, plc.pipeline(client.parse_operations(tags), depth=1, multiple=multiple))


def engineering(seconds: float) -> None:
    """Asks who the controller is: ListIdentity, ListServices and the Identity object."""
    from pycomm3 import CIPDriver, ClassCode, Services

    time.sleep(seconds * 0.35)
    attempt(CIPDriver.list_identity, LABELLER)
    with CIPDriver(LABELLER) as plc:
        attempt(
            plc.generic_message,
            service=Services.get_attributes_all,
            class_code=ClassCode.identity_object,
            instance=1,
            connected=False,
            unconnected_send=False,
            name="identity",
        )
        attempt(
            plc.generic_message,
            service=Services.get_attribute_single,
            class_code=ClassCode.identity_object,
            instance=1,
            attribute=7,
            connected=False,
            unconnected_send=False,
            name="product name",
        )


def laptop(seconds: float) -> None:
    """ListIdentity to everyone in the cell (UDP broadcast), as a commissioning tool does."""
    time.sleep(seconds * 0.25)
    request = struct.pack("<HHII8sI", 0x0063, 0, 0, 0, b"svc-tool", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        wire.settimeout(1.0)
        for _ in range(2):
            wire.sendto(request, ("10.20.1.255", 44818))
            attempt(wire.recvfrom, 1500)


if __name__ == "__main__":
    choose({"server": server, "scada": scada, "engineering": engineering, "laptop": laptop})
