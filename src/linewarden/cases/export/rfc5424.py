"""The frame that a document travels in over syslog.

Sources: RFC 5424 (the message), RFC 6587 3.4.1 (octet counting, for TCP) and RFC 5425 4.3 (the same, for TLS).
"""

from __future__ import annotations

from linewarden import __version__
from linewarden.cases.export.common import PRODUCT, clean, utc
from linewarden.cases.model import Event

FACILITY = 16
"""local0"""
SEVERITY = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
OURS = "linewarden@32473"
"""No enterprise number is registered for us; 32473 is the one that RFC 5612 sets aside for examples."""


def message(event: Event, document: str, host: str, process: str = "-") -> bytes:
    """A whole message, without framing. It is UTF-8 without the byte order mark that few receivers expect."""
    priority = FACILITY * 8 + SEVERITY[event.severity]
    head = f"<{priority}>1 {utc(event.ts, 6)} {name(host, 255)} linewarden {name(process, 128)} {name(event.note, 32)}"
    return f"{head} {structured(event)} {document}".encode("utf-8", "replace")


def structured(event: Event) -> str:
    """What a receiver can sort by, without reading the document."""
    fields = {
        "id": event.notice_id, "severity": event.severity, "note": event.note, "tactic": event.tactic,
        "techniques": " ".join(event.techniques), "sensor": event.sensor, "src": event.orig_h, "dst": event.resp_h,
        "case": event.case, "state": event.state, "priority": str(event.priority) if event.case else "",
    }  # fmt: skip
    ours = "".join(f' {key}="{param(value)}"' for key, value in fields.items() if value)
    return f'[origin software="{PRODUCT}" swVersion="{__version__}"][{OURS}{ours}]'


def param(text: str) -> str:
    """A value of structured data: backslash, quote and closing bracket are escaped (6.3.3)."""
    return clean(text, 1000).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def name(text: str, most: int) -> str:
    """A field of the header: visible ASCII, no blanks, `-` for nothing."""
    return "".join(c if "!" <= c <= "~" else "_" for c in text)[:most] or "-"


def counted(data: bytes) -> bytes:
    """Octet counting: the length stands before the message, so that it may hold line ends."""
    return b"%d %s" % (len(data), data)
