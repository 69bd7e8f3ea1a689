"""Made-up records of a plant over 30 days, with the real schemas, as SQL for DuckDB.

40 clients poll 160 controllers and other devices (or as many as are asked for) over connections that last some hours;
beside them run many short conversations, and an engineering station that seldom asks anybody. All is a function of the
row's number, so that every run makes the same rows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linewarden.records import Stream
from linewarden.sensor.sensor import streams

DAYS = 30
FIRST = datetime(2026, 10, 27, tzinfo=UTC)
SHARES = {"reading": 0.35, "modbus": 0.30, "command": 0.20, "conn": 0.15}
SQL_TYPES = {
    "ts": "TIMESTAMPTZ_NS", "str": "VARCHAR", "text": "VARCHAR", "bool": "BOOLEAN", "u8": "UTINYINT",
    "u16": "USMALLINT", "u32": "UINTEGER", "u64": "UBIGINT", "i64": "BIGINT", "f64": "DOUBLE", "list[f64]": "DOUBLE[]",
}  # fmt: skip
RARE_CLIENT, RARE_SERVER = "10.9.9.9", "10.2.0.17"
CLIENTS, SERVERS = 40, 160
RARE_EVERY = 40_009
"""One row in so many is of the engineering station, which is the needle."""

# What a column holds, of `i` (the row on its day), `n` (the row of all), `moment` (ns), `c` and `s` (client and server)
# and `h` (a hash of the row). A column that is not named is null, or zero where it may not be null.
SHARED = {
    "ts": "make_timestamp_ns(moment)::TIMESTAMPTZ_NS",
    "sensor": "'local'",
    "capture": "'watch-' || strftime(make_timestamp_ns(moment), '%Y%m%dT%H0000.000Z')",
    "frame": "n * 7 + h % 7",
    "id.orig_h": f"if(rare, '{RARE_CLIENT}', '10.1.' || c // 250 || '.' || c % 250)",
    "id.orig_p": "49152 + h % 16384",
    "id.resp_h": f"if(rare, '{RARE_SERVER}', '10.2.' || s // 250 || '.' || s % 250)",
    "id.resp_p": "502",
    "protocol": "'modbus'",
    "unit": "1 + s % 4",
}
LASTING = "'C' || substr(md5(concat(c, '-', s, '-', rare, '-', day, '-', (moment // 21600000000000))), 1, 12)"
SHORT = "'C' || substr(md5(concat(day, '-', i)), 1, 12)"
OWN = {
    "conn": {
        "uid": f"if(h % 50 = 0 OR rare, {LASTING}, {SHORT})", "proto": "if(h % 4 = 0, 'udp', 'tcp')",
        "service": "['modbus', 's7comm', 'http', 'dns', 'tls', NULL][1 + h % 6]", "duration": "(h % 100000) / 977.0",
        "orig_bytes": "h % 20000", "resp_bytes": "h // 7 % 90000", "orig_pkts": "1 + h % 90", "resp_pkts": "1 + h % 70",
        "orig_ip_bytes": "h % 20000 + 4000", "resp_ip_bytes": "h // 7 % 90000 + 3000", "missed_bytes": "0",
        "conn_state": "['SF', 'S1', 'S0', 'REJ', 'RSTO'][1 + h % 5]",
        "history": "['ShADadFf', 'Sh', 'ShADad', 'Dd'][1 + h % 4]",
        "orig_l2_addr": "printf('02:00:00:01:%02x:%02x', c // 256, c % 256)",
        "resp_l2_addr": "printf('02:00:00:02:%02x:%02x', s // 256, s % 256)",
        "orig_min_ttl": "64", "resp_min_ttl": "60 + h % 5", "direction": "'syn'",
        "until": "make_timestamp_ns(moment + h % 100000000000)::TIMESTAMPTZ_NS",
    },
    "command": {
        "uid": LASTING, "verb": "if(h % 97 = 0, 'write', if(h % 1009 = 0, 'diagnose', 'read'))",
        "function": "if(h % 97 = 0, 'write_multiple_registers', 'read_holding_registers')",
        "target": "'holding_register ' || (h % 40 * 10) || '-' || (h % 40 * 10 + 9)",
        "value": "if(h % 97 = 0, (h % 1000)::VARCHAR, NULL)", "count": "if(h % 97 = 0, 1, 58 + h % 4)",
        "answered": "if(h % 97 = 0, 1, 58)", "errors": "0", "result": "if(h % 5003 = 0, 'illegal_data_address', 'ok')",
        "until": "make_timestamp_ns(moment + 59000000000)::TIMESTAMPTZ_NS",
    },
    "reading": {
        "uid": LASTING, "source": "'10.2.' || s // 250 || '.' || s % 250", "area": "'holding_register'",
        "start": "h % 40 * 10",
        "values": "[20 + h % 100 / 10.0, h % 7, 1500 + h % 50, (h % 2)::DOUBLE]",
    },
    "modbus": {
        "uid": LASTING, "tid": "i % 65536", "func": "if(h % 97 = 0, 16, 3)", "address": "h % 40 * 10", "quantity": "10",
        "rtt_ns": "1000000 + h % 5000000", "is_orig": "true", "resp_frame": "n * 7 + h % 7 + 1",
    },
}  # fmt: skip


def stream(name: str) -> Stream:
    """The real schema."""
    return next(s for s in streams() if s.name == name)


def rows_of(name: str, records: int) -> int:
    """Rows of a stream on one day."""
    return round(records * SHARES[name] / DAYS)


def day_of(number: int) -> datetime:
    """The beginning of a day of the lake, in UTC."""
    return FIRST + timedelta(days=number)


def _server(clients: int, servers: int) -> str:
    """Which server a row is of: in a small plant any; in a large one a client knows only those of its part, and of the
    next one's.
    """
    if servers <= SERVERS:
        return f"1 + h // 64 % {servers}"
    part = servers // clients
    return f"1 + ((h % {clients}) * {part} + h // 64 % {2 * part}) % {servers}"


def select(name: str, day: int, rows: int, clients: int = CLIENTS, servers: int = SERVERS) -> str:
    """SQL that gives the rows of a day, in the order of their times; of a plant with so many clients and servers."""
    begin = int(day_of(day).timestamp()) * 10**9
    known = {**SHARED, **OWN[name]}
    columns = []
    for column in stream(name).columns:
        kind = SQL_TYPES[column.type]
        empty = "NULL" if column.nullable else "''" if kind == "VARCHAR" else "0"
        columns.append(f'({known.get(column.name, empty)})::{kind} AS "{column.name}"')
    server = _server(clients, servers)
    return (
        f"SELECT {', '.join(columns)} FROM (SELECT *, 1 + h % {clients} AS c, {server} AS s FROM "  # noqa: S608
        f"(SELECT i, {day} AS day, {day} * {rows} + i AS n, i % {RARE_EVERY} = 17 AS rare, "
        f"(hash(i, {day}) // 4096)::BIGINT AS h, "
        f"{begin} + (i * 86400000000000::HUGEINT // {rows})::BIGINT AS moment FROM range({rows}) numbers(i)))"
    )
