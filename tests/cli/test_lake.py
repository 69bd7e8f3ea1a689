"""`query`, `diff`, `correct`, `streams`, `protocols` and names: what is kept, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run, hear_ctrl_c
from tests.cli.test_read import one_error

NAMES = "address;name;zone;role;line\n10.0.0.2;Filler PLC;Filling;controller;Line 2\n10.0.0.77;Spare;;;\n"


def test_table_json_and_csv_agree(run: Run, lake: Path) -> None:
    sql = 'SELECT verb, sum(count) AS n, "id.resp_h" FROM command GROUP BY ALL ORDER BY verb'
    rows = run("query", lake, sql, "--json").json
    assert rows == [
        {"verb": "read", "n": 3, "id.resp_h": "10.0.0.2"},
        {"verb": "write", "n": 3, "id.resp_h": "10.0.0.2"},
    ]
    text = run("query", lake, sql, "--csv").out
    assert list(csv.reader(io.StringIO(text))) == [
        ["verb", "n", "id.resp_h"],
        *([r["verb"], "3", "10.0.0.2"] for r in rows),
    ]
    table = run("query", lake, sql).out
    assert "10.0.0.2" in table
    assert "(2 rows)" in table


def test_times_are_exact_and_in_utc(run: Run, lake: Path) -> None:
    row = run("query", lake, "SELECT ts, site, date FROM conn", "--json").json[0]
    assert row == {"ts": "2023-11-14 22:13:20+00", "site": "default", "date": "2023-11-14"}


def test_wide_rows_become_blocks(run: Run, lake: Path) -> None:
    out = run("query", lake, "SELECT * FROM conn").out
    assert out.startswith("row 1\n")
    assert "orig_l2_addr" in out


def test_values_that_json_does_not_know(run: Run, lake: Path) -> None:
    rows = run("query", lake, "SELECT 'nan'::DOUBLE a, 1.5::DECIMAL(3,1) b, NULL c, 1 a", "--json").json
    assert list(rows[0].values()) == [None, 1.5, None, 1]


@pytest.mark.parametrize(
    "sql", ["SHOW TABLES", "DESCRIBE conn", "FROM conn", "SELECT 1;", "WITH x AS (SELECT 1) FROM x"]
)
def test_other_ways_to_look(run: Run, lake: Path, sql: str) -> None:
    assert run("query", lake, sql, "--json").json


@pytest.mark.parametrize(
    "sql",
    [
        "COPY conn TO '{out}'",
        "COPY (SELECT 1) TO '{out}' (FORMAT csv)",
        "SELECT 1; COPY conn TO '{out}'",
        "EXPLAIN ANALYZE COPY conn TO '{out}'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM '{lake}/../secret.csv'",
        "SELECT * FROM read_text('{lake}/../secret.csv')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')",
        "ATTACH '{out}' AS x",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "PRAGMA enable_profiling",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW conn",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) FROM x",
        "EXPORT DATABASE '{out}'",
        "SELECT 1) TO '{out}'; --",
        "",
        "-- nothing",
        "SELEC 1",
    ],
)
def test_refused(run: Run, lake: Path, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.csv").write_text("secret\n")
    out = tmp_path / "taken"
    one_error(run("query", lake, sql.format(out=out, lake=lake), "--json"), 6)
    assert not out.exists()


def test_wrong_names_are_told_with_what_there_is(run: Run, lake: Path) -> None:
    one_error(run("query", lake, "SELECT * FROM modbsu"), 6, "modbsu", "command, conn")
    one_error(run("query", lake, "SELECT verbb FROM command"), 6, "verbb", "DESCRIBE")
    one_error(run("query", lake, "SELECT error('boom') FROM conn"), 6, "boom")


def test_strange_folder_names(run: Run, lake: Path) -> None:
    odd = lake.rename(lake.parent / "it's [1] *new*")
    assert run("query", odd, "SELECT count(*) AS n FROM conn", "--json").json == [{"n": 1}]


def test_not_a_lake(run: Run, tmp_path: Path) -> None:
    one_error(run("query", tmp_path, "SELECT 1"), 4, "not a lake")
    one_error(run("query", tmp_path / "no", "SELECT 1"), 4, "no such folder")


def test_damaged_lake(run: Run, lake: Path) -> None:
    file = next(lake.glob("stream=conn/**/*.parquet"))
    file.write_bytes(b"not parquet")
    one_error(run("query", lake, "SELECT * FROM conn"), 4, "damaged")
    one_error(run("diff", lake, lake), 4, file.name)


def test_ctrl_c_stops_a_query(lake: Path) -> None:
    sql = "SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) = 3"
    command = [sys.executable, "-m", "linewarden", "query", str(lake), sql]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c) as process:
        time.sleep(4)
        process.send_signal(signal.SIGINT)
        try:
            err = process.communicate(timeout=30)[1]
        finally:
            process.kill()
    assert err == "linewarden: interrupted: stopped; nothing half-written was left\n"
    assert process.returncode == 130


def test_diff_of_captures_and_lakes(run: Run, polled: Path, written: Path, lake: Path, tmp_path: Path) -> None:
    changes = run("diff", polled, written, "--json", "--report", tmp_path / "d.html").json["changes"]
    assert [(c["kind"], c["after"]) for c in changes] == [("verb_new", "write")]
    assert "write" in (tmp_path / "d.html").read_text()
    assert "write" in run("diff", polled, lake).out
    assert run("diff", written, lake, "--json").json["changes"] == []
    one_error(run("diff", polled, tmp_path / "no.pcap"), 3, "no.pcap")


def test_a_lake_tells_the_plant_of_its_capture(run: Run, written: Path, lake: Path) -> None:
    read = run("read", written, "--json").json["plant"]
    assert run("correct", lake, "--json").json["plant"] == read


def names_of(said: dict[str, dict[str, list[dict[str, str]]]]) -> set[str]:
    return {asset["name"] for asset in said["plant"]["assets"]}


def test_names_are_kept_and_forgotten(run: Run, written: Path, lake: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text(NAMES)
    first = run("read", written, "--names", names, "--out", lake, "--json").json
    assert first["plant"]["names"]["not_seen"] == [["10.0.0.77", "Spare"]]
    names.unlink()
    assert "Filler PLC" in names_of(run("read", written, "--out", lake, "--json").json)
    assert run("diff", written, lake, "--json").json["changes"] == []
    assert "Filler PLC" not in names_of(run("read", written, "--out", lake, "--forget-names", "--json").json)
    assert "Filler PLC" not in names_of(run("read", written, "--out", lake, "--json").json)


def test_names_of_excel(run: Run, written: Path, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for row in (("Address", "Name"), ("10.0.0.2", "Füller"), (None, None)):
        book.active.append(row)
    book.save(tmp_path / "names.xlsx")
    assert "Füller" in names_of(run("read", written, "--names", tmp_path / "names.xlsx", "--json").json)


@pytest.mark.parametrize(
    ("file", "data", "words"),
    [
        ("n.csv", b"name\nx\n", ["n.csv, line 1", "address"]),
        ("n.csv", b"address,name\n10.0.0.300,x\n", ["n.csv, line 2, column address", "10.0.0.300"]),
        ("n.csv", b"address,role\n10.0.0.3,boss\n", ["n.csv, line 2, column role", "boss"]),
        ("n.csv", b"", ["n.csv", "empty"]),
        ("n.csv", b"PK\x03\x04xxxx", ["n.csv", "Excel"]),
        ("n.csv", b"\xff\x00\x01", ["n.csv"]),
        ("n.xlsx", b"address\n10.0.0.1\n", ["n.xlsx", "workbook"]),
    ],
)
def test_names_file_wrong(run: Run, written: Path, tmp_path: Path, file: str, data: bytes, words: list[str]) -> None:
    (tmp_path / file).write_bytes(data)
    one_error(run("read", written, "--names", tmp_path / file), 2, *words)


def test_names_file_missing(run: Run, written: Path, tmp_path: Path) -> None:
    one_error(run("read", written, "--names", tmp_path / "no.csv"), 2, "no.csv")


def test_corrections_persist_and_the_last_word_counts(run: Run, written: Path, lake: Path, tmp_path: Path) -> None:
    assert run("correct", lake, "--set", "10.0.0.2", "role=hmi", "--set", "10.0.0.2", "name=Panel").code == 0
    again = run("read", written, "--out", lake, "--json").json
    assert {("Panel", "hmi")} <= {(a["name"], a["role"]) for a in again["plant"]["assets"]}
    assert run("correct", lake, "--set", "10.0.0.2", "role=", "--json").json["corrections"]["fields"] == {
        "10.0.0.2": {"name": "Panel"}
    }
    merged = run("correct", lake, "--merge", "10.0.0.2", "10.0.0.1", "--json").json
    assert len([a for a in merged["plant"]["assets"] if a["ips"]]) == 1
    split = run("correct", lake, "--split", "10.0.0.1", "--json").json
    assert split["corrections"]["merges"] == []
    assert len([a for a in split["plant"]["assets"] if a["ips"]]) == 2
    report = tmp_path / "r.html"
    assert "Panel" in run("correct", lake, "--report", report).out
    assert "Panel" in report.read_text()
    assert "No names or corrections" in run("correct", lake, "--forget").out


@pytest.mark.parametrize(
    "said",
    [
        ["--set", "10.0.0.2", "role"],
        ["--set", "10.0.0.2", "role=boss"],
        ["--set", "10.0.0.2", "colour=red"],
        ["--set", "nobody", "name=x"],
        ["--set", "nobody", "name="],
        ["--merge", "10.0.0.2", "x"],
        ["--split", "x"],
    ],
)
def test_wrong_corrections_change_nothing(run: Run, lake: Path, said: list[str]) -> None:
    one_error(run("correct", lake, *said), 2)
    assert not (lake / "plant.json").exists()


def test_address_that_nobody_has(run: Run, lake: Path) -> None:
    assert "10.9.9.9" in run("correct", lake, "--set", "10.9.9.9", "role=hmi").err


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 9}', '{"version": 1, "corrections": {"x": 1}}'])
def test_damaged_corrections(run: Run, lake: Path, written: Path, text: str) -> None:
    (lake / "plant.json").write_text(text)
    one_error(run("read", written, "--out", lake), 4, "plant.json", "delete it")


def test_streams_and_protocols(run: Run) -> None:
    streams = {s["name"]: s for s in run("streams", "--json").json}
    assert {"conn", "command", "modbus"} <= set(streams)
    duration = next(c for c in streams["conn"]["columns"] if c["name"] == "duration")
    assert (duration["type"], duration["unit"], duration["nullable"]) == ("f64", "s", False)
    assert "duration" in run("streams", "conn").out
    one_error(run("streams", "nothing"), 2, "modbus")
    spoken = {p["name"]: p for p in run("protocols", "--json").json}
    assert {"kind": "tcp", "ids": [502]} in spoken["modbus"]["on"]
    assert "tcp 502" in run("protocols").out


def test_output_is_utf8_json_even_in_the_c_locale(lake: Path) -> None:
    command = [sys.executable, "-m", "linewarden", "query", str(lake), "SELECT 'ü' AS x", "--json"]
    done = subprocess.run(command, capture_output=True, check=True, env=os.environ | {"LC_ALL": "C"})
    assert json.loads(done.stdout) == [{"x": "ü"}]
