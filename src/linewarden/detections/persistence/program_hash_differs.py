"""The program that is read out of a controller, or written into it, is not the one that it had or should have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was in a block, how it went, and in which packet it ended."""

    sha256: str = ""
    direction: str = ""
    frame: int = 0


def watch(_params: object) -> Watch:
    """Keeps the last hash of each block; what was approved by a person is always right."""
    blocks: Bounded[tuple[str, str], _Seen] = Bounded(_Seen)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, whom, name, now = row["id.orig_h"], row["id.resp_h"], row["name"] or "program", row["sha256"]
            key = (known.asset(whom), name)
            before = blocks.at(key)
            blocks.put(key, _Seen(now, row["direction"], row["frame"]))
            approved = known.approved_hashes(whom, name)
            if now in approved or (not approved and before.sha256 in ("", now)):
                continue
            against = "the approved one" if approved else f"the one seen before ({before.direction})"
            # What is written is told as a download already; that it differs is then no surprise.
            read = row["direction"] == "upload"
            yield Finding(
                row,
                f"{name} {'read out of' if read else 'written into'} {known.name(whom)} is not {against}.",
                (whom, name, now),
                why=(f"sha256 {now[:16]}..., {row['bytes']} B",
                     f"{'approved' if approved else 'before'}: "
                     + ", ".join(h[:16] for h in sorted(approved) or [before.sha256]),
                     f"by {known.name(who)}, role: {known.role(who)}"),
                frames=(before.frame,) if before.frame and not approved else (),
                severity=None if approved or read else Severity.LOW,
                confidence=1.0 if approved else 0.8,
            )  # fmt: skip

    return look


def _moved(sha256: str, direction: str) -> dict[str, object]:
    return {
        "protocol": "s7comm", "kind": "program", "direction": direction, "name": "OB1", "bytes": 500, "whole": True,
        "sha256": sha256, "id.orig_h": "10.0.0.9", "id.resp_h": "10.0.0.1",
    }  # fmt: skip


DETECTION = Detection(
    title="Program differs",
    severity=Severity.HIGH,
    attack=("T0889",),
    meaning="Between two looks somebody changed what the controller does, by a way that we did not see or that "
    "nobody approved.",
    runbook=(
        "Compare both programs in the engineering tool, block by block.",
        "Ask whoever answers for the line which version is right.",
        "If the change is not theirs: make the machine safe, load the approved program, look for the way in.",
    ),
    benign="A new version that was not entered as approved yet: add its sha256 to [[approved]] in expected.toml.",
    needs={"transfer": (pl.col("kind") == "program") & pl.col("whole") & pl.col("sha256").is_not_null()},
    watch=watch,
    fires=Case({"transfer": [_moved("aa" * 32, "download"), _moved("bb" * 32, "upload")]}),
    quiet=Case({"transfer": [_moved("aa" * 32, "download"), _moved("aa" * 32, "upload")]}),
)
