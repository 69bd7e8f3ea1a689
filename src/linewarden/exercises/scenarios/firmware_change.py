"""Firmware change: a coupler's web page takes other firmware from a laptop; the line stands while it restarts."""

import asyncio

from linewarden.exercises.context import Context
from linewarden.exercises.devices._firmware import HTTP_PORT, image
from linewarden.exercises.devices._http import fetch
from linewarden.exercises.line import DEVICES
from linewarden.exercises.scenario import Scenario, Source, Step
from linewarden.exercises.scenarios._steps import until

OLD_FIRMWARE = "FW 03"
COUPLER = DEVICES["io-filler"].address


def _look(ctx: Context) -> str:
    ctx.require_attack_allowed()
    _, text = asyncio.run(fetch(COUPLER, HTTP_PORT, "/"))
    return f"the coupler's page says: {text}"


def _load(ctx: Context) -> str:
    ctx.require_attack_allowed()
    said = fetch(COUPLER, HTTP_PORT, "/firmware", method="POST", body=image(OLD_FIRMWARE))
    status, text = asyncio.run(said)
    lost = until(ctx, "control.io_online", lambda online: online == 0, 10)
    back = until(ctx, "control.io_online", lambda online: online == 1, 25)
    seen = f"the controller {'lost' if lost else 'kept'} it and {'has it back' if back else 'misses it'}"
    return f"{text} ({status}); {seen}"


def _check(ctx: Context) -> str:
    from pymodbus.client import ModbusTcpClient

    with ModbusTcpClient(COUPLER, timeout=3) as wire:
        said = wire.read_device_information(read_code=1, object_id=0, device_id=1)
    return "the coupler calls itself " + " ".join(value.decode() for value in said.information.values())


SCENARIO = Scenario(
    title="Firmware change on a remote I/O",
    kind="incident",
    summary="A laptop loads old firmware into the filler's coupler over its web page, which asks for no login. "
    "The coupler restarts, the line stands meanwhile; its Modbus identity tells another version "
    "afterwards.",
    seconds=60,
    sources=(
        Source("ICS-CERT IR-ALERT-H-16-056-01 (2015: firmware of serial-to-Ethernet converters overwritten)",
               "https://www.cisa.gov/news-events/ics-alerts/ir-alert-h-16-056-01"),
        Source("MITRE ATT&CK T0857: System Firmware", "https://attack.mitre.org/techniques/T0857/"),
    ),
    steps=(
        Step("look", 6, "laptop-service", "reads the coupler's web page", _look, ("io-filler",), ("T0888",),
             hostile=True, looks_normal="a technician's laptop opens the same page before an update"),
        Step("load", 12, "laptop-service", "loads other firmware", _load, ("io-filler",), ("T0839", "T0857", "T0826"),
             hostile=True, impact=True),
        Step("check", 46, "eng-station", "asks the coupler for its identity", _check, ("io-filler",)),
    ),
)  # fmt: skip
