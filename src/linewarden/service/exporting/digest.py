"""The mail that sums up what was found: text, and the same as simple HTML. Pure: notices in, a message out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from linewarden.cases.export.common import clean
from linewarden.cases.model import WEIGHT

if TYPE_CHECKING:
    from linewarden.cases.model import Event

MOST_TOLD = 100
_COLOUR = {"critical": "#8b0000", "high": "#b3261e", "medium": "#8a5a00", "low": "#1d5a7a", "info": "#555"}


def digest(events: Sequence[Event], site: str, sender: str, to: Sequence[str], sent: datetime) -> EmailMessage:
    """The mail about these notices, of which there is at least one. Sent again, it has the same Message-ID."""
    ordered = sorted(events, key=lambda e: (-WEIGHT[e.severity], e.ts))
    mail = EmailMessage()
    mail["Subject"] = f"Linewarden {clean(site, 60)}: {_counts(events)}"
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Date"] = format_datetime(sent)
    number = hashlib.sha256(" ".join(e.notice_id for e in events).encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{number}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's vacation answers
    mail.set_content(_text(ordered, site))
    mail.add_alternative(_html(ordered, site), subtype="html")
    return mail


def _counts(events: Sequence[Event]) -> str:
    counts = Counter(e.severity for e in events)
    return ", ".join(f"{counts[s]:,} {s}" for s in WEIGHT if counts[s])


def _span(events: Sequence[Event]) -> str:
    return f"{_local(min(e.ts for e in events))} to {_local(max(e.until for e in events))}"


def _local(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 10**9, UTC).astimezone():%Y-%m-%d %H:%M:%S %z}"


def _ends(event: Event) -> str:
    return " -> ".join(clean(a, 60) for a in (event.orig_h, event.resp_h) if a)


def _text(events: Sequence[Event], site: str) -> str:
    lines = [f"Site {clean(site, 60)}, {_span(events)}: {_counts(events)}.", ""]
    for e in events[:MOST_TOLD]:
        again = f" ({e.count:,} times)" if e.count > 1 else ""
        lines += [f"[{e.severity}] {_local(e.ts)}  {clean(e.title, 200)}{again}", f"    {clean(e.msg, 400)}"]
        lines += [f"    {_ends(e)}  {' '.join(e.techniques)}".rstrip()]
        lines += [f"    Expected: {clean(e.expected, 200)}"] if e.expected else []
        lines += [f"    First: {e.runbook[0]}"] if e.runbook and not e.expected else []
        lines += [f"    Packet {clean(e.capture, 200)}:{e.frame}  id {e.notice_id}", ""]
    return "\n".join([*lines, *_more(events), "All of them: linewarden notices LAKE", ""])


def _more(events: Sequence[Event]) -> list[str]:
    left = len(events) - MOST_TOLD
    return [f"And {left:,} more, none of them worse than these."] if left > 0 else []


def _html(events: Sequence[Event], site: str) -> str:
    """No pictures, no links, no scripts: nothing is loaded when it is opened."""
    rows = "".join(_row(e) for e in events[:MOST_TOLD])
    more = "".join(f"<p>{escape(line)}</p>" for line in _more(events))
    head = f"Site {escape(clean(site, 60))}, {escape(_span(events))}: <b>{escape(_counts(events))}</b>."
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Linewarden</title>'
        '<body style="font-family:sans-serif;font-size:14px">'
        f'<p>{head}</p><table cellpadding="6" style="border-collapse:collapse">'
        "<tr><th align=left>Weight</th><th align=left>When</th><th align=left>What</th></tr>"
        f"{rows}</table>{more}<p>All of them: <code>linewarden notices LAKE</code></p></body></html>\n"
    )


def _row(e: Event) -> str:
    again = f" ({e.count:,} times)" if e.count > 1 else ""
    parts = [f"<b>{escape(clean(e.title, 200))}</b>{again}", escape(clean(e.msg, 400))]
    parts += [escape(f"{_ends(e)} {' '.join(e.techniques)}".strip())]
    parts += [f"<i>Expected: {escape(clean(e.expected, 200))}</i>"] if e.expected else []
    parts += [f"First: {escape(e.runbook[0])}"] if e.runbook and not e.expected else []
    parts += [f"<small>{escape(clean(e.capture, 200))}:{e.frame}, id {escape(e.notice_id)}</small>"]
    cells = f'<td style="color:{_COLOUR[e.severity]}">{e.severity}</td><td nowrap>{_local(e.ts)}</td>'
    return f'<tr valign=top style="border-top:1px solid #ccc">{cells}<td>{"<br>".join(parts)}</td></tr>'
