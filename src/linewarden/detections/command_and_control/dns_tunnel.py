"""Data hides in questions to the name service: many long names below one domain, or large texts as answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from linewarden.detections.detection import Case, Detection, Finding, Row, Severity, Watch
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.memory import Bounded, Recent
from linewarden.detections.settings import Settings, param

TWO_PART = re.compile(r"\.(?:ac|co|com|edu|gov|net|or|org)\.[a-z]{2}$")
"""Endings such as .co.uk: the domain that somebody owns has a part more."""
LOCAL = r"(?i)\.(arpa|local|lan|internal|home|localdomain)\.?$|^_|\._(tcp|udp|msdcs|sites)\."
"""Names of the local link, reverse names and services, which are long by nature."""
LONG, LARGE = 24, 64
"""What is shorter than this is not looked at: most questions cost nothing. The settings are above both."""
CARRIERS = ("TXT", "NULL", "CNAME", "MX", "*")
RAW = "NULL"
"""A type for any bytes (RFC 1035, 3.3.10) that nobody uses but tunnels, as iodine does before it tries others."""


class Params(Settings):
    """How many, how long, how fast."""

    names: int = param(40, "names", "different long ones below one domain, of one host; content networks stay below")
    length: int = param(30, "characters", "before the domain, from which on a name is long: people's are below 20")
    answers: int = param(12, "answers", "large ones to different names of one domain; mail checks need two or three")
    size: int = param(100, "characters", "from which on an answer is large")
    raw: int = param(10, "names", "different ones below one domain that are asked for as raw bytes (type NULL)")
    window_s: float = param(600.0, "s", "within so long; slower ones carry little")


def split(name: str) -> tuple[str, str]:
    """What stands before the domain, and the domain that somebody registered."""
    labels = name.rstrip(".").lower().split(".")
    own = 3 if TWO_PART.search("." + ".".join(labels)) else 2
    return ".".join(labels[:-own]), ".".join(labels[-own:])


def watch(params: Params) -> Watch:
    """Counts long names, raw questions and large answers, by asker and domain."""
    asked: Bounded[tuple[str, str], Recent[str]] = Bounded(lambda: Recent(params.window_s, 2 * params.names), 2000)
    told: Bounded[tuple[str, str], Recent[str]] = Bounded(lambda: Recent(params.window_s, 2 * params.answers), 2000)
    raw: Bounded[tuple[str, str], Recent[str]] = Bounded(lambda: Recent(params.window_s, 2 * params.raw), 2000)

    def look(_stream: str, rows: pl.DataFrame, known: Knowledge) -> Iterator[Finding]:
        for row in rows.sort("ts").iter_rows(named=True):
            who, (front, domain) = row["id.orig_h"], split(row["query"])
            ts, size = int(row["ts"]), len(row["answers"] or "")
            if not front:
                continue
            large = row["qtype_name"] in CARRIERS and size >= params.size
            if len(front) >= params.length and asked.at((who, domain)).add(ts, front) == params.names:
                yield _finding(row, known, domain, f"{params.names} different long names", f"such as {row['query']}")
            if row["qtype_name"] == RAW and raw.at((who, domain)).add(ts, front) == params.raw:
                yield _finding(row, known, domain, f"the raw bytes of {params.raw} names", f"such as {row['query']}")
            if large and told.at((who, domain)).add(ts, front) == params.answers:
                yield _finding(row, known, domain, f"{params.answers} names with large answers",
                               f"{row['qtype_name']}, {size} characters")  # fmt: skip

    return look


def _finding(row: Row, known: Knowledge, domain: str, what: str, fact: str) -> Finding:
    who = row["id.orig_h"]
    return Finding(
        row,
        f"{known.name(who)} asks for {what} below {domain}: data may hide in them.",
        (who, domain),
        why=(fact, f"asked at {known.name(row['id.resp_h'])}", f"role: {known.role(who)}"),
        severity=None if known.is_ot(who) else Severity.MEDIUM,
        confidence=0.8,
    )


def _questions(n: int) -> list[dict[str, object]]:
    return [
        {"ts": i * 10**9, "query": f"{i:04x}{'9f3a61c07be2' * 3}.t.example.org", "qtype_name": "A",
         "id.orig_h": "10.0.0.66", "id.resp_h": "10.0.5.1", "id.resp_p": 53}
        for i in range(n)
    ]  # fmt: skip


DETECTION = Detection(
    title="Data hidden in name questions",
    severity=Severity.HIGH,
    attack=("T0869", "T0885"),
    meaning="A program speaks to its owner on the internet through the name service, past the firewall: it can take "
    "orders and carry data out.",
    runbook=(
        "Ask whether anybody knows the domain; look up who owns it.",
        "Find the program on the asking machine (or behind it, if it is the plant's name server).",
        "If nobody knows it: block the domain at the name server, and look at what the machine reached before.",
    ),
    benign="Virus scanners and content networks that ask for a hash in each name: say the domain once.",
    needs=dict.fromkeys(("dns", "dns_tcp"), (
        (pl.col("query").str.len_bytes() >= LONG) | (pl.col("answers").str.len_bytes() >= LARGE)
        | (pl.col("qtype_name").fill_null("") == RAW)
    ) & pl.col("query").is_not_null() & ~pl.col("query").fill_null("").str.contains(LOCAL)),
    watch=watch,
    fires=Case({"dns": _questions(40)}),
    quiet=Case({"dns": _questions(39)}),
    params=Params(),
)  # fmt: skip
