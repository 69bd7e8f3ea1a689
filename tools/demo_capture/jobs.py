"""What runs where in the demonstration plant, and which protocol each part promises to the recording."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import daemons
from plant import ROUTER, device

SWITCH_SAYS = "Hirschmann BOBCAT BRS20 HiOS-2S-09.1.00"
CAPPER_SAYS = "Siemens, SIMATIC S7, CPU315-2 PN/DP, 6ES7 315-2EH14-0AB0, V3.2.7"
STACKS = Path(__file__).parent / "stacks"


@dataclass(frozen=True)
class Job:
    """One process. `tool` must be on the PATH, or the job is skipped; `start` is seconds after the first."""

    device: str
    title: str
    argv: list[str]
    start: float
    tool: str = ""


PROMISES = {
    "arp": "arp",
    "icmp": "icmp.type == 0",
    "dhcp": "dhcp",
    "dns": "dns",
    "ntp": "ntp",
    "snmp": "snmp",
    "lldp": "lldp",
    "modbus": "mbtcp",
    "s7comm": "s7comm",
    "enip": "enip",
    "cip": "cip",
    "opcua": "opcua",
    "bacnet": "bacapp",
    "iec104": "iec60870_104",
    "dnp3": "dnp3",
    "profinet-dcp": "pn_dcp",
    "http basic login": "http.authbasic",
    "ftp login": 'ftp.request.command == "PASS"',
    "smb2": "smb2",
    "tls 1.0": "tls.handshake.type == 2 and tls.handshake.version == 0x0301",
    "tls 1.2": "tls.handshake.type == 2 and tls.handshake.version == 0x0303"
    " and !tls.handshake.extensions.supported_version",
    "tls 1.3": "tls.handshake.extensions.supported_version == 0x0304 and tls.handshake.type == 2",
    "tls server name": "tls.handshake.extensions_server_name",
    "modbus identity": "modbus.func_code == 43",
    "modbus exception": "modbus.exception_code",
    "modbus writes": "modbus.func_code in {5..6} or modbus.func_code in {16..23}",
    "s7 identity (SZL)": "s7comm.param.userdata.funcgroup == 4",
    "s7 cpu mode": "s7comm.data.userdata.szl_id == 0x0424",
    "s7 upload": "s7comm.param.func == 0x1e",
    "enip list identity": "enip.command == 0x0063",
    "cip multiple service": "cip.sc == 0x0a",
    "opcua method call": "opcua.servicenodeid.numeric == 712",
    "opcua publish": "opcua.servicenodeid.numeric == 829",
    "bacnet subscribe": "bacapp.confirmed_service == 5",
    "bacnet write": "bacapp.confirmed_service == 15",
    "dnp3 operate": "dnp3.al.func == 4",
    "iec104 command": "iec60870_asdu.typeid == 45",
    "dcp set name": "pn_dcp.service_id == 4",
    "outside address": "ip.addr == 203.0.113.10",
    "from the office": "ip.src == 10.50.0.0/24",
}
"""Name -> tshark display filter; each must match at least one frame. A filter holds no comma."""

SCRIPTS = (
    # device, script, part, start; servers first
    ("plc-filler", "modbus", "filler", 0),
    ("drive-conveyor", "modbus", "drive", 0),
    ("plc-capper", "s7", "server", 0),
    ("plc-labeller", "cip", "server", 0),
    ("scada", "opcua", "server", 0),
    ("ahu-hall", "bacnet", "ahu", 0),
    ("rtu-substation", "iec104", "rtu", 0),
    ("relay-feeder1", "dnp3_tcp", "relay", 0),
    ("io-capper", "dcp", "io-device", 0),
    ("sw-cell", "office", "switch-web", 0),
    ("hmi-line1", "office", "hmi-web", 0),
    ("scada", "office", "scada-web", 0),
    ("vendor-cloud", "office", "cloud", 0),
    ("printer-labels", "office", "printer", 0),
    ("plc-capper", "dcp", "controller", 4),
    ("scada", "modbus", "scada", 5),
    ("plc-filler", "modbus", "filler-to-drive", 5),
    ("scada", "cip", "scada", 6),
    ("hmi-line1", "s7", "hmi", 6),
    ("bms-hall", "bacnet", "bms", 5),
    ("scada", "iec104", "scada", 5),
    ("scada", "dnp3_tcp", "scada", 6),
    ("historian", "opcua", "historian", 7),
    ("mes", "opcua", "mes", 9),
    ("scada", "office", "telemetry", 8),
    ("scada", "office", "labels", 6),
    ("pc-office", "office", "browse", 8),
    ("historian", "office", "lookups", 7),
    ("eng-station", "office", "panel", 6),
    ("eng-station", "s7", "engineering", 6),
    ("eng-station", "cip", "engineering", 6),
    ("eng-station", "modbus", "engineering", 6),
    ("laptop-service", "dcp", "laptop", 6),
    ("laptop-service", "cip", "laptop", 6),
    ("laptop-service", "office", "laptop", 6),
    ("pi-unknown", "modbus", "stranger", 10),
    ("pi-unknown", "office", "lookups", 9),
)
LISTENERS = (
    ("plc-filler", 502),
    ("drive-conveyor", 502),
    ("plc-capper", 102),
    ("plc-labeller", 44818),
    ("scada", 4840),
    ("scada", 443),
    ("rtu-substation", 2404),
    ("relay-feeder1", 20000),
    ("sw-cell", 80),
    ("hmi-line1", 443),
    ("vendor-cloud", 443),
    ("printer-labels", 21),
    ("dc-plant", 445),
)
"""TCP ports that must be open before the clients start."""

SERVER_MARGIN = 60.0
"""Seconds that a server is willing to outlive the recording, which ends it anyway."""


def plan(folder: Path, python: str, seconds: int) -> list[Job]:
    """All jobs in the order of their start. `folder` receives the configuration of the servers."""
    dc, switch = device("dc-plant").name, device("sw-cell").name
    jobs = [
        Job(dc, "dnsmasq: DNS and DHCP", daemons.dns_dhcp(folder), 0, "dnsmasq"),
        Job(ROUTER, "dnsmasq: DHCP relay", daemons.dhcp_relay(folder), 0, "dnsmasq"),
        Job(dc, "chronyd: NTP server", daemons.ntp_server(folder), 0, "chronyd"),
        Job(dc, "smbd: file server", daemons.file_server(folder), 0, "smbd"),
        Job(switch, "snmpd", daemons.snmp_agent(folder), 0, "snmpd"),
        Job(switch, "lldpd", daemons.neighbours(folder, switch, SWITCH_SAYS, "bridge"), 0, "lldpd"),
        Job(
            "plc-capper",
            "lldpd",
            daemons.neighbours(folder, "plc-capper", CAPPER_SAYS, "station"),
            0,
            "lldpd",
        ),
        Job("hmi-line1", "udhcpc: asks for an address", daemons.dhcp_client(folder), 1.5, "udhcpc"),
        Job("scada", "chronyd: NTP client", daemons.ntp_client(folder, "scada"), 4, "chronyd"),
        Job("hmi-line1", "chronyd: NTP client", daemons.ntp_client(folder, "hmi-line1"), 6, "chronyd"),
        Job("pi-unknown", "chronyd: NTP client", daemons.ntp_client(folder, "pi-unknown"), 9, "chronyd"),
        Job("scada", "SNMP polls of the switch", daemons.snmp_poll(folder, seconds), 7, "snmpget"),
        Job(
            "laptop-service",
            "ping: the remote I/O",
            ["ping", "-c", "4", device("io-capper").address],
            8,
            "ping",
        ),
        Job("pc-office", "smbclient", daemons.file_client(folder), 12, "smbclient"),
    ]
    for where, script, part, start in SCRIPTS:
        length = seconds + SERVER_MARGIN if start == 0 else seconds - start
        argv = [python, str(STACKS / f"{script}.py"), part, "--seconds", f"{length:g}"]
        jobs.append(Job(where, f"{script}: {part}", argv, start))
    return sorted(jobs, key=lambda job: job.start)


def missing(job: Job) -> str:
    """Why a job cannot run, or ''."""
    if job.tool and shutil.which(job.tool) is None:
        return f"{job.tool} is not installed"
    return ""
