"""Common Event Format, version 0: one line a notice.

Source: "Implementing ArcSight Common Event Format", version 23, 2016: names of keys, lengths, and what is escaped
(backslash and bar in the header; backslash, equals sign and line ends in the extension).
"""

from __future__ import annotations

from collections.abc import Iterator

from linewarden import __version__
from linewarden.cases.export.common import PRODUCT, clean, kind_of
from linewarden.cases.model import Event

SEVERITY = {"critical": 10, "high": 8, "medium": 5, "low": 3, "info": 1}
MOST_MSG = 1023
MOST_CUSTOM = 4000


def notice_as_cef(event: Event, case: str = "") -> str:
    """The line, without its end. `case`: the id of the case that it is part of."""
    head = (PRODUCT, PRODUCT, __version__, event.note, event.title or event.note, str(SEVERITY[event.severity]))
    fields = " ".join(f"{key}={extension(value)}" for key, value in _fields(event, case) if value)
    return f"CEF:0|{'|'.join(map(header, head))}|{fields}"


def header(text: str) -> str:
    """A field of the header, where no line end can be."""
    return clean(text, 512).replace("\\", "\\\\").replace("|", "\\|")


def extension(text: str) -> str:
    """A value of the extension. Blanks at its ends would be taken for those between the fields, and go."""
    escaped = text.replace("\r\n", "\n").replace("\\", "\\\\").replace("=", "\\=")
    return "\\n".join(clean(line, MOST_CUSTOM) for line in escaped.replace("\r", "\n").split("\n")).strip(" ")


def _fields(event: Event, case: str) -> Iterator[tuple[str, str]]:
    yield "rt", str(event.ts // 1_000_000)
    yield "start", str(event.ts // 1_000_000)
    yield "end", str(event.until // 1_000_000)
    yield "externalId", event.notice_id[:40]
    yield "cat", event.tactic
    yield from _endpoint(event.orig_h, event.orig_p, "src", "smac", "spt", ("c6a2", "Source IPv6 Address"))
    yield from _endpoint(event.resp_h, event.resp_p, "dst", "dmac", "dpt", ("c6a3", "Destination IPv6 Address"))
    yield "cnt", str(event.count)
    yield "act", event.state
    yield "deviceExternalId", event.sensor[:256]
    yield "msg", event.msg[:MOST_MSG]
    custom = (
        ("cs1", "ATT&CK for ICS", " ".join(event.techniques)),
        ("cs2", "Reason", event.why),
        ("cs3", "Packet", f"{event.capture}:{event.frame}" if event.capture else ""),
        ("cs4", "First step", event.runbook[0] if event.runbook else ""),
        ("cs5", "Expected", event.expected or ""),
        ("cs6", "Case", event.case or case),
        ("cn1", "Priority", str(event.priority) if event.case else ""),
        ("cfp1", "Confidence", f"{event.confidence:g}"),
    )
    for key, label, value in custom:
        if value:
            yield key, value[:MOST_CUSTOM]
            yield f"{key}Label", label


def _endpoint(
    address: str, port: int | None, ip: str, mac: str, port_key: str, six: tuple[str, str]
) -> Iterator[tuple[str, str]]:
    kind = kind_of(address)
    if kind == "ipv4":
        yield ip, address
    elif kind == "mac":
        yield mac, address
    elif kind == "ipv6":
        yield six[0], address
        yield f"{six[0]}Label", six[1]
    if port:
        yield port_key, str(port)
