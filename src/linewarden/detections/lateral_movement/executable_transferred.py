"""A program or script for computers is copied to, or fetched by, a machine of the plant."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge

PROGRAMS = ("exe", "dll", "sys", "scr", "msi", "msp", "pif", "cpl", "elf", "hta", "jar")
SCRIPTS = ("ps1", "psm1", "bat", "cmd", "vbs", "vbe", "wsf", "sh")
FILES = (*PROGRAMS, *SCRIPTS, "com", "js", "jse")
"""Endings of what runs when it is opened. A web address may end with .com, and every page has scripts (.js)."""
TYPES = ("application/x-msdownload", "application/x-dosexec", "application/vnd.microsoft.portable-executable",
         "application/x-msdos-program", "application/x-executable", "application/x-msi")  # fmt: skip
"""What web servers call programs (IANA media types, and those from before)."""


def _ends_with(endings: tuple[str, ...]) -> str:
    return rf"(?i)\.({'|'.join(endings)})(\?.*)?$"


def moved(stream: str, row: Row) -> tuple[str, str, str, str]:
    """The file's name, who has it now, who had it, and the protocol."""
    client, server = row["id.orig_h"], row["id.resp_h"]
    if stream == "http":
        up = row["method"] in ("PUT", "POST")
        name, protocol = re.split(r"[?#]", row["uri"])[0], "http"
    else:
        up, name, protocol = row["direction"] == "download", row["name"], row["protocol"]
    short = re.split(r"[/\\]", name)[-1] or name
    return (short, server, client, protocol) if up else (short, client, server, protocol)


def watch(_params: object) -> Watch:
    """Each file that comes to a machine."""

    def look(stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.iter_rows(named=True):
            name, to, source, protocol = moved(stream, row)
            # Offices fetch programs from the web all day.
            if stream == "http" and not known.is_ot(to):
                continue
            pushed = to == row["id.resp_h"]
            did = f"put {name} on {known.name(to)}" if pushed else f"{known.name(to)} fetched {name}"
            whole = f"{known.name(source)} {did}" if pushed else f"{did} from {known.name(source)}"
            yield Finding(
                row,
                f"{whole} ({protocol}): it can run there.",
                (to, source, name),
                why=(*_facts(stream, row), f"role of the receiver: {known.role(to)}"),
                severity=_weight(known, to, source, pushed),
            )

    return look


def _facts(stream: str, row: Row) -> tuple[str, ...]:
    if stream == "http":
        return (f"{row['method']} {row['host'] or ''}{row['uri']}", f"type {row['resp_mime_type'] or 'not said'}")
    size = f"{row['bytes']} bytes" if row["bytes"] else "size not seen"
    return (f"{row['name']}, {size}", f"SHA-256 {row['sha256']}" if row["sha256"] else "hash not known")


def _weight(known: Knowledge, to: str, source: str, pushed: bool) -> Severity:
    """What is put on a machine of the plant, or comes from the internet, weighs more than what it fetches itself."""
    if known.is_ot(to) and (pushed or known.is_outside(source)):
        return Severity.MEDIUM
    return Severity.LOW


COPY = {
    "protocol": "smb", "kind": "file", "direction": "download", "name": "Temp\\PSEXESVC.exe", "bytes": 145_568,
    "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.0.2",
}  # fmt: skip

DETECTION = Detection(
    title="Program copied to a machine",
    severity=Severity.LOW,
    attack=("T0867",),
    meaning="New software arrives where software seldom changes. Tools and malware go from machine to machine like "
    "this before they are started.",
    runbook=(
        "Ask whether somebody installs or updates something on the receiving machine now.",
        "Look its SHA-256 up (it is in the notice where the whole file was seen), and see what the machine did next.",
        "If nobody knows it: do not start it, cut the sender off, and look for the same file on other machines.",
    ),
    benign="Updates of virus scanners and engineering tools, and programs that are run from a share.",
    needs={
        "transfer": (pl.col("kind") == "file") & pl.col("protocol").cast(pl.String).is_in(["smb", "ftp"])
        & pl.col("name").fill_null("").str.contains(_ends_with(FILES)),
        "http": (pl.col("status_code") < 300) & pl.col("method").is_in(["GET", "PUT", "POST"])
        & pl.col("uri").is_not_null()
        & (pl.col("uri").fill_null("").str.contains(_ends_with((*PROGRAMS, *SCRIPTS)))
           | pl.col("resp_mime_type").fill_null("").is_in(list(TYPES))),
    },
    watch=watch,
    fires=Case({"transfer": [COPY]}),
    quiet=Case({"transfer": [{**COPY, "name": "Temp\\recipe.csv"}],
                "http": [{"method": "GET", "uri": "/setup.exe", "status_code": 200}]}),
)  # fmt: skip
