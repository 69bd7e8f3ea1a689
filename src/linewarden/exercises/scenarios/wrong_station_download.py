"""Program download from the wrong station: the panel's PC loads another program into the capper."""

from linewarden.exercises.context import Context
from linewarden.exercises.devices.capper import PROGRAM_DB
from linewarden.exercises.scenario import Scenario, Source, Step
from linewarden.exercises.scenarios._steps import capper, download

WEAK_TORQUE = 0.6


def _steal(ctx: Context) -> str:
    plc = capper(ctx)
    block = bytes(plc.upload(PROGRAM_DB))
    plc.disconnect()
    return f"{len(block)} bytes of program uploaded"


SCENARIO = Scenario(
    title="Program download from the wrong station",
    kind="incident",
    summary="The panel's PC, which only ever reads and writes values, uploads the capper's program and loads a "
    "changed one. The line runs on; the caps are loose. Nothing was announced.",
    seconds=60,
    sources=(
        Source("N. Falliere, L. O Murchu, E. Chien, W32.Stuxnet Dossier, Symantec 2011; MITRE ATT&CK S0603",
               "https://attack.mitre.org/software/S0603/"),
        Source("R. Langner, To Kill a Centrifuge, 2013", "https://www.langner.com/to-kill-a-centrifuge/"),
    ),
    steps=(
        Step("upload", 8, "hmi-line1", "uploads the capper's program", _steal, ("plc-capper",), ("T0845",),
             hostile=True),
        Step("download", 18, "hmi-line1", "stops the CPU, loads a changed program, starts it",
             download(1, WEAK_TORQUE), ("plc-capper",), ("T0843", "T0889", "T0858", "T0831"), hostile=True,
             impact=True),
    ),
)  # fmt: skip
