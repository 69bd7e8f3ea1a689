"""A stranger asks machines what they are."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import STATIONS, Knowledge, Role
from linewarden.detections.memory import Bounded, Recent
from linewarden.detections.settings import Settings, param

ASKS = (
    r"(?i)identi|report_server_id|encapsulated_interface|get_attributes_all|read_szl|device_info|read_id\b|who_am"
    r"|server_id|controller_data"
)
"""Functions that ask for maker, model and version, of the protocols that we read."""
HOUSE = frozenset({Role.CAMERA, Role.PRINTER, Role.PHONE, Role.ACCESS_POINT, Role.SENSOR, Role.SWITCH})
AT_HOME = STATIONS | {Role.CONTROLLER, Role.SAFETY_CONTROLLER, Role.GATEWAY, Role.SERVER}


class Params(Settings):
    """How many are asked."""

    devices: int = param(3, "devices", "that one station asks, from which on it weighs more")
    window_s: float = param(3600.0, "s", "within so long")


def watch(params: Params) -> Watch:
    """Counts whom each stranger asked lately."""
    asked: Bounded[str, Recent[str]] = Bounded(lambda: Recent(params.window_s, 4 * params.devices))

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, whom = row["id.orig_h"], row["id.resp_h"]
            if known.role(who) in AT_HOME:
                continue
            recent = asked.at(who)
            several = recent.add(int(row["ts"]), whom) == params.devices
            if several or len(recent) == 1:
                yield Finding(
                    row,
                    f"{known.name(who)} asks {known.name(whom)}{' and others' if several else ''} what it is.",
                    (who, "several" if several else whom),
                    why=(said(row), f"asked lately: {', '.join(recent.things()[:5])}", f"its role: {known.role(who)}"),
                    severity=Severity.MEDIUM if several and _foreign(who, known) else None,
                    confidence=0.7 if known.role(who) is not Role.UNKNOWN else 0.5,
                )

    return look


def _foreign(who: str, known: Knowledge) -> bool:
    """True for a house device, and for what stands above the plant's own networks.

    A computer in the plant whose trade is not known yet is as likely meant for this.
    """
    return known.role(who) in HOUSE or known.levels.get(who, 0.0) >= 4 or known.is_outside(who)


def _ask(*last: int) -> list[dict[str, object]]:
    return [
        {"verb": "diagnose", "protocol": "modbus", "function": "report_server_id", "id.orig_h": "10.0.0.66",
         "id.resp_h": f"10.0.0.{n}", "answered": 1, "result": "ok"}
        for n in last
    ]  # fmt: skip


DETECTION = Detection(
    title="Identity read by a stranger",
    severity=Severity.LOW,
    attack=("T0888",),
    meaning="Maker, model and firmware tell an intruder which weaknesses to use. Stations that work with a machine "
    "know it already.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "Look at what it did before and afterwards: sweeps, program reads, writes.",
        "If nobody answers for it, take it off the network at the switch.",
    ),
    benign="An inventory tool, or an engineer's laptop whose role is not known yet.",
    needs={
        "command": OT
        & pl.col("verb").is_in(["diagnose", "read", "browse"])
        & (pl.col("answered") > 0)
        & (pl.col("function").str.contains(ASKS) | (pl.col("target").fill_null("") == "identity"))
    },
    watch=watch,
    fires=Case({"command": _ask(1, 2, 3)}, Knowledge(roles={"10.0.0.66": Role.CAMERA})),
    quiet=Case({"command": _ask(1, 2, 3)}, Knowledge(roles={"10.0.0.66": Role.ENGINEERING})),
    params=Params(),
)
