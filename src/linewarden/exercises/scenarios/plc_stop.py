"""PLC stop: the capper's controller is put into STOP from a laptop, and the line stands until it is started again."""

from linewarden.exercises.context import Context
from linewarden.exercises.scenario import Scenario, Source, Step
from linewarden.exercises.scenarios._steps import capper, until


def _identify(ctx: Context) -> str:
    """As the published tools do before they send anything: which controller is it, and does it run?"""
    ctx.require_attack_allowed()
    plc = capper(ctx)
    order = plc.get_order_code().OrderCode.decode(errors="replace").strip("\0 ")
    plc.read_szl(0x0424, 0)
    plc.disconnect()
    return f"it is a {order}; its mode was read, too"


def _stop(ctx: Context) -> str:
    ctx.require_attack_allowed()
    plc = capper(ctx)
    ctx.impact_begins()
    plc.plc_stop()
    plc.disconnect()
    stopped = until(ctx, "control.capper_run", lambda run: run == 0, 5)
    return "the controller is in STOP" if stopped else "the controller runs on"


def _restart(ctx: Context) -> str:
    plc = capper(ctx)
    plc.read_szl(0x0424, 0)
    plc.plc_hot_start()
    plc.disconnect()
    return "the controller runs" if until(ctx, "control.capper_run", lambda run: run == 1, 5) else "it stays in STOP"


SCENARIO = Scenario(
    title="PLC stop",
    kind="incident",
    summary="S7comm has no login: a laptop in the cell asks the capper's CPU what it is and whether it runs, and then "
    "stops it with one message. The line stands until the engineering workstation starts it again.",
    seconds=57,
    sources=(
        Source("D. Beresford, Exploiting Siemens Simatic S7 PLCs, Black Hat USA 2011",
               "https://media.blackhat.com/bh-us-11/Beresford/BH_US11_Beresford_S7_PLCs_WP.pdf"),
        Source("CISA AA22-103A: APT Cyber Tools Targeting ICS/SCADA Devices",
               "https://www.cisa.gov/news-events/cybersecurity-advisories/aa22-103a"),
    ),
    steps=(
        Step("identify", 8, "laptop-service", "asks the CPU for its order number and mode", _identify, ("plc-capper",),
             ("T0888", "T0868"), hostile=True,
             looks_normal="engineering tools ask the same; only that this laptop never did tells"),
        Step("stop", 18, "laptop-service", "puts the capper's CPU into STOP", _stop, ("plc-capper",),
             ("T0858", "T0816", "T0826"), hostile=True, impact=True),
        Step("restart", 37, "eng-station", "looks at the CPU's mode and starts it", _restart, ("plc-capper",)),
    ),
)  # fmt: skip
