"""What a lake holds, and whether that is what the dense capture's truth says.

usage: python lake.py LAKE [TRUTH.json]      (prints JSON; a process of its own, so that DuckDB's memory is not in the
measuring process)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

from linewarden.service import lake_files

# truth key -> (what it is, SQL). A native row is a transaction: request and answer are counted by what it holds.
EXACT = {
    "mb_req": ("Modbus requests", "SELECT count(*) FROM modbus"),
    "mb_rsp": ("Modbus responses", "SELECT count(resp_frame) FROM modbus"),
    "mb_exc": ("Modbus exceptions", "SELECT count(exception) FROM modbus"),
    "mb_tidsum": ("sum of transaction ids", "SELECT sum(tid * (1 + (resp_frame IS NOT NULL)::INT)) FROM modbus"),
    "mb_addrsum": ("sum of addresses", "SELECT sum(address) FROM modbus"),
    # The generator counts what a request asks for, and nothing for single writes.
    "mb_qtysum": ("sum of quantities", "SELECT sum(quantity) FROM modbus WHERE func IN (1, 2, 3, 4, 16)"),
    # Only the read jobs and their answers; the connection set-up is COTP.
    "s7": ("S7comm PDUs", "SELECT count(*) FILTER (func = 4) + count(*) FILTER (reply_func = 4) FROM s7comm"),
}


def inspect(lake: Path, truth: Path | None) -> dict[str, Any]:
    """`rows` by stream, `bytes` of the lake, and `exact`: [what, expected, found] for each count of the truth."""
    streams = sorted(p.name.removeprefix("stream=") for p in lake.glob("stream=*"))
    database = duckdb.connect()
    rows = {}
    for stream in streams:
        # Not a pattern: it is the rule of lake_files that says which files count.
        files = ", ".join("'" + str(f).replace("'", "''") + "'" for f in lake_files.files(lake / f"stream={stream}"))
        database.execute(f'CREATE VIEW "{stream}" AS SELECT * FROM read_parquet([{files}])')  # noqa: S608
        rows[stream] = _number(database, f'SELECT count(*) FROM "{stream}"')  # noqa: S608
    size = sum(p.stat().st_size for p in lake.rglob("*.parquet"))
    exact = []
    if truth:
        known = json.loads(truth.read_text(encoding="utf-8"))
        exact = [[what, known[key], _number(database, sql)] for key, (what, sql) in EXACT.items()]
    return {"rows": rows, "bytes": size, "exact": exact}


def _number(database: duckdb.DuckDBPyConnection, sql: str) -> int | str:
    try:
        row = database.execute(sql).fetchone()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return int(row[0] or 0) if row else 0


if __name__ == "__main__":
    print(json.dumps(inspect(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)))
