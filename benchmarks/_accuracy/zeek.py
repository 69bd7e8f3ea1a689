"""Zeek baselines beside a capture (NAME.zeek/) as a second opinion: counts by function in its logs against ours.

Only what both count: rows of a log by one or two of its columns. Baselines keep the header or only the rows; the
columns are then found by their place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from .model import FileScore
from .ours import as_it_is, grouped


@dataclass(frozen=True, slots=True)
class Log:
    """A log: the column that names the function (name, and place without header), and how we count the same."""

    protocol: str
    column: str
    place: int
    ours: tuple[tuple[str, str], ...]
    """(column of the native stream, side)."""
    stream: str
    keep: tuple[int, str] | None = None
    """Rows of which the column at this place has this value."""


LOGS: Mapping[str, tuple[Log, ...]] = {
    "modbus.log": (Log("modbus", "func", 6, (("function", "request"), ("function", "response")), "modbus"),),
    "dnp3.log": (
        Log("dnp3", "fc_request", 6, (("function", "request"),), "dnp3"),
        Log("dnp3", "fc_reply", 7, (("reply_function", "response"),), "dnp3"),
    ),
    "bacnet.log": (Log("bacnet", "pdu_type", 12, (("type_name", "request"), ("reply_type", "response")), "bacnet"),),
    "cip.log": (
        Log("enip", "cip_service_code", 13, (("service", "request"),), "enip", (12, "request")),
        Log("enip", "cip_service_code", 13, (("reply", "response"),), "enip", (12, "response")),
    ),
    "enip.log": (
        Log("enip", "enip_command_code", 11, (("command", "request"), ("reply_command", "response")), "enip"),
    ),
    "s7comm.log": (Log("s7comm", "rosctr_code", 11, (("rosctr", "request"), ("reply", "response")), "s7comm"),),
    "opcua_binary.log": (
        Log("opcua", "msg_type", 6, (("message_type", "request"), ("reply_message_type", "response")), "opcua"),
    ),
}


def rows_of(path: Path, log: Log) -> list[str]:
    """The function's column of a log."""
    place, found = log.place, []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
            place = names.index(log.column) if log.column in names else log.place
        if line.startswith("#") or not line.strip():
            continue
        values = line.split("\t")
        if log.keep and (len(values) <= log.keep[0] or values[log.keep[0]] != log.keep[1]):
            continue
        if place < len(values) and values[place] != "-":
            found.append(values[place])
    return found


def label(text: str) -> str:
    """Zeek and we write names alike but for case and a few words."""
    number = re.fullmatch(r"0x[0-9a-fA-F]+", text)
    if number:
        return str(int(text, 16))
    text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").removesuffix("_exception")
    return {"report_slave_id": "report_server_id", "encap_interface_transport": "encapsulated_interface_transport"}.get(
        text, text
    )


def ours_of(frames: Mapping[str, pl.DataFrame], log: Log) -> Counter[str]:
    """The same from our records."""
    counts: Counter[str] = Counter()
    frame = frames.get(log.stream)
    if frame is None:
        return counts
    for column, side in log.ours:
        if column in frame.columns:
            for *_, value, n in grouped(frame, as_it_is(log.stream, column, side)).iter_rows():
                counts[label(str(value))] += n
    return counts


def compare(capture: Path, frames: Mapping[str, pl.DataFrame]) -> list[tuple[str, str, str, int, int, int | None]]:
    """(log, column, function, Zeek's count, ours, None) for each baseline of the capture."""
    out: list[tuple[str, str, str, int, int, int | None]] = []
    folder = capture.with_name(capture.name + ".zeek")
    for name, logs in LOGS.items():
        for path in sorted(folder.rglob(name)) if folder.is_dir() else ():
            for log in logs:
                theirs = Counter(label(v) for v in rows_of(path, log))
                mine = ours_of(frames, log)
                place = f"{name}:{log.column}" + (f":{log.keep[1]}" if log.keep else "")
                for function in sorted(theirs.keys() | mine.keys()):
                    out.append((place, log.protocol, function, theirs[function], mine[function], None))
    return out


def print_all(console: Console, scores: Sequence[FileScore]) -> None:
    """A line for each baseline log, then the functions that differ."""
    table = Table(title="Zeek baselines", title_justify="left")
    for name in ("file", "log", "Zeek", "ours", "differ"):
        table.add_column(name, justify="left" if name in ("file", "log") else "right", overflow="fold")
    for s in scores:
        for place in dict.fromkeys(z[0] for z in s.zeek):
            rows = [z for z in s.zeek if z[0] == place]
            off = ", ".join(f"{z[2]} {z[3]}:{z[4]}" for z in rows if z[3] != z[4])
            table.add_row(s.file, place, str(sum(z[3] for z in rows)), str(sum(z[4] for z in rows)), off or "-")
    console.print(table)
