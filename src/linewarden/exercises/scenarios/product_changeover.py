"""Change-over from lemonade to cola: stop, rinse hot, another recipe by a customised order, run again."""

from linewarden.exercises.scenario import Scenario, Step
from linewarden.exercises.scenarios._steps import operator, order, set_modbus

PASTEURISER_SETPOINT = 1  # holding register of plc-utilities, tenths of a degree
COLA = {"product": "cola", "bottles": 9000, "ml": 330, "speed": 150, "torque": 1.7, "label": "Team Blue, cup final"}

SCENARIO = Scenario(
    title="Product change-over",
    kind="routine",
    summary="The operator stops the line, it is rinsed hot, the MES starts a customised order with another "
    "recipe, and the line runs on. Writes come from those who usually write.",
    seconds=60,
    steps=(
        Step("stop-line", 6, "hmi-line1", "the operator stops the line", operator(enable=0), ("plc-filler",)),
        Step("rinse", 12, "scada", "the pasteuriser is set to 80 degrees for rinsing",
             set_modbus("plc-utilities", PASTEURISER_SETPOINT, 800), ("plc-utilities",)),
        Step("order", 20, "pc-office", "a customised order for cola is placed in the MES", order(**COLA), ("mes",)),
        Step("rinsed", 28, "scada", "the pasteuriser is set back to 72 degrees",
             set_modbus("plc-utilities", PASTEURISER_SETPOINT, 720), ("plc-utilities",)),
        Step("start-line", 34, "hmi-line1", "the operator starts the line", operator(enable=1), ("plc-filler",)),
    ),
)  # fmt: skip
