"""The demonstration plant: one bottling line, its utilities and its office.

Purely data. `network.py` builds it, `jobs.py` says what runs in it, `make.py` runs the whole.
Every address lies in a namespace made for the recording: 10.20.0.0/16 and 10.50.0.0/24 (RFC 1918),
203.0.113.0/24 (TEST-NET-3, RFC 5737).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True)
class Zone:
    """One broadcast domain. `recorded` says whether the mirror port sees it."""

    name: str
    subnet: str
    gateway: str
    recorded: bool


@dataclass(frozen=True)
class Device:
    """One namespace: `address` is '' for a device that asks DHCP for it."""

    name: str
    zone: str
    address: str
    mac: str
    role: str


ZONES = (
    Zone("cell", "10.20.1.0/24", "10.20.1.1", True),
    Zone("utilities", "10.20.2.0/24", "10.20.2.1", True),
    Zone("supervisory", "10.20.3.0/24", "10.20.3.1", True),
    Zone("office", "10.50.0.0/24", "10.50.0.1", False),
    Zone("internet", "203.0.113.0/24", "203.0.113.1", False),
)

ROUTER = "fw-plant"
ROUTER_MACS = {
    "cell": "00:a0:45:51:20:01",
    "utilities": "00:a0:45:51:20:02",
    "supervisory": "00:a0:45:51:20:03",
    "office": "00:a0:45:51:20:04",
    "internet": "00:a0:45:51:20:05",
}

DEVICES = (
    Device("sw-cell", "cell", "10.20.1.2", "00:80:63:8a:10:02", "switch"),
    Device("plc-filler", "cell", "10.20.1.11", "00:80:f4:21:3c:0b", "controller"),
    Device("plc-capper", "cell", "10.20.1.12", "28:63:36:a4:77:0c", "controller"),
    Device("plc-labeller", "cell", "10.20.1.13", "f4:54:33:5e:09:0d", "controller"),
    Device("hmi-line1", "cell", "", "00:1b:1b:6f:02:15", "HMI"),
    Device("io-capper", "cell", "10.20.1.31", "00:a0:45:33:81:1f", "remote I/O"),
    Device("drive-conveyor", "cell", "10.20.1.32", "00:1c:01:0b:44:20", "drive"),
    Device("printer-labels", "cell", "10.20.1.34", "00:07:4d:92:5a:22", "printer"),
    Device("laptop-service", "cell", "10.20.1.50", "3c:52:82:7b:c1:32", "service laptop"),
    Device("pi-unknown", "cell", "10.20.1.77", "b8:27:eb:4d:19:4d", "unknown"),
    Device("bms-hall", "utilities", "10.20.2.10", "00:50:56:a1:02:0a", "building management"),
    Device("ahu-hall", "utilities", "10.20.2.21", "00:40:ae:06:31:15", "ventilation controller"),
    Device("rtu-substation", "utilities", "10.20.2.31", "00:02:a3:18:6d:1f", "RTU"),
    Device("relay-feeder1", "utilities", "10.20.2.32", "00:30:a7:0c:55:20", "protection relay"),
    Device("dc-plant", "supervisory", "10.20.3.5", "00:50:56:a1:03:05", "server"),
    Device("scada", "supervisory", "10.20.3.10", "b8:ca:3a:60:12:0a", "SCADA server"),
    Device("historian", "supervisory", "10.20.3.15", "00:50:56:a1:03:0f", "historian"),
    Device("eng-station", "supervisory", "10.20.3.20", "b8:ca:3a:71:9f:14", "engineering workstation"),
    Device("mes", "office", "10.50.0.20", "00:50:56:b2:00:14", "MES"),
    Device("pc-office", "office", "10.50.0.31", "3c:52:82:11:4e:1f", "workstation"),
    Device("vendor-cloud", "internet", "203.0.113.10", "00:50:56:c3:00:0a", "vendor cloud"),
)

HMI_ADDRESS = "10.20.1.21"
"""What the DHCP server reserves for hmi-line1."""


def zone_of(name: str) -> Zone:
    """The zone of that name."""
    return next(zone for zone in ZONES if zone.name == name)


def device(name: str) -> Device:
    """The device of that name."""
    return next(item for item in DEVICES if item.name == name)


def recorded_subnets() -> list[IPv4Network]:
    """Subnets whose hosts stand on the mirrored switch ports."""
    return [IPv4Network(zone.subnet) for zone in ZONES if zone.recorded]
