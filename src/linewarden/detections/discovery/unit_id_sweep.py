"""A station asks for many units behind one address, and most of them are silent: Modbus, DNP3, IEC 104, S7 slots."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Recent
from linewarden.detections.series import brief, in_time
from linewarden.detections.settings import Settings, param
from linewarden.detections.thinning import Firsts
from linewarden.plant.vocabulary import spelled

NOBODY = ("gateway_target_failed_to_respond", "gateway_path_unavailable")
"""What a gateway says for a unit that is not there (Modbus exceptions 10 and 11)."""
SILENT = (pl.col("answered") == 0) | pl.col("result").cast(pl.String).is_in(NOBODY)
SLOT = pl.col("slot").is_not_null()
MINUTE_S = 60


class Params(Settings):
    """How many, how fast."""

    # Eight silent units that never answered: a line with dead devices has them too, but these answered once.
    units: int = param(8, "units", "that never answered, behind one address, from which on it is a sweep")
    slots: int = param(6, "slots", "of S7 racks, answered or not: a station knows in which slot its CPU stands")
    window_s: float = param(600.0, "s", "within so long")


class _Behind:
    """The units that one station asked for behind one address."""

    def __init__(self, params: Params) -> None:
        self.silent: Recent[int] = Recent(params.window_s, 4 * params.units)
        self.alive: Bounded[int, bool] = Bounded(bool, 256)


def watch(params: Params) -> Watch:
    """By station, address and protocol."""
    seen: Bounded[tuple[str, str, str], _Behind] = Bounded(lambda: _Behind(params), 2_000)

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        most = params.slots if stream == "s7comm" else params.units
        rows = _of_units(stream, rows)
        columns = ("ts", "id.orig_h", "id.resp_h", "unit", "silent", "protocol")
        for number, ts, who, whom, unit, silent, spoken in brief(rows, columns):
            behind = seen.at((who, whom, spoken))
            if not silent:
                behind.alive.put(unit, True)
            elif unit not in behind.alive and behind.silent.add(ts, unit) == most:
                yield _finding(rows.row(number, named=True), spoken, behind, known)

    return look


def _of_units(stream: str, rows: pl.DataFrame) -> pl.DataFrame:
    """With the protocol of each, the unit, and whether it was silent."""
    if stream == "s7comm":
        rows = rows.with_columns(pl.lit(stream).alias("protocol"))
        unit, silent = pl.col("rack").fill_null(0).cast(pl.Int64) * 32 + pl.col("slot").cast(pl.Int64), pl.lit(True)
    else:
        unit, silent = pl.col("unit"), SILENT.fill_null(value=False)
    return in_time(rows).with_columns(unit.alias("unit"), silent.alias("silent"))


def _finding(row: Row, spoken: str, behind: _Behind, known: Knowledge) -> Finding:
    who, whom, what = row["id.orig_h"], row["id.resp_h"], "slots" if spoken == "s7comm" else "units"
    some = ", ".join(str(u) for u in sorted(behind.silent.things())[:8])
    return Finding(
        row,
        f"{known.name(who)} tries {what} of {known.name(whom)} one after another ({spelled(spoken)}).",
        (who, whom, spoken),
        why=(f"{len(behind.silent)} {what} that did not answer before: {some}, ...", f"{len(behind.alive)} that did",
             f"role of the sender: {known.role(who)}"),
        severity=Severity.LOW if known.is_station(who) else None,
        confidence=0.8,
    )  # fmt: skip


def _asks(n: int, **more: object) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "protocol": "modbus", "verb": "read", "function": "read_holding_registers", "unit": i + 1,
         "target": "holding_register 0", "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.1", "answered": 0,
         "result": "unanswered", **more}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Sweep of unit numbers",
    severity=Severity.MEDIUM,
    attack=("T0846", "T0888"),
    meaning="Somebody looks for devices behind a gateway, or for the slot of a controller, and does not know the plant."
    " What is found can then be read and written.",
    runbook=(
        "Find out what stands at the sending address, and who uses it.",
        "Look at what it did with the units that answered: reads, writes.",
        "If nobody answers for it, block its way to the gateway at the firewall.",
    ),
    benign="A tool that searches for devices while a line is commissioned; a line whose devices are all switched off.",
    needs={"command": pl.col("unit").is_not_null(), "s7comm": SLOT},
    # One row a minute and unit says all: who answered, and who did not.
    thin={
        "command": Firsts(("id.orig_h", "id.resp_h", "protocol", "unit"), MINUTE_S, SILENT),
        "s7comm": Firsts(("id.orig_h", "id.resp_h", "rack", "slot"), MINUTE_S),
    },
    watch=watch,
    fires=Case({"command": _asks(8)}),
    quiet=Case({"command": [*_asks(4, answered=1, result="ok"), *_asks(11)]}),
    params=Params(),
)
