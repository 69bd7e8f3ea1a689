"""Maintenance: an announced program download to the capper, from the engineering workstation, with the line stopped."""

from linewarden.exercises.scenario import Scenario, Step
from linewarden.exercises.scenarios._steps import download, notice, operator

SCENARIO = Scenario(
    title="Maintenance with an announced program download",
    kind="routine",
    summary="The work is announced in the MES, the line is stopped, the engineering workstation saves the program "
    "of the capper, loads version 2 and starts it. The same frames as in an attack, but announced and "
    "from the right station.",
    seconds=50,
    steps=(
        Step("announce", 4, "eng-station", "announces the program change in the MES",
             notice("capper: program version 2, plc-capper, from eng-station"), ("mes",)),
        Step("stop-line", 10, "hmi-line1", "the operator stops the line", operator(enable=0), ("plc-filler",)),
        Step("download", 18, "eng-station", "uploads, stops, loads program version 2, starts", download(2),
             ("plc-capper",)),
        Step("start-line", 30, "hmi-line1", "the operator starts the line", operator(enable=1), ("plc-filler",)),
    ),
)  # fmt: skip
