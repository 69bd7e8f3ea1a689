"""An office computer, or one of the internet, reaches for the file shares of machines in the plant."""

from __future__ import annotations

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, stateless
from linewarden.detections.knowledge import Knowledge, Role

PORTS = (139, 445)
OPENING_1, OPENING_2 = (0x72, 0x73, 0x75), (0, 1, 3)
"""Negotiate, session setup and tree connect, by the answer of SMB 1 and of SMB 2. They are told at once, where `conn`
waits for the end or a part of a session; what follows them says no more about who reaches whom."""
ENTERPRISE, CONTROL = 4, 2


def told(row: Row, known: Knowledge) -> Finding | None:
    """Each pair. Servers at level 3 are often meant to be reached; panels and controllers never are."""
    who, whom = row["id.orig_h"], row["id.resp_h"]
    outside = known.is_outside(who) and not known.is_outside(whom)
    if not (outside or known.levels.get(who) == ENTERPRISE) or not known.is_ot(whom):
        return None
    low = known.is_field(whom) or known.levels.get(whom, 9.0) <= CONTROL
    return Finding(
        row,
        f"{known.name(who)}, {'on the internet' if outside else 'in the office'}, reaches for the file shares of "
        f"{known.name(whom)}.",
        (who, whom),
        why=(_what(row),
             f"roles: {known.role(who)}, {known.role(whom)}"),
        severity=Severity.HIGH if outside else None if low else Severity.LOW,
        confidence=0.8,
    )  # fmt: skip


def _what(row: Row) -> str:
    if "function" in row:
        return f"port {row['id.resp_p']}, {row['function']} was answered"
    return f"port {row['id.resp_p']}, {row['orig_bytes']} and {row['resp_bytes']} bytes"


OPEN = {
    "id.orig_h": "10.0.4.9", "id.resp_h": "10.0.1.5", "id.resp_p": 445, "proto": "tcp", "service": None,
    "conn_state": "SF", "orig_pkts": 3, "resp_pkts": 2, "orig_bytes": 0, "resp_bytes": 0,
}  # fmt: skip
SESSION = {"id.orig_h": "10.0.4.9", "id.resp_h": "10.0.1.5", "id.resp_p": 445, "function": "negotiate", "reply2": 0}
KNOWN = Knowledge(roles={"10.0.1.5": Role.HMI}, levels={"10.0.4.9": 4, "10.0.1.5": 2, "10.0.4.10": 4})

DETECTION = Detection(
    title="File shares of the plant reached from the office",
    severity=Severity.MEDIUM,
    attack=("T0886", "T0867"),
    meaning="Ransomware spreads from the office to panels and servers by this way, and takes the project files that "
    "the line needs to run.",
    runbook=(
        "Look at what the office computer did before: has it reached for other machines, too?",
        "See whether files of the plant's machine were changed or renamed; have its backup at hand.",
        "If nobody answers for it: close SMB between office and plant at the firewall.",
    ),
    benign="A share that somebody set up on purpose: say so once; a server between both is better.",
    needs={
        "conn": (pl.col("proto") == "tcp")
        & pl.col("id.resp_p").is_in(PORTS)
        & (pl.col("resp_pkts") > 0)
        & ~pl.col("conn_state").fill_null("").is_in(["S0", "REJ", "RSTOS0"]),
        "smb": pl.col("id.resp_p").is_in(PORTS)
        & (pl.col("reply").is_in(OPENING_1) | pl.col("reply2").is_in(OPENING_2)),
    },
    watch=stateless(told),
    fires=Case({"smb": [SESSION], "conn": [{**OPEN, "id.orig_h": "10.0.4.10"}]}, KNOWN),
    quiet=Case(
        {
            "smb": [{**SESSION, "id.resp_h": "10.0.4.10"}, {**SESSION, "reply2": None}],
            "conn": [{**OPEN, "id.resp_h": "10.0.4.10"}, {**OPEN, "conn_state": "REJ"}],
        },
        KNOWN,
    ),
)
