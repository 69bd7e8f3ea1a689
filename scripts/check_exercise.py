#!/usr/bin/env python3
"""Checks the practice plant with programs that are not ours: mbpoll, python-snap7, pycomm3, mosquitto_sub, an OPC UA
client, curl-like requests and tshark must see what each device claims to be.

    scripts/check_exercise.py [--json] [--seconds 25]

Exit status 0: every claim was seen; 1: one was not; 77: something that is needed is missing (and it says what).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from linewarden.errors import LinewardenError
from linewarden.exercises.devices.station import ORDER
from linewarden.exercises.isolation import why_not_isolated
from linewarden.exercises.launcher import Settings, missing, run_exercise
from linewarden.exercises.line import DEVICES
from linewarden.exercises.scenario import load_scenario

SKIPPED = 77
TOOLS = {"mbpoll": "mbpoll", "mosquitto_sub": "mosquitto-clients", "tshark": "tshark"}
SNAP7 = """
import sys, snap7
plc = snap7.client.Client()
plc.connect(sys.argv[1], 0, 2)
info = plc.get_cpu_info()
print(plc.get_order_code().OrderCode.decode(), info.ModuleTypeName.decode(), info.SerialNumber.decode())
print(plc.db_read(1, 0, 24).hex())
"""
PYCOMM3 = "import sys, pycomm3; print(pycomm3.CIPDriver.list_identity(sys.argv[1]))"
LABEL = """
import sys, time, pycomm3
from linewarden.exercises.devices._enip import read_text
time.sleep(19)  # until the office has placed its order
with pycomm3.CIPDriver(sys.argv[1]) as plc:
    print(read_text(plc, "Label_Text"))
"""
OPCUA = """
import asyncio, sys, asyncua
async def main():
    async with asyncua.Client(sys.argv[1]) as client:
        for name in ("ManufacturerName", "ProductName", "SoftwareVersion"):
            node = await client.nodes.server.get_child(["0:ServerStatus", "0:BuildInfo", "0:" + name])
            print(await node.read_value())
        space = await client.get_namespace_index("urn:bottling.example:line1")
        for item in await client.nodes.objects.get_children():
            print((await item.read_browse_name()).Name)
            for node in await item.get_variables():
                print((await node.read_browse_name()).Name, await node.read_value())
asyncio.run(main())
"""


@dataclass(frozen=True)
class Claim:
    """`device` should show `text` to `tool`."""

    device: str
    tool: str
    text: str


def probes() -> dict[str, tuple[str, list[str]]]:
    """Name of the probe -> device whose namespace it runs in, and its command."""
    at = {name: device.address for name, device in DEVICES.items()}
    mbpoll = ["mbpoll", "-m", "tcp", "-a", "1", "-t", "3", "-r", "1", "-c", "4", "-1"]
    python = [sys.executable, "-c"]
    modbus = ("plc-filler", "io-filler", "drive-conveyor", "drive-pump", "safety-line1", "plc-utilities")
    found = {f"mbpoll {name}": ("eng-station", [*mbpoll, at[name]]) for name in modbus}
    found["snap7 plc-capper"] = ("eng-station", [*python, SNAP7, at["plc-capper"]])
    found["pycomm3 plc-labeller"] = ("eng-station", [*python, PYCOMM3, at["plc-labeller"]])
    for name in ("plc-packer", "scada"):
        found[f"asyncua {name}"] = ("eng-station", [*python, OPCUA, f"opc.tcp://{at[name]}:4840/line1/"])
    listen = ["mosquitto_sub", "-h", at["mqtt-broker"], "-v", "-W", "8", "-t"]
    found["label plc-labeller"] = ("eng-station", [*python, LABEL, at["plc-labeller"]])
    found["mosquitto_sub edge-vibration"] = ("eng-station", [*listen, "spBv1.0/+/NDATA/edge-vibration", "-F", "%t %x"])
    found["mosquitto_sub edge-energy"] = ("eng-station", [*listen, "spBv1.0/+/NDATA/edge-energy", "-F", "%t %x"])
    found["mosquitto_sub iot-climate"] = ("eng-station", [*listen, "hall/#"])
    return found


def claims() -> list[Claim]:
    """What must be seen of the devices by the probes. An mbpoll that reads four registers prints [4]."""
    modbus = ("plc-filler", "io-filler", "drive-conveyor", "drive-pump", "safety-line1", "plc-utilities")
    found = [Claim(name, "mbpoll", "[4]:") for name in modbus]
    for name, text in (
        ("edge-vibration", "spBv1.0/Bottling/NDATA/edge-vibration"),
        ("edge-energy", "spBv1.0/Bottling/NDATA/edge-energy"),
        ("iot-climate", '"temperature"'),
    ):
        found.append(Claim(name, "mosquitto_sub", text))
    capper, labeller, packer, scada = (DEVICES[n] for n in ("plc-capper", "plc-labeller", "plc-packer", "scada"))
    for text in (capper.extra["order"], capper.model, capper.serial):
        found.append(Claim(capper.name, "snap7", text))
    for text in (labeller.model, "Rockwell", "'major': 20, 'minor': 11"):
        found.append(Claim(labeller.name, "pycomm3", text))
    found.append(Claim(labeller.name, "label", str(ORDER["label"])))
    for text in (packer.vendor, packer.model, packer.firmware, "Packs "):
        found.append(Claim(packer.name, "asyncua", text))
    for text in (scada.vendor, scada.model, scada.firmware, "FillerLevel "):
        found.append(Claim(scada.name, "asyncua", text))
    return found


def on_the_wire() -> dict[Claim, str]:
    """What tshark must find in the recording, with the display filter that finds it."""
    filler, drive, safety = (DEVICES[n] for n in ("plc-filler", "drive-conveyor", "safety-line1"))
    capper, labeller, switch = (DEVICES[n] for n in ("plc-capper", "plc-labeller", "sw-line1"))
    found = {}
    for device in (filler, drive, safety):
        for text in (device.vendor, device.model, device.firmware):
            found[Claim(device.name, "tshark", text)] = (
                f'ip.src == {device.address} && modbus.func_code == 43 && frame contains "{text}"'
            )
    found[Claim(capper.name, "tshark", capper.extra["order"])] = f's7comm && frame contains "{capper.extra["order"]}"'
    found[Claim(labeller.name, "tshark", labeller.model)] = (
        f'enip.lir.name == "{labeller.model}" || cip.id.product_name == "{labeller.model}"'
    )
    found[Claim(switch.name, "tshark", switch.name)] = f'lldp.tlv.system.name == "{switch.name}"'
    found[Claim("io-capper", "tshark", "io-capper")] = (
        'pn_dcp.suboption_device_nameofstation == "io-capper" && eth.src == ' + DEVICES["io-capper"].mac
    )
    found[Claim("edge-energy", "tshark", "Sparkplug B birth")] = 'sparkplugb && mqtt.topic contains "NBIRTH"'
    found[Claim("historian", "tshark", "SMB2 session")] = f"smb2.cmd == 1 && ip.src == {DEVICES['historian'].address}"
    found[Claim("mes", "tshark", "OPC UA method call")] = (
        f"opcua.servicenodeid.numeric == 712 && ip.src == {DEVICES['mes'].address}"
    )
    found[Claim("vendor-remote", "tshark", "TLS 1.3 to the cloud")] = (
        f"tls.handshake.type == 1 && ip.src == {DEVICES['vendor-remote'].address}"
    )
    for device in DEVICES.values():
        if device.kind and device.zone in ("cell", "utilities", "supervisory"):
            found[Claim(device.name, "tshark", f"speaks from {device.mac}")] = f"eth.src == {device.mac}"
    return found


def frames(capture: Path, display_filter: str) -> int:
    """How many frames tshark shows."""
    argv = ["tshark", "-n", "-r", str(capture), "-Y", display_filter]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    return len(done.stdout.splitlines())


def check(seconds: float) -> list[dict[str, object]]:
    """Runs a normal shift with all probes; each claim with what came of it."""
    with tempfile.TemporaryDirectory() as name:
        capture = Path(name) / "check.pcapng"
        asked = tuple({"name": n.replace(" ", "-"), "device": d, "argv": argv} for n, (d, argv) in probes().items())
        settings = Settings(seconds=seconds, record=capture, probes=asked)
        truth = run_exercise(load_scenario("normal-shift"), settings, lambda event: None)
        said = truth["probes"]
        results = [_result(c, c.text in said[f"{c.tool}-{c.device}"], said[f"{c.tool}-{c.device}"]) for c in claims()]
        for claim, display_filter in on_the_wire().items():
            count = frames(capture, display_filter)
            results.append(_result(claim, count > 0, f"{count} frames match {display_filter}"))
        results += [_result(Claim("plant", "runner", text), False, text) for text in truth["problems"]]
    return results


def _result(claim: Claim, seen: bool, detail: str) -> dict[str, object]:
    return {"device": claim.device, "tool": claim.tool, "claim": claim.text, "seen": seen, "detail": detail[-400:]}


def lacking() -> list[str]:
    """What must be installed or allowed first."""
    wanted = missing() + [f"apt-get install {package}" for tool, package in TOOLS.items() if shutil.which(tool) is None]
    reason = why_not_isolated()
    return wanted + ([reason] if reason else [])


def main() -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=25.0)
    args = parser.parse_args()
    if wanted := lacking():
        print(f"check_exercise: skipped: {'; '.join(wanted)}", file=sys.stderr)
        return SKIPPED
    try:
        results = check(args.seconds)
    except LinewardenError as error:
        print(f"check_exercise: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(results, indent=1))
    else:
        for row in results:
            print(f"{'seen' if row['seen'] else 'NOT SEEN':9} {row['device']:16} {row['tool']:14} {row['claim']}")
            if not row["seen"]:
                print(f"          {row['detail']}")
    missed = sum(not row["seen"] for row in results)
    if not args.json:
        print(f"{len(results) - missed} of {len(results)} claims seen")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
