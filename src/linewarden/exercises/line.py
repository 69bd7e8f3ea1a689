"""The practice plant as data: its zones, its devices, and what each of them says that it is.

Every address lies in a namespace made for the exercise (or, without namespaces, on loopback): 10.30.0.0/16 (RFC 1918)
and 203.0.113.0/24 (TEST-NET-3, RFC 5737). Purdue levels as in IEC 62443 and ISA-95.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Zone:
    """One broadcast domain (IEC 62443: a zone). `mirrored`: whether the mirror port sees its switch ports."""

    name: str
    network: str
    mirrored: bool = True

    def address(self, host: int) -> str:
        """Address number `host` of the zone."""
        return f"{self.network}.{host}"


@dataclass(frozen=True)
class Device:
    """One device: a network namespace of its own. `kind` is the file in devices/ that plays it, '' for none."""

    name: str
    zone: str
    host: int
    mac: str
    role: str
    level: float
    kind: str
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    listens: tuple[int, ...] = ()
    part: str = ""
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def address(self) -> str:
        """Its IPv4 address in the exercise."""
        return ZONES[self.zone].address(self.host)


ROUTER = "fw-plant"
GATEWAY_HOST = 1
ZONES = {
    zone.name: zone
    for zone in (
        Zone("cell", "10.30.1"),
        Zone("utilities", "10.30.2"),
        Zone("supervisory", "10.30.3"),
        Zone("office", "10.30.50", mirrored=False),
        Zone("internet", "203.0.113", mirrored=False),
    )
}
ROUTER_MACS = {name: f"00:a0:45:51:30:0{index}" for index, name in enumerate(ZONES, 1)}
PREFIX_LENGTH = 24

_CELL = (
    Device("sw-line1", "cell", 2, "00:80:63:8a:30:02", "switch", 1, "switch", "Hirschmann", "BOBCAT BRS20",
           "HiOS-2S-09.1.00", "942170001020000417"),
    Device("plc-filler", "cell", 11, "00:80:f4:21:30:0b", "controller", 1, "filler", "Schneider Electric", "BMXP342020",
           "V3.60", "21210404317", (502,)),
    Device("plc-capper", "cell", 12, "28:63:36:a4:30:0c", "controller", 1, "capper", "Siemens", "CPU 315-2 PN/DP",
           "V3.2.7", "S C-H7SA12072019", (102,), extra={"order": "6ES7 315-2EH14-0AB0"}),
    Device("plc-labeller", "cell", 13, "f4:54:33:5e:30:0d", "controller", 1, "labeller", "Rockwell Automation",
           "1756-L62/B LOGIX5562", "20.11", "12648430", (44818,)),
    Device("plc-packer", "cell", 14, "00:01:05:3c:30:0e", "controller", 1, "packer", "Beckhoff", "CX5130", "3.1.4024",
           "4711-0815", (4840,)),
    Device("io-filler", "cell", 31, "00:30:de:41:30:1f", "remote I/O", 1, "modbus_field", "WAGO", "750-352", "FW 14",
           "SN20260103", (502, 80), "io"),
    Device("io-capper", "cell", 32, "00:a0:45:33:30:20", "remote I/O", 1, "profinet_io", "Phoenix Contact",
           "AXL F BK PN", "2.20", "2037145521"),
    Device("drive-conveyor", "cell", 33, "00:1c:01:0b:30:21", "drive", 1, "modbus_field", "ABB", "ACS880-01-02A4-3",
           "AINFX 3.45", "1210500421", (502,), "conveyor"),
    Device("drive-pump", "cell", 34, "00:1b:08:14:30:22", "drive", 1, "modbus_field", "Danfoss", "FC-302", "8.22",
           "012345G312", (502,), "pump"),
    Device("hmi-line1", "cell", 21, "00:1b:1b:6f:30:15", "HMI", 2, "hmi", "Siemens", "SIMATIC IPC477E", "WinCC V17",
           "S V-J8345212", (80, 445)),
    Device("laptop-service", "cell", 50, "3c:52:82:7b:30:32", "service laptop", 2, ""),
    Device("safety-line1", "cell", 41, "00:d0:b6:22:30:29", "safety controller", 1, "modbus_field", "HIMA",
           "HIMatrix F35", "V8.22", "F35-104412", (502,), "safety"),
)  # fmt: skip
_UTILITIES = (
    Device("plc-utilities", "utilities", 11, "00:30:de:52:30:0b", "controller", 1, "modbus_field", "WAGO",
           "PFC200 750-8212", "04.02.13", "SN20251977", (502,), "utilities"),
    Device("edge-vibration", "utilities", 21, "00:d0:c9:1a:30:15", "edge gateway", 2, "edge", "Advantech", "ADAM-6717",
           "2.2.0", "AD6717-8841", part="vibration"),
    Device("edge-energy", "utilities", 22, "00:d0:c9:1a:30:16", "edge gateway", 2, "edge", "Advantech", "ADAM-6717",
           "2.2.0", "AD6717-8842", part="energy"),
    Device("iot-climate", "utilities", 31, "b8:27:eb:4d:30:1f", "IoT sensor", 2, "iot", "Climasense", "CS-200",
           "1.0.7", "CS2-000317", (80,)),
)  # fmt: skip
_SUPERVISORY = (
    Device("mqtt-broker", "supervisory", 5, "00:50:56:a1:30:05", "MQTT broker", 3, "broker", listens=(1883,)),
    Device("scada", "supervisory", 10, "b8:ca:3a:60:30:0a", "SCADA server", 2, "scada", "Bottling Example Systems",
           "Line 1 SCADA", "4.2.1", "4217", (4840,)),
    Device("historian", "supervisory", 15, "00:50:56:a1:30:0f", "historian", 3, "historian", listens=(445,)),
    Device("eng-station", "supervisory", 20, "b8:ca:3a:71:30:14", "engineering workstation", 2, "station",
           part="engineering"),
    Device("vendor-remote", "supervisory", 40, "00:0c:be:70:30:28", "remote access", 3, "remote_access",
           "Example Machinery", "RA-Gate 100", "5.1", "RG100-2231", (443,)),
)  # fmt: skip
_OUTSIDE = (
    Device("mes", "office", 20, "00:50:56:b2:30:14", "MES", 4, "mes", listens=(8080,)),
    Device("pc-office", "office", 31, "3c:52:82:11:30:1f", "workstation", 4, "station", part="office"),
    Device("vendor-cloud", "internet", 10, "00:50:56:c3:30:0a", "vendor cloud", 5, "cloud", listens=(443,)),
    Device("stranger", "internet", 66, "00:50:56:c3:30:42", "host on the internet", 5, "stranger", listens=(80, 443)),
)  # fmt: skip

DEVICES = {device.name: device for device in (*_CELL, *_UTILITIES, *_SUPERVISORY, *_OUTSIDE)}


def device(name: str) -> Device:
    """The device of that name; a KeyError is a mistake of ours."""
    return DEVICES[name]


def gateway(zone: str) -> str:
    """The firewall's address in that zone."""
    return ZONES[zone].address(GATEWAY_HOST)
