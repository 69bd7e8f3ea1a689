"""What is asked, of each store in its own SQL. The answers are compared, so that nobody is quick by being wrong."""

from __future__ import annotations

from dataclasses import dataclass

from _lake.records import DAYS, RARE_CLIENT, RARE_SERVER, day_of

NEEDLE_DAY = DAYS - 4
"""The day on which the conversation was that is looked for: SQLite, which holds the last days only, has it too."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `{since}` is replaced by a store's condition for the last day, `{needle}` by a uid."""

    name: str
    kind: str
    sql: str


PAIR = f"WHERE \"id.orig_h\" = '{RARE_CLIENT}' AND \"id.resp_h\" = '{RARE_SERVER}'"
HOUR = {"duckdb": "epoch_ns(ts) // 3600000000000", "sqlite": "ts / 3600000000000"}
UID = "uid = '{needle}'"

QUESTIONS = (
    Question(
        "commands by verb and hour, last 24 h", "dashboard",
        "SELECT {hour} AS hour, verb, sum(count)::BIGINT AS n, count(*) AS rows_ FROM command WHERE {since} "
        "GROUP BY ALL ORDER BY hour, verb",
    ),
    Question(
        "ten pairs that talk most, last 24 h", "dashboard",
        'SELECT "id.orig_h", "id.resp_h", sum(orig_bytes + resp_bytes)::BIGINT AS bytes, count(*) AS conns FROM conn '
        'WHERE {since} GROUP BY ALL ORDER BY bytes DESC, 1, 2 LIMIT 10',
    ),
    Question(
        "all records of one uid, four streams", "needle",
        f"SELECT 'conn' AS stream, ts, frame FROM conn WHERE {UID} UNION ALL "  # noqa: S608
        f"SELECT 'command', ts, frame FROM command WHERE {UID} UNION ALL "
        f"SELECT 'reading', ts, frame FROM reading WHERE {UID} UNION ALL "
        f"SELECT 'modbus', ts, frame FROM modbus WHERE {UID} ORDER BY 2, 1",
    ),
    Question(
        "all records of a pair of addresses, three streams", "needle",
        f"SELECT 'conn' AS stream, ts, frame FROM conn {PAIR} UNION ALL "  # noqa: S608
        f"SELECT 'command', ts, frame FROM command {PAIR} UNION ALL "
        f"SELECT 'modbus', ts, frame FROM modbus {PAIR} ORDER BY 2, 1",
    ),
)  # fmt: skip


def sql_for(store: str, question: Question, needle: str) -> str:
    """The question in a store's SQL."""
    last = day_of(DAYS - 1)
    text = question.sql
    if store == "sqlite":
        since = f"ts >= {int(last.timestamp()) * 10**9}"
        text = text.replace("::BIGINT", "").replace("GROUP BY ALL", "GROUP BY 1, 2")
        # By itself it goes through the index of pairs, for the groups, and takes ten times as long.
        text = text.replace("FROM conn WHERE {since}", "FROM conn INDEXED BY conn_0 WHERE {since}")
    else:
        since = f"ts >= '{last:%Y-%m-%d} 00:00:00+00'::TIMESTAMPTZ_NS"
        if store == "lake":
            # As the console asks: the folder's name says which files need not be opened.
            since += f" AND date >= DATE '{last:%Y-%m-%d}'"
    hour = HOUR["sqlite" if store == "sqlite" else "duckdb"]
    return text.replace("{since}", since).replace("{needle}", needle).replace("{hour}", hour)
