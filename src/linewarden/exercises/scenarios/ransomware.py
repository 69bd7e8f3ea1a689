"""Ransomware: from an office PC over SMB to historian and panel; the line stands until the panel is restored."""

from linewarden.exercises.attacks import files, scan
from linewarden.exercises.context import Context
from linewarden.exercises.devices import historian, hmi
from linewarden.exercises.devices._smb import SMB_PORT
from linewarden.exercises.line import ZONES
from linewarden.exercises.scenario import Scenario, Source, Step
from linewarden.exercises.scenarios._steps import operator, until

TARGET_HOSTS = range(10, 50)


def _spread(ctx: Context) -> str:
    hosts = [ZONES[zone].address(host) for zone in ("supervisory", "cell") for host in (15, 20, 21, 31, 40)]
    found = scan.connect_scan(ctx, hosts, (SMB_PORT,))
    return f"SMB is open on {', '.join(found)}"


def _historian(ctx: Context) -> str:
    return f"{files.lock_share(ctx, 'historian', historian.SHARE)} files of the historian are locked"


def _panel(ctx: Context) -> str:
    locked = files.lock_share(ctx, "hmi-line1", hmi.SHARE)
    stopped = until(ctx, "control.line_enable", lambda enable: enable == 0, 30)
    return f"{locked} files of the panel are locked; the filler has {'stopped the line' if stopped else 'not noticed'}"


def _restore(ctx: Context) -> str:
    back = files.unlock_share(ctx, "hmi-line1", hmi.SHARE)
    return f"{back} files of the panel are restored"


SCENARIO = Scenario(
    title="Ransomware from the office to panel and historian",
    kind="incident",
    summary="The same local account opens every Windows share. An office PC locks the historian's archive and the "
    "panel's project; without its panel the filler stops the line. The panel is restored, the operator "
    "starts again.",
    seconds=110,
    sources=(
        Source("Trend Micro 2020: Caught in the Act: Running a Realistic Factory Honeypot to Capture Real Threats",
               "https://documents.trendmicro.com/assets/white_papers/"
               "wp-caught-in-the-act-running-a-realistic-factory-honeypot-to-capture-real-threats.pdf"),
        Source("CISA AA20-049A: Ransomware Impacting Pipeline Operations",
               "https://www.cisa.gov/news-events/cybersecurity-advisories/aa20-049a"),
        Source("MITRE ATT&CK S0605: EKANS", "https://attack.mitre.org/software/S0605/"),
    ),
    steps=(
        Step("spread", 8, "pc-office", "looks for SMB in the plant's zones", _spread, ("historian", "hmi-line1"),
             ("T0846",), hostile=True),
        Step("historian", 18, "pc-office", "locks the historian's share", _historian, ("historian",),
             ("T0859", "T0886", "T0809", "T0829"), hostile=True, impact=True),
        Step("panel", 30, "pc-office", "locks the panel's project", _panel, ("hmi-line1",),
             ("T0859", "T0886", "T0809", "T0826", "T0828"), hostile=True, impact=True),
        Step("restore", 65, "eng-station", "restores the panel's project from what was kept", _restore, ("hmi-line1",)),
        Step("start-line", 78, "hmi-line1", "the operator starts the line", operator(enable=1), ("plc-filler",)),
    ),
)  # fmt: skip
