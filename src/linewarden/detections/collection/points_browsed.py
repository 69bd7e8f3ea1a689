"""A stranger lists the points, tags or blocks of a controller."""

from __future__ import annotations

import polars as pl

from linewarden.detections.commands import OT, said
from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import STATIONS, Knowledge, Role

LISTS = (
    r"(?i)^(browse|browse_next|get_name_list|list_blocks|list_blocks_of_type|explore|get_instance_attribute_list)$"
    r"|^(read|upload)_symbol|^get_named_variable_list_attributes$|symbol_info|unity_dictionary"
)


def told(row: Row, known: Knowledge) -> Finding | None:
    """Nothing if a station did it whose trade it is."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    if known.role(who) in STATIONS or who == whom:
        return None
    return Finding(
        row,
        f"{known.name(who)} lists what {known.name(whom)} holds ({row['protocol']}).",
        (who, whom, row["protocol"]),
        why=(said(row), f"role of the sender: {known.role(who)}"),
        severity=Severity.MEDIUM if known.is_safety(whom) else None,
        count=int(row["count"] or 1),
        confidence=0.5 if known.role(who) is Role.UNKNOWN else 0.8,
    )


BROWSE = {
    "verb": "browse", "protocol": "opcua", "function": "browse", "target": "ns=0 85", "id.orig_h": "10.0.0.66",
    "id.resp_h": "10.0.0.1", "answered": 4, "count": 4, "result": "ok",
}  # fmt: skip

DETECTION = Detection(
    title="Points listed by a stranger",
    severity=Severity.LOW,
    attack=("T0861",),
    meaning="Whoever wants to disturb a process has to learn first which point does what. Stations that work here "
    "have their list since they were set up.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "See what it reads or writes after this.",
        "If nobody answers for it, take it off the network at the switch.",
    ),
    benign="A new screen or collector that is being set up, or an engineer's laptop whose role is not known yet.",
    needs={
        "command": OT
        & pl.col("verb").is_in(["browse", "read", "diagnose"])
        & pl.col("function").str.contains(LISTS)
        & (pl.col("answered") > pl.col("errors"))
    },
    watch=stateless(told),
    fires=Case({"command": [BROWSE]}),
    quiet=Case({"command": [BROWSE]}, Knowledge(roles={"10.0.0.66": Role.SCADA})),
)
