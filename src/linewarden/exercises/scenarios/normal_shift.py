"""A normal shift: the line runs, everybody polls, nobody changes anything that matters."""

from linewarden.exercises.scenario import Scenario

SCENARIO = Scenario(
    title="Normal shift",
    kind="routine",
    summary="The line fills, caps, labels and packs. Cyclic polls, telemetry, an order from the MES; nothing is wrong.",
    seconds=60,
)
