"""Unauthorised set-point change: from a server, the pressure of the compressed air and the filling are changed."""

from linewarden.exercises.context import Context
from linewarden.exercises.devices import filler
from linewarden.exercises.scenario import Scenario, Source, Step
from linewarden.exercises.scenarios._steps import modbus_read, modbus_write, until

PRESSURE_SETPOINT, HUNDREDTHS_OF_BAR = 0, 1150
SHORT_FILL_ML = 470


def _look(ctx: Context) -> str:
    air, line = modbus_read(ctx, "plc-utilities", 3, holding=True), modbus_read(ctx, "plc-filler", 7, holding=True)
    return f"plc-utilities holds {air}, plc-filler {line}"


def _air(ctx: Context) -> str:
    return f"pressure set-point 11.5 bar: {modbus_write(ctx, 'plc-utilities', PRESSURE_SETPOINT, [HUNDREDTHS_OF_BAR])}"


def _fill(ctx: Context) -> str:
    return f"content {SHORT_FILL_ML} ml: {modbus_write(ctx, 'plc-filler', filler.FILL_ML, [SHORT_FILL_ML])}"


def _trip(ctx: Context) -> str:
    if not until(ctx, "plant.safety_ok", lambda ok: ok == 0, 40):
        return "the safety function has not acted yet"
    return f"the safety controller stopped the line at {ctx.board.get('plant.pressure_bar'):.2f} bar"


SCENARIO = Scenario(
    title="Unauthorised set-point change",
    kind="incident",
    summary="From the historian's server, which never writes, the set-points of compressed air and filling are "
    "changed over Modbus. Bottles are underfilled; pressure rises until the safety controller stops the "
    "line.",
    seconds=70,
    scale=10,
    sources=(
        Source("Dragos 2024: Impact of FrostyGoop ICS Malware on Connected OT Systems (Modbus writes, Lviv)",
               "https://www.dragos.com/blog/protect-against-frostygoop-ics-malware-targeting-operational-technology/"),
        Source("CISA AA21-042A: Compromise of U.S. Water Treatment Facility (Oldsmar)",
               "https://www.cisa.gov/news-events/cybersecurity-advisories/aa21-042a"),
    ),
    steps=(
        Step("look", 6, "historian", "reads the set-points of two controllers", _look, ("plc-utilities", "plc-filler"),
             ("T0801", "T0861"), hostile=True,
             looks_normal="a historian that begins to poll reads values, too; only that it never did tells"),
        Step("fill", 12, "historian", "lowers the filler's content", _fill, ("plc-filler",), ("T0836", "T0855"),
             hostile=True, impact=True),
        Step("air", 16, "historian", "raises the pressure set-point over the limit", _air, ("plc-utilities",),
             ("T0836", "T0855", "T0831"), hostile=True, impact=True),
        Step("trip", 17, "safety-line1", "the safety function acts", _trip, observes=True),
    ),
)  # fmt: skip
