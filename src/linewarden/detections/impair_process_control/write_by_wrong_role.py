"""A station that only reads, or has no business here, writes to a controller."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, refused, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

WRONG = frozenset(
    {
        Role.HISTORIAN, Role.WORKSTATION, Role.SERVER, Role.PRINTER, Role.CAMERA, Role.PHONE, Role.SWITCH,
        Role.ACCESS_POINT,
    }
)  # fmt: skip


def told(row: Row, known: Knowledge) -> Finding | None:
    """Tells it if the sender's role is one that reads at most, or it comes from outside.

    Some plants use public addresses as their own: outside is only who is public where the target is not.
    """
    who, whom = row["id.orig_h"], row["id.resp_h"]
    outside = known.is_outside(who) and not known.is_outside(whom)
    stranger = known.role(who) in WRONG and (known.is_field(whom) or known.role(whom) is Role.UNKNOWN)
    if not (outside or stranger):
        return None
    what = "a public address" if outside else f"a {known.role(who)}"
    return Finding(
        row,
        f"{known.name(who)}, {what}, {'tried to write' if refused(row) else 'wrote'} to {known.name(whom)}.",
        (who, whom),
        why=(said(row), f"role of the sender: {known.role(who)}, of the target: {known.role(whom)}"),
        severity=Severity.CRITICAL if known.is_safety(whom) else Severity.MEDIUM if refused(row) else None,
        count=int(row["count"] or 1),
        confidence=0.8,
    )


WRITE = {
    "verb": "write", "protocol": "modbus", "function": "write_single_register", "target": "holding_register 0",
    "value": "470", "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1", "answered": 1, "result": "ok",
}  # fmt: skip
KNOWN = Knowledge(roles={"10.0.0.9": Role.HISTORIAN, "10.0.0.1": Role.CONTROLLER, "10.0.0.5": Role.SCADA})

DETECTION = Detection(
    title="Write by a station that should only read",
    severity=Severity.HIGH,
    attack=("T0855", "T0836"),
    meaning="A set-point or an output was changed by a machine that has no reason to do so. The process now runs "
    "with values that no operator chose.",
    runbook=(
        "Compare the value that was written with the recipe, and set it back with the operator.",
        "Find out who or what uses the sending machine, and who signed in to it lately.",
        "If nobody answers for it: block its way to the controllers at the firewall, and keep the machine running.",
    ),
    benign="A gateway or a script that somebody built there on purpose: give the machine its true role.",
    needs={"command": (pl.col("verb") == "write") & OT},
    watch=stateless(told, alike=("id.orig_h", "id.resp_h")),
    fires=Case({"command": [WRITE]}, KNOWN),
    quiet=Case({"command": [{**WRITE, "id.orig_h": "10.0.0.5"}]}, KNOWN),
)
