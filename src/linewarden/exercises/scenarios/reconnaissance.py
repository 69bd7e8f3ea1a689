"""Reconnaissance: a laptop in the cell looks for hosts, services, controllers and names, and listens to the broker."""

from linewarden.exercises.attacks import scan
from linewarden.exercises.context import Context
from linewarden.exercises.line import DEVICES
from linewarden.exercises.scenario import Scenario, Source, Step

CELL = tuple(d.name for d in DEVICES.values() if d.zone == "cell" and d.name != "laptop-service")
SERVERS = ("mqtt-broker", "scada", "historian", "eng-station", "vendor-remote")
LISTEN_S = 6.0


def _sweep(ctx: Context) -> str:
    found = scan.arp_sweep(ctx, "cell")
    return f"{len(found)} hosts answer: {', '.join(found)}"


def _ports(ctx: Context) -> str:
    found = scan.connect_scan(ctx, [DEVICES[name].address for name in (*CELL, *SERVERS)])
    return "; ".join(f"{host}: {', '.join(map(str, ports))}" for host, ports in found.items())


def _identify(ctx: Context) -> str:
    modbus = ("plc-filler", "io-filler", "drive-conveyor", "drive-pump", "safety-line1")
    said = [scan.modbus_identity(ctx, DEVICES[name].address) for name in modbus]
    said.append(scan.s7_identity(ctx, DEVICES["plc-capper"].address))
    said.append(f"EtherNet/IP: {', '.join(scan.enip_everybody(ctx)) or 'nobody'}")
    said.append(f"DCP: {', '.join(scan.dcp_everybody(ctx))}")
    said.append(f"OPC UA offers {', '.join(scan.opcua_endpoints(ctx, DEVICES['plc-packer'].address))}")
    return "; ".join(said)


def _listen(ctx: Context) -> str:
    topics = scan.mqtt_listen(ctx, DEVICES["mqtt-broker"].address, LISTEN_S)
    return f"{len(topics)} topics: {', '.join(topics)}"


SCENARIO = Scenario(
    title="Reconnaissance from a laptop in the cell",
    kind="incident",
    summary="A service laptop sweeps the cell, scans for services across zones, asks every controller who it is, "
    "and listens to all that the broker carries. It changes nothing.",
    seconds=70,
    sources=(
        Source("CISA AA22-103A: APT Cyber Tools Targeting ICS/SCADA Devices (scanning and identification modules)",
               "https://www.cisa.gov/news-events/cybersecurity-advisories/aa22-103a"),
        Source("MITRE ATT&CK S0604: Industroyer (network discovery before the attack)",
               "https://attack.mitre.org/software/S0604/"),
    ),
    steps=(
        Step("sweep", 5, "laptop-service", "ARP sweep of the cell", _sweep, CELL, ("T0846",), hostile=True),
        Step("ports", 14, "laptop-service", "connect scan of OT ports in two zones", _ports, (*CELL, *SERVERS),
             ("T0846", "T0840"), hostile=True),
        Step("identify", 32, "laptop-service", "identity of every controller, in its own language", _identify, CELL,
             ("T0888", "T0861"), hostile=True),
        Step("listen", 48, "laptop-service", "subscribes to every topic of the broker", _listen, ("mqtt-broker",),
             ("T0801", "T0802"), hostile=True),
    ),
)  # fmt: skip
