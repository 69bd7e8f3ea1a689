"""A bearing of the conveyor wears out: vibration and heat rise for hours, then motor protection trips."""

from linewarden.exercises.context import Context
from linewarden.exercises.pace import ticks
from linewarden.exercises.scenario import Scenario, Step
from linewarden.exercises.truth import utc

# ISO 20816-3 (machines of 15 to 300 kW, rigid foundation): limits between the zones A/B, B/C and C/D in mm/s.
ZONES = (("B", 1.4), ("C", 2.8), ("D", 4.5))
WATCHED_S = 55.0


def _watch(ctx: Context) -> str:
    """Notes when the vibration enters each zone and when the motor trips."""
    seen: dict[str, str] = {}
    for _ in ticks(0.1, WATCHED_S):
        vibration = ctx.board.get("plant.conveyor_vibration_mm_s")
        for zone, limit in ZONES:
            if vibration > limit:
                seen.setdefault(f"zone {zone} (over {limit} mm/s)", utc(ctx.clock.now_ns()))
        if ctx.board.get("plant.motor_tripped"):
            seen["motor protection tripped"] = utc(ctx.clock.now_ns())
            break
    return "; ".join(f"{what} at {when}" for what, when in seen.items()) or "nothing happened"


SCENARIO = Scenario(
    title="Bearing wear",
    kind="fault",
    summary="Two hours in a minute. The conveyor's bearing is nearly worn out: vibration, current and winding "
    "temperature rise, first slowly, until motor protection stops the conveyor. Seen by Modbus, OPC UA "
    "and Sparkplug B.",
    seconds=60,
    scale=120,
    controls={"wear_rate": 1100},
    steps=(
        Step("wear", 1, "drive-conveyor", "the bearing wears out", _watch, observes=True),
    ),
)  # fmt: skip
