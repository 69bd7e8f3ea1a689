"""Questions that people often have of the records, as SQL. Each names the stream that it is of.

Times are told from the end of the record, so that they fit a live lake and one that was read from a capture alike.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A question. `title` is translated where it is shown."""

    stream: str
    title: str
    sql: str


def _(text: str) -> str:
    """Marks a text for translation."""
    return text


EXAMPLES = (
    Example("command", _("Who wrote to devices on the last day?"), """\
SELECT "id.orig_h" AS who, "id.resp_h" AS whom, protocol, function,
       sum(count) AS commands, min(ts) AS first, max(ts) AS last
FROM command
WHERE verb IN ('write', 'force') AND date >= (SELECT max(date) FROM command)
GROUP BY ALL
ORDER BY commands DESC"""),
    Example("command", _("Who loaded programs, changed modes, stopped or started something?"), """\
SELECT ts, "id.orig_h" AS who, "id.resp_h" AS whom, protocol, verb, function, target, result
FROM command
WHERE verb IN ('program_download', 'program_upload', 'firmware_update', 'set_mode', 'start', 'stop', 'restart')
ORDER BY ts DESC"""),
    Example("command", _("How many commands a minute, by verb?"), """\
SELECT time_bucket(INTERVAL 1 MINUTE, ts::TIMESTAMPTZ) AS minute, verb, sum(count) AS commands
FROM command
GROUP BY ALL
ORDER BY minute"""),
    Example("command", _("Which requests were refused?"), """\
SELECT "id.orig_h" AS who, "id.resp_h" AS whom, protocol, function, result, sum(errors) AS refused
FROM command
WHERE errors > 0
GROUP BY ALL
ORDER BY refused DESC"""),
    Example("conn", _("Which conversations moved most bytes?"), """\
SELECT "id.orig_h" AS originator, "id.resp_h" AS responder, "id.resp_p" AS port, service,
       count(*) AS conversations, sum(orig_bytes) AS sent, sum(resp_bytes) AS received
FROM conn
GROUP BY ALL
ORDER BY sent + received DESC"""),
    Example("conn", _("Which connections were not answered?"), """\
SELECT "id.orig_h" AS originator, "id.resp_h" AS responder, "id.resp_p" AS port, conn_state, count(*) AS attempts
FROM conn
WHERE conn_state IN ('S0', 'REJ', 'RSTOS0')
GROUP BY ALL
ORDER BY attempts DESC"""),
    Example("binding", _("Which addresses were seen last for the first time?"), """\
SELECT mac, ip, min(ts) AS first_seen, sum(frames) AS frames
FROM binding
GROUP BY ALL
ORDER BY first_seen DESC"""),
    Example("identity", _("What do devices say of their firmware?"), """\
SELECT DISTINCT address, vendor, model, order_number, firmware, serial, protocol
FROM identity
WHERE firmware IS NOT NULL
ORDER BY vendor, model, address"""),
    Example("notice", _("Which detections told most?"), """\
SELECT note, severity, count(*) AS notices, min(ts) AS first, max(ts) AS last
FROM notice
GROUP BY ALL
ORDER BY notices DESC"""),
    Example("reading", _("How many values does each device give?"), """\
SELECT source, protocol, sum(len("values")) AS values, min(ts) AS first, max(ts) AS last
FROM reading
GROUP BY ALL
ORDER BY 3 DESC"""),
)  # fmt: skip
