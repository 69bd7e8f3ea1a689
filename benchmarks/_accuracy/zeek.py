"""Zeek baselines beside a capture (NAME.zeek/) as a second opinion: counts by function in its logs against ours.

Only what both count. Baselines keep the header or only the rows; columns are then found by their place. Zeek writes a
row a transaction in some logs (dnp3, opcua_binary, the ICSNPP modbus.log without header) and a row a message in others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import truth_map as tm
from rich.console import Console
from rich.table import Table

from linewarden.protocols._shared.dnp3_names import FUNCTIONS as DNP3

from .model import FileScore
from .ours import grouped


@dataclass(frozen=True, slots=True)
class Log:
    """The column of a log that names the function (name, and place without header), and how we count the same.

    `keep` keeps rows that have a value at a place; `header` says whether the log must have one (None: either).
    """

    protocol: str
    column: str
    place: int
    ours: tuple[tm.Count, ...]
    keep: tuple[int, str] | None = None
    header: bool | None = None
    names: tuple[tuple[str, str], ...] = ()


_BACNET = (
    "confirmed_request", "unconfirmed_request", "simple_ack", "complex_ack", "segment_ack", "error", "reject", "abort"
)  # fmt: skip
_DNP3 = tuple((str(code), name) for code, name in DNP3.items())
_C = tm.Count

LOGS: Mapping[str, tuple[Log, ...]] = {
    "modbus.log": (
        Log("modbus", "func", 8, tm.both("modbus", "function", "function", "text"), header=True),
        Log("modbus", "func", 6, (_C("modbus", "function", "request", "text"),), header=False),
    ),
    "dnp3.log": (
        Log("dnp3", "fc_request", 6, (_C("dnp3", "func", "request"),), names=_DNP3),
        Log("dnp3", "fc_reply", 7, (*tm.both("dnp3", "func", "reply_func"),), names=_DNP3),
    ),
    "bacnet.log": (
        Log("bacnet", "pdu_type", 12, tm.both("bacnet", "type", "reply_type"),
            names=tuple((str(i), name) for i, name in enumerate(_BACNET))),
    ),
    "cip.log": (
        Log("enip", "service", 13, (_C("enip", "service", "request"),), (12, "request")),
        Log("enip", "service", 13, (_C("enip", "reply", "response", mask=0x7F),), (12, "response")),
    ),
    "enip.log": (Log("enip", "command", 11, tm.both("enip", "command", "reply_command")),),
    "s7comm.log": (Log("s7comm", "rosctr_code", 11, tm.both("s7comm", "rosctr", "reply")),),
    "opcua_binary.log": (
        Log("opcua", "msg_type", 6, (
            _C("opcua", "type", "request", "text"),
            _C("opcua", "reply_type", "response", "text", when=("reply_type", "ACK")),
        )),
    ),
}  # fmt: skip


def rows_of(path: Path, log: Log) -> list[str] | None:
    """The function's column of a log; None if the log has a header and must not, or the other way."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    header = next((line.split("\t")[1:] for line in lines if line.startswith("#fields")), None)
    if log.header is not None and log.header != (header is not None):
        return None
    place = header.index(log.column) if header and log.column in header else log.place
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    if log.keep:
        at, value = log.keep
        rows = [r for r in rows if len(r) > at and r[at] == value]
    return [r[place] for r in rows if place < len(r) and r[place] != "-"]


def label(text: str) -> str:
    """Zeek and we write names alike but for case and a few words; unknown functions are numbers."""
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return str(int(text, 16))
    if unknown := re.fullmatch(r"unknown-(\d+)", text):
        return str(int(unknown[1]) & 0x7F)
    text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").removesuffix("_exception").removesuffix("_pdu")
    aliases = {
        "report_slave_id": "report_server_id",
        "encap_interface_transport": "encapsulated_interface_transport",
        "delay_measure": "delay_measurement",
    }
    return aliases.get(text, text)


def ours_of(frames: Mapping[str, pl.DataFrame], log: Log) -> Counter[str]:
    """The same from our records."""
    counts: Counter[str] = Counter()
    names = dict(log.names)
    for rule in log.ours:
        frame = frames.get(rule.stream)
        if frame is None or rule.column not in frame.columns:
            continue
        for *_, value, n in grouped(frame, rule).iter_rows():
            number = int(value) & rule.mask if rule.mask else value
            counts[label(names.get(str(number), str(number)))] += n
    return counts


def compare(capture: Path, frames: Mapping[str, pl.DataFrame]) -> list[tuple[str, str, int, int]]:
    """(log and column, function, Zeek's count, ours) for each baseline of the capture."""
    out: list[tuple[str, str, int, int]] = []
    folder = capture.with_name(capture.name + ".zeek")
    for name, logs in LOGS.items():
        for path in sorted(folder.rglob(name)) if folder.is_dir() else ():
            for log in logs:
                values = rows_of(path, log)
                if values is None:
                    continue
                theirs, mine = Counter(label(v) for v in values), ours_of(frames, log)
                if log.column == "fc_reply":
                    mine = Counter({f: n for f, n in mine.items() if f.endswith("response")})
                if log.column == "fc_request":
                    mine = Counter({f: n for f, n in mine.items() if not f.endswith("response")})
                place = f"{name} {log.column}" + (f" ({log.keep[1]})" if log.keep else "")
                out += [(place, f, theirs[f], mine[f]) for f in sorted(theirs.keys() | mine.keys())]
    return out


def print_all(console: Console, scores: Sequence[FileScore]) -> None:
    """A line for each baseline log, with the functions on which Zeek and we differ."""
    table = Table(title="Zeek baselines (a second opinion, no goal)", title_justify="left")
    for name in ("file", "log", "Zeek", "ours", "differ (function Zeek:ours)"):
        table.add_column(name, justify="right" if name in ("Zeek", "ours") else "left", overflow="fold")
    for s in scores:
        for place in dict.fromkeys(z[0] for z in s.zeek):
            rows = [z for z in s.zeek if z[0] == place]
            off = ", ".join(f"{z[1]} {z[2]}:{z[3]}" for z in rows if z[2] != z[3])
            table.add_row(s.file, place, str(sum(z[2] for z in rows)), str(sum(z[3] for z in rows)), off or "-")
    console.print(table)
