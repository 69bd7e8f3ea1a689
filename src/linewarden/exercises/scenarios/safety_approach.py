"""Approach to the safety controller: refused while its key is in RUN, then its trips are inhibited."""

import time

from linewarden.exercises.attacks import scan
from linewarden.exercises.context import Context
from linewarden.exercises.devices.modbus_field import KEY_PROGRAM, SAFETY_INHIBIT
from linewarden.exercises.line import DEVICES
from linewarden.exercises.physics import PRESSURE_LIMIT
from linewarden.exercises.scenario import Scenario, Source, Step
from linewarden.exercises.scenarios._steps import modbus_read, modbus_write, until

TRIES = 3
HUNDREDTHS_OF_BAR = 1100


def _identify(ctx: Context) -> str:
    host = DEVICES["safety-line1"].address
    found = scan.connect_scan(ctx, [host])
    key = modbus_read(ctx, "safety-line1", 2, holding=True)[0]
    return f"{scan.modbus_identity(ctx, host)}, ports {found.get(host, [])}, key in {'PROGRAM' if key else 'RUN'}"


def _inhibit(ctx: Context) -> str:
    ctx.require_attack_allowed()
    said = []
    for _ in range(TRIES):
        said.append(modbus_write(ctx, "safety-line1", SAFETY_INHIBIT, [1]))
        time.sleep(1.0)
    return "; ".join(said)


def _key(ctx: Context) -> str:
    """A technician at the cabinet. It is a switch, no message."""
    (ctx.home() / "key-in-program").touch()
    time.sleep(1.0)
    return f"the key stands in PROGRAM ({KEY_PROGRAM})"


def _pressure(ctx: Context) -> str:
    ctx.require_attack_allowed()
    said = modbus_write(ctx, "plc-utilities", 0, [HUNDREDTHS_OF_BAR])
    over = until(ctx, "plant.pressure_bar", lambda bar: bar > PRESSURE_LIMIT + 0.2, 35)
    ok = ctx.board.get("plant.safety_ok")
    bar = ctx.board.get("plant.pressure_bar")
    seen = f"{bar:.2f} bar, {'over' if over else 'under'} the limit, safety {'silent' if ok else 'acts'}"
    return f"pressure set-point 11 bar: {said}; {seen}"


SCENARIO = Scenario(
    title="Approach to the safety controller",
    kind="incident",
    summary="From the engineering workstation, the safety controller is identified and its trips are to be "
    "inhibited: refused while its key stands in RUN, accepted once somebody has left the key in PROGRAM. "
    "Then the pressure passes its limit and nothing stops it.",
    seconds=90,
    scale=10,
    sources=(
        Source("Mandiant 2017: Attackers Deploy New ICS Attack Framework TRITON (safety controllers, key in PROGRAM)",
               "https://cloud.google.com/blog/topics/threat-intelligence/attackers-deploy-new-ics-attack-framework-triton/"),
        Source("MITRE ATT&CK S1009: Triton", "https://attack.mitre.org/software/S1009/"),
    ),
    steps=(
        Step("identify", 6, "eng-station", "scans and identifies the safety controller", _identify, ("safety-line1",),
             ("T0846", "T0888", "T0868"), hostile=True),
        Step("refused", 16, "eng-station", "tries to inhibit its trips: refused", _inhibit, ("safety-line1",),
             ("T0836", "T0855"), hostile=True),
        Step("key", 26, "safety-line1", "a technician leaves the key in PROGRAM", _key, observes=True),
        Step("inhibit", 32, "eng-station", "inhibits its trips", _inhibit, ("safety-line1",),
             ("T0836", "T0878", "T0837", "T0880"), hostile=True, impact=True),
        Step("pressure", 42, "eng-station", "raises the pressure set-point over the limit", _pressure,
             ("plc-utilities",), ("T0836", "T0831", "T0880"), hostile=True, impact=True),
    ),
)  # fmt: skip
